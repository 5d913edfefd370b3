//! Pruning: what an API server drops from an object because its schema does not have it.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Value};

use super::known_metadata;

/// Drops the fields of `object` that `schema`, the schema of its version, does not have, as an API server does before
/// it stores an object and after it read one.
///
/// `apiVersion`, `kind` and `metadata` (with the fields that ObjectMeta has) stay, at the root and in an embedded
/// resource (`x-kubernetes-embedded-resource`); so does everything under `x-kubernetes-preserve-unknown-fields`, but in
/// a part that the schema names, pruning starts again.
pub fn prune(object: &mut Value, schema: &JSONSchemaProps) {
    walk(object, Some(schema), true, false);
}

/// `keep`: below a list that preserves unknown fields.
fn walk(value: &mut Value, schema: Option<&JSONSchemaProps>, resource: bool, keep: bool) {
    let keep = keep || schema.is_some_and(|schema| schema.x_kubernetes_preserve_unknown_fields == Some(true));
    match value {
        Value::Object(fields) => walk_fields(fields, schema, resource, keep),
        Value::Array(items) => {
            let schema = match schema.and_then(|schema| schema.items.as_ref()) {
                Some(JSONSchemaPropsOrArray::Schema(schema)) => Some(&**schema),
                _ => None,
            };
            if !(keep && schema.is_none()) {
                for item in items {
                    walk(item, schema, false, keep);
                }
            }
        }
        _ => {}
    }
}

fn walk_fields(fields: &mut Map<String, Value>, schema: Option<&JSONSchemaProps>, resource: bool, keep: bool) {
    let resource = resource || schema.is_some_and(|schema| schema.x_kubernetes_embedded_resource == Some(true));
    fields.retain(|name, value| {
        if resource && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
            if name == "metadata"
                && let Value::Object(metadata) = value
            {
                metadata.retain(|name, _| known_metadata(name));
            }
            return true;
        }
        let Some(schema) = schema else { return keep };
        if let Some(schema) = schema.properties.as_ref().and_then(|known| known.get(name)) {
            walk(value, Some(schema), false, false);
            return true;
        }
        match &schema.additional_properties {
            Some(JSONSchemaPropsOrBool::Schema(schema)) => {
                walk(value, Some(schema), false, false);
                true
            }
            // Any value, but nothing is known of what is in it.
            Some(JSONSchemaPropsOrBool::Bool(_)) => {
                walk(value, None, false, false);
                true
            }
            None => keep,
        }
    });
}
