//! Every version of TrafficSplit, read as the hub.

use serde_json::{Value, json};
use smi_core::decode::Strip;

use super::*;

/// The `spec` at the hub, and the path and code of each loss.
type Raised = (Value, Vec<(String, &'static str)>);

fn raise(version: &str, spec: &Value) -> Result<Raised, ConvertError> {
    let object = json!({
        "apiVersion": format!("split.smi-spec.io/{version}"), "kind": "TrafficSplit", "metadata": {"name": "s"}, "spec": spec,
    });
    let converted = converters().convert(object, "split.smi-spec.io/v1alpha4")?;
    assert_eq!(converted.object["apiVersion"], "split.smi-spec.io/v1alpha4");
    let losses = converted
        .losses
        .iter()
        .map(|loss| (loss.path.to_string(), loss.reason.code()))
        .collect();
    Ok((converted.object["spec"].clone(), losses))
}

fn backends(weights: &[Value]) -> Value {
    let backends = weights
        .iter()
        .enumerate()
        .map(|(i, weight)| json!({"service": format!("web-v{i}"), "weight": weight}));
    json!({"service": "web", "backends": backends.collect::<Vec<_>>()})
}

#[test]
fn the_specifications_mixed_example_keeps_its_two_to_one() {
    let (spec, losses) = raise("v1alpha1", &backends(&[json!(1), json!("500m")])).unwrap();
    assert_eq!(spec, backends(&[json!(1000), json!(500)]));
    let weight = |i| format!("spec.backends[{i}].weight");
    assert_eq!(losses, [(weight(0), "respelled"), (weight(1), "respelled")]);
}

#[test]
fn whole_weights_stay_as_they_are() {
    let (spec, losses) = raise("v1alpha1", &backends(&[json!(90), json!(10)])).unwrap();
    assert_eq!((spec, losses), (backends(&[json!(90), json!(10)]), vec![]));
    let (spec, losses) = raise("v1alpha1", &backends(&[json!("90")])).unwrap();
    assert_eq!((spec, losses.len()), (backends(&[json!(90)]), 1));
}

#[test]
fn an_unquoted_decimal_is_exact() {
    let (spec, _) = raise("v1alpha1", &backends(&[json!(0.1), json!(0.9)])).unwrap();
    assert_eq!(spec, backends(&[json!(100), json!(900)]));
}

#[test]
fn a_negative_or_missing_v1alpha1_weight_is_an_error_with_its_path() {
    let error = raise("v1alpha1", &backends(&[json!(1), json!("-1")])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`spec.backends[1].weight`: the weight `-1` is negative"
    );
    for weight in [Value::Null, json!("abc"), json!([])] {
        let error = raise("v1alpha1", &backends(&[json!(1), weight]))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("`spec.backends[1].weight`: "), "{error}");
    }
    let missing = json!({"service": "web", "backends": [{"service": "web-v1"}]});
    let error = raise("v1alpha1", &missing).unwrap_err().to_string();
    assert_eq!(error, "`spec.backends[0].weight`: the field is missing");
}

#[test]
fn weights_that_do_not_fit_are_rounded_and_say_so() {
    let (spec, losses) = raise("v1alpha1", &backends(&[json!("9223372036854775807"), json!(1)])).unwrap();
    assert_eq!(spec, backends(&[json!(2_147_483_647), json!(1)]));
    assert_eq!(losses, [("spec.backends[0].weight".to_owned(), "rounded")]);
}

#[test]
fn v1alpha2_and_v1alpha3_say_the_same_as_the_hub() {
    let plain = backends(&[json!(1), json!(0)]);
    assert_eq!(raise("v1alpha2", &plain).unwrap(), (plain.clone(), vec![]));
    let mut matched = plain;
    matched["matches"] = json!([{"apiGroup": "specs.smi-spec.io", "kind": "HTTPRouteGroup", "name": "r"}]);
    assert_eq!(raise("v1alpha3", &matched).unwrap(), (matched, vec![]));
}

#[test]
fn wrong_weights_of_newer_versions_are_errors_with_their_path() {
    for (weight, message) in [
        (json!(33.3), "the weight `33.3` is not a whole number"),
        (
            json!("500m"),
            "the weight `500m` is a string: from v1alpha2 on it is a whole number",
        ),
    ] {
        let error = raise("v1alpha2", &backends(&[json!(1), weight]))
            .unwrap_err()
            .to_string();
        assert_eq!(error, format!("`spec.backends[1].weight`: {message}"));
    }
}

#[test]
fn quantities_that_a_cluster_serves_at_newer_versions_are_scaled() {
    let object = |version: &str, weights: &[Value]| {
        json!({"apiVersion": format!("split.smi-spec.io/{version}"), "kind": "TrafficSplit",
            "metadata": {"name": "s"}, "spec": backends(weights)})
    };
    let converter = traffic_splits();
    for version in ["v1alpha2", "v1alpha3", "v1alpha4"] {
        let served = object(version, &[json!(1), json!("500m")]);
        assert!(
            converter.to_hub(&served).is_err(),
            "a file says what its version admits"
        );
        let by_value = converter.to_hub_served(&served).unwrap();
        let weights: Vec<_> = by_value
            .object
            .spec
            .backends
            .iter()
            .map(|backend| backend.weight)
            .collect();
        assert_eq!(weights, [1000, 500]);
        assert_eq!(by_value.losses.len(), 2);
        let by_text = converter.read_served(&served.to_string(), version, Strip::Bookkeeping);
        assert_eq!(by_text, Ok(by_value));

        let review = converters()
            .convert_served(served, "split.smi-spec.io/v1alpha1")
            .unwrap();
        let spec = &review.object["spec"];
        assert_eq!(
            (&spec["backends"][0]["weight"], &spec["backends"][1]["weight"]),
            (&json!(1000), &json!(500))
        );
    }
    for weights in [
        vec![json!("500m"), json!(-1)],
        vec![json!("500m"), Value::Null],
        vec![json!(true)],
    ] {
        let served = object("v1alpha2", &weights);
        let error = converter.to_hub_served(&served).unwrap_err();
        assert_eq!(
            error,
            converter.to_hub(&served).unwrap_err(),
            "the error of the version that it says"
        );
    }
}
