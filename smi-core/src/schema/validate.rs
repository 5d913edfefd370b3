//! Validation of an object by its schema: the order in which kube-apiserver asks its validators.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::Value;

use super::{Reason, SchemaViolation, lists, value};
use crate::path::FieldPath;

/// What `object` does wrong by `schema`, the schema of its version, as an API server would say it: types, bounds, enumerations,
/// patterns, formats, combinations, list types, embedded resources, and CEL rules with the feature `cel`.
///
/// `old` is the object before an update, none when it is created. What an update does not change may stay bad (ratcheting);
/// transition rules (`oldSelf`) need it. The object is meant to be pruned and defaulted before ([`prune`](super::prune()),
/// [`default`](super::default())); of its metadata nothing is checked but what the schema says.
pub fn validate(object: &Value, old: Option<&Value>, schema: &JSONSchemaProps) -> Vec<SchemaViolation> {
    let root = FieldPath::root();
    let mut found = value::value(object, old, schema, &root).violations;
    embedded(object, schema, &root, true, &mut found);
    let mut old_duplicates = Vec::new();
    if let Some(old) = old {
        lists::check(old, schema, &root, &mut old_duplicates);
    }
    if old_duplicates.is_empty() {
        lists::check(object, schema, &root, &mut found);
    }
    #[cfg(feature = "cel")]
    super::rules::check(object, old, schema, &mut found);
    found
}

/// Embedded resources say what they are.
fn embedded(value: &Value, schema: &JSONSchemaProps, at: &FieldPath, root: bool, found: &mut Vec<SchemaViolation>) {
    match value {
        Value::Object(fields) => {
            if !root && schema.x_kubernetes_embedded_resource == Some(true) {
                for name in ["apiVersion", "kind"] {
                    if fields.get(name).and_then(Value::as_str).is_none_or(str::is_empty) {
                        found.push(SchemaViolation {
                            path: at.child(name),
                            reason: Reason::Required,
                            message: "Required value".into(),
                        });
                    }
                }
            }
            for (name, field) in fields {
                if let Some(schema) = schema.properties.as_ref().and_then(|known| known.get(name)) {
                    embedded(field, schema, &at.child(name.clone()), false, found);
                } else if let Some(JSONSchemaPropsOrBool::Schema(schema)) = &schema.additional_properties {
                    embedded(field, schema, &at.key(name.clone()), false, found);
                }
            }
        }
        Value::Array(items) => {
            if let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items {
                for (position, item) in items.iter().enumerate() {
                    embedded(item, schema, &at.index(position), false, found);
                }
            }
        }
        _ => {}
    }
}
