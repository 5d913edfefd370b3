//! Deletes objects, at once or when their finalizers are done.

use std::sync::Arc;

use serde_json::{Value, json};

use super::List;
use crate::{
    cluster::{Cluster, Target},
    error::{ApiError, FieldError, GroupResource},
    kind::Kind,
    meta,
    request::{ListOptions, Query, WriteOptions},
    store::{Key, Refused, Write},
    strategy,
};

/// How often a delete is tried again when another write was faster.
const TRIES: usize = 10;

/// What a delete asks for besides the object.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    uid: Option<String>,
    resource_version: Option<String>,
    /// The finalizer that the propagation policy puts on the object.
    finalizer: Option<&'static str>,
    pub(crate) dry_run: bool,
}

/// What became of a deleted object.
#[derive(Debug)]
pub(crate) enum Deleted {
    /// It is still there, or its kind answers with what it was.
    Object(Arc<Value>),
    /// It is gone: a `Status` of success.
    Status(Value),
}

impl DeleteOptions {
    /// From the body, if it has one, and the query.
    pub(crate) fn read(body: Option<&Value>, query: &Query, write: &WriteOptions) -> Result<Self, ApiError> {
        let empty = Value::Null;
        let body = body.unwrap_or(&empty);
        let policy = body.get("propagationPolicy").and_then(Value::as_str);
        let orphan = body.get("orphanDependents").and_then(Value::as_bool) == Some(true);
        let finalizer = match policy.or_else(|| query.get("propagationPolicy")) {
            Some("Orphan") => Some("orphan"),
            Some("Foreground") => Some("foregroundDeletion"),
            Some("Background") => None,
            None => orphan.then_some("orphan"),
            Some(other) => {
                let supported = ["Foreground", "Background", "Orphan", "nil"];
                let error = FieldError::not_supported("propagationPolicy", &format!("{other:?}"), &supported);
                return Err(ApiError::invalid("DeleteOptions", "meta.k8s.io", "", &[error]));
            }
        };
        let condition = |field: &str| {
            let text = body
                .pointer("/preconditions")
                .and_then(|of| of.get(field))
                .and_then(Value::as_str);
            text.map(str::to_owned)
        };
        let dry_run = meta::texts(body, "/dryRun");
        if dry_run.iter().any(|value| value != "All") {
            let error = FieldError::not_supported("dryRun", &format!("{dry_run:?}"), &["All"]);
            return Err(ApiError::invalid("DeleteOptions", "meta.k8s.io", "", &[error]));
        }
        Ok(Self {
            uid: condition("uid"),
            resource_version: condition("resourceVersion"),
            finalizer,
            dry_run: write.dry_run || !dry_run.is_empty(),
        })
    }

    fn check(&self, kind: &Kind, name: &str, object: &Value) -> Result<(), ApiError> {
        // kube-apiserver names the kind here, as it is stored, where it names the resource everywhere else.
        let of = GroupResource {
            group: kind.stored_in.group.clone(),
            resource: kind.kind.clone(),
        };
        let (uid, version) = (meta::uid(object), meta::resource_version(object));
        if let Some(asked) = self.uid.as_ref().filter(|asked| *asked != uid) {
            let why = format!(
                "the UID in the precondition ({asked}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
            );
            return Err(ApiError::conflict(&of, name, &why));
        }
        if let Some(asked) = self.resource_version.as_ref().filter(|asked| *asked != version) {
            let why = format!(
                "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({version}). The object might have been modified"
            );
            return Err(ApiError::conflict(&of, name, &why));
        }
        Ok(())
    }
}

pub(crate) fn delete(cluster: &Cluster, target: &Target, options: &DeleteOptions) -> Result<Deleted, ApiError> {
    let kind = &target.kind;
    let of = target.resource();
    let key = target.key();
    for _ in 0..TRIES {
        let stored = cluster.lock().store.get(&kind.stored_in, &key);
        let stored = stored.ok_or_else(|| ApiError::not_found(&of, &target.name))?;
        options.check(kind, &target.name, &stored)?;
        strategy::admit_delete(kind, &stored)?;
        let marked = mark(cluster, kind, &stored, options);
        let gone = marked.is_none();
        if marked.as_ref() == Some(&*stored) {
            return Ok(Deleted::Object(cluster.at_version(kind, &stored, &target.version)?));
        }
        if options.dry_run {
            let object = marked.map_or_else(|| Arc::clone(&stored), Arc::new);
            return answer(cluster, target, &object, gone);
        }
        let write = marked.map_or(Write::Delete, Write::Put);
        let committed = cluster.lock().store.commit(&kind.stored_in, &key, Some(&stored), write);
        match committed {
            Ok(committed) => {
                if gone {
                    strategy::after_removal(cluster, kind);
                } else {
                    strategy::after_write(cluster, kind, Some(&stored), &committed);
                }
                return answer(cluster, target, &committed, gone);
            }
            Err(Refused::Raced) => {}
            Err(Refused::NoCollection) => return Err(ApiError::not_found(&of, &target.name)),
        }
    }
    Err(ApiError::modified(&of, &target.name))
}

