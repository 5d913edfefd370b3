//! HTTPRouteGroups and TCPRoutes of every version, and UDPRoutes.

use std::collections::HashSet;

use proptest::{collection::vec, prelude::*, sample::select, strategy::BoxedStrategy};
use smi_sdk::specs::{v1alpha1, v1alpha2, v1alpha3, v1alpha4};

use super::{
    Generate, list, metadata, optional,
    text::{name, text},
};

impl Generate for v1alpha1::HttpRouteGroup {
    fn any() -> BoxedStrategy<Self> {
        let one =
            (text(), list(method()), optional(regex())).prop_map(|(name, methods, path_regex)| v1alpha1::HttpMatch {
                name,
                methods,
                path_regex,
            });
        (metadata::object(), list(one))
            .prop_map(|(metadata, matches)| Self {
                metadata,
                spec: v1alpha1::HttpRouteGroupSpec { matches },
            })
            .boxed()
    }
}

impl Generate for v1alpha2::HttpRouteGroup {
    fn any() -> BoxedStrategy<Self> {
        (metadata::object(), list(http_match()))
            .prop_map(|(metadata, matches)| Self {
                metadata,
                spec: v1alpha2::HttpRouteGroupSpec { matches },
            })
            .boxed()
    }
}

impl Generate for v1alpha3::HttpRouteGroup {
    fn any() -> BoxedStrategy<Self> {
        (metadata::object(), list(http_match()))
            .prop_map(|(metadata, matches)| Self {
                metadata,
                spec: v1alpha3::HttpRouteGroupSpec { matches },
            })
            .boxed()
    }
}

impl Generate for v1alpha4::HttpRouteGroup {
    fn any() -> BoxedStrategy<Self> {
        (metadata::object(), list(http_match()))
            .prop_map(|(metadata, matches)| Self {
                metadata,
                spec: v1alpha4::HttpRouteGroupSpec { matches },
            })
            .boxed()
    }
}

impl Generate for v1alpha1::TcpRoute {
    fn any() -> BoxedStrategy<Self> {
        let spec = v1alpha1::TcpRouteSpec {};
        metadata::object()
            .prop_map(move |metadata| Self {
                metadata,
                spec: spec.clone(),
            })
            .boxed()
    }
}

impl Generate for v1alpha2::TcpRoute {
    fn any() -> BoxedStrategy<Self> {
        let spec = v1alpha2::TcpRouteSpec {};
        metadata::object()
            .prop_map(move |metadata| Self {
                metadata,
                spec: spec.clone(),
            })
            .boxed()
    }
}

impl Generate for v1alpha3::TcpRoute {
    fn any() -> BoxedStrategy<Self> {
        let spec = v1alpha3::TcpRouteSpec {};
        metadata::object()
            .prop_map(move |metadata| Self {
                metadata,
                spec: spec.clone(),
            })
            .boxed()
    }
}

impl Generate for v1alpha4::TcpRoute {
    fn any() -> BoxedStrategy<Self> {
        (metadata::object(), ports())
            .prop_map(|(metadata, matches)| Self {
                metadata,
                spec: v1alpha4::TcpRouteSpec { matches },
            })
            .boxed()
    }
}

impl Generate for v1alpha4::UdpRoute {
    fn any() -> BoxedStrategy<Self> {
        (metadata::object(), ports())
            .prop_map(|(metadata, matches)| Self {
                metadata,
                spec: v1alpha4::UdpRouteSpec { matches },
            })
            .boxed()
    }
}

fn http_match() -> impl Strategy<Value = v1alpha2::HttpMatch> {
    (text(), list(method()), optional(regex()), headers()).prop_map(|(name, methods, path_regex, headers)| {
        v1alpha2::HttpMatch {
            name,
            methods,
            path_regex,
            headers,
        }
    })
}

/// Headers in any order, no name twice.
fn headers() -> impl Strategy<Value = Vec<v1alpha2::HeaderMatch>> {
    let name = prop_oneof![4 => "[A-Za-z][A-Za-z-]{0,8}", 1 => text()];
    vec((name, regex()), 0..5).prop_map(|headers| {
        let mut names = HashSet::new();
        headers
            .into_iter()
            .filter(|(name, _)| names.insert(name.to_ascii_lowercase()))
            .map(|(name, value)| v1alpha2::HeaderMatch { name, value })
            .collect()
    })
}

fn method() -> impl Strategy<Value = String> {
    let known = select(vec!["GET", "POST", "DELETE", "*", "get", "PURGE"]);
    prop_oneof![6 => known.prop_map(str::to_owned), 1 => text()]
}

/// A regular expression, or what only looks like one.
fn regex() -> impl Strategy<Value = String> {
    let usual = select(vec!["", "/", ".*", "/api/v[0-9]+/.*", "*", "/*", "(", "^/a$", "\\d+"]);
    prop_oneof![4 => usual.prop_map(str::to_owned), 1 => text()]
}

fn ports() -> impl Strategy<Value = v1alpha4::PortMatch> {
    let port = prop_oneof![Just(1), Just(80), Just(u16::MAX), 1..=u16::MAX];
    (optional(name()), list(port)).prop_map(|(name, ports)| v1alpha4::PortMatch { name, ports })
}
