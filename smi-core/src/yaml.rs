//! Owns [`to_yaml`]: objects as YAML text that every reader understands alike.

use serde::Serialize;
use thiserror::Error;

/// Why a value cannot be YAML.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the value cannot be written as YAML: {0}")]
pub struct YamlError(String);

/// Writes a value as one YAML document, fields in the order of their types, two spaces for each level.
///
/// Strings and keys that a YAML 1.1 reader (as Kubernetes has) would take for a boolean, a number, a date or null are
/// quoted; text of several lines is a block. The same value gives the same text, and reading it back
/// ([`document::read`](crate::document::read)) gives the same JSON value.
///
/// # Errors
/// Where `value` cannot be serialized, or has map keys that are no scalars.
///
/// ```
/// let split = serde_json::json!({"kind": "TrafficSplit", "spec": {"service": "on", "weights": [90, 10]}});
/// assert_eq!(smi_core::yaml::to_yaml(&split)?, "kind: TrafficSplit\nspec:\n  service: \"on\"\n  weights:\n  - 90\n  - 10\n");
/// # Ok::<(), smi_core::yaml::YamlError>(())
/// ```
pub fn to_yaml<T: Serialize + ?Sized>(value: &T) -> Result<String, YamlError> {
    serde_saphyr::to_string(&value).map_err(|error| YamlError(error.to_string()))
}
