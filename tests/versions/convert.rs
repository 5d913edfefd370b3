//! Converting what the tests hold, as a webhook does it: object by object.

use std::sync::LazyLock;

use serde_json::Value;
use smi_sdk::convert::{Converted, Converters, converters};

use crate::release::Release;

/// One for all tests: the schemas of a converter are worked out once.
pub(crate) static CONVERTERS: LazyLock<Converters> = LazyLock::new(converters);

/// The annotation in which a converted object keeps what its version cannot say.
pub(crate) const STASH: &str = "smi-spec.io/conversion-data";

/// The object at another version of its group, such as `v1alpha1`.
pub(crate) fn at(object: &Value, version: &str) -> Converted<Value> {
    let group = object["apiVersion"].as_str().unwrap().split('/').next().unwrap();
    let converted = CONVERTERS.convert(object.clone(), &format!("{group}/{version}"));
    converted.unwrap_or_else(|error| panic!("{error}: {object}"))
}

/// How a set of objects is converted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// As a webhook does it, which knows of one object only; somebody puts the companions beside them.
    OneByOne,
    /// As a whole.
    Together,
}

/// All objects at the versions of a release, with the companions that a reader of it reads, each in place of an object of
/// its name.
pub(crate) fn all_at(objects: &[Value], release: &Release, way: Way) -> Vec<Value> {
    if way == Way::Together {
        let api_versions =
            ["access.smi-spec.io", "specs.smi-spec.io", "split.smi-spec.io"].map(|it| release.api_version(it));
        let set = CONVERTERS.convert_all(objects, &api_versions.each_ref().map(String::as_str));
        let objects = set
            .objects
            .into_iter()
            .map(|it| it.unwrap_or_else(|error| panic!("{error}: {objects:?}")));
        return objects.chain(set.companions).map(|it| it.object).collect();
    }
    let (mut set, mut companions) = (Vec::new(), Vec::new());
    for object in objects {
        let api_version = release.api_version(object["apiVersion"].as_str().unwrap());
        let converted = CONVERTERS.convert(object.clone(), &api_version);
        let converted = converted.unwrap_or_else(|error| panic!("{error}: {object}"));
        set.push(converted.object);
        companions.extend(converted.companions.iter().map(|it| serde_json::to_value(it).unwrap()));
    }
    for companion in companions.into_iter().filter(|it| release.reads(it)) {
        put_in_front(&mut set, companion);
    }
    set
}

/// Puts an object in place of the one of its kind and name.
pub(crate) fn put_in_front(set: &mut Vec<Value>, object: Value) {
    set.retain(|other| key(other) != key(&object));
    set.push(object);
}

/// What tells objects apart: kind, namespace and name.
pub(crate) fn key(object: &Value) -> (&str, &str, &str) {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    (text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// The object without its stash.
pub(crate) fn without_stash(mut object: Value) -> Value {
    if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        annotations.remove(STASH);
        if annotations.is_empty()
            && let Some(Value::Object(metadata)) = object.get_mut("metadata")
        {
            metadata.remove("annotations");
        }
    }
    object
}

/// What is in the stash; none where there is no stash.
pub(crate) fn stash(object: &Value) -> Option<&str> {
    object["metadata"]["annotations"].get(STASH)?.as_str()
}
