//! Owns [`Kind`] and [`Version`]: what the server knows of a resource that it serves.

mod builtin;
mod custom;
mod registry;

use std::{fmt, sync::LazyLock};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::Value;

pub(crate) use self::{
    builtin::{Builtin, Names, builtins, definitions_of},
    registry::Registry,
};
use crate::{error::GroupResource, table::Columns};

/// A kind with its resource, built in or from a CRD.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "the names that they have in a CRD")]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    /// Newest first, those that are not served too.
    pub(crate) versions: Vec<Version>,
    /// Where its objects lie: its own group and resource, but for `events.k8s.io`.
    pub(crate) stored_in: GroupResource,
    /// The `apiVersion` that objects are stored at.
    pub(crate) stored_at: String,
    pub(crate) conversion: Conversion,
    /// None for a CRD.
    pub(crate) builtin: Option<&'static Builtin>,
    /// Its CRD is being deleted: nothing can be created.
    pub(crate) terminating: bool,
}

/// How objects move between versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Only `apiVersion` changes.
    None,
    /// By the server's [`Convert`](crate::Convert).
    Webhook,
    /// Between `v1` and `events.k8s.io/v1` Events.
    Events,
}

/// A version of a kind.
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) served: bool,
    pub(crate) schema: LazyLock<JSONSchemaProps, Box<dyn FnOnce() -> JSONSchemaProps + Send>>,
    /// Whether `schema` has defaults at all. Never for built-in kinds.
    pub(crate) has_defaults: bool,
    /// Whether it has the subresource `status`.
    pub(crate) status: bool,
    pub(crate) columns: Columns,
    /// The fields that field selectors can name besides name and namespace: `spec.color`.
    pub(crate) selectable: Vec<String>,
    /// The text of the `Warning` header on each request.
    pub(crate) deprecation: Option<String>,
}

impl Kind {
    pub(crate) fn group_resource(&self) -> GroupResource {
        GroupResource {
            group: self.group.clone(),
            resource: self.plural.clone(),
        }
    }

    pub(crate) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() {
            version.to_owned()
        } else {
            format!("{}/{version}", self.group)
        }
    }

    pub(crate) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    pub(crate) fn served(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().filter(|version| version.served)
    }

    pub(crate) fn is(&self, group: &str, kind: &str) -> bool {
        self.builtin.is_some() && self.group == group && self.kind == kind
    }

    pub(crate) fn verbs(&self) -> Vec<&'static str> {
        if self.is("", "Namespace") {
            vec!["create", "delete", "get", "list", "patch", "update", "watch"]
        } else if self.builtin.is_some() {
            vec![
                "create",
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "update",
                "watch",
            ]
        } else {
            vec![
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "create",
                "update",
                "watch",
            ]
        }
    }

    /// Whether an update without `resourceVersion` is taken.
    pub(crate) fn unconditional_update(&self) -> bool {
        self.builtin.is_some_and(|builtin| builtin.unconditional_update)
    }

    /// Whether a PUT makes what is not there.
    pub(crate) fn create_on_update(&self) -> bool {
        self.builtin.is_some_and(|builtin| builtin.create_on_update)
    }

    /// Whether `metadata.generation` counts the changes of its objects.
    pub(crate) fn has_generation(&self) -> bool {
        self.builtin.is_none_or(|builtin| builtin.generation)
    }

    /// Whether a delete answers with the object rather than a `Status`.
    pub(crate) fn returns_deleted(&self) -> bool {
        self.builtin.is_some_and(|builtin| builtin.returns_deleted)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Version")
            .field("name", &self.name)
            .field("served", &self.served)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Whether a schema has a default anywhere.
fn has_defaults(schema: &JSONSchemaProps) -> bool {
    fn any(value: &Value) -> bool {
        match value {
            Value::Object(fields) => fields.contains_key("default") || fields.values().any(any),
            Value::Array(items) => items.iter().any(any),
            _ => false,
        }
    }
    serde_json::to_value(schema).is_ok_and(|schema| any(&schema))
}
