//! The schemas of built-in kinds, with the list types that patches need.

mod list_types;

use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

pub(crate) use list_types::merges;

/// Where definitions refer to each other.
pub(crate) const REFERENCES: &str = "#/components/schemas/";

/// The schema of a built-in kind: `builtin_schema::<Service>()`. It has `x-kubernetes-list-type` and its keys, which
/// strategic merge patches and server-side apply go by. Built afresh on each call: keep it.
pub fn builtin_schema<K: JsonSchema>() -> JSONSchemaProps {
    let definitions = definitions::<K>();
    let name = K::schema_name();
    let Some(schema) = definitions.get(name.as_ref()) else {
        return JSONSchemaProps::default();
    };
    let inlined = inline(schema, &definitions, &mut vec![name.into_owned()]);
    serde_json::from_value(inlined).unwrap_or_default()
}

/// The name of a kind's own definition in an OpenAPI document, and the definitions that it needs, by name.
pub(crate) fn named<K: JsonSchema>() -> (String, Map<String, Value>) {
    (K::schema_name().into_owned(), definitions::<K>())
}

/// The definition of ObjectMeta and those that it needs.
pub(crate) fn metadata_definitions() -> (String, Map<String, Value>) {
    named::<ObjectMeta>()
}

fn definitions<K: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::openapi3().with(|settings| settings.meta_schema = None);
    let mut generator = settings.into_generator();
    generator.subschema_for::<K>();
    let mut definitions = generator.take_definitions(true);
    // k8s-openapi's types have to have metadata; objects need not.
    for definition in definitions.values_mut() {
        if let Some(required) = definition.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|field| field != "metadata");
        }
    }
    list_types::annotate(&mut definitions);
    definitions
}

/// `schema` with what it refers to put in its place. `within` names the definitions that it stands in: a schema within
/// itself is left open.
fn inline(schema: &Value, definitions: &Map<String, Value>, within: &mut Vec<String>) -> Value {
    let fields = match schema {
        Value::Object(fields) => fields,
        Value::Array(items) => return items.iter().map(|item| inline(item, definitions, within)).collect(),
        other => return other.clone(),
    };
    let reference = fields
        .get("$ref")
        .or_else(|| match fields.get("allOf")?.as_array()?.as_slice() {
            [only] => only.get("$ref"),
            _ => None,
        });
    let name = reference
        .and_then(Value::as_str)
        .and_then(|text| text.strip_prefix(REFERENCES));
    let Some(name) = name else {
        let inlined = fields
            .iter()
            .map(|(name, value)| (name.clone(), inline(value, definitions, within)));
        return Value::Object(inlined.collect());
    };
    let mut target = match definitions.get(name) {
        Some(target) if !within.iter().any(|outer| outer == name) => {
            within.push(name.to_owned());
            let target = inline(target, definitions, within);
            within.pop();
            target
        }
        _ => json!({"x-kubernetes-preserve-unknown-fields": true}),
    };
    if let Value::Object(target) = &mut target {
        let beside = fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "$ref" | "allOf"));
        target.extend(beside.map(|(name, value)| (name.clone(), value.clone())));
    }
    target
}

#[cfg(test)]
mod tests {
    use k8s_openapi::{
        api::core::v1::Service, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    };

    use super::*;

    #[test]
    fn schemas_of_built_in_kinds_know_their_lists_and_hold_no_references() {
        let text = serde_json::to_string(&builtin_schema::<Service>()).unwrap();
        assert!(!text.contains("$ref"), "{text}");
        let schema: Value = serde_json::from_str(&text).unwrap();
        let ports = &schema["properties"]["spec"]["properties"]["ports"];
        assert_eq!(ports["x-kubernetes-list-map-keys"], json!(["port", "protocol"]));
        assert_eq!(ports["items"]["properties"]["protocol"]["default"], "TCP");
        assert_eq!(
            schema["properties"]["metadata"]["properties"]["finalizers"]["x-kubernetes-list-type"],
            "set"
        );
    }

    #[test]
    fn a_schema_within_itself_is_left_open() {
        let schema = serde_json::to_value(builtin_schema::<CustomResourceDefinition>()).unwrap();
        let version = &schema["properties"]["spec"]["properties"]["versions"]["items"]["properties"];
        let props = &version["schema"]["properties"]["openAPIV3Schema"]["properties"];
        assert_eq!(props["not"]["x-kubernetes-preserve-unknown-fields"], true);
    }
}
