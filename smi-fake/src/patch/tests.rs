//! Patches, held against what a real API server made of them.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::{Value, json};

use super::*;

/// What a server does around a patch: the parts of the object that a request may not write, pruning and defaults.
fn settle(old: Option<&Value>, mut new: Value, subresource: &str, schema: &JSONSchemaProps) -> Value {
    if let Some(old) = old {
        let kept = if subresource.is_empty() { "status" } else { "spec" };
        match old.get(kept) {
            Some(value) => new[kept] = value.clone(),
            None => drop(new.as_object_mut().unwrap().remove(kept)),
        }
    }
    smi_core::schema::prune(&mut new, schema);
    smi_core::schema::default(&mut new, schema);
    new
}

fn step(old: Option<&Value>, step: &Value, schema: &JSONSchemaProps) -> Result<Value, (String, Vec<Value>)> {
    let text = |name: &str| step[name].as_str().unwrap();
    let manager = Manager {
        name: text("manager"),
        subresource: text("subresource"),
        time: "2026-01-02T03:04:05Z",
    };
    let body = &step["body"];
    if text("op") == "apply" {
        let new = apply(old, body, &manager, step["force"] == true, schema);
        let new = new.map_err(|error| (error.to_string(), error.causes()))?;
        return Ok(settle(old, new, manager.subresource, schema));
    }
    let old = old.unwrap();
    let new = if text("op") == "json" {
        super::json(old, body)
    } else {
        merge(old, body)
    };
    let new = new.map_err(|error| match error {
        PatchError::DoesNotFit(_) => (
            "the server rejected our request due to an error in our request".into(),
            vec![],
        ),
        error => (error.to_string(), vec![]),
    })?;
    let new = settle(Some(old), new, manager.subresource, schema);
    Ok(manage_update(Some(old), &new, &manager, schema))
}

/// What kube-apiserver 1.37 did with the same requests, one after another.
#[test]
fn patches_do_what_they_do_on_an_api_server() {
    let recorded: Value = serde_json::from_str(include_str!("tests/apiserver-1.37.json")).unwrap();
    let schema: JSONSchemaProps = serde_json::from_value(recorded["schema"].clone()).unwrap();
    let mut object: Option<Value> = None;
    for (position, request) in recorded["steps"].as_array().unwrap().iter().enumerate() {
        let refused = &request["refused"];
        match step(object.as_ref(), request, &schema) {
            Ok(new) => {
                let metadata = &new["metadata"];
                let mut owners = metadata["managedFields"].clone();
                for entry in owners.as_array_mut().into_iter().flatten() {
                    entry["time"] = json!(entry.get("time").is_some());
                }
                let shown = json!({
                    "spec": new["spec"], "status": new["status"], "labels": metadata["labels"],
                    "finalizers": metadata["finalizers"], "annotations": metadata["annotations"],
                    "managedFields": owners,
                });
                assert!(refused.is_null(), "step {position} should be refused: {refused}");
                let (shown, expected) = (sorted(shown), sorted(request["object"].clone()));
                assert_eq!(shown, expected, "step {position}: {}", request["body"]);
                object = Some(new);
            }
            Err((message, causes)) => {
                assert_eq!(
                    json!(message),
                    refused["message"],
                    "step {position}: {}",
                    request["body"]
                );
                let of = |causes: &[Value]| {
                    let mut causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
                    causes.sort();
                    causes
                };
                let expected = refused["causes"].as_array().cloned().unwrap_or_default();
                assert_eq!(of(&causes), of(&expected), "step {position}");
            }
        }
    }
}

/// Entries of one second stand in an order of their own here: the recorded requests had several.
fn sorted(mut shown: Value) -> Value {
    if let Some(entries) = shown["managedFields"].as_array_mut() {
        entries.sort_by_key(|entry| {
            [&entry["operation"], &entry["manager"], &entry["subresource"]].map(ToString::to_string)
        });
    }
    shown
}

/// What kube-apiserver 1.37 made of one Deployment with each of these patches. It fills in defaults after the patch.
#[test]
fn strategic_merge_patches_do_what_they_do_on_an_api_server() {
    let recorded: Value = serde_json::from_str(include_str!("tests/strategic-1.37.json")).unwrap();
    let schema = crate::builtin_schema::<k8s_openapi::api::apps::v1::Deployment>();
    for case in recorded["cases"].as_array().unwrap() {
        match strategic(&recorded["before"], &case["patch"], &schema) {
            Ok(after) => {
                assert!(case["refused"].is_null(), "should be refused: {case}");
                assert!(
                    is_within(&after, &case["after"]),
                    "{}\nwe: {after}\nit: {}",
                    case["patch"],
                    case["after"]
                );
            }
            Err(error) => assert!(!case["refused"].is_null(), "{error}: {}", case["patch"]),
        }
    }
}

