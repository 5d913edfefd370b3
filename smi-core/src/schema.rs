//! Structural schemas: what an API server does with an object by the schema of its version.
//!
//! [`prune`] drops what the schema does not have, [`unknown_fields`] names it, [`default`](default()) fills in what is
//! missing and [`validate`] says what is wrong, in the words of kube-apiserver. All work on JSON values.

mod correlate;
mod default;
mod format;
mod lists;
mod number;
mod pattern;
mod print;
mod prune;
#[cfg(feature = "cel")]
mod rules;
mod validate;
mod value;
mod violation;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::core::schema::StructuralSchemaRewriter;
use schemars::{JsonSchema, generate::SchemaSettings, transform::AddNullable};
use serde_json::Value;

pub use default::default;
pub use prune::prune;
pub use validate::validate;
pub use violation::{Reason, SchemaViolation};

use crate::path::FieldPath;

/// The fields of `object` that `schema`, the schema of its version, does not have: those that an API server prunes
/// without a word, or refuses under `fieldValidation=Strict`. Sorted as `serde_json` sorts maps.
///
/// `apiVersion`, `kind` and `metadata` belong to every object; of `metadata` its own fields are checked.
pub fn unknown_fields(object: &Value, schema: &JSONSchemaProps) -> Vec<FieldPath> {
    let mut unknown = Vec::new();
    let Value::Object(fields) = object else { return unknown };
    for (name, value) in fields {
        let path = FieldPath::root().child(name.clone());
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => unknown_metadata(value, &path, &mut unknown),
            name => match schema.properties.as_ref().and_then(|properties| properties.get(name)) {
                Some(property) => walk(value, property, &path, &mut unknown),
                None => unknown.push(path),
            },
        }
    }
    unknown
}

/// The structural schema of a type that no CRD describes; none where it has no such schema.
pub fn of<T: JsonSchema>() -> Option<JSONSchemaProps> {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    // The transformations that `#[derive(CustomResource)]` applies to the types of CRDs.
    let settings = settings
        .with_transform(AddNullable::default())
        .with_transform(StructuralSchemaRewriter);
    let mut generator = settings.into_generator();
    serde_json::from_value(generator.root_schema_for::<T>().to_value()).ok()
}

/// The fields of an object's metadata.
const METADATA: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Whether an object's metadata has this field.
fn known_metadata(name: &str) -> bool {
    METADATA.contains(&name)
}

fn unknown_metadata(metadata: &Value, at: &FieldPath, unknown: &mut Vec<FieldPath>) {
    if let Value::Object(fields) = metadata {
        let surplus = fields.keys().filter(|name| !known_metadata(name));
        unknown.extend(surplus.map(|name| at.child(name.clone())));
    }
}

fn walk(value: &Value, schema: &JSONSchemaProps, at: &FieldPath, unknown: &mut Vec<FieldPath>) {
    match value {
        Value::Object(fields) if schema.x_kubernetes_preserve_unknown_fields != Some(true) => {
            for (name, value) in fields {
                match (
                    schema.properties.as_ref().and_then(|known| known.get(name)),
                    &schema.additional_properties,
                ) {
                    (Some(property), _) => walk(value, property, &at.child(name.clone()), unknown),
                    (None, Some(JSONSchemaPropsOrBool::Schema(schema))) => {
                        walk(value, schema, &at.key(name.clone()), unknown);
                    }
                    (None, Some(JSONSchemaPropsOrBool::Bool(true))) => {}
                    // A map where a scalar or a list is expected is an error of its own, not an unknown field.
                    (None, _) if schema.type_.as_deref() == Some("object") => unknown.push(at.child(name.clone())),
                    (None, _) => {}
                }
            }
        }
        Value::Array(items) => {
            if let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items {
                for (position, item) in items.iter().enumerate() {
                    walk(item, schema, &at.index(position), unknown);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
