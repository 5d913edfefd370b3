//! TrafficMetrics v1alpha1, read in every spelling and written as the Go SDK does.

use kube::{Resource as _, ResourceExt as _, core::schema::StructuralSchemaRewriter};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// As the Go SDK writes it, in its order.
const SDK: &str = concat!(
    r#"{"kind":"TrafficMetrics","apiVersion":"metrics.smi-spec.io/v1alpha1","#,
    r#""metadata":{"name":"cart","namespace":"shop","selfLink":"/apis/metrics.smi-spec.io/v1alpha1/namespaces/shop/deployments/cart","#,
    r#""creationTimestamp":"2026-03-01T09:30:00Z"},"#,
    r#""timestamp":"2026-03-01T09:30:00Z","window":"1m0s","#,
    r#""resource":{"kind":"Deployment","namespace":"shop","name":"cart"},"#,
    r#""edge":{"direction":"from","resource":null},"#,
    r#""metrics":[{"name":"p99_response_latency","unit":"ms","value":"87125m"},{"name":"success_count","value":"2k"}]}"#,
);

/// As the specification's text spells it.
const SPEC: &str = r"
apiVersion: metrics.smi-spec.io/v1alpha1
kind: TrafficMetrics
resource: {name: cart, namespace: shop, kind: Deployment}
edge:
  direction: to
  side: client
  resource: {}
timestamp: 2026-03-01T10:30:00.75+01:00
window: 60s
metrics:
- name: p99_response_latency
  unit: seconds
  value: 10m
- {name: success_count, value: 2000}
- {name: failure_count, value: 0.5}
- {name: p50_response_latency, unit: '', value: null}
";

fn read(value: Value) -> Result<TrafficMetrics, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

#[test]
fn what_the_go_sdk_writes_is_written_back_byte_for_byte() {
    let metrics: TrafficMetrics = serde_json::from_str(SDK).unwrap();
    assert_eq!(metrics.name_any(), "cart");
    assert_eq!(metrics.window, Some(GoDuration::from_secs(60)));
    assert_eq!(metrics.edge, Some(Edge::new(Direction::From)));
    assert_eq!(metrics.metrics[0].value, Some(quantity("87125m")));
    assert_eq!(serde_json::to_string(&metrics).unwrap(), SDK);
}

#[test]
fn what_the_specification_spells_is_read_and_written_as_the_sdk_does() {
    let metrics: TrafficMetrics = serde_saphyr::from_str(SPEC).unwrap();
    assert_eq!(metrics.edge, Some(Edge::new(Direction::To)));
    let json = serde_json::to_value(&metrics).unwrap();
    assert_eq!(
        json,
        json!({
            "kind": "TrafficMetrics", "apiVersion": API_VERSION, "metadata": {"creationTimestamp": null},
            "timestamp": "2026-03-01T09:30:00Z", "window": "1m0s",
            "resource": {"kind": "Deployment", "namespace": "shop", "name": "cart"},
            "edge": {"direction": "to", "resource": null},
            "metrics": [
                {"name": "p99_response_latency", "unit": "seconds", "value": "10m"},
                {"name": "success_count", "value": "2k"},
                {"name": "failure_count", "value": "500m"},
                {"name": "p50_response_latency", "value": null},
            ],
        })
    );
    assert_eq!(read(json).unwrap(), metrics);
}

#[test]
fn a_peer_without_fields_is_any_peer() {
    for peer in [json!({}), json!(null), json!({"kind": "", "name": null})] {
        let metrics = read(json!({"edge": {"direction": "to", "resource": peer}})).unwrap();
        assert_eq!(metrics.edge, Some(Edge::new(Direction::To)), "{peer}");
    }
    assert_eq!(
        read(json!({"edge": {"direction": "to"}})).unwrap().edge,
        Some(Edge::new(Direction::To))
    );
    let shop = ObjectReference {
        namespace: Some("shop".to_owned()),
        ..ObjectReference::default()
    };
    let metrics = read(json!({"edge": {"direction": "from", "resource": {"namespace": "shop"}}})).unwrap();
    assert_eq!(metrics.edge, Some(Edge::from_peer(shop)));
}

