//! What of an object is gone when it is read at another version.

use serde_json::Value;
use smi_core::path::FieldPath;

/// The first field of `before` that `after` does not have, or has with another value. What `after` has besides, such as
/// defaults, is no loss.
pub(super) fn lost(before: &Value, after: &Value) -> Option<FieldPath> {
    let fields = before.as_object().into_iter().flatten();
    let mut fields = fields.filter(|(name, _)| !["apiVersion", "kind", "metadata"].contains(&name.as_str()));
    fields.find_map(|(name, value)| within(value, after.get(name), &FieldPath::root().child(name.clone())))
}

fn within(before: &Value, after: Option<&Value>, at: &FieldPath) -> Option<FieldPath> {
    match (before, after) {
        (Value::Object(before), Some(Value::Object(after))) => before
            .iter()
            .find_map(|(name, value)| within(value, after.get(name), &at.child(name.clone()))),
        (Value::Array(before), Some(Value::Array(after))) if before.len() == after.len() => (before.iter().zip(after))
            .enumerate()
            .find_map(|(position, (before, after))| within(before, Some(after), &at.index(position))),
        (before, Some(after)) if before == after => None,
        _ => Some(at.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(before: &Value, after: &Value) -> Option<String> {
        lost(before, after).map(|path| path.to_string())
    }

    #[test]
    fn fields_that_are_gone_or_changed_are_named() {
        let before = json!({"spec": {"a": [{"b": 1}, {"b": 2, "c": null}]}, "specs": []});
        for (after, expected) in [
            (json!({"spec": before["spec"]}), "specs"),
            (
                json!({"spec": {"a": [{"b": 1}, {"b": 3, "c": null}]}, "specs": []}),
                "spec.a[1].b",
            ),
            (json!({"spec": {"a": [{"b": 1}, {"b": 2}]}, "specs": []}), "spec.a[1].c"),
            (json!({"spec": {"a": [{"b": 1}]}, "specs": []}), "spec.a"),
        ] {
            assert_eq!(path(&before, &after).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_new_and_what_names_the_version_is_no_loss() {
        let before = json!({"apiVersion": "a/v1", "kind": "A", "metadata": {"x": 1}, "spec": {"a": 1}});
        let after = json!({"apiVersion": "a/v2", "kind": "A", "metadata": {}, "spec": {"a": 1, "b": 2}, "status": {}});
        assert_eq!(path(&before, &after), None);
    }
}