/// The object as it waits for its finalizers; none where it waits for nothing.
fn mark(cluster: &Cluster, kind: &Kind, stored: &Value, options: &DeleteOptions) -> Option<Value> {
    let mut finalizers = meta::finalizers(stored);
    let extra = options.finalizer.or_else(|| strategy::finalizer(kind));
    if let Some(extra) =
        extra.filter(|extra| !finalizers.iter().any(|name| name == extra) && !meta::is_deleting(stored))
    {
        finalizers.push(extra.to_owned());
    }
    let mut object = stored.clone();
    if !finalizers.is_empty() {
        meta::set(&mut object, "finalizers", Some(json!(finalizers)));
    }
    if strategy::is_done(kind, &with_deletion(&object, "")) {
        return None;
    }
    if meta::is_deleting(stored) {
        return Some(object);
    }
    let mut object = with_deletion(&object, &cluster.clock.stamp());
    if strategy::counts_deletion(kind) {
        meta::set(&mut object, "deletionGracePeriodSeconds", Some(0.into()));
        if let Some(generation) = meta::generation(&object) {
            meta::set(&mut object, "generation", Some((generation + 1).into()));
        }
    }
    strategy::on_deletion(cluster, kind, &mut object);
    Some(object)
}

fn with_deletion(object: &Value, stamp: &str) -> Value {
    let mut object = object.clone();
    if !meta::is_deleting(&object) {
        let stamp = if stamp.is_empty() {
            "1970-01-01T00:00:00Z"
        } else {
            stamp
        };
        meta::set(&mut object, "deletionTimestamp", Some(stamp.into()));
    }
    object
}

fn answer(cluster: &Cluster, target: &Target, object: &Arc<Value>, gone: bool) -> Result<Deleted, ApiError> {
    let kind = &target.kind;
    if !gone || kind.returns_deleted() {
        return Ok(Deleted::Object(cluster.at_version(kind, object, &target.version)?));
    }
    let mut details = json!({"name": meta::name(object), "kind": kind.plural, "uid": meta::uid(object)});
    if !kind.group.is_empty() {
        details["group"] = kind.group.as_str().into();
    }
    Ok(Deleted::Status(
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}),
    ))
}

/// Deletes what the selectors select; answers with what it was.
pub(crate) fn delete_collection(
    cluster: &Cluster,
    target: &Target,
    list: &ListOptions,
    options: &DeleteOptions,
) -> Result<List, ApiError> {
    let found = super::list(cluster, target, list)?;
    for object in &found.objects {
        let one = Target {
            namespace: meta::namespace(object).to_owned(),
            name: meta::name(object).to_owned(),
            ..target.clone()
        };
        match delete(cluster, &one, options) {
            // Somebody else was faster.
            Err(error) if error.code() == 404 => {}
            other => {
                other?;
            }
        }
    }
    Ok(found)
}

/// Deletes every object of a kind: what becomes of them when their CRD goes.
pub(crate) fn delete_all(cluster: &Cluster, kind: &Arc<Kind>) {
    let keys: Vec<Key> = {
        let state = cluster.lock();
        let collection = state.store.collection(&kind.stored_in);
        collection.into_iter().flat_map(|of| of.keys().cloned()).collect()
    };
    let Some(version) = kind.versions.first() else { return };
    for key in keys {
        let target = Target {
            version: version.name.clone(),
            namespace: key.namespace,
            name: key.name,
            subresource: crate::cluster::Subresource::None,
            kind: Arc::clone(kind),
        };
        // What cannot be deleted any more is gone already; conversion does not matter here.
        let _ = delete(cluster, &target, &DeleteOptions::default());
    }
}
