//! TrafficSplits of every version.

use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use smi_sdk::{
    core::quantity::Quantity,
    split::{v1alpha1, v1alpha2, v1alpha3, v1alpha4, weight},
};

use super::{
    Generate, list, metadata, optional,
    text::{name, text},
};

impl Generate for v1alpha1::TrafficSplit {
    fn any() -> BoxedStrategy<Self> {
        let backend = (service(), quantity()).prop_map(|(service, weight)| v1alpha1::Backend { service, weight });
        (metadata::object(), service(), list(backend))
            .prop_map(|(metadata, service, backends)| Self {
                metadata,
                spec: v1alpha1::TrafficSplitSpec { service, backends },
            })
            .boxed()
    }
}

impl Generate for v1alpha2::TrafficSplit {
    fn any() -> BoxedStrategy<Self> {
        (metadata::object(), service(), list(backend()))
            .prop_map(|(metadata, service, backends)| Self {
                metadata,
                spec: v1alpha2::TrafficSplitSpec { service, backends },
            })
            .boxed()
    }
}

impl Generate for v1alpha3::TrafficSplit {
    fn any() -> BoxedStrategy<Self> {
        (metadata::object(), service(), list(backend()), list(route()))
            .prop_map(|(metadata, service, backends, matches)| Self {
                metadata,
                spec: v1alpha3::TrafficSplitSpec {
                    service,
                    backends,
                    matches,
                },
            })
            .boxed()
    }
}

impl Generate for v1alpha4::TrafficSplit {
    fn any() -> BoxedStrategy<Self> {
        (metadata::object(), service(), list(backend()), list(route()))
            .prop_map(|(metadata, service, backends, matches)| Self {
                metadata,
                spec: v1alpha4::TrafficSplitSpec {
                    service,
                    backends,
                    matches,
                },
            })
            .boxed()
    }
}

/// A quantity in any spelling: an integer, or a string with any suffix, large and fine ones too.
pub(crate) fn quantity() -> impl Strategy<Value = Quantity> {
    let usual = select(vec![
        "500m", "1.5", "0", "00", "1k", "1Ki", "1e3", "2E-3", ".5", "5.", "+7", "1n", "100",
    ]);
    let suffix = select(vec!["", "n", "u", "m", "k", "M", "E", "Ki", "Ei", "e2", "E-12"]);
    let spelled = ("[+-]?", "[0-9]{1,12}", optional("[0-9]{0,6}"), suffix).prop_map(|(sign, whole, part, suffix)| {
        let part = part.map(|digits| format!(".{digits}")).unwrap_or_default();
        format!("{sign}{whole}{part}{suffix}")
    });
    let parsed = |text: String| text.parse::<Quantity>().ok();
    prop_oneof![
        4 => (0..1000_i64).prop_map(Quantity::from),
        1 => any::<i64>().prop_map(Quantity::from),
        4 => usual.prop_filter_map("no quantity", move |text| parsed(text.to_owned())),
        2 => spelled.prop_filter_map("no quantity", parsed),
    ]
}

fn backend() -> impl Strategy<Value = v1alpha2::Backend> {
    let weight = prop_oneof![4 => 0..=100_u32, 1 => Just(weight::MAX), 1 => 0..=weight::MAX];
    (service(), weight).prop_map(|(service, weight)| v1alpha2::Backend { service, weight })
}

fn route() -> impl Strategy<Value = v1alpha3::RouteRef> {
    let group = select(vec!["specs.smi-spec.io", "specs.smi-spec.io/v1alpha4", ""]).prop_map(str::to_owned);
    let kind = prop_oneof![6 => Just("HTTPRouteGroup".to_owned()), 1 => text()];
    (optional(group), kind, name()).prop_map(|(api_group, kind, name)| v1alpha3::RouteRef { api_group, kind, name })
}

fn service() -> impl Strategy<Value = String> {
    prop_oneof![4 => name(), 1 => "[a-z]{1,5}\\.[a-z]{1,5}(\\.svc\\.cluster\\.local)?", 1 => "[a-z]{1,5}/[a-z]{1,5}", 1 => text()]
}
