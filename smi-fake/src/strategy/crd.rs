//! CustomResourceDefinitions: checked, established, served, changed and taken away again.

mod check;
mod structural;

use std::sync::Arc;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

use super::default_at;
use crate::{
    cluster::Cluster,
    error::{ApiError, FieldError, GroupResource},
    kind::Kind,
    meta,
    store::{Key, Write},
    verb,
};

/// What keeps a CRD until its objects are gone.
pub(crate) const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

fn resource() -> GroupResource {
    GroupResource {
        group: super::CRD.0.to_owned(),
        resource: "customresourcedefinitions".to_owned(),
    }
}

pub(crate) fn on_create(object: &mut Value) -> Result<(), ApiError> {
    let mut errors = check::check(object);
    let stored = storage(object);
    if stored.is_empty() {
        let why = "must have at least one stored version";
        errors.push(FieldError::invalid("status.storedVersions", &Value::Null, why));
    }
    refuse(object, &errors)?;
    meta::map_mut(object).insert(
        "status".to_owned(),
        json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": [stored]}),
    );
    Ok(())
}

pub(crate) fn on_update(old: &Value, object: &mut Value) -> Result<(), ApiError> {
    let same = |pointer: &str| old.pointer(pointer) == object.pointer(pointer);
    let mut errors = check::check(object);
    for field in ["group", "scope", "names/plural", "names/kind"] {
        let pointer = format!("/spec/{field}");
        if !same(&pointer) {
            let value = object.pointer(&pointer).cloned().unwrap_or_default();
            errors.push(FieldError::invalid(
                format!("spec.{}", field.replace('/', ".")),
                &value,
                "field is immutable",
            ));
        }
    }
    let stored = storage(object);
    let status = meta::child_mut(object, "status");
    let versions = status.entry("storedVersions").or_insert(json!([]));
    if let Some(versions) = versions.as_array_mut()
        && !versions.iter().any(|version| *version == stored.as_str())
    {
        versions.push(stored.into());
    }
    let named: Vec<String> = names_of_versions(object);
    for version in meta::texts(object, "/status/storedVersions") {
        if !named.contains(&version) {
            let why = format!(
                "missing from spec.versions; {version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {version} and removes {version} from status.storedVersions"
            );
            errors.push(FieldError::invalid("status.storedVersions[0]", &version.into(), &why));
        }
    }
    refuse(object, &errors)
}

/// Names and conversion that are not given.
pub(crate) fn defaults(object: &mut Value) {
    let spec = meta::map_mut(object).entry("spec").or_insert(Value::Null);
    default_at(spec, "conversion", json!({"strategy": "None"}));
    let names = meta::map_mut(spec).entry("names").or_insert(Value::Null);
    let kind = meta::text(names, "/kind").to_owned();
    default_at(names, "singular", kind.to_lowercase().into());
    if !kind.is_empty() {
        default_at(names, "listKind", format!("{kind}List").into());
    }
}

fn versions(object: &Value) -> impl Iterator<Item = &Value> {
    let versions = object.pointer("/spec/versions").and_then(Value::as_array);
    versions.into_iter().flatten()
}

fn names_of_versions(object: &Value) -> Vec<String> {
    versions(object)
        .map(|version| meta::text(version, "/name").to_owned())
        .collect()
}

/// The name of the stored version; empty where there is none.
fn storage(object: &Value) -> String {
    let stored = versions(object).find(|version| version["storage"] == true);
    stored
        .map(|version| meta::text(version, "/name").to_owned())
        .unwrap_or_default()
}

fn refuse(object: &Value, errors: &[FieldError]) -> Result<(), ApiError> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(
        super::CRD.1,
        super::CRD.0,
        meta::name(object),
        errors,
    ))
}

fn condition(cluster: &Cluster, of: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": of, "status": "True", "lastTransitionTime": cluster.clock.stamp(), "reason": reason, "message": message,
    })
}

pub(crate) fn on_deletion(cluster: &Cluster, object: &mut Value) {
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let terminating = condition(cluster, "Terminating", "InstanceDeletionPending", message);
    let conditions = meta::child_mut(object, "status")
        .entry("conditions")
        .or_insert(json!([]));
    match conditions.as_array_mut() {
        Some(conditions) => conditions.push(terminating),
        None => *conditions = json!([terminating]),
    }
}

fn read(object: &Value) -> Option<CustomResourceDefinition> {
    serde_json::from_value(object.clone()).ok()
}