#[test]
fn null_is_absent_everywhere() {
    let null =
        json!({"metadata": null, "timestamp": null, "window": null, "resource": null, "edge": null, "metrics": null});
    assert_eq!(read(null).unwrap(), TrafficMetrics::default());
    assert_eq!(read(json!({})).unwrap(), TrafficMetrics::default());
    let list = json!({"metadata": null, "resource": null, "selector": null, "items": null});
    assert_eq!(
        serde_json::from_value::<TrafficMetricsList>(list).unwrap(),
        TrafficMetricsList::default()
    );
}

#[test]
fn empty_objects_are_written_with_null_pointers_and_empty_lists() {
    assert_eq!(
        serde_json::to_string(&TrafficMetrics::default()).unwrap(),
        r#"{"kind":"TrafficMetrics","apiVersion":"metrics.smi-spec.io/v1alpha1","metadata":{"creationTimestamp":null},"resource":{},"edge":null,"metrics":[]}"#
    );
    assert_eq!(
        serde_json::to_string(&TrafficMetricsList::default()).unwrap(),
        r#"{"kind":"TrafficMetricsList","apiVersion":"metrics.smi-spec.io/v1alpha1","metadata":{},"resource":{},"items":[]}"#
    );
}

#[test]
fn a_window_without_a_time_has_a_null_time() {
    let metrics = TrafficMetrics {
        window: Some(GoDuration::from_secs(30)),
        ..TrafficMetrics::default()
    };
    let json = serde_json::to_value(&metrics).unwrap();
    assert_eq!((&json["timestamp"], &json["window"]), (&Value::Null, &json!("30s")));
    assert!(json.as_object().unwrap().contains_key("timestamp"));
    assert_eq!(read(json).unwrap(), metrics);
}

#[test]
fn another_kind_or_version_is_an_error_that_names_both() {
    for (kind, api_version) in [
        ("TrafficSplit", API_VERSION),
        ("TrafficMetrics", "metrics.smi-spec.io/v1alpha2"),
        ("trafficmetrics", API_VERSION),
    ] {
        let error = read(json!({"kind": kind, "apiVersion": api_version})).unwrap_err();
        let expected = format!("expected a `TrafficMetrics` of `{API_VERSION}`, found a `{kind}` of `{api_version}`");
        assert_eq!(error, expected);
    }
    // The kind is the reason, not the shape that comes with it.
    let error = read(json!({"kind": "TrafficMetricsList", "metrics": 5})).unwrap_err();
    assert!(error.contains("found a `TrafficMetricsList`"), "{error}");
    let error = serde_json::from_str::<TrafficMetricsList>(SDK).unwrap_err().to_string();
    assert!(error.starts_with("expected a `TrafficMetricsList`"), "{error}");
}

#[test]
fn an_unknown_direction_is_kept() {
    for direction in ["both", "To", ""] {
        let metrics = read(json!({"edge": {"direction": direction}})).unwrap();
        assert_eq!(
            metrics.edge.as_ref().unwrap().direction,
            Direction::Other(direction.to_owned())
        );
        assert_eq!(serde_json::to_value(&metrics).unwrap()["edge"]["direction"], direction);
    }
}

