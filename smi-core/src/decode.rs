//! JSON values read as typed objects, with the path of the field in every error.

use kube::core::{Resource, object::HasSpec};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::path::FieldPath;

pub(crate) mod body;
mod message;
#[cfg(feature = "runtime")]
pub(crate) mod served;
pub(crate) mod shaped;
mod stripped;

use message::Said;
pub use message::excerpt;
use shaped::Shaped;
pub use stripped::{LAST_APPLIED, Strip};

/// Why a value is not the object that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", at(path))]
#[non_exhaustive]
pub struct DecodeError {
    /// The field that is wrong or missing; the root where it is the object as a whole.
    pub path: FieldPath,
    /// What is wrong with it.
    pub message: String,
}

impl DecodeError {
    /// An error at `path`.
    pub fn new(path: FieldPath, message: impl Into<String>) -> Self {
        Self {
            path,
            message: message.into(),
        }
    }
}

fn at(path: &FieldPath) -> String {
    if path.is_root() {
        String::new()
    } else {
        format!("`{path}`: ")
    }
}

/// Reads an object of the kind and version `K`.
///
/// Unlike `serde_json`, it takes no list for a struct: neither does an API server.
///
/// # Errors
/// Where `value` is no object, says another kind or version, has no name, or a field that cannot be read.
///
/// ```
/// use smi_core::decode;
/// # use {kube::CustomResource, schemars::JsonSchema, serde::{Deserialize, Serialize}, serde_json::json};
/// # #[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
/// # #[kube(group = "example.org", version = "v1", kind = "Crate", namespaced)]
/// # struct CrateSpec { bottles: u32 }
///
/// let object = json!({
///     "apiVersion": "example.org/v1", "kind": "Crate", "metadata": {"name": "beer"},
///     "spec": {"bottles": "twenty"},
/// });
/// let error = decode::object::<Crate>(&object).unwrap_err();
/// assert_eq!(error.to_string(), "`spec.bottles`: a whole number from 0 to 4294967295 is expected, not the string `twenty`");
/// ```
pub fn object<K>(value: &Value) -> Result<K, DecodeError>
where
    K: Resource<DynamicType = ()> + HasSpec + DeserializeOwned,
    K::Spec: DeserializeOwned,
{
    let Some(root) = value.as_object() else {
        return Err(DecodeError::new(
            FieldPath::default(),
            format!("a map is expected, not {}", noun(value)),
        ));
    };
    for (field, expected) in [("apiVersion", K::api_version(&())), ("kind", K::kind(&()))] {
        let message = match root.get(field) {
            Some(Value::String(found)) if *found == expected => continue,
            Some(Value::String(found)) => format!("`{expected}` is expected, not `{}`", excerpt(found)),
            Some(other) => format!("`{expected}` is expected, not {}", noun(other)),
            None => format!("the field is missing: `{expected}` is expected"),
        };
        return Err(DecodeError::new(FieldPath::root().child(field), message));
    }
    named(root.get("metadata"))?;
    let object = K::deserialize(Shaped(value)).map_err(|error| locate::<K>(value, &error))?;
    if body::is_at_root::<K>() || !root.contains_key("spec") {
        self::value::<K::Spec>(value)?;
    }
    Ok(object)
}

/// Reads any value, with maps for structs as [`object`] does.
///
/// # Errors
/// Where a field cannot be read.
pub fn value<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(Shaped(value)).map_err(|error| said(error.path().into(), error.inner()))
}

/// An error of serde's at `path`.
fn said(path: FieldPath, error: &serde_json::Error) -> DecodeError {
    match message::said(&error.to_string()) {
        Said::Missing(field) => DecodeError::new(path.child(field), "the field is missing"),
        Said::Wrong(message) => DecodeError::new(path, message),
    }
}

/// Metadata that is lost, as by a wrong indentation, is worth a clearer message than a type error.
fn named(metadata: Option<&Value>) -> Result<(), DecodeError> {
    let path = FieldPath::default().child("metadata");
    let metadata = match metadata {
        Some(Value::Object(metadata)) => metadata,
        None => return Err(DecodeError::new(path, "the field is missing")),
        Some(other) => {
            return Err(DecodeError::new(
                path,
                format!("a map is expected, not {}", noun(other)),
            ));
        }
    };
    let is_given = |field| metadata.get(field).is_some_and(|name| !name.is_null() && name != "");
    if is_given("name") || is_given("generateName") {
        Ok(())
    } else {
        Err(DecodeError::new(path.child("name"), "the object has no name"))
    }
}

/// Finds the field that the error is about, in a second pass that only bad objects pay for.
fn locate<K>(value: &Value, error: &serde_json::Error) -> DecodeError
where
    K: Resource<DynamicType = ()> + HasSpec + DeserializeOwned,
    K::Spec: DeserializeOwned,
{
    let whole = match serde_path_to_error::deserialize::<_, K>(Shaped(value)) {
        Err(located) if !FieldPath::from(located.path()).is_root() => {
            return said(located.path().into(), located.inner());
        }
        _ => said(FieldPath::root(), error),
    };
    if whole.path == FieldPath::root().child("spec") {
        return whole;
    }
    // A body at the root of the object is read through a buffer, in which the path is lost.
    self::value::<K::Spec>(value).err().unwrap_or(whole)
}

fn noun(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) => format!("`{value}`"),
        Value::Number(_) => format!("the number `{value}`"),
        Value::String(text) => format!("the string `{}`", excerpt(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}
