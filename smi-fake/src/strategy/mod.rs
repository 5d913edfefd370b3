//! What some kinds do differently: the part of kube-apiserver's registry strategies and admission that is seen
//! without controllers.

mod check;
mod crd;
mod event;
mod namespace;
mod pod;
mod service;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) use self::{check::check, crd::install, namespace::create_initial};
use crate::{
    cluster::{Cluster, Target},
    error::ApiError,
    kind::Kind,
    meta,
};

const CRD: (&str, &str) = ("apiextensions.k8s.io", "CustomResourceDefinition");

fn is_crd(kind: &Kind) -> bool {
    kind.is(CRD.0, CRD.1)
}

/// Whether an object may be created where the request says.
pub(crate) fn admit(cluster: &Cluster, target: &Target, name: &str) -> Result<(), ApiError> {
    admit_kind(&target.kind, name)?;
    namespace::admit(cluster, target, name)
}

/// Whether objects of the kind may be created: not once its CRD is being deleted.
pub(crate) fn admit_kind(kind: &Kind, name: &str) -> Result<(), ApiError> {
    if kind.terminating {
        let why = "create not allowed while custom resource definition is terminating";
        return Err(ApiError::forbidden(&kind.group_resource(), name, why));
    }
    Ok(())
}

/// Whether an object may be deleted.
pub(crate) fn admit_delete(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    if kind.is("", "Namespace") {
        namespace::admit_delete(object)
    } else {
        Ok(())
    }
}

/// Fills in the defaults of a new or changed object: its writer owns them.
pub(crate) fn defaults(kind: &Kind, object: &mut Value) {
    if is_crd(kind) {
        return crd::defaults(object);
    }
    if kind.builtin.is_none() {
        return;
    }
    match kind.kind.as_str() {
        "Namespace" => namespace::defaults(object),
        "Service" => service::defaults(object),
        "Secret" => secret(object),
        "Pod" => pod::defaults(object),
        "Deployment" => pod::deployment(object),
        "RoleBinding" | "ClusterRoleBinding" => role_binding(object),
        _ => {}
    }
}

/// Gives a new object what no writer owns: its status, an address.
pub(crate) fn on_create(cluster: &Cluster, kind: &Kind, object: &mut Value) -> Result<(), ApiError> {
    if is_crd(kind) {
        return crd::on_create(object);
    }
    if kind.builtin.is_none() {
        return Ok(());
    }
    match kind.kind.as_str() {
        "Namespace" => namespace::on_create(object),
        "Service" => service::on_create(cluster, object),
        "Pod" => pod::on_create(object),
        "Deployment" => default_at(object, "status", json!({})),
        "PodDisruptionBudget" => default_at(
            object,
            "status",
            json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0}),
        ),
        _ => {}
    }
    Ok(())
}

/// Checks a changed object, and keeps what it may not lose.
pub(crate) fn on_update(kind: &Kind, old: &Value, object: &mut Value) -> Result<(), ApiError> {
    defaults(kind, object);
    if is_crd(kind) {
        return crd::on_update(old, object);
    }
    if kind.is("", "Service") {
        service::keep_address(old, object);
    }
    Ok(())
}

/// What a deletion changes besides its timestamp.
pub(crate) fn on_deletion(cluster: &Cluster, kind: &Kind, object: &mut Value) {
    if kind.is("", "Namespace") {
        meta::child_mut(object, "status").insert("phase".to_owned(), "Terminating".into());
    } else if is_crd(kind) {
        crd::on_deletion(cluster, object);
    }
}

/// Whether a deletion that waits has a grace period and a generation: namespaces and CRDs are deleted in their own way.
pub(crate) fn counts_deletion(kind: &Kind) -> bool {
    !is_crd(kind) && !kind.is("", "Namespace")
}

/// The finalizer that objects of a kind get when they are deleted.
pub(crate) fn finalizer(kind: &Kind) -> Option<&'static str> {
    is_crd(kind).then_some(crd::FINALIZER)
}

/// Whether an object that is being deleted waits for nothing any more.
pub(crate) fn is_done(kind: &Kind, object: &Value) -> bool {
    let spec = if kind.is("", "Namespace") {
        meta::texts(object, "/spec/finalizers")
    } else {
        Vec::new()
    };
    meta::is_deleting(object) && meta::finalizers(object).is_empty() && spec.is_empty()
}

/// What follows from a write: a CRD changes what is served.
pub(crate) fn after_write(cluster: &Cluster, kind: &Kind, old: Option<&Arc<Value>>, new: &Arc<Value>) {
    if is_crd(kind) {
        crd::after_write(cluster, old, new);
    }
}

/// What follows when an object is gone: a CRD that waited for it may go too.
pub(crate) fn after_removal(cluster: &Cluster, kind: &Kind) {
    if kind.builtin.is_none() {
        crd::finish(cluster, &kind.group_resource());
    }
}

/// `stringData` is only written; it is read as `data`.
fn secret(object: &mut Value) {
    if let Some(Value::Object(plain)) = meta::map_mut(object).remove("stringData") {
        let data = meta::child_mut(object, "data");
        for (key, value) in plain {
            let encoded = BASE64_STANDARD.encode(value.as_str().unwrap_or_default());
            data.insert(key, encoded.into());
        }
    }
    default_at(object, "type", "Opaque".into());
}

/// Roles, users and groups are of RBAC's own group; service accounts are not.
fn role_binding(object: &mut Value) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    if let Some(role) = object.get_mut("roleRef") {
        default_at(role, "apiGroup", GROUP.into());
    }
    let subjects = object.get_mut("subjects").and_then(Value::as_array_mut);
    for subject in subjects.into_iter().flatten() {
        if matches!(meta::text(subject, "/kind"), "User" | "Group") {
            default_at(subject, "apiGroup", GROUP.into());
        }
    }
}

/// Sets a field that is not there.
fn default_at(object: &mut Value, field: &str, value: Value) {
    let place = meta::map_mut(object).entry(field).or_insert(Value::Null);
    if place.is_null() {
        *place = value;
    }
}
