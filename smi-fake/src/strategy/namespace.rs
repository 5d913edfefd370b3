//! Namespaces: those that are there from the start, and that nothing is made in others or in dying ones.

use serde_json::{Value, json};

use super::default_at;
use crate::{
    cluster::{Cluster, Target},
    error::{ApiError, GroupResource},
    meta,
    store::{Key, Write},
};

/// The namespaces of a new cluster.
const INITIAL: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
/// Those that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-public", "kube-system"];

fn namespaces() -> GroupResource {
    GroupResource {
        group: String::new(),
        resource: "namespaces".to_owned(),
    }
}

pub(crate) fn create_initial(cluster: &Cluster) {
    for name in INITIAL {
        let mut namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": name, "uid": cluster.ids.uid(), "creationTimestamp": cluster.clock.stamp(),
        }});
        defaults(&mut namespace);
        on_create(&mut namespace);
        // A namespace that is there already stays.
        let _ = cluster
            .lock()
            .store
            .commit(&namespaces(), &Key::new("", name), None, Write::Put(namespace));
    }
}

pub(crate) fn on_create(object: &mut Value) {
    let spec = meta::child_mut(object, "spec");
    spec.insert("finalizers".to_owned(), json!(["kubernetes"]));
    default_at(object, "status", json!({"phase": "Active"}));
}

/// A namespace always has its name as a label.
pub(crate) fn defaults(object: &mut Value) {
    let name = meta::name(object).to_owned();
    let labels = meta::metadata_mut(object).entry("labels").or_insert(Value::Null);
    meta::map_mut(labels).insert("kubernetes.io/metadata.name".to_owned(), name.into());
}

pub(crate) fn admit(cluster: &Cluster, target: &Target, name: &str) -> Result<(), ApiError> {
    if !target.kind.namespaced {
        return Ok(());
    }
    let of = &target.namespace;
    let namespace = cluster.lock().store.get(&namespaces(), &Key::new("", of));
    let namespace = namespace.ok_or_else(|| ApiError::not_found(&namespaces(), of))?;
    if meta::is_deleting(&namespace) {
        let why = format!("unable to create new content in namespace {of} because it is being terminated");
        let cause = format!("namespace {of} is being terminated");
        let error = ApiError::forbidden(&target.resource(), name, &why);
        return Err(error.because("NamespaceTerminating", &cause, "metadata.namespace"));
    }
    Ok(())
}

pub(crate) fn admit_delete(object: &Value) -> Result<(), ApiError> {
    let name = meta::name(object);
    if IMMORTAL.contains(&name) {
        let why = "this namespace may not be deleted";
        return Err(ApiError::forbidden(&namespaces(), name, why));
    }
    Ok(())
}
