//! Object and list metadata as the Go SDK writes them, and times without fractions of a second.

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{ListMeta, ObjectMeta, Time},
    jiff::Timestamp,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::Error as _,
    ser::{SerializeMap, SerializeStruct},
};
use serde_json::{Map, Value};
use smi_core::decode::excerpt;

use crate::duration::GoDuration;

/// The order of Go's struct; `k8s_openapi` writes fields by name.
const OBJECT_ORDER: [&str; 8] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
];
const OBJECT_REST: [&str; 7] = [
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];
const LIST_ORDER: [&str; 4] = ["selfLink", "resourceVersion", "continue", "remainingItemCount"];

/// Metadata in the order of Go, with the `creationTimestamp: null` that Go writes where there is none.
pub(crate) struct GoObjectMeta<'a>(pub(crate) &'a ObjectMeta);

/// List metadata in the order of Go.
pub(crate) struct GoListMeta<'a>(pub(crate) &'a ListMeta);

impl Serialize for GoObjectMeta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = fields(self.0)?;
        fields.entry("creationTimestamp").or_insert(Value::Null);
        write(fields, OBJECT_ORDER.iter().chain(&OBJECT_REST), serializer)
    }
}

impl Serialize for GoListMeta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(fields(self.0)?, LIST_ORDER.iter(), serializer)
    }
}

fn fields<E: serde::ser::Error>(metadata: &impl Serialize) -> Result<Map<String, Value>, E> {
    match serde_json::to_value(metadata).map_err(E::custom)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(E::custom("metadata is not a map")),
    }
}

/// The fields in `order`, then those that a newer Kubernetes may have added.
fn write<'a, S: Serializer>(
    mut fields: Map<String, Value>,
    order: impl Iterator<Item = &'a &'static str>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for name in order {
        if let Some(value) = fields.remove(*name) {
            map.serialize_entry(name, &value)?;
        }
    }
    for (name, value) in &fields {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// Reads metadata, and `null` as empty metadata.
pub(crate) fn read_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let mut metadata = Option::<ObjectMeta>::deserialize(deserializer)?.unwrap_or_default();
    let managed = metadata
        .managed_fields
        .iter_mut()
        .flatten()
        .map(|entry| &mut entry.time);
    for time in managed.chain([&mut metadata.creation_timestamp, &mut metadata.deletion_timestamp]) {
        *time = time.take().map(whole_seconds).transpose().map_err(D::Error::custom)?;
    }
    Ok(metadata)
}

/// Reads an optional time, `null` for none.
pub(crate) fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let time: Timestamp = text
        .parse()
        .map_err(|error| D::Error::custom(format_args!("`{}` is not a time: {error}", excerpt(&text))))?;
    whole_seconds(Time(time)).map(Some).map_err(D::Error::custom)
}

/// The time as it will be written: Kubernetes writes whole seconds, and no years before 0.
fn whole_seconds(Time(time): Time) -> Result<Time, String> {
    let seconds = time.as_nanosecond().div_euclid(1_000_000_000);
    let year_zero = -62_167_219_200;
    i64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds >= year_zero)
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(Time)
        .ok_or_else(|| format!("the time `{time}` is before the year 0"))
}

/// Writes the two fields of Go's embedded `*Interval`: both are absent without one, and a missing time is `null` beside
/// a window.
pub(crate) fn write_interval<S: SerializeStruct>(
    time: Option<&Time>,
    window: Option<GoDuration>,
    object: &mut S,
) -> Result<(), S::Error> {
    if time.is_some() || window.is_some() {
        object.serialize_field("timestamp", &time)?;
    }
    if let Some(window) = window {
        object.serialize_field("window", &window)?;
    }
    Ok(())
}
