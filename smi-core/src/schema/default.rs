//! Defaults: what an API server fills in because the schema says so.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::Value;

/// Fills in the defaults of `schema`, the schema of the version of `object`, as an API server does with every object
/// that it receives or reads.
///
/// A field that is `null` and may not be (`nullable` is not set) takes its default as if it were absent, and is
/// dropped where it has none. A default is given to the fields of maps that are there, or that a default itself put there.
pub fn default(object: &mut Value, schema: &JSONSchemaProps) {
    match object {
        Value::Object(fields) => {
            for (name, property) in schema.properties.iter().flatten() {
                if let Some(default) = &property.default {
                    let absent = match fields.get(name) {
                        None => true,
                        Some(value) => value.is_null() && property.nullable != Some(true),
                    };
                    if absent {
                        fields.insert(name.clone(), default.0.clone());
                    }
                }
            }
            let rest = match &schema.additional_properties {
                Some(JSONSchemaPropsOrBool::Schema(schema)) => Some(&**schema),
                _ => None,
            };
            fields.retain(|name, value| {
                let Some(schema) = schema.properties.as_ref().and_then(|known| known.get(name)).or(rest) else {
                    return true;
                };
                if value.is_null() && schema.nullable != Some(true) {
                    match &schema.default {
                        Some(default) => *value = default.0.clone(),
                        None => return false,
                    }
                }
                default(value, schema);
                true
            });
        }
        Value::Array(items) => {
            if let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items {
                for item in items {
                    if item.is_null()
                        && schema.nullable != Some(true)
                        && let Some(default) = &schema.default
                    {
                        *item = default.0.clone();
                    }
                    default(item, schema);
                }
            }
        }
        _ => {}
    }
}
