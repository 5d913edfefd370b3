//! Objects that have their fields at the root: HTTPRouteGroup and TCPRoute before v1alpha3.
//!
//! All of their fields may be absent, so an object that has the shape of a newer version, with its fields under `spec`,
//! would be read as one that says nothing, and a TCPRoute that says nothing means every port. It is refused instead.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};
use smi_core::{decode::excerpt, lenient};

/// Reads `matches` at the root of the object.
pub(crate) fn matches<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(bound = "T: Deserialize<'de>")]
    struct Root<T> {
        #[serde(default, deserialize_with = "lenient::list")]
        matches: Vec<T>,
        #[serde(default)]
        spec: Option<Map<String, Value>>,
    }

    let Root { matches, spec } = Root::deserialize(deserializer)?;
    no_fields(spec)?;
    Ok(matches)
}

/// Reads an object that has no fields but its metadata.
pub(crate) fn nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    #[derive(Deserialize)]
    struct Root {
        #[serde(default)]
        matches: Value,
        #[serde(default)]
        spec: Option<Map<String, Value>>,
    }

    let Root { matches, spec } = Root::deserialize(deserializer)?;
    no_fields(spec)?;
    match matches {
        Value::Null => Ok(()),
        Value::Array(items) if items.is_empty() => Ok(()),
        _ => Err(D::Error::custom(
            "`matches` is of another version: this one has no fields but `metadata`",
        )),
    }
}

/// Refuses fields under `spec` where the version has none there; `null` and `{}` say nothing and pass.
fn no_fields<E: Error>(spec: Option<Map<String, Value>>) -> Result<(), E> {
    match spec.unwrap_or_default().keys().next() {
        None => Ok(()),
        Some(field) => Err(E::custom(format_args!(
            "`spec.{}` is of another version: this one has its fields at the root",
            excerpt(field)
        ))),
    }
}
