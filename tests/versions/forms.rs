//! What every converted object looks like, whatever it says.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, core::conversion::ConversionReview};
use serde_json::{Value, json};
use smi_sdk::convert::{Converted, Spoke};

use crate::{
    convert::{CONVERTERS, STASH, at},
    edit::Field::{Backends, Matches, Rules, Sources},
    generate::{Generate, law::for_all},
    kinds::{Law, a_version, for_every_kind},
};

/// For each kind and version.
const CASES: u32 = 64;

/// Holds `law` for objects of every kind and version, converted to any version.
fn for_conversions_of_every_kind(law: impl Fn(&Value, &str, &Converted<Value>)) {
    struct Conversions<F>(F);

    impl<F: Fn(&Value, &str, &Converted<Value>)> Law for Conversions<F> {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            for_all(CASES, (K::any(), a_version::<K>()), |(object, version)| {
                if object.clone().into_hub().is_ok() {
                    let object = serde_json::to_value(object).unwrap();
                    (self.0)(&object, &version, &at(&object, &version));
                }
            });
        }
    }

    for_every_kind(Conversions(law));
}

#[test]
fn the_api_version_is_the_group_and_the_version_that_was_asked_for() {
    for_conversions_of_every_kind(|object, version, converted| {
        let group = object["apiVersion"].as_str().unwrap().split('/').next().unwrap();
        assert_eq!(converted.object["apiVersion"], format!("{group}/{version}"));
        assert_eq!(converted.object["kind"], object["kind"]);
    });
}

#[test]
fn of_the_metadata_only_the_annotation_of_the_conversion_changes() {
    for_conversions_of_every_kind(|object, _, converted| {
        let metadata = |object: &Value| -> ObjectMeta {
            let mut metadata: ObjectMeta = serde_json::from_value(object["metadata"].clone()).unwrap();
            if let Some(annotations) = &mut metadata.annotations {
                annotations.remove(STASH);
            }
            metadata.annotations = metadata.annotations.filter(|annotations| !annotations.is_empty());
            metadata
        };
        assert_eq!(metadata(&converted.object), metadata(object));
    });
}

#[test]
fn converting_twice_to_a_version_is_converting_once() {
    for_conversions_of_every_kind(|_, version, converted| {
        let again = at(&converted.object, version);
        assert_eq!(again, Converted::exactly(converted.object.clone()));
    });
}

#[test]
fn lists_keep_their_order() {
    for_conversions_of_every_kind(|object, _, converted| {
        // The parts of an item that every version has.
        let parts = |field: crate::edit::Field, object: &Value| -> Vec<Value> {
            let items = field.value(object).as_array().cloned().unwrap_or_default();
            let part = |item: &Value| match field {
                Sources => json!([item["kind"], item["name"], item["namespace"]]),
                Backends => item["service"].clone(),
                // The headers among them.
                _ => item.clone(),
            };
            items.iter().map(part).collect()
        };
        let apex = crate::edit::Field::Service.value(object);
        for field in [Sources, Rules, Matches, Backends] {
            let before = parts(field, object);
            let mut rest = before.iter();
            for item in parts(field, &converted.object) {
                let is_stand_in = item["name"].as_str().is_some_and(|name| name.starts_with("smi-port-"));
                assert!(
                    rest.any(|other| *other == item)
                        || (field == Rules && is_stand_in)
                        || (field == Backends && item == apex),
                    "{item} of {}, before {object}",
                    converted.object
                );
            }
        }
    });
}

#[test]
fn who_reads_at_an_old_version_needs_no_companions() {
    for_conversions_of_every_kind(|object, version, converted| {
        let is_old = matches!(version, "v1alpha1" | "v1alpha2");
        assert!(!is_old || converted.companions.is_empty(), "{object}");
    });
}

#[test]
fn typed_and_on_json_a_conversion_is_the_same() {
    struct Typed;

    impl Law for Typed {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            let (version, newest) = (K::version(&()), <K::Hub as Resource>::version(&()));
            for_all(CASES, (K::any(), K::Hub::any()), |(object, hub)| {
                let value = serde_json::to_value(&object).unwrap();
                let api_version = <K::Hub as Resource>::api_version(&());
                match object.into_hub() {
                    Ok(typed) => assert_eq!(at(&value, &newest), as_json(typed)),
                    Err(error) => assert_eq!(CONVERTERS.convert(value, &api_version), Err(error)),
                }
                let value = serde_json::to_value(&hub).unwrap();
                assert_eq!(at(&value, &version), as_json(K::from_hub(hub).unwrap()));
            });
        }
    }

    for_every_kind(Typed);
}

#[test]
fn a_review_answers_with_what_a_conversion_gives() {
    for_conversions_of_every_kind(|object, _, converted| {
        let review: ConversionReview = serde_json::from_value(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
            "request": {"uid": "1", "desiredAPIVersion": converted.object["apiVersion"], "objects": [object]},
        }))
        .unwrap();
        let response = serde_json::to_value(CONVERTERS.review(review)).unwrap()["response"].take();
        assert_eq!(response["uid"], "1");
        assert_eq!(response["result"]["status"], "Success", "{response}");
        assert_eq!(response["convertedObjects"], json!([converted.object]));
    });
}

fn as_json<K: serde::Serialize>(typed: Converted<K>) -> Converted<Value> {
    typed.try_map(|object| serde_json::to_value(object)).unwrap()
}
