//! Any JSON read as every kind at every version.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a check fails as a test does")]

use std::{fmt::Debug, sync::LazyLock};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use smi_sdk::{
    convert::{CONVERSION_DATA, Converters, LossReason, Spoke, converters},
    core::decode,
};

#[path = "../generate/kinds.rs"]
mod kinds;

/// Panics where a promise of the wire types, of `decode` or of `convert` does not hold.
pub(crate) fn check(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let _ = CONVERTERS.unknown_fields(&value);
    for api_version in [
        "access.smi-spec.io/v1alpha4",
        "specs.smi-spec.io/v1alpha1",
        "split.smi-spec.io/v1alpha4",
        "x",
    ] {
        if let Err(error) = CONVERTERS.convert(value.clone(), api_version) {
            one_line(&error);
        }
    }
    kinds::every_kind(&mut ReadAs { value: &value });
}

/// The schemas of a converter are worked out once.
static CONVERTERS: LazyLock<Converters> = LazyLock::new(converters);

trait Visitor {
    fn custom_resource<K: Spoke + Clone + PartialEq + Debug>(&mut self);
    fn metrics<K, H>(&mut self, api_version: &'static str, kind: &'static str, hub: fn(K) -> H)
    where
        K: Clone + PartialEq + Debug + Serialize + DeserializeOwned,
        H: Serialize;
}

struct ReadAs<'a> {
    value: &'a Value,
}

impl ReadAs<'_> {
    /// The value, as if it were of this kind, with a name.
    fn saying(&self, api_version: &str, kind: &str) -> Value {
        let mut value = self.value.clone();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("apiVersion".to_owned(), api_version.into());
            fields.insert("kind".to_owned(), kind.into());
            fields.entry("metadata").or_insert_with(|| json!({"name": "a"}));
        }
        value
    }
}

impl Visitor for ReadAs<'_> {
    fn custom_resource<K: Spoke + Clone + PartialEq + Debug>(&mut self) {
        let value = self.saying(&K::api_version(&()), &K::kind(&()));
        let newest = <K::Hub as smi_sdk::kube::Resource>::api_version(&());
        let converted = CONVERTERS.convert(value.clone(), &newest);
        let object = match decode::object::<K>(&value) {
            Ok(object) => object,
            Err(error) => {
                one_line(&error);
                assert!(converted.is_err());
                return;
            }
        };
        // A `kube::Api` reads it too.
        assert_eq!(serde_json::from_value::<K>(value.clone()).ok().as_ref(), Some(&object));

        let written = serde_json::to_value(&object).unwrap();
        assert_eq!(CONVERTERS.unknown_fields(&written), Ok(Vec::new()));
        let again = decode::object::<K>(&written);
        assert_eq!(again.as_ref(), Ok(&object));
        assert_eq!(serde_json::to_value(again.unwrap()).unwrap(), written);

        let original = object.clone();
        match (object.into_hub(), converted) {
            (Ok(typed), Ok(mut on_json)) => {
                let hub = typed.object.clone();
                // The types do not see what they do not know.
                on_json.losses.retain(|loss| loss.reason != LossReason::UnknownField);
                assert_eq!((typed.companions, typed.losses), (on_json.companions, on_json.losses));
                if K::api_version(&()) != newest {
                    let mut typed = serde_json::to_value(&typed.object).unwrap();
                    // Nor in the metadata, which passes through as it is on JSON.
                    let [typed_annotations, annotations] = [&mut typed, &mut on_json.object].map(|object| {
                        let mut metadata = object["metadata"].take();
                        metadata.as_object_mut().unwrap().remove("annotations")
                    });
                    assert_eq!((typed, typed_annotations), (on_json.object, annotations));
                }
                comes_back(&original, hub);
            }
            (Err(typed), Err(on_json)) => {
                one_line(&typed);
                assert_eq!(typed, on_json);
            }
            (typed, on_json) => panic!("typed: {:?}, on JSON: {:?}", typed.err(), on_json.err()),
        }
    }

    fn metrics<K, H>(&mut self, api_version: &'static str, kind: &'static str, hub: fn(K) -> H)
    where
        K: Clone + PartialEq + Debug + Serialize + DeserializeOwned,
        H: Serialize,
    {
        match decode::value::<K>(&self.saying(api_version, kind)) {
            Ok(object) => {
                let written = serde_json::to_string(&object).unwrap();
                let again: K = serde_json::from_str(&written).unwrap();
                assert_eq!(again, object);
                assert_eq!(serde_json::to_string(&again).unwrap(), written);
                serde_json::to_string(&hub(object)).unwrap();
            }
            Err(error) => one_line(&error),
        }
    }
}

/// What went up comes down as it was, where nobody had written annotations of ours.
fn comes_back<K: Spoke + PartialEq + Debug>(original: &K, hub: K::Hub) {
    let annotations = &original.meta().annotations;
    if annotations
        .as_ref()
        .is_none_or(|all| !all.is_empty() && !all.contains_key(CONVERSION_DATA))
    {
        assert_eq!(&K::from_hub(hub).unwrap().object, original);
    }
}

fn one_line(error: &impl ToString) {
    let message = error.to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
}
