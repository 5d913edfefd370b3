//! Owns the table of built-in kinds: those that a mesh needs, typed by k8s-openapi.

use std::sync::{Arc, LazyLock};

use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        coordination::v1::Lease,
        core::v1::{ConfigMap, Event, Namespace, Pod, Secret, Service, ServiceAccount},
        discovery::v1::EndpointSlice,
        events::v1::Event as NewEvent,
        policy::v1::PodDisruptionBudget,
        rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps},
};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{Conversion, Kind, Version};
use crate::{
    builtin_schema::{builtin_schema, named},
    error::GroupResource,
    table::Columns,
};

/// How a built-in kind differs from one of a CRD.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the table below")]
pub(crate) struct Builtin {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
    categories: &'static [&'static str],
    namespaced: bool,
    status: bool,
    selectable: &'static [&'static str],
    pub(crate) unconditional_update: bool,
    pub(crate) create_on_update: bool,
    pub(crate) generation: bool,
    pub(crate) returns_deleted: bool,
    /// The rule that names follow.
    pub(crate) names: Names,
    /// Reads an object as its type and writes it again: wrong types are an error, unknown fields are gone.
    pub(crate) coerce: fn(Value) -> Result<Value, String>,
    schema: fn() -> JSONSchemaProps,
    /// What an OpenAPI document says of it.
    definitions: fn() -> Definitions,
}

/// The name of a kind's own definition, and the definitions that it needs.
pub(crate) type Definitions = (String, Map<String, Value>);

/// The rule that names follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// RFC 1123: `a.b-c`.
    Subdomain,
    /// RFC 1123 without dots.
    Label,
    /// What a path can hold: `system:node`.
    PathSegment,
}

const fn plain<K: DeserializeOwned + Serialize + JsonSchema>(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
) -> Builtin {
    Builtin {
        group,
        kind,
        plural,
        short_names: &[],
        categories: &[],
        namespaced: true,
        status: false,
        selectable: &[],
        unconditional_update: true,
        create_on_update: false,
        generation: false,
        returns_deleted: false,
        names: Names::Subdomain,
        coerce: through::<K>,
        schema: builtin_schema::<K>,
        definitions: named::<K>,
    }
}

/// Roles and their bindings, whose names may be almost anything.
const fn rbac<K: DeserializeOwned + Serialize + JsonSchema>(kind: &'static str, plural: &'static str) -> Builtin {
    Builtin {
        create_on_update: true,
        names: Names::PathSegment,
        ..plain::<K>("rbac.authorization.k8s.io", kind, plural)
    }
}

static BUILTINS: [Builtin; 17] = [
    Builtin {
        short_names: &["ns"],
        namespaced: false,
        status: true,
        selectable: &["status.phase"],
        returns_deleted: true,
        names: Names::Label,
        ..plain::<Namespace>("", "Namespace", "namespaces")
    },
    Builtin {
        short_names: &["svc"],
        categories: &["all"],
        status: true,
        selectable: &["spec.clusterIP", "spec.type"],
        returns_deleted: true,
        names: Names::Label,
        ..plain::<Service>("", "Service", "services")
    },
    Builtin {
        short_names: &["sa"],
        returns_deleted: true,
        ..plain::<ServiceAccount>("", "ServiceAccount", "serviceaccounts")
    },
    Builtin {
        short_names: &["po"],
        categories: &["all"],
        status: true,
        selectable: &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        generation: true,
        returns_deleted: true,
        ..plain::<Pod>("", "Pod", "pods")
    },
    Builtin {
        short_names: &["cm"],
        ..plain::<ConfigMap>("", "ConfigMap", "configmaps")
    },
    Builtin {
        selectable: &["type"],
        ..plain::<Secret>("", "Secret", "secrets")
    },
    Builtin {
        short_names: &["ev"],
        selectable: &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        create_on_update: true,
        names: Names::PathSegment,
        ..plain::<Event>("", "Event", "events")
    },
    Builtin {
        short_names: &["ev"],
        selectable: &["reason", "type"],
        create_on_update: true,
        ..plain::<NewEvent>("events.k8s.io", "Event", "events")
    },
    Builtin {
        create_on_update: true,
        unconditional_update: false,
        ..plain::<Lease>("coordination.k8s.io", "Lease", "leases")
    },
    Builtin {
        generation: true,
        ..plain::<EndpointSlice>("discovery.k8s.io", "EndpointSlice", "endpointslices")
    },
    Builtin {
        short_names: &["deploy"],
        categories: &["all"],
        status: true,
        generation: true,
        ..plain::<Deployment>("apps", "Deployment", "deployments")
    },
    Builtin {
        short_names: &["pdb"],
        status: true,
        generation: true,
        unconditional_update: false,
        ..plain::<PodDisruptionBudget>("policy", "PodDisruptionBudget", "poddisruptionbudgets")
    },
    rbac::<Role>("Role", "roles"),
    rbac::<RoleBinding>("RoleBinding", "rolebindings"),
    Builtin {
        namespaced: false,
        ..rbac::<ClusterRole>("ClusterRole", "clusterroles")
    },
    Builtin {
        namespaced: false,
        ..rbac::<ClusterRoleBinding>("ClusterRoleBinding", "clusterrolebindings")
    },
    Builtin {
        short_names: &["crd", "crds"],
        categories: &["api-extensions"],
        namespaced: false,
        status: true,
        generation: true,
        unconditional_update: false,
        coerce: only_read::<CustomResourceDefinition>,
        ..plain::<CustomResourceDefinition>(
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
            "customresourcedefinitions",
        )
    },
];

