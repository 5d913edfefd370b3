//! JSON patches (RFC 6902) and JSON merge patches (RFC 7386).

use json_patch::PatchOperation;
use serde_json::Value;

use super::PatchError;

/// More operations than these are refused by the real server, too.
const MOST_OPERATIONS: usize = 10_000;
/// More bytes of JSON than these are not copied, as on the real server: copies of copies double.
const MOST_COPIED: usize = 3 * 1024 * 1024;
/// Nothing is nested deeper: whatever walks an object goes as deep. The real server stops at ten times that.
const DEEPEST: usize = 1_000;

/// What the JSON patch `patch` (RFC 6902: a list of operations) makes of `object`.
///
/// # Errors
/// [`PatchError::Malformed`] when `patch` is no list, [`PatchError::TooMany`] when it is too long,
/// [`PatchError::DoesNotFit`] when an operation is unknown or cannot be done on `object`, a test fails, or too much would
/// be copied or nested.
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
    let mut copied = 0;
    for operation in &operations {
        let (level, value) = put(operation, &patched);
        if matches!(operation, PatchOperation::Copy(_)) {
            copied += value.map_or(0, |value| value.to_string().len());
        }
        if copied > MOST_COPIED {
            return Err(refused(&format_args!("more than {MOST_COPIED} bytes would be copied")));
        }
        if level + value.map_or(0, depth) > DEEPEST {
            return Err(refused(&format_args!("more than {DEEPEST} levels would be nested")));
        }
        if !is_test_for_nothing(operation, &patched) {
            json_patch::patch(&mut patched, std::slice::from_ref(operation)).map_err(|error| refused(&error))?;
        }
    }
    Ok(patched)
}

/// What `operation` puts into `object`, and how deep: its level, and the value.
fn put<'v>(operation: &'v PatchOperation, object: &'v Value) -> (usize, Option<&'v Value>) {
    match operation {
        PatchOperation::Add(add) => (add.path.count(), Some(&add.value)),
        PatchOperation::Replace(replace) => (replace.path.count(), Some(&replace.value)),
        PatchOperation::Move(from) => (from.path.count(), object.pointer(from.from.as_str())),
        PatchOperation::Copy(from) => (from.path.count(), object.pointer(from.from.as_str())),
        PatchOperation::Remove(_) | PatchOperation::Test(_) => (0, None),
    }
}

/// How deep a value is nested; found without going as deep.
fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    let mut left = vec![(value, 1)];
    while let Some((value, depth)) = left.pop() {
        deepest = deepest.max(depth);
        match value {
            Value::Array(items) => left.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(fields) => left.extend(fields.values().map(|value| (value, depth + 1))),
            _ => {}
        }
    }
    deepest
}

/// Whether `operation` tests that a field of a map that is there is null, and the field is missing: API servers take that
/// for the same, and kube's finalizers rely on it. RFC 6902 does not.
fn is_test_for_nothing(operation: &PatchOperation, object: &Value) -> bool {
    let PatchOperation::Test(test) = operation else {
        return false;
    };
    let parent = test
        .path
        .split_back()
        .map(|(parent, name)| (object.pointer(parent.as_str()), name));
    let Some((Some(Value::Object(parent)), name)) = parent else {
        return false;
    };
    test.value.is_null() && !parent.contains_key(name.decoded().as_ref())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn copies_of_copies_are_refused_before_they_fill_the_memory() {
        let copies = |count: usize| -> Value {
            let copy = |number| json!({"op": "copy", "from": "/spec", "path": format!("/spec/{number}")});
            (0..count).map(copy).collect()
        };
        let object = json!({"spec": {"text": "x".repeat(1_000)}});
        json(&object, &copies(11)).unwrap();
        let refused = json(&object, &copies(13)).unwrap_err();
        assert!(matches!(refused, PatchError::DoesNotFit(_)), "{refused}");
    }

    #[test]
    fn nothing_is_nested_deeper_than_it_can_be_walked() {
        let adds = |depth: usize| -> Value {
            let add = |depth| json!({"op": "add", "path": "/a".repeat(depth), "value": {}});
            (1..=depth).map(add).collect()
        };
        json(&json!({}), &adds(900)).unwrap();
        let refused = json(&json!({}), &adds(1_100)).unwrap_err();
        assert!(matches!(refused, PatchError::DoesNotFit(_)), "{refused}");
    }

    #[test]
    fn a_field_that_is_missing_tests_as_null_and_as_nothing_else() {
        let object = json!({"metadata": {"name": "a"}, "items": []});
        let test = |path: &str, value: Value| {
            let add = json!({"op": "add", "path": "/done", "value": true});
            json(&object, &json!([{"op": "test", "path": path, "value": value}, add]))
        };
        assert_eq!(test("/metadata/finalizers", Value::Null).unwrap()["done"], true);
        assert_eq!(test("/metadata/a~1b", Value::Null).unwrap()["done"], true);
        test("/metadata/finalizers", json!([])).unwrap_err();
        test("/metadata/name", Value::Null).unwrap_err();
        // Not where the map itself is missing, nor in a list.
        test("/spec/finalizers", Value::Null).unwrap_err();
        test("/items/0", Value::Null).unwrap_err();
    }
}
