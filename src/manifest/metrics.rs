//! TrafficMetrics and its lists, which no CRD describes.

use std::sync::OnceLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use smi_core::{
    convert::ConvertError,
    decode,
    path::FieldPath,
    schema::{self, unknown_fields},
};
use smi_metrics::v1alpha1;

use super::Object;

/// The schemas of both versions, each worked out when it is first needed.
#[derive(Default)]
pub(super) struct Metrics {
    v1alpha1: Schemas,
    v1alpha2: Schemas,
}

#[derive(Default)]
struct Schemas {
    one: Schema,
    list: Schema,
}

type Schema = OnceLock<Option<JSONSchemaProps>>;

impl Metrics {
    /// Reads an object of either version as the newest, with the fields that its own version does not have.
    pub(super) fn read(
        &self,
        value: &Value,
        kind: &str,
        version: &str,
    ) -> Result<(Object, Vec<FieldPath>), ConvertError> {
        let Self { v1alpha1, v1alpha2 } = self;
        match (version, kind) {
            ("v1alpha1", "TrafficMetrics") => typed(value, &v1alpha1.one, |old: v1alpha1::TrafficMetrics| {
                Object::TrafficMetrics(old.into())
            }),
            ("v1alpha1", _) => typed(value, &v1alpha1.list, |old: v1alpha1::TrafficMetricsList| {
                Object::TrafficMetricsList(old.into())
            }),
            ("v1alpha2", "TrafficMetrics") => typed(value, &v1alpha2.one, Object::TrafficMetrics),
            ("v1alpha2", _) => typed(value, &v1alpha2.list, Object::TrafficMetricsList),
            _ => Err(ConvertError::UnknownVersion {
                group: smi_metrics::GROUP.to_owned(),
                kind: kind.to_owned(),
                version: version.to_owned(),
                known: "`v1alpha1`, `v1alpha2`".to_owned(),
            }),
        }
    }
}

fn typed<T: DeserializeOwned + JsonSchema>(
    value: &Value,
    schema: &Schema,
    object: impl FnOnce(T) -> Object,
) -> Result<(Object, Vec<FieldPath>), ConvertError> {
    let read = object(decode::value(value)?);
    let schema = schema.get_or_init(schema::of::<T>).as_ref();
    let unknown = schema.map(|schema| unknown_fields(value, schema)).unwrap_or_default();
    Ok((read, unknown))
}