#[test]
fn bad_values_are_errors_at_their_field() {
    for (object, message) in [
        (
            json!({"metrics": [{"name": "a", "value": "fast"}]}),
            "`fast` is not a quantity",
        ),
        (json!({"metrics": [{"name": "a", "value": {}}]}), "expected a quantity"),
        (json!({"metrics": [{"value": 1}]}), "missing field `name`"),
        (json!({"metrics": {}}), "invalid type: map, expected a sequence"),
        (json!({"window": "30"}), "`30` is not a duration"),
        (json!({"window": 30}), "invalid type: integer `30`, expected a string"),
        (json!({"timestamp": "yesterday"}), "`yesterday` is not a time"),
        (json!({"timestamp": "-000001-01-01T00:00:00Z"}), "is before the year 0"),
        (json!({"edge": {}}), "missing field `direction`"),
        (
            json!({"edge": {"direction": 1}}),
            "invalid type: integer `1`, expected a string",
        ),
        (json!({"kind": 5}), "invalid type: integer `5`, expected a string"),
        (json!([]), "invalid type: sequence"),
        (json!("TrafficMetrics"), "invalid type: string"),
    ] {
        let error = read(object.clone()).unwrap_err();
        assert!(error.contains(message), "{object}: {error}");
    }
}

#[test]
fn list_metadata_and_selector_are_kept() {
    let json = concat!(
        r#"{"kind":"TrafficMetricsList","apiVersion":"metrics.smi-spec.io/v1alpha1","#,
        r#""metadata":{"selfLink":"/apis/metrics.smi-spec.io/v1alpha1/namespaces/shop/pods","resourceVersion":"7","continue":"next"},"#,
        r#""resource":{"kind":"Pod","namespace":"shop"},"selector":{"matchLabels":{"app":"cart"}},"#,
        r#""items":[{"kind":"TrafficMetrics","apiVersion":"metrics.smi-spec.io/v1alpha1","metadata":{"creationTimestamp":null},"#,
        r#""resource":{},"edge":null,"metrics":[]}]}"#,
    );
    let list: TrafficMetricsList = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&list).unwrap(), json);
}

