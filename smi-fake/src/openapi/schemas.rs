//! The schemas of an OpenAPI document: those of the kinds, of their lists, and of what both need.

use serde_json::{Map, Value, json};

use super::Kind;
use crate::{
    builtin_schema::{REFERENCES, metadata_definitions},
    kind::definitions_of,
};

/// The name of the schema of any patch.
pub(super) const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should \
    convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer \
    this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const METADATA: &str = "Standard object's metadata. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// What every document has.
pub(super) fn shared() -> Map<String, Value> {
    let mut definitions = metadata_definitions().1;
    let anything = json!({
        "description": "Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.",
        "type": "object",
    });
    definitions.insert(PATCH.into(), anything);
    let plain = json!({"type": "string"});
    definitions.insert(
        LIST_META.into(),
        json!({
            "description": "ListMeta describes metadata that synthetic resources must have.",
            "type": "object",
            "properties": {
                "continue": plain,
                "remainingItemCount": {"type": "integer", "format": "int64"},
                "resourceVersion": plain,
                "selfLink": plain,
            },
        }),
    );
    definitions
}

/// Adds the schemas of a kind and of its list; says the name of its own, and whether the kind is built in.
pub(super) fn add(kind: &Kind<'_>, definitions: &mut Map<String, Value>) -> (String, bool) {
    let builtin = definitions_of(kind.group, kind.version, kind.kind);
    let is_builtin = builtin.is_some();
    let (name, mut schema) = if let Some((name, mut needed)) = builtin {
        let schema = needed.remove(&name).unwrap_or_default();
        definitions.extend(needed);
        (name, schema)
    } else {
        // Kubernetes names schemas by their group backwards.
        let group: Vec<&str> = kind.group.rsplit('.').collect();
        let name = format!("{}.{}.{}", group.join("."), kind.version, kind.kind);
        (name, custom(kind))
    };
    if let Value::Object(schema) = &mut schema {
        schema.insert(
            "x-kubernetes-group-version-kind".into(),
            json!([kind.group_version_kind()]),
        );
    }
    let list = json!({
        "description": format!("{0}List is a list of {0}", kind.kind),
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"description": API_VERSION, "type": "string"},
            "items": {
                "description": format!("List of {}.", kind.plural),
                "type": "array",
                "items": {"$ref": format!("{REFERENCES}{name}")},
            },
            "kind": {"description": KIND, "type": "string"},
            "metadata": {"description": METADATA, "allOf": [{"$ref": format!("{REFERENCES}{LIST_META}")}]},
        },
        "x-kubernetes-group-version-kind": [{
            "group": kind.group, "kind": format!("{}List", kind.kind), "version": kind.version,
        }],
    });
    definitions.insert(format!("{name}List"), list);
    definitions.insert(name.clone(), schema);
    (name, is_builtin)
}

/// The schema of a CRD, with what every object has.
fn custom(kind: &Kind<'_>) -> Value {
    let mut schema = serde_json::to_value(kind.schema).unwrap_or_default();
    if let Value::Object(fields) = &mut schema {
        fields.entry("type").or_insert_with(|| "object".into());
        let properties = fields.entry("properties").or_insert_with(|| json!({}));
        if let Value::Object(properties) = properties {
            let metadata = metadata_definitions().0;
            properties.insert(
                "apiVersion".into(),
                json!({"description": API_VERSION, "type": "string"}),
            );
            properties.insert("kind".into(), json!({"description": KIND, "type": "string"}));
            properties.insert(
                "metadata".into(),
                json!({"description": METADATA, "allOf": [{"$ref": format!("{REFERENCES}{metadata}")}]}),
            );
        }
    }
    schema
}
