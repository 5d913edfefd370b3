//! Reads and writes `metadata` of objects that are JSON values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The text at `pointer`; empty where there is none.
pub(crate) fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub(crate) fn resource_version(object: &Value) -> &str {
    text(object, "/metadata/resourceVersion")
}

pub(crate) fn generation(object: &Value) -> Option<i64> {
    object.pointer("/metadata/generation").and_then(Value::as_i64)
}

pub(crate) fn is_deleting(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

/// The strings of the list at `pointer`.
pub(crate) fn texts(object: &Value, pointer: &str) -> Vec<String> {
    let list = object.pointer(pointer).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

pub(crate) fn finalizers(object: &Value) -> Vec<String> {
    texts(object, "/metadata/finalizers")
}

pub(crate) fn labels(object: &Value) -> BTreeMap<String, String> {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let pairs = labels.into_iter().flatten();
    pairs
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The metadata of `object`, put there where there is none.
pub(crate) fn metadata_mut(object: &mut Value) -> &mut Map<String, Value> {
    child_mut(object, "metadata")
}

/// The map `name` of `object`. Both become maps where they are none.
pub(crate) fn child_mut<'v>(object: &'v mut Value, name: &str) -> &'v mut Map<String, Value> {
    map_mut(map_mut(object).entry(name).or_insert(Value::Null))
}

/// `value` as a map; anything else becomes an empty one.
pub(crate) fn map_mut(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made a map above"),
    }
}

/// Sets `metadata.FIELD`, or removes it.
pub(crate) fn set(object: &mut Value, field: &str, value: Option<Value>) {
    let metadata = metadata_mut(object);
    match value {
        Some(value) => metadata.insert(field.to_owned(), value),
        None => metadata.remove(field),
    };
}

/// Makes `metadata.FIELD` of `object` what it is in `old`.
pub(crate) fn carry_over(object: &mut Value, old: &Value, field: &str) {
    set(
        object,
        field,
        old.pointer("/metadata")
            .and_then(|metadata| metadata.get(field))
            .cloned(),
    );
}
