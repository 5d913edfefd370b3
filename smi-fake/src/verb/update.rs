//! Changes objects: replaces them, and what replacing and patching have in common.

use std::sync::Arc;

use serde_json::Value;

use super::{Decoder, Written, create};
use crate::{
    cluster::{Cluster, Subresource, Target},
    error::{ApiError, FieldError},
    meta,
    request::{Body, WriteOptions},
    storage_error,
    store::{Refused, Write},
    strategy, validate,
};

/// How often a write without a `resourceVersion` is tried again when another one was faster.
const TRIES: usize = 10;

/// What became of an object before it is written.
pub(crate) struct Next {
    pub(crate) object: Value,
    /// Its field owners are noted already.
    pub(crate) owned: bool,
}

/// A PUT.
pub(crate) fn replace(
    cluster: &Cluster,
    target: &Target,
    body: Body,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let mut decoder = Decoder::new(target, options.field_validation);
    let mut object = decoder.whole(body)?;
    let says = meta::name(&object);
    if says.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    if says != target.name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({says}) does not match the name on the URL ({})",
            target.name
        )));
    }
    create::place(target, &mut object)?;
    let may_make = target.kind.create_on_update();
    let (object, created) = modify_or_create(cluster, target, may_make, &mut |there| {
        if !there {
            let mut object = object.clone();
            meta::set(&mut object, "resourceVersion", None);
            return create::insert(cluster, target, object, options, true);
        }
        modify(cluster, target, options, &mut |old| {
            let asked = meta::uid(&object);
            if !asked.is_empty() && asked != meta::uid(old) {
                let why = storage_error::other_uid(&target.kind.group_resource(), old, asked);
                return Err(ApiError::conflict(&target.resource(), &target.name, &why));
            }
            let next = object.clone();
            Ok(Next {
                object: next,
                owned: false,
            })
        })
    })?;
    Ok(Written {
        object,
        created,
        warnings: decoder.warnings,
    })
}

/// Does `write`, which is told whether the object is there: it changes the object, or makes it where that `may_make` one.
/// Once more where the object is gone meanwhile, or another request made it. Also tells whether it was made.
pub(crate) fn modify_or_create(
    cluster: &Cluster,
    target: &Target,
    may_make: bool,
    write: &mut dyn FnMut(bool) -> Result<Arc<Value>, ApiError>,
) -> Result<(Arc<Value>, bool), ApiError> {
    let mut tries = 1..=TRIES;
    loop {
        let (of, key) = (&target.kind.stored_in, target.key());
        let there = !may_make || cluster.lock().store.get(of, &key).is_some();
        let raced = |error: &ApiError| {
            if there {
                may_make && error.code() == 404
            } else {
                error.is_already_exists()
            }
        };
        match write(there) {
            Err(error) if raced(&error) && tries.next().is_some() => {}
            written => return written.map(|object| (object, !there)),
        }
    }
}

/// Writes what `change` makes of the object, again and again until no other write comes between.
pub(crate) fn modify(
    cluster: &Cluster,
    target: &Target,
    options: &WriteOptions,
    change: &mut dyn FnMut(&Value) -> Result<Next, ApiError>,
) -> Result<Arc<Value>, ApiError> {
    let kind = &target.kind;
    let of = target.resource();
    let key = target.key();
    for _ in 0..TRIES {
        let stored = cluster.lock().store.get(&kind.stored_in, &key);
        let stored = stored.ok_or_else(|| ApiError::not_found(&of, &target.name))?;
        let old = cluster.at_version(kind, &stored, &target.version)?;
        let next = change(&old)?;
        let mut object = next.object;
        revision(target, &old, &mut object)?;
        prepare(target, &old, &mut object);
        strategy::on_update(kind, &old, &mut object)?;
        check(target, &old, &object)?;
        if !next.owned {
            object = create::own(cluster, target, Some(&old), &object, options);
        }
        if same(&old, &object) {
            // What is stored at another version is written nevertheless: that is how stored objects are migrated.
            if meta::text(&stored, "/apiVersion") == kind.stored_at {
                return Ok(old);
            }
            object = Value::clone(&old);
        }
        let gone = strategy::is_done(kind, &object);
        let write = if gone {
            Write::Delete
        } else {
            Write::Put(cluster.for_storage(kind, object.clone())?)
        };
        if options.dry_run {
            return Ok(Arc::new(object));
        }
        let committed = cluster.lock().store.commit(&kind.stored_in, &key, Some(&stored), write);
        match committed {
            Ok(committed) if gone => {
                strategy::after_removal(cluster, kind);
                let mut last = object;
                meta::carry_over(&mut last, &committed, "resourceVersion");
                return Ok(Arc::new(last));
            }
            Ok(committed) => {
                strategy::after_write(cluster, kind, Some(&stored), &committed);
                return cluster.at_version(kind, &committed, &target.version);
            }
            Err(Refused::Raced) => {}
            Err(Refused::NoCollection) => return Err(ApiError::not_found(&of, &target.name)),
        }
    }
    Err(ApiError::modified(&of, &target.name))
}

