//! The metadata of JSON objects, which conversion passes on as it is: nothing but one annotation changes.

use std::mem;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Map, Value};

use super::{CONVERSION_DATA, ConvertError};
use crate::decode::{self, DecodeError};

/// What of the metadata the conversion may ask for, or change.
const OF_CONCERN: [&str; 4] = ["name", "generateName", "namespace", "annotations"];

/// Takes the metadata out of an object, but for what is of concern: managedFields and the like are neither read nor
/// written, and what no type knows stays. None where the metadata is no map.
pub(super) fn detach(object: &mut Value) -> Option<Map<String, Value>> {
    let metadata = object.get_mut("metadata")?.as_object_mut()?;
    let mut rest = mem::take(metadata);
    for field in OF_CONCERN {
        metadata.extend(rest.remove(field).map(|value| (field.to_owned(), value)));
    }
    Some(rest)
}

/// Puts the metadata that was taken out back, beside what is there.
pub(super) fn attach(object: &mut Value, mut rest: Map<String, Value>) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        rest.append(metadata);
        *metadata = rest;
    }
}

/// Reads what was taken out, as the types would.
///
/// # Errors
/// Where a field cannot be read.
pub(super) fn check(rest: &Map<String, Value>) -> Result<(), ConvertError> {
    let read = decode::value::<ObjectMeta>(&Value::Object(rest.clone()));
    read.map(drop).map_err(|DecodeError { path, message }| {
        let path = crate::path::FieldPath::root().child("metadata").join(&path);
        DecodeError::new(path, message).into()
    })
}

/// The object without what it keeps of its other versions.
pub(super) fn without_stash(object: &Value) -> Value {
    let mut object = object.clone();
    let annotations = object.pointer_mut("/metadata/annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.remove(CONVERSION_DATA);
    }
    object
}

/// Whether two objects are equal but for their metadata.
pub(super) fn is_like(one: &Value, other: &Value) -> bool {
    let body = |object: &Value| {
        let mut body = object.clone();
        body.as_object_mut().map(|fields| fields.remove("metadata"));
        body
    };
    body(one) == body(other)
}
