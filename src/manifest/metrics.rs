//! TrafficMetrics and its lists, which no CRD describes.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use smi_core::{
    convert::ConvertError,
    decode,
    path::FieldPath,
    schema::{self, unknown_fields},
};
use smi_metrics::{v1alpha1, v1alpha2};

use super::Object;

/// Reads an object of either version as the newest, with the fields that its version does not have.
pub(super) fn read(value: &Value, kind: &str, version: &str) -> Result<(Object, Vec<FieldPath>), ConvertError> {
    match (version, kind) {
        ("v1alpha1", "TrafficMetrics") => typed(value, |old: v1alpha1::TrafficMetrics| {
            Object::TrafficMetrics(old.into())
        }),
        ("v1alpha1", _) => typed(value, |old: v1alpha1::TrafficMetricsList| {
            Object::TrafficMetricsList(old.into())
        }),
        ("v1alpha2", "TrafficMetrics") => typed::<v1alpha2::TrafficMetrics>(value, Object::TrafficMetrics),
        ("v1alpha2", _) => typed::<v1alpha2::TrafficMetricsList>(value, Object::TrafficMetricsList),
        _ => Err(ConvertError::UnknownVersion {
            group: smi_metrics::GROUP.to_owned(),
            kind: kind.to_owned(),
            version: version.to_owned(),
            known: "`v1alpha1`, `v1alpha2`".to_owned(),
        }),
    }
}

fn typed<T: DeserializeOwned + JsonSchema>(
    value: &Value,
    object: impl FnOnce(T) -> Object,
) -> Result<(Object, Vec<FieldPath>), ConvertError> {
    let read = object(decode::value(value)?);
    let unknown = schema::of::<T>()
        .map(|schema| unknown_fields(value, &schema))
        .unwrap_or_default();
    Ok((read, unknown))
}