/// Serves what the CRD says now, which may be more than `new`: another write may have come since.
pub(crate) fn after_write(cluster: &Cluster, old: Option<&Arc<Value>>, new: &Arc<Value>) {
    let terminating = meta::is_deleting(new);
    let same_spec = old.is_some_and(|old| old.get("spec") == new.get("spec"));
    let (of, established) = {
        let mut state = cluster.lock();
        let current = state.store.get(&resource(), &Key::new("", meta::name(new)));
        // One that is gone is served no more.
        let kind = current.and_then(|current| Some(Kind::of_crd(&read(&current)?, meta::is_deleting(&current))));
        let Some(kind) = kind else { return };
        let of = kind.group_resource();
        state.store.open(&of);
        if old.is_some() && !same_spec {
            state.store.end_watches(&of);
        }
        let known = state.registry.by_resource(&of.group, &of.resource).is_some();
        if !same_spec || terminating || !known {
            state.registry.put(kind);
        }
        let established = new.pointer("/status/conditions").is_some_and(Value::is_array);
        (of, established)
    };
    if !established {
        establish(cluster, new);
    }
    if terminating && old.is_some_and(|old| !meta::is_deleting(old)) {
        let kind = cluster.lock().registry.by_resource(&of.group, &of.resource).cloned();
        if let Some(kind) = kind {
            verb::delete_all(cluster, &kind);
        }
        finish(cluster, &of);
    }
}

/// What the controllers of a real server do a moment after a CRD was created.
fn establish(cluster: &Cluster, created: &Arc<Value>) {
    let mut object = Value::clone(created);
    let names = object.pointer("/spec/names").cloned().unwrap_or_default();
    let status = meta::child_mut(&mut object, "status");
    status.insert("acceptedNames".to_owned(), names);
    let conditions = json!([
        condition(cluster, "NamesAccepted", "NoConflicts", "no conflicts found"),
        condition(
            cluster,
            "Established",
            "InitialNamesAccepted",
            "the initial names have been accepted"
        ),
    ]);
    status.insert("conditions".to_owned(), conditions);
    let key = Key::new("", meta::name(created));
    // Whoever was faster has a CRD that is established or gone.
    let _ = cluster
        .lock()
        .store
        .commit(&resource(), &key, Some(created), Write::Put(object));
}

/// Takes away a CRD that is being deleted, once none of its objects are left.
pub(crate) fn finish(cluster: &Cluster, of: &GroupResource) {
    let mut state = cluster.lock();
    let name = format!("{}.{}", of.resource, of.group);
    let key = Key::new("", &name);
    let Some(crd) = state.store.get(&resource(), &key) else {
        return;
    };
    let empty = state
        .store
        .collection(of)
        .is_none_or(|collection| collection.len() == 0);
    if !meta::is_deleting(&crd) || !empty {
        return;
    }
    let others: Vec<_> = meta::finalizers(&crd)
        .into_iter()
        .filter(|name| name != FINALIZER)
        .collect();
    let write = if others.is_empty() {
        Write::Delete
    } else {
        let mut object = Value::clone(&crd);
        meta::set(&mut object, "finalizers", Some(json!(others)));
        Write::Put(object)
    };
    if others.is_empty() {
        state.registry.remove(of);
        state.store.end_watches(of);
        state.store.close(of);
    }
    // Under the lock nobody else can have written it.
    let _ = state.store.commit(&resource(), &key, Some(&crd), write);
}

/// Installs a CRD as a client's create would.
pub(crate) fn install(cluster: &Cluster, crd: &CustomResourceDefinition) -> Result<(), ApiError> {
    let Ok(object) = serde_json::to_value(crd) else {
        return Ok(());
    };
    let path = crate::request::ResourcePath {
        group: resource().group,
        version: "v1".to_owned(),
        resource: resource().resource,
        ..crate::request::ResourcePath::default()
    };
    let Some(target) = cluster.resolve(&path) else {
        return Ok(());
    };
    let body = crate::request::Body {
        value: object,
        duplicates: Vec::new(),
    };
    let options = crate::request::WriteOptions {
        field_validation: crate::request::FieldValidation::Ignore,
        manager: "smi-fake".to_owned(),
        ..crate::request::WriteOptions::default()
    };
    verb::create(cluster, &target, body, &options).map(|_| ())
}

#[cfg(test)]
mod tests;
