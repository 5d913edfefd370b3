//! Lists that are sets or maps (`x-kubernetes-list-type`): nothing may stand in them twice.

use std::collections::HashMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Value};

use super::{Reason, SchemaViolation, print};
use crate::path::FieldPath;

/// What stands twice in the sets and maps of `value`.
pub(super) fn check(value: &Value, schema: &JSONSchemaProps, at: &FieldPath, found: &mut Vec<SchemaViolation>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if let Some(schema) = schema.properties.as_ref().and_then(|known| known.get(name)) {
                    check(field, schema, &at.child(name.clone()), found);
                } else if let Some(JSONSchemaPropsOrBool::Schema(schema)) = &schema.additional_properties {
                    check(field, schema, &at.key(name.clone()), found);
                }
            }
        }
        Value::Array(items) => {
            match schema.x_kubernetes_list_type.as_deref() {
                Some("set") => duplicates(items.iter().cloned(), at, found),
                Some("map") => check_map(items, schema, at, found),
                _ => {}
            }
            if let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items {
                for (position, item) in items.iter().enumerate() {
                    check(item, schema, &at.index(position), found);
                }
            }
        }
        _ => {}
    }
}

fn check_map(items: &[Value], schema: &JSONSchemaProps, at: &FieldPath, found: &mut Vec<SchemaViolation>) {
    if let Some((position, item)) = items
        .iter()
        .enumerate()
        .find(|(_, item)| !item.is_object() && !item.is_null())
    {
        found.push(SchemaViolation {
            path: at.index(position),
            reason: Reason::Invalid,
            message: format!(
                "Invalid value: {}: must be an object for an array of list-type map",
                print::value(item)
            ),
        });
        return;
    }
    let keys = schema.x_kubernetes_list_map_keys.as_deref().unwrap_or_default();
    let key_of = |item: &Value| {
        let key: Map<String, Value> = keys
            .iter()
            .filter_map(|key| Some((key.clone(), item.get(key)?.clone())))
            .collect();
        Value::Object(key)
    };
    duplicates(items.iter().map(key_of), at, found);
}

/// Each value that stands more than once is told once, where it stands for the second time.
fn duplicates(values: impl Iterator<Item = Value>, at: &FieldPath, found: &mut Vec<SchemaViolation>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (position, value) in values.enumerate() {
        let times = seen.entry(value.to_string()).or_default();
        *times += 1;
        if *times == 2 {
            found.push(SchemaViolation {
                path: at.index(position),
                reason: Reason::Duplicate,
                message: format!("Duplicate value: {}", print::value(&value)),
            });
        }
    }
}
