//! The versions of HTTPRouteGroup, TCPRoute and UDPRoute, and the way of each to the hub v1alpha4 and back.
//!
//! | from v1alpha4 | to | what cannot be said | what is said |
//! | --- | --- | --- | --- |
//! | HTTPRouteGroup | v1alpha1 | a match with headers | nothing: the match leaves |
//! | TCPRoute | v1alpha1, v1alpha2, v1alpha3 | ports | every port, which **widens** for those who read it beside newer TrafficTargets |
//!
//! Upward nothing is lost: a newer version says all that an older one does.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use smi_core::{
    convert::{ConvertError, Converter, Converters, Fields, Hub, Items, Known, Loss, LossReason, Moved, Spoke},
    path::FieldPath,
};

use crate::{v1alpha1, v1alpha2, v1alpha3, v1alpha4};

/// The versions of HTTPRouteGroup.
pub fn http_route_groups() -> Converter<v1alpha4::HttpRouteGroup> {
    Converter::new()
        .version::<v1alpha1::HttpRouteGroup>()
        .version::<v1alpha2::HttpRouteGroup>()
        .version::<v1alpha3::HttpRouteGroup>()
        .version::<v1alpha4::HttpRouteGroup>()
}

/// The versions of TCPRoute.
pub fn tcp_routes() -> Converter<v1alpha4::TcpRoute> {
    Converter::new()
        .version::<v1alpha1::TcpRoute>()
        .version::<v1alpha2::TcpRoute>()
        .version::<v1alpha3::TcpRoute>()
        .version::<v1alpha4::TcpRoute>()
}

/// The one version of UDPRoute.
pub fn udp_routes() -> Converter<v1alpha4::UdpRoute> {
    Converter::new().version::<v1alpha4::UdpRoute>()
}

/// The kinds of this group.
pub fn converters() -> Converters {
    Converters::new()
        .with(http_route_groups())
        .with(tcp_routes())
        .with(udp_routes())
}

impl Hub for v1alpha4::HttpRouteGroup {}
impl Hub for v1alpha4::TcpRoute {}
impl Hub for v1alpha4::UdpRoute {}

impl Spoke for v1alpha1::HttpRouteGroup {
    type Hub = v1alpha4::HttpRouteGroup;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        let without_headers = |old: v1alpha1::HttpMatch| v1alpha4::HttpMatch {
            name: old.name,
            methods: old.methods,
            path_regex: old.path_regex,
            headers: Vec::new(),
        };
        let matches = self.spec.matches.into_iter().map(without_headers).collect();
        Ok(Moved::exactly(v1alpha4::HttpRouteGroup {
            metadata: self.metadata,
            spec: v1alpha4::HttpRouteGroupSpec { matches },
        }))
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let at = FieldPath::root().child("spec").child("matches");
        let mut losses = Vec::new();
        let mut matches = Vec::with_capacity(hub.spec.matches.len());
        for (position, new) in hub.spec.matches.into_iter().enumerate() {
            if has_headers(&new) {
                losses.push(Loss::new(at.index(position), LossReason::Withdrawn));
                continue;
            }
            matches.push(v1alpha1::HttpMatch {
                name: new.name,
                methods: new.methods,
                path_regex: new.path_regex,
            });
        }
        let object = Self {
            metadata: hub.metadata,
            spec: v1alpha1::HttpRouteGroupSpec { matches },
        };
        Moved { object, losses }
    }

    fn of_hub(fields: &mut Fields<'_, Self::Hub, Self>) {
        let matches = Items {
            unsaid: has_headers,
            of: |_, _| {},
            of_all: |group: &Self, of| of.add(&group.spec.matches),
            same: |one, other| one.name == other.name,
        };
        fields.items("spec.matches", |hub| &mut hub.spec.matches, &matches);
    }

    fn comes_back(&self) -> bool {
        true
    }
}

fn has_headers(of: &v1alpha4::HttpMatch) -> bool {
    !of.headers.is_empty()
}

