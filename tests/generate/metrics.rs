//! TrafficMetrics and their lists, of both versions. Their texts are absent or something, their quantities canonical:
//! that is how they are read.

use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ListMeta};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use smi_sdk::metrics::{
    duration::GoDuration,
    v1alpha1::{self, Direction, Metric, ObjectReference},
    v1alpha2::{self, Side},
};

use super::{
    Generate, list, metadata, optional,
    split::quantity,
    text::{name, text},
};

impl Generate for v1alpha1::TrafficMetrics {
    fn any() -> BoxedStrategy<Self> {
        let edge = (direction(), peer()).prop_map(|(direction, resource)| v1alpha1::Edge { direction, resource });
        let interval = (optional(metadata::time()), optional(window()));
        (
            metadata::object(),
            interval,
            reference(),
            optional(edge),
            list(metric()),
        )
            .prop_map(|(metadata, (timestamp, window), resource, edge, metrics)| Self {
                metadata,
                timestamp,
                window,
                resource,
                edge,
                metrics,
            })
            .boxed()
    }
}

impl Generate for v1alpha2::TrafficMetrics {
    fn any() -> BoxedStrategy<Self> {
        let side = prop_oneof![Just("client".to_owned()), Just("server".to_owned()), name()].prop_map(Side::from);
        let edge = (direction(), optional(side), peer()).prop_map(|(direction, side, resource)| v1alpha2::Edge {
            direction,
            side,
            resource,
        });
        let backend =
            (text(), text(), any::<u32>()).prop_map(|(apex, name, weight)| v1alpha2::Backend { apex, name, weight });
        (v1alpha1::TrafficMetrics::any(), optional(edge), optional(backend))
            .prop_map(|(old, edge, backend)| Self {
                edge,
                backend,
                ..Self::from(old)
            })
            .boxed()
    }
}

impl Generate for v1alpha1::TrafficMetricsList {
    fn any() -> BoxedStrategy<Self> {
        list_of(v1alpha1::TrafficMetrics::any())
            .prop_map(|(metadata, resource, selector, items)| Self {
                metadata,
                resource,
                selector,
                items,
            })
            .boxed()
    }
}

impl Generate for v1alpha2::TrafficMetricsList {
    fn any() -> BoxedStrategy<Self> {
        list_of(v1alpha2::TrafficMetrics::any())
            .prop_map(|(metadata, resource, selector, items)| Self {
                metadata,
                resource,
                selector,
                items,
            })
            .boxed()
    }
}

/// A list of either version.
fn list_of<T: Debug>(
    item: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = (ListMeta, ObjectReference, Option<LabelSelector>, Vec<T>)> {
    (
        metadata::list_of_objects(),
        reference(),
        optional(selector()),
        list(item),
    )
}

fn reference() -> BoxedStrategy<ObjectReference> {
    let kind = select(vec!["Pod", "Deployment", "Trafficsplit", "Namespace"]).prop_map(str::to_owned);
    let seen = (optional(name()), optional(name()), optional(name()));
    (
        optional(kind),
        optional(name()),
        optional(name()),
        optional(name()),
        seen,
    )
        .prop_map(
            |(kind, namespace, name, uid, (api_version, resource_version, field_path))| ObjectReference {
                kind,
                namespace,
                name,
                uid,
                api_version,
                resource_version,
                field_path,
            },
        )
        .boxed()
}

fn peer() -> impl Strategy<Value = Option<ObjectReference>> {
    optional(reference()).prop_map(|peer| peer.filter(|peer| !peer.is_any()))
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just("to".to_owned()), Just("from".to_owned()), text()].prop_map(Direction::from)
}

fn window() -> impl Strategy<Value = GoDuration> {
    prop_oneof![
        (0..100_000_u32).prop_map(GoDuration::from_secs),
        any::<i64>().prop_map(GoDuration::from_nanos)
    ]
}

fn metric() -> impl Strategy<Value = Metric> {
    let name = select(vec![Metric::P99_RESPONSE_LATENCY, Metric::SUCCESS_COUNT, ""]).prop_map(str::to_owned);
    let value = quantity().prop_map(|value| value.to_canonical());
    (
        prop_oneof![name, text()],
        optional(super::text::name()),
        optional(value),
    )
        .prop_map(|(name, unit, value)| Metric { name, unit, value })
}

fn selector() -> impl Strategy<Value = LabelSelector> {
    optional(metadata::texts()).prop_map(|match_labels| LabelSelector {
        match_labels,
        match_expressions: None,
    })
}