/// Whether all of `one` is in `other`: what is more in `other` are defaults.
fn is_within(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => one
            .iter()
            .all(|(name, value)| value == &json!({}) || other.get(name).is_some_and(|other| is_within(value, other))),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_within(one, other))
        }
        (one, other) => one == other,
    }
}

mod laws {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const TIME: &str = "2026-01-02T03:04:05Z";

    fn schema() -> JSONSchemaProps {
        let recorded: Value = serde_json::from_str(include_str!("tests/apiserver-1.37.json")).unwrap();
        serde_json::from_value(recorded["schema"].clone()).unwrap()
    }

    fn manager(name: &str) -> Manager<'_> {
        Manager {
            name,
            subresource: "",
            time: TIME,
        }
    }

    /// Configurations over few names, so that they meet.
    fn config() -> impl Strategy<Value = Value> {
        let backends = vec((0..3_u8, proptest::option::of(0..3_u8)), 0..4).prop_map(|mut backends| {
            backends.sort_unstable();
            backends.dedup_by_key(|(service, _)| *service);
            let item = |(service, weight): &(u8, Option<u8>)| match weight {
                Some(weight) => json!({"service": format!("s{service}"), "weight": weight}),
                None => json!({"service": format!("s{service}")}),
            };
            backends.iter().map(item).collect::<Vec<_>>()
        });
        let tags = proptest::collection::btree_set(0..4_u8, 0..3);
        let labels = proptest::collection::btree_map("[a-c]", "[x-z]", 0..3);
        let part = (backends, tags, labels, proptest::option::of(0..3_u8), any::<bool>());
        part.prop_map(|(backends, tags, labels, ratio, annotated)| {
            let tags: Vec<String> = tags.iter().map(|tag| format!("t{tag}")).collect();
            let mut object = json!({
                "apiVersion": "t.example.com/v1", "kind": "Probe", "metadata": {"name": "x"},
                "spec": {"backends": backends, "tags": tags, "labels": labels, "sub": {"a": ratio}},
            });
            if annotated {
                object["metadata"]["annotations"] = json!({"k": "v"});
            }
            object
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn applying_twice_is_applying_once(one in config(), two in config()) {
            let schema = schema();
            let first = apply(None, &one, &manager("a"), false, &schema).unwrap();
            let both = apply(Some(&first), &two, &manager("b"), true, &schema).unwrap();
            let again = apply(Some(&both), &two, &manager("b"), false, &schema).unwrap();
            prop_assert_eq!(&again, &both);
        }

        #[test]
        fn what_is_applied_is_there(one in config(), two in config()) {
            let schema = schema();
            let first = apply(None, &one, &manager("a"), false, &schema).unwrap();
            let both = apply(Some(&first), &two, &manager("b"), true, &schema).unwrap();
            let again = super::super::combine::combine(&both, &two, super::super::shape::Shape::Root(&schema));
            prop_assert_eq!(again, both);
        }

        #[test]
        fn giving_everything_up_leaves_what_others_own(one in config(), two in config()) {
            let schema = schema();
            let nothing = json!({"apiVersion": "t.example.com/v1", "kind": "Probe", "metadata": {"name": "x"}});
            let first = apply(None, &one, &manager("a"), false, &schema).unwrap();
            let both = apply(Some(&first), &two, &manager("b"), true, &schema).unwrap();
            let left = apply(Some(&both), &nothing, &manager("b"), false, &schema).unwrap();
            let owners = left["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
            prop_assert!(owners.iter().all(|entry| entry["manager"] == "a"), "{:?}", owners);
            let alone = apply(Some(&left), &nothing, &manager("a"), false, &schema).unwrap();
            prop_assert!(alone.get("spec").is_none_or(|spec| spec == &json!({})), "{}", alone);
        }

        #[test]
        fn an_update_owns_what_it_changes_and_nothing_else(one in config(), two in config()) {
            let schema = schema();
            let first = apply(None, &one, &manager("a"), false, &schema).unwrap();
            let same = manage_update(Some(&first), &first, &manager("b"), &schema);
            prop_assert_eq!(&same, &first);
            let changed = manage_update(Some(&first), &two, &manager("b"), &schema);
            let conflict = apply(Some(&changed), &two, &manager("c"), false, &schema);
            prop_assert!(conflict.is_ok(), "what is there already conflicts with nobody: {:?}", conflict);
        }
    }
}