/// The built-in kinds. Their schemas are made when they are first needed, once in a process.
pub(crate) fn builtins() -> Vec<Arc<Kind>> {
    static KINDS: LazyLock<Vec<Arc<Kind>>> = LazyLock::new(|| BUILTINS.iter().map(kind).map(Arc::new).collect());
    KINDS.clone()
}

/// What an OpenAPI document says of a built-in kind; none for another.
pub(crate) fn definitions_of(group: &str, version: &str, kind: &str) -> Option<Definitions> {
    let mut builtins = BUILTINS.iter();
    let found = builtins.find(|builtin| builtin.group == group && builtin.kind == kind && version == "v1")?;
    Some((found.definitions)())
}

fn kind(builtin: &'static Builtin) -> Kind {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let is_new_event = builtin.group == "events.k8s.io";
    let is_event = builtin.kind == "Event";
    let group = if is_new_event { "" } else { builtin.group };
    Kind {
        group: builtin.group.to_owned(),
        kind: builtin.kind.to_owned(),
        list_kind: format!("{}List", builtin.kind),
        plural: builtin.plural.to_owned(),
        singular: builtin.kind.to_lowercase(),
        short_names: texts(builtin.short_names),
        categories: texts(builtin.categories),
        namespaced: builtin.namespaced,
        versions: vec![Version {
            name: "v1".to_owned(),
            served: true,
            schema: LazyLock::new(Box::new(builtin.schema)),
            has_defaults: false,
            status: builtin.status,
            columns: Columns::of_kind(builtin.group, builtin.kind),
            selectable: texts(builtin.selectable),
            deprecation: None,
        }],
        stored_in: GroupResource {
            group: group.to_owned(),
            resource: builtin.plural.to_owned(),
        },
        stored_at: if group.is_empty() {
            "v1".to_owned()
        } else {
            format!("{group}/v1")
        },
        conversion: if is_event { Conversion::Events } else { Conversion::None },
        builtin: Some(builtin),
        terminating: false,
    }
}

/// k8s-openapi's types write `apiVersion` and `kind` themselves, and refuse others.
fn through<K: DeserializeOwned + Serialize>(object: Value) -> Result<Value, String> {
    let typed: K = serde_json::from_value(object).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

/// For types whose numbers would come out as others: the bounds of schemas are floats, and `10.0` is to be `10`.
fn only_read<K: DeserializeOwned>(mut object: Value) -> Result<Value, String> {
    serde_json::from_value::<K>(object.clone()).map_err(|error| error.to_string())?;
    whole_numbers(&mut object);
    Ok(object)
}

fn whole_numbers(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Number(number) if number.is_f64() => {
            // Only what prints as a whole number: `10.0`, not `1e300`.
            let text = number.to_string();
            if let Some(whole) = text.strip_suffix(".0").and_then(|text| text.parse::<i64>().ok()) {
                *value = whole.into();
            }
        }
        _ => {}
    }
}