#[test]
fn metadata_is_written_in_the_order_of_go() {
    let json = concat!(
        r#"{"name":"a","generateName":"b","namespace":"c","selfLink":"d","uid":"e","resourceVersion":"f","generation":1,"#,
        r#""creationTimestamp":null,"deletionTimestamp":"2026-03-01T09:30:00Z","labels":{"g":"h","i":"j"},"annotations":{"k":"l"}}"#,
    );
    let metrics = read(json!({"metadata": serde_json::from_str::<Value>(json).unwrap()})).unwrap();
    assert!(
        serde_json::to_string(&metrics)
            .unwrap()
            .contains(&format!(r#""metadata":{json}"#))
    );
}

#[test]
fn one_kind_has_many_plurals() {
    let path = |kind| TrafficMetrics::url_path(&kind, Some("shop"));
    assert_eq!(
        path(ResourceKind::Pod),
        "/apis/metrics.smi-spec.io/v1alpha1/namespaces/shop/pods"
    );
    assert_eq!(
        path(ResourceKind::StatefulSet),
        "/apis/metrics.smi-spec.io/v1alpha1/namespaces/shop/statefulsets"
    );
    assert_eq!(TrafficMetrics::api_version(&ResourceKind::Pod), API_VERSION);
    assert_eq!(TrafficMetrics::kind(&ResourceKind::Pod), "TrafficMetrics");
}

#[test]
fn a_new_object_is_named_after_its_resource() {
    let metrics = TrafficMetrics::new(ObjectReference::new("Pod", "shop", "cart-1"));
    assert_eq!(
        (metrics.name_any(), metrics.namespace()),
        ("cart-1".to_owned(), Some("shop".to_owned()))
    );
    assert!(!metrics.resource.is_any());
}

#[test]
fn the_schema_knows_every_field() {
    let settings = schemars::generate::SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    let schema = settings
        .with_transform(StructuralSchemaRewriter)
        .into_generator()
        .into_root_schema_for::<TrafficMetricsList>();
    let schema = serde_json::to_value(schema).unwrap();
    let written = serde_json::to_value(serde_json::from_str::<TrafficMetrics>(SDK).unwrap()).unwrap();
    for (field, value) in written.as_object().unwrap() {
        let property = &schema["properties"]["items"]["items"]["properties"][field];
        assert!(property.is_object(), "{field}");
        for inner in value.as_object().into_iter().flat_map(|value| value.keys()) {
            assert!(property["properties"][inner].is_object(), "{field}.{inner}: {property}");
        }
    }
    assert!(schema["properties"]["apiVersion"].is_object());
}

pub(crate) fn reference() -> impl Strategy<Value = ObjectReference> {
    let text = || proptest::option::of("[a-z][a-z0-9.-]{0,8}");
    (text(), text(), text(), text(), text(), text(), text()).prop_map(
        |(kind, namespace, name, uid, api_version, resource_version, field_path)| ObjectReference {
            kind,
            namespace,
            name,
            uid,
            api_version,
            resource_version,
            field_path,
        },
    )
}

pub(crate) fn peer() -> impl Strategy<Value = Option<ObjectReference>> {
    proptest::option::of(reference()).prop_map(|peer| peer.filter(|peer| !peer.is_any()))
}

pub(crate) fn direction() -> impl Strategy<Value = Direction> {
    "to|from|[a-z]{0,5}".prop_map(Direction::from)
}

fn metric() -> impl Strategy<Value = Metric> {
    let value = "[0-9]{1,6}(\\.[0-9]{1,3})?(m|k|Ki|)".prop_map(|text| Some(quantity(&text).to_canonical()));
    (
        ".{0,12}",
        proptest::option::of("[a-z]{1,8}"),
        prop_oneof![value, Just(None)],
    )
        .prop_map(|(name, unit, value)| Metric { name, unit, value })
}

/// Every part that both versions share; the object has no edge.
pub(crate) fn without_edge() -> impl Strategy<Value = TrafficMetrics> {
    let time = || {
        proptest::option::of(
            (0..4_000_000_000_i64)
                .prop_map(|seconds| Time(k8s_openapi::jiff::Timestamp::from_second(seconds).unwrap())),
        )
    };
    let window = proptest::option::of(any::<i64>().prop_map(GoDuration::from_nanos));
    let labels = proptest::option::of(proptest::collection::btree_map("[a-z]{1,4}", "\\PC{0,4}", 0..3));
    (
        reference(),
        time(),
        time(),
        window,
        labels,
        proptest::collection::vec(metric(), 0..4),
    )
        .prop_map(|(resource, created, timestamp, window, labels, metrics)| {
            let mut object = TrafficMetrics {
                timestamp,
                window,
                metrics,
                ..TrafficMetrics::new(resource)
            };
            object.metadata.creation_timestamp = created;
            object.metadata.labels = labels;
            object
        })
}

pub(crate) fn object() -> impl Strategy<Value = TrafficMetrics> {
    let edge = (direction(), peer()).prop_map(|(direction, resource)| Edge { direction, resource });
    (without_edge(), proptest::option::of(edge)).prop_map(|(object, edge)| TrafficMetrics { edge, ..object })
}

proptest! {
    #[test]
    fn reading_gives_what_was_written(items in proptest::collection::vec(object(), 0..4), resource in reference()) {
        let list = TrafficMetricsList { resource, items, ..TrafficMetricsList::default() };
        let json = serde_json::to_string(&list).unwrap();
        let again: TrafficMetricsList = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&again, &list);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), json);
    }

    #[test]
    fn any_json_is_an_object_that_keeps_or_an_error(value in json()) {
        if let Ok(object) = read(value.clone()) {
            prop_assert_eq!(&read(serde_json::to_value(&object).unwrap()).unwrap(), &object);
        }
        if let Ok(list) = serde_json::from_value::<TrafficMetricsList>(value) {
            prop_assert_eq!(&serde_json::from_value::<TrafficMetricsList>(serde_json::to_value(&list).unwrap()).unwrap(), &list);
        }
    }
}

/// JSON of any shape, with the names and values of these types.
fn json() -> impl Strategy<Value = Value> {
    let text = "to|from|30s|500m|2026-03-01T09:30:00[.]5Z|TrafficMetrics|\\PC{0,3}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let names =
        "metadata|timestamp|window|resource|edge|metrics|items|name|unit|value|direction|kind|creationTimestamp|x";
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(names, inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    })
}
