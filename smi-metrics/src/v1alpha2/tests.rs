//! TrafficMetrics v1alpha2, and v1alpha1 objects read as it.

use kube::Resource as _;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::v1alpha1::tests as shared;

/// As the Go SDK writes it for a backend of a split, in its order.
const SDK: &str = concat!(
    r#"{"kind":"TrafficMetrics","apiVersion":"metrics.smi-spec.io/v1alpha2","#,
    r#""metadata":{"name":"cart","namespace":"shop","creationTimestamp":"2026-03-01T09:30:00Z"},"#,
    r#""timestamp":"2026-03-01T09:30:00Z","window":"30s","#,
    r#""resource":{"kind":"Trafficsplit","namespace":"shop","name":"cart"},"#,
    r#""edge":{"direction":"from","side":"","resource":null},"#,
    r#""backend":{"apex":"cart","name":"cart-v2","weight":10},"#,
    r#""metrics":[{"name":"failure_count","value":"0"}]}"#,
);

fn read(value: serde_json::Value) -> Result<TrafficMetrics, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[test]
fn what_the_go_sdk_writes_is_written_back_byte_for_byte() {
    let metrics: TrafficMetrics = serde_json::from_str(SDK).unwrap();
    assert_eq!(metrics.backend, Some(Backend::new("cart", "cart-v2", 10)));
    assert_eq!(metrics.edge, Some(Edge::new(Direction::From)));
    assert_eq!(
        metrics.resource.kind.as_deref().map(str::parse),
        Some(Ok(ResourceKind::TrafficSplit))
    );
    assert_eq!(serde_json::to_string(&metrics).unwrap(), SDK);
}

#[test]
fn sides_are_read_and_unknown_ones_kept() {
    for (text, side) in [
        ("client", Side::Client),
        ("server", Side::Server),
        ("gateway", Side::Other("gateway".to_owned())),
    ] {
        let metrics = read(json!({"edge": {"direction": "to", "side": text}})).unwrap();
        assert_eq!(metrics.edge.as_ref().unwrap().side, Some(side));
        assert_eq!(serde_json::to_value(&metrics).unwrap()["edge"]["side"], text);
    }
    for side in [json!(null), json!("")] {
        let metrics = read(json!({"edge": {"direction": "to", "side": side}})).unwrap();
        assert_eq!(metrics.edge, Some(Edge::new(Direction::To)));
        assert_eq!(serde_json::to_value(&metrics).unwrap()["edge"]["side"], "");
    }
}

#[test]
fn without_a_split_the_backend_is_null() {
    let json = serde_json::to_string(&TrafficMetrics::default()).unwrap();
    assert!(
        json.ends_with(r#""resource":{},"edge":null,"backend":null,"metrics":[]}"#),
        "{json}"
    );
}

#[test]
fn bad_values_are_errors() {
    for (object, message) in [
        (json!({"backend": {"apex": "a", "name": "b", "weight": -1}}), "`-1`"),
        (json!({"backend": {"apex": "a", "name": "b", "weight": "10"}}), "\"10\""),
        (json!({"backend": {"apex": "a", "weight": 1}}), "missing field `name`"),
        (json!({"edge": {"direction": "to", "side": 5}}), "`5`"),
        (
            json!({"apiVersion": v1alpha1::API_VERSION}),
            "found a `TrafficMetrics` of `metrics.smi-spec.io/v1alpha1`",
        ),
    ] {
        let error = read(object.clone()).unwrap_err();
        assert!(error.contains(message), "{object}: {error}");
    }
}

#[test]
fn urls_are_those_of_the_version() {
    let path = TrafficMetrics::url_path(&ResourceKind::Namespace, None);
    assert_eq!(path, "/apis/metrics.smi-spec.io/v1alpha2/namespaces");
}

fn object() -> impl Strategy<Value = TrafficMetrics> {
    let side = proptest::option::of("client|server|[a-z]{1,5}".prop_map(Side::from));
    let edge = (shared::direction(), side, shared::peer()).prop_map(|(direction, side, resource)| Edge {
        direction,
        side,
        resource,
    });
    let backend =
        ("[a-z]{1,8}", "[a-z]{1,8}", any::<u32>()).prop_map(|(apex, name, weight)| Backend { apex, name, weight });
    (
        shared::without_edge(),
        proptest::option::of(edge),
        proptest::option::of(backend),
    )
        .prop_map(|(object, edge, backend)| TrafficMetrics {
            edge,
            backend,
            ..object.into()
        })
}

proptest! {
    #[test]
    fn reading_gives_what_was_written(items in proptest::collection::vec(object(), 0..4)) {
        let list = TrafficMetricsList { items, ..TrafficMetricsList::default() };
        let json = serde_json::to_string(&list).unwrap();
        let again: TrafficMetricsList = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&again, &list);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), json);
    }

    #[test]
    fn v1alpha1_objects_say_the_same_and_neither_side_nor_backend(old in shared::object()) {
        let new = TrafficMetrics::from(old.clone());
        let mut json = serde_json::to_value(&new).unwrap();
        prop_assert_eq!(json.as_object_mut().unwrap().remove("backend"), Some(json!(null)));
        if old.edge.is_some() {
            prop_assert_eq!(json["edge"].as_object_mut().unwrap().remove("side"), Some(json!("")));
        }
        json["apiVersion"] = json!(v1alpha1::API_VERSION);
        prop_assert_eq!(json, serde_json::to_value(&old).unwrap());
        prop_assert_eq!(TrafficMetricsList::from(v1alpha1::TrafficMetricsList { items: vec![old], ..Default::default() }).items, vec![new]);
    }
}