impl Spoke for v1alpha2::HttpRouteGroup {
    type Hub = v1alpha4::HttpRouteGroup;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        let v1alpha2::HttpRouteGroupSpec { matches } = self.spec;
        Ok(Moved::exactly(v1alpha4::HttpRouteGroup {
            metadata: self.metadata,
            spec: v1alpha4::HttpRouteGroupSpec { matches },
        }))
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let v1alpha4::HttpRouteGroupSpec { matches } = hub.spec;
        Moved::exactly(Self {
            metadata: hub.metadata,
            spec: v1alpha2::HttpRouteGroupSpec { matches },
        })
    }

    fn comes_back(&self) -> bool {
        true
    }
}

impl Spoke for v1alpha3::HttpRouteGroup {
    type Hub = v1alpha4::HttpRouteGroup;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        let v1alpha3::HttpRouteGroupSpec { matches } = self.spec;
        Ok(Moved::exactly(v1alpha4::HttpRouteGroup {
            metadata: self.metadata,
            spec: v1alpha4::HttpRouteGroupSpec { matches },
        }))
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let v1alpha4::HttpRouteGroupSpec { matches } = hub.spec;
        Moved::exactly(Self {
            metadata: hub.metadata,
            spec: v1alpha3::HttpRouteGroupSpec { matches },
        })
    }

    fn comes_back(&self) -> bool {
        true
    }
}

// Before v1alpha4 a TCPRoute says "TCP, whichever the port", which v1alpha4 says with an empty list of ports.

impl Spoke for v1alpha1::TcpRoute {
    type Hub = v1alpha4::TcpRoute;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        Ok(every_port(self.metadata))
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let losses = lost_ports(&hub.spec.matches);
        let (metadata, spec) = (hub.metadata, v1alpha1::TcpRouteSpec {});
        let object = Self { metadata, spec };
        Moved { object, losses }
    }

    fn of_hub(fields: &mut Fields<'_, Self::Hub, Self>) {
        ports_of_hub(fields);
    }

    fn comes_back(&self) -> bool {
        true
    }
}

impl Spoke for v1alpha2::TcpRoute {
    type Hub = v1alpha4::TcpRoute;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        Ok(every_port(self.metadata))
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let losses = lost_ports(&hub.spec.matches);
        let (metadata, spec) = (hub.metadata, v1alpha2::TcpRouteSpec {});
        let object = Self { metadata, spec };
        Moved { object, losses }
    }

    fn of_hub(fields: &mut Fields<'_, Self::Hub, Self>) {
        ports_of_hub(fields);
    }

    fn comes_back(&self) -> bool {
        true
    }
}

impl Spoke for v1alpha3::TcpRoute {
    type Hub = v1alpha4::TcpRoute;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        Ok(every_port(self.metadata))
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let losses = lost_ports(&hub.spec.matches);
        let (metadata, spec) = (hub.metadata, v1alpha3::TcpRouteSpec {});
        let object = Self { metadata, spec };
        Moved { object, losses }
    }

    fn of_hub(fields: &mut Fields<'_, Self::Hub, Self>) {
        ports_of_hub(fields);
    }

    fn comes_back(&self) -> bool {
        true
    }
}

fn every_port(metadata: ObjectMeta) -> Moved<v1alpha4::TcpRoute> {
    Moved::exactly(v1alpha4::TcpRoute {
        metadata,
        spec: v1alpha4::TcpRouteSpec::default(),
    })
}

/// An older TCPRoute says nothing of ports, so no edit of one can contradict them.
fn ports_of_hub<V>(fields: &mut Fields<'_, v1alpha4::TcpRoute, V>) {
    fields.field("spec.matches", |hub| &mut hub.spec.matches, |_, _| {});
}

fn lost_ports(matches: &v1alpha4::PortMatch) -> Vec<Loss> {
    let at = FieldPath::root().child("spec").child("matches");
    let mut losses = Vec::new();
    if matches.name.is_some() {
        losses.push(Loss::new(at.child("name"), LossReason::NoSuchField));
    }
    if !matches.ports.is_empty() {
        // Not for the readers of one release: the TrafficTargets of theirs name no such route any more.
        losses.push(Loss {
            widens: true,
            ..Loss::new(at.child("ports"), LossReason::NoSuchField)
        });
    }
    losses
}

#[cfg(test)]
mod tests;
