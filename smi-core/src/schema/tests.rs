//! Schemas, held against what a real API server answered.

use serde_json::{Value, json};

use super::*;

/// What kube-apiserver 1.37 said to objects of one kind, as recorded: `create` and `update` requests, with the `spec` that it stored or
/// the causes of its refusal.
fn recorded() -> (JSONSchemaProps, Value) {
    let recorded: Value = serde_json::from_str(include_str!("tests/apiserver-1.37.json")).unwrap();
    (serde_json::from_value(recorded["schema"].clone()).unwrap(), recorded)
}

/// The object of `spec` as the server stores it, or the causes of its refusal in an order of their own: the server asks
/// the fields of a map in no order.
fn answer(spec: &Value, old: Option<&Value>, schema: &JSONSchemaProps) -> Result<Value, Vec<Value>> {
    let object = |spec: &Value| {
        let mut object =
            json!({"apiVersion": "t.example.com/v1", "kind": "Probe", "metadata": {"name": "x"}, "spec": spec});
        prune(&mut object, schema);
        default(&mut object, schema);
        object
    };
    let new = object(spec);
    let causes: Vec<Value> = validate(&new, old.map(object).as_ref(), schema)
        .iter()
        .map(|found| json!({"reason": found.reason, "message": found.message, "field": found.field()}))
        .collect();
    if causes.is_empty() {
        Ok(new["spec"].clone())
    } else {
        Err(sorted(causes))
    }
}

/// Without the remark about rules that were not checked where this build checks none.
fn sorted(mut causes: Vec<Value>) -> Vec<Value> {
    if cfg!(not(feature = "cel")) {
        causes.retain(|cause| {
            !cause["message"]
                .as_str()
                .unwrap()
                .contains("some validation rules were not checked")
        });
    }
    causes.sort_by_key(ToString::to_string);
    causes
}

/// Numbers of one value are one: the server writes `5.0` as `5`.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|o| same(value, o)))
        }
        (one, other) => number::equal(one, other),
    }
}

fn compare(requests: &str) {
    let (schema, recorded) = recorded();
    let mut wrong = Vec::new();
    for case in recorded[requests].as_array().unwrap() {
        let rules = case["spec"].get("cel").is_some();
        if rules && cfg!(not(feature = "cel")) {
            continue;
        }
        let answer = answer(&case["spec"], case.get("old"), &schema);
        let fine = match (&answer, case.get("stored")) {
            (Ok(stored), Some(expected)) => same(stored, expected),
            (Err(causes), None) => *causes == sorted(case["causes"].as_array().unwrap().clone()),
            _ => false,
        };
        if !fine {
            wrong.push(format!(
                "{}\n   we: {answer:?}\n   it: {}",
                case["name"],
                json!([case.get("stored"), case.get("causes")])
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn created_objects_are_judged_as_by_the_api_server() {
    compare("create");
}

#[test]
fn updates_are_judged_as_by_the_api_server() {
    compare("update");
}

fn unknown(object: &Value) -> Vec<String> {
    let schema = serde_json::from_value(json!({
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {
            "backends": {"type": "array", "items": {"type": "object", "properties": {"weight": {"type": "integer"}}}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }}},
    }));
    unknown_fields(object, &schema.unwrap())
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn fields_that_the_schema_has_are_known() {
    let object = json!({
        "apiVersion": "v1", "kind": "Split", "metadata": {"name": "a", "labels": {"any": "thing"}},
        "spec": {"backends": [{"weight": 1}], "labels": {"any": "thing"}, "free": {"any": {"thing": 1}}},
    });
    assert_eq!(unknown(&object), [""; 0]);
}

#[test]
fn fields_that_it_does_not_have_are_named_with_their_paths() {
    let object = json!({
        "metadata": {"name": "a", "naem": "b"}, "matches": [],
        "spec": {"backends": [{"weight": 1}, {"weigth": 1}], "service": "x"},
    });
    assert_eq!(
        unknown(&object),
        ["matches", "metadata.naem", "spec.backends[1].weigth", "spec.service"]
    );
}

#[test]
fn values_of_another_shape_are_not_unknown_fields() {
    assert_eq!(
        unknown(&json!({"spec": {"backends": {"weight": 1}, "labels": ["x"]}})),
        [""; 0]
    );
}

#[test]
fn the_fields_of_metadata_are_those_of_its_type() {
    let schema = schemars::schema_for!(k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta);
    let names: Vec<_> = schema
        .get("properties")
        .and_then(Value::as_object)
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(names, METADATA);
}
