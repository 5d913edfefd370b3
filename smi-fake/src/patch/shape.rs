//! How values merge: what the schema says of maps and lists.

use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Value, json};

use super::fields::Step;

/// The schema of a place in an object, as far as merging goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape<'s> {
    /// The object itself: its metadata is known without its schema.
    Root(&'s JSONSchemaProps),
    /// A part of it.
    Part(&'s JSONSchemaProps),
    /// What no schema tells of: maps merge, lists do not.
    Unknown,
}

/// What a value is to merging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'s> {
    /// It is owned and replaced as a whole: scalars, `atomic` maps and lists.
    Leaf,
    /// A map that merges by field.
    Map,
    /// A list of values that merges as a set.
    Set,
    /// A list of maps that merges by these keys.
    Keyed(&'s [String]),
}

impl<'s> Shape<'s> {
    fn schema(self) -> Option<&'s JSONSchemaProps> {
        match self {
            Self::Root(schema) | Self::Part(schema) => Some(schema),
            Self::Unknown => None,
        }
    }

    /// What `value` is here. A value of another type than the schema says is taken for what it is.
    pub(super) fn form(self, value: &Value) -> Form<'s> {
        let schema = self.schema();
        match value {
            Value::Object(_)
                if schema.is_some_and(|schema| schema.x_kubernetes_map_type.as_deref() == Some("atomic")) =>
            {
                Form::Leaf
            }
            Value::Object(_) => Form::Map,
            Value::Array(_) => match schema.and_then(|schema| schema.x_kubernetes_list_type.as_deref()) {
                Some("set") => Form::Set,
                Some("map") => schema
                    .and_then(|schema| schema.x_kubernetes_list_map_keys.as_deref())
                    .map_or(Form::Leaf, Form::Keyed),
                _ => Form::Leaf,
            },
            _ => Form::Leaf,
        }
    }

    /// The shape of the field `name`, and whether the schema has it under that very name.
    pub(super) fn field(self, name: &str) -> (bool, Self) {
        if let (Self::Root(_), "metadata") = (self, name) {
            return (true, Self::Part(&METADATA));
        }
        let Some(schema) = self.schema() else {
            return (false, Self::Unknown);
        };
        if let Some(field) = schema.properties.as_ref().and_then(|known| known.get(name)) {
            return (true, Self::Part(field));
        }
        match &schema.additional_properties {
            Some(JSONSchemaPropsOrBool::Schema(rest)) => (false, Self::Part(rest)),
            _ => (
                matches!((self, name), (Self::Root(_), "apiVersion" | "kind")),
                Self::Unknown,
            ),
        }
    }

    /// The shape of the items of a list.
    pub(super) fn item(self) -> Self {
        match self.schema().and_then(|schema| schema.items.as_ref()) {
            Some(JSONSchemaPropsOrArray::Schema(items)) => Self::Part(items),
            _ => Self::Unknown,
        }
    }

    /// The shape below `step`, and whether that is a field that the schema names.
    pub(super) fn descend(self, step: &Step) -> (bool, Self) {
        match step {
            Step::Field(name) => self.field(name),
            _ => (false, self.item()),
        }
    }

    /// The step to `item` of a list of this shape; none for an item without any key.
    pub(super) fn step_to(self, form: Form<'_>, item: &Value) -> Option<Step> {
        let Form::Keyed(keys) = form else {
            return Some(Step::Value(item.to_string()));
        };
        let mut found: Vec<(String, String)> = keys
            .iter()
            .filter_map(|key| {
                let given = item.get(key).filter(|value| !value.is_null());
                let value = given.map_or_else(|| self.default_of(key), |value| Some(value.to_string()))?;
                Some((key.clone(), value))
            })
            .collect();
        found.sort();
        (!found.is_empty()).then_some(Step::Key(found))
    }

    /// The default of the key `name` of the items of a list.
    fn default_of(self, name: &str) -> Option<String> {
        let default = self.item().field(name).1.schema()?.default.as_ref()?;
        Some(default.0.to_string())
    }
}

/// What ObjectMeta says of its lists and maps.
static METADATA: LazyLock<JSONSchemaProps> = LazyLock::new(|| {
    let strings = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let plain = json!({"type": "string"});
    let schema = json!({"type": "object", "properties": {
        "annotations": strings,
        "creationTimestamp": plain,
        "deletionGracePeriodSeconds": {"type": "integer"},
        "deletionTimestamp": plain,
        "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "generateName": plain,
        "generation": {"type": "integer"},
        "labels": strings,
        "managedFields": {"type": "array", "items": {"type": "object"}},
        "name": plain,
        "namespace": plain,
        "ownerReferences": {
            "type": "array",
            "items": {"type": "object", "x-kubernetes-map-type": "atomic"},
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["uid"],
        },
        "resourceVersion": plain,
        "selfLink": plain,
        "uid": plain,
    }});
    serde_json::from_value(schema).unwrap_or_default()
});