/// Checks the revision that the client saw.
fn revision(target: &Target, old: &Value, object: &mut Value) -> Result<(), ApiError> {
    let current = meta::resource_version(old);
    let says = meta::resource_version(object);
    if matches!(says, "" | "0") {
        if !target.kind.unconditional_update() {
            let error = FieldError::invalid("metadata.resourceVersion", &0.into(), "must be specified for an update");
            let (plural, group) = (&target.kind.plural, &target.kind.group);
            return Err(ApiError::invalid(plural, group, &target.name, &[error]));
        }
    } else if says.parse::<u64>().is_err() {
        let why = format!("strconv.ParseUint: parsing {says:?}: invalid syntax");
        return Err(ApiError::unexpected(why));
    } else if says != current {
        return Err(ApiError::modified(&target.resource(), &target.name));
    }
    meta::set(object, "resourceVersion", Some(current.into()));
    Ok(())
}

/// Undoes what this request cannot change, and counts the generation.
fn prepare(target: &Target, old: &Value, object: &mut Value) {
    let status = |object: &Value| object.get("status").cloned();
    match target.subresource {
        Subresource::None => {
            if target
                .kind
                .version(&target.version)
                .is_some_and(|version| version.status)
            {
                put(object, "status", status(old));
            }
        }
        Subresource::Status => {
            let new = status(object);
            let fields = object.pointer("/metadata/managedFields").cloned();
            *object = old.clone();
            put(object, "status", new);
            if fields.is_some() {
                meta::set(object, "managedFields", fields);
            }
        }
        Subresource::Finalize => {
            let finalizers = object.pointer("/spec/finalizers").cloned();
            let finalizers = finalizers.filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
            *object = old.clone();
            match finalizers {
                Some(finalizers) => meta::child_mut(object, "spec").insert("finalizers".to_owned(), finalizers),
                None => meta::child_mut(object, "spec").remove("finalizers"),
            };
        }
    }
    for field in ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if object
            .pointer("/metadata")
            .and_then(|metadata| metadata.get(field))
            .is_none_or(Value::is_null)
        {
            meta::carry_over(object, old, field);
        }
    }
    for field in ["generation", "creationTimestamp"] {
        meta::carry_over(object, old, field);
    }
    if target.kind.has_generation() && content(target, old) != content(target, object) {
        let generation = meta::generation(old).unwrap_or_default() + 1;
        meta::set(object, "generation", Some(generation.into()));
    }
}

/// What of an object its generation counts.
fn content(target: &Target, object: &Value) -> Value {
    let mut content = object.clone();
    let has_status = target
        .kind
        .version(&target.version)
        .is_some_and(|version| version.status);
    if let Some(fields) = content.as_object_mut() {
        fields.remove("metadata");
        if has_status {
            fields.remove("status");
        }
    }
    content
}

fn put(object: &mut Value, field: &str, value: Option<Value>) {
    match value {
        Some(value) => meta::map_mut(object).insert(field.to_owned(), value),
        None => meta::map_mut(object).remove(field),
    };
}

fn check(target: &Target, old: &Value, object: &Value) -> Result<(), ApiError> {
    let kind = &target.kind;
    let mut errors = validate::metadata_update(old, object);
    errors.extend(validate::metadata(object, kind));
    errors.extend(strategy::check(kind, Some(old), object));
    errors.extend(create::schema_errors(target, Some(old), object));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(create::invalid(kind, object, &errors))
    }
}

/// Whether writing `new` over `old` would change nothing but the times of field owners.
pub(crate) fn same(old: &Value, new: &Value) -> bool {
    fn timeless(object: &Value) -> Value {
        let mut object = object.clone();
        let managers = object
            .pointer_mut("/metadata/managedFields")
            .and_then(Value::as_array_mut);
        for manager in managers.into_iter().flatten().filter_map(Value::as_object_mut) {
            manager.remove("time");
        }
        object
    }
    old == new || timeless(old) == timeless(new)
}
