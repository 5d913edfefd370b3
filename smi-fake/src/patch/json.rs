//! JSON patches (RFC 6902) and JSON merge patches (RFC 7386).

use json_patch::{Patch, PatchOperation};
use serde_json::Value;

use super::PatchError;

/// More operations than these are refused by the real server, too.
const MOST_OPERATIONS: usize = 10_000;

/// What the JSON patch `patch` (RFC 6902: a list of operations) makes of `object`.
///
/// # Errors
/// [`PatchError::Malformed`] when `patch` is no list, [`PatchError::TooMany`] when it is too long,
/// [`PatchError::DoesNotFit`] when an operation is unknown or cannot be done on `object`, or a test fails.
pub fn json(object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Value::Array(operations) = patch else {
        return Err(PatchError::Malformed(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type []handlers.jsonPatchOp",
            kind_of(patch)
        )));
    };
    if operations.len() > MOST_OPERATIONS {
        return Err(PatchError::TooMany {
            most: MOST_OPERATIONS,
            operations: operations.len(),
        });
    }
    let refused = |error: &dyn std::fmt::Display| PatchError::DoesNotFit(error.to_string());
    let operations: Vec<PatchOperation> = serde_json::from_value(patch.clone()).map_err(|error| refused(&error))?;
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &Patch(operations)).map_err(|error| refused(&error))?;
    Ok(patched)
}

/// What the merge patch `patch` (RFC 7386) makes of `object`.
///
/// # Errors
/// [`PatchError::Malformed`] when `patch` is no map.
pub fn merge(object: &Value, patch: &Value) -> Result<Value, PatchError> {
    require_map(patch)?;
    let mut patched = object.clone();
    json_patch::merge(&mut patched, patch);
    Ok(patched)
}

pub(super) fn require_map(patch: &Value) -> Result<(), PatchError> {
    if patch.is_object() {
        return Ok(());
    }
    Err(PatchError::Malformed(format!(
        "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
        kind_of(patch)
    )))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
