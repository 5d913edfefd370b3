//! Creates objects.

use std::sync::Arc;

use serde_json::Value;

use super::{Decoder, Written};
use crate::{
    cluster::{Cluster, Target},
    error::{ApiError, FieldError, GroupResource},
    kind::Kind,
    meta,
    patch::{Manager, manage_update},
    request::{Body, WriteOptions},
    store::{Key, Refused, Write},
    strategy, validate,
};

/// How often a generated name is tried, as kube-apiserver does.
const NAMES_TRIED: usize = 8;

pub(crate) fn create(
    cluster: &Cluster,
    target: &Target,
    body: Body,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let mut decoder = Decoder::new(target, options.field_validation);
    let object = decoder.whole(body)?;
    let object = insert(cluster, target, object, options, true)?;
    Ok(Written {
        object,
        created: true,
        warnings: decoder.warnings,
    })
}

/// Creates `object`, which is decoded already. `managed`: its field owners are still to be noted.
pub(crate) fn insert(
    cluster: &Cluster,
    target: &Target,
    mut object: Value,
    options: &WriteOptions,
    managed: bool,
) -> Result<Arc<Value>, ApiError> {
    let kind = &target.kind;
    place(target, &mut object)?;
    strategy::admit(cluster, target, meta::name(&object))?;
    if !matches!(meta::resource_version(&object), "" | "0") {
        return Err(ApiError::unexpected(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let generate = meta::text(&object, "/metadata/generateName").to_owned();
    let generated = meta::name(&object).is_empty() && !generate.is_empty();
    prepare(cluster, target, &mut object);
    for _ in 0..NAMES_TRIED {
        if generated {
            meta::set(&mut object, "name", Some(cluster.ids.name(&generate).into()));
        }
        let mut object = object.clone();
        strategy::defaults(kind, &mut object);
        if managed {
            object = own(cluster, target, None, &object, options);
        }
        strategy::on_create(cluster, kind, &mut object)?;
        check(target, &object)?;
        let created = write(cluster, target, object, options);
        match created {
            Err(error) if generated && error.is_already_exists() => {}
            other => return other,
        }
    }
    Err(ApiError::no_free_name(&target.resource(), &generate))
}

/// Puts the object where the request's path says, if it does not say another place itself.
pub(crate) fn place(target: &Target, object: &mut Value) -> Result<(), ApiError> {
    let says = meta::namespace(object);
    if !says.is_empty() && says != target.namespace {
        let why = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(ApiError::bad_request(why));
    }
    if target.kind.namespaced {
        if target.namespace.is_empty() {
            return Err(ApiError::bad_request(
                "an empty namespace may not be set during creation",
            ));
        }
        meta::set(object, "namespace", Some(target.namespace.as_str().into()));
    }
    Ok(())
}

fn prepare(cluster: &Cluster, target: &Target, object: &mut Value) {
    for field in [
        "resourceVersion",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
    ] {
        meta::set(object, field, None);
    }
    meta::set(object, "uid", Some(cluster.ids.uid().into()));
    meta::set(object, "creationTimestamp", Some(cluster.clock.stamp().into()));
    if target.kind.has_generation() {
        meta::set(object, "generation", Some(1.into()));
    }
    if target
        .kind
        .version(&target.version)
        .is_some_and(|version| version.status)
    {
        meta::map_mut(object).remove("status");
    }
}

fn check(target: &Target, object: &Value) -> Result<(), ApiError> {
    let kind = &target.kind;
    let mut errors = validate::metadata(object, kind);
    errors.extend(strategy::check(kind, None, object));
    errors.extend(schema_errors(target, None, object));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(invalid(kind, object, &errors))
    }
}

/// The refusal of an object. It names the kind as it is stored: Events as those of the core group.
pub(crate) fn invalid(kind: &Kind, object: &Value, errors: &[FieldError]) -> ApiError {
    ApiError::invalid(&kind.kind, &kind.stored_in.group, meta::name(object), errors)
}

/// What the schema of a CRD has against an object.
pub(crate) fn schema_errors(target: &Target, old: Option<&Value>, object: &Value) -> Vec<FieldError> {
    if target.kind.builtin.is_some() {
        return Vec::new();
    }
    let Some(version) = target.kind.version(&target.version) else {
        return Vec::new();
    };
    let violations = smi_core::schema::validate(object, old, &version.schema);
    let errors = violations.into_iter();
    errors
        .map(|violation| {
            // A rule on the whole object has no path.
            let path = violation.path.to_string();
            let path = if path.is_empty() { "<nil>".to_owned() } else { path };
            FieldError::new(violation.reason.as_str(), path, violation.message)
        })
        .collect()
}

/// `object` with its field owners.
pub(crate) fn own(
    cluster: &Cluster,
    target: &Target,
    old: Option<&Value>,
    object: &Value,
    options: &WriteOptions,
) -> Value {
    let Some(version) = target.kind.version(&target.version) else {
        return object.clone();
    };
    let manager = Manager {
        name: &options.manager,
        subresource: target.subresource_name(),
        time: &cluster.clock.stamp(),
    };
    manage_update(old, object, &manager, &version.schema)
}

fn write(cluster: &Cluster, target: &Target, object: Value, options: &WriteOptions) -> Result<Arc<Value>, ApiError> {
    let kind = &target.kind;
    let of = target.resource();
    let name = meta::name(&object).to_owned();
    let key = Key::new(&target.namespace, &name);
    let stored = cluster.for_storage(kind, object.clone())?;
    let mut state = cluster.lock();
    // Their CRD may be going since the request was resolved, and takes along what is there now.
    let now = state.registry.by_resource(&kind.group, &kind.plural);
    strategy::admit_kind(now.unwrap_or(kind), &name)?;
    if let Some(existing) = state.store.get(&kind.stored_in, &key) {
        let error = ApiError::already_exists(&of, &name);
        return Err(if meta::is_deleting(&existing) {
            error.worded(format!("object is being deleted: {of} {name:?} already exists"))
        } else {
            error
        });
    }
    if options.dry_run {
        return Ok(Arc::new(object));
    }
    room(cluster, state.store.objects(), &of, &name)?;
    let committed = state.store.commit(&kind.stored_in, &key, None, Write::Put(stored));
    drop(state);
    let committed = committed.map_err(|refused| refused_create(refused, &of, &name))?;
    strategy::after_write(cluster, kind, None, &committed);
    cluster.at_version(kind, &committed, &target.version)
}

fn room(cluster: &Cluster, objects: usize, of: &GroupResource, name: &str) -> Result<(), ApiError> {
    let limit = cluster.limits.objects;
    if objects < limit {
        return Ok(());
    }
    let why =
        format!("exceeded quota: smi-fake, requested: objects=1, used: objects={objects}, limited: objects={limit}");
    Err(ApiError::forbidden(of, name, &why))
}

fn refused_create(refused: Refused, of: &GroupResource, name: &str) -> ApiError {
    match refused {
        Refused::Raced => ApiError::already_exists(of, name),
        Refused::NoCollection => ApiError::not_found(of, name),
    }
}
