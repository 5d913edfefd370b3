//! Server-side apply and the owners of fields.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::{Value, json};

use super::{
    ApplyError, Conflict,
    combine::{combine, without},
    compare::{Comparison, compare, field_set},
    fields::{FieldSet, Step},
    managed::{self, Entry, Managed, ManagerId},
    shape::{Form, Shape},
};

/// The manager of what was there before anybody applied.
const BEFORE_APPLY: &str = "before-first-apply";
/// Where `kubectl apply` keeps what it applied on the client's side.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// An object has no more managers by update than these; beyond, the oldest become one.
const MOST_UPDATERS: usize = 10;
/// The name of that one.
const ANCIENT: &str = "ancient-changes";

/// Who writes, and how and when.
#[derive(Clone, Copy, Debug)]
pub struct Manager<'m> {
    /// The `fieldManager` of the request, or what the server makes of its user agent.
    pub name: &'m str,
    /// The subresource that is written (`status`); empty for the object itself.
    pub subresource: &'m str,
    /// The time of the request, RFC 3339 in UTC and whole seconds: `2026-01-02T03:04:05Z`.
    pub time: &'m str,
}

/// What the applied configuration `applied` makes of `current` (none: the object does not exist yet), with
/// `metadata.managedFields` kept. `force` takes fields over from other managers.
///
/// The server then defaults and validates the result. When it differs from `current` in the times of `managedFields`
/// alone, nothing changed and nothing is to be stored. Managers at another API version are taken for managers at that of
/// `applied`: fields that moved between versions are not followed.
///
/// # Errors
/// [`ApplyError::Conflicts`] when other managers own fields that change, unless `force`; [`ApplyError::Malformed`] and
/// [`ApplyError::NotTyped`] for what cannot be applied at all.
pub fn apply(
    current: Option<&Value>,
    applied: &Value,
    manager: &Manager<'_>,
    force: bool,
    schema: &JSONSchemaProps,
) -> Result<Value, ApplyError> {
    if applied
        .pointer("/metadata/managedFields")
        .is_some_and(|fields| !fields.is_null())
    {
        return Err(ApplyError::Malformed("metadata.managedFields must be nil".into()));
    }
    let shape = Shape::Root(schema);
    check(applied, shape, "").map_err(|(path, fault)| not_typed(applied, &path, &fault))?;
    let api_version = text(applied, "apiVersion");
    let id = ManagerId::new(manager.name, true, api_version, manager.subresource);

    let empty = json!({"apiVersion": applied["apiVersion"], "kind": applied["kind"]});
    let mut owners = current.map(managed::decode).unwrap_or_default();
    let live = current.map_or_else(|| empty.clone(), managed::stripped);
    if owners.is_empty() && current.is_some() {
        let before = ManagerId::new(BEFORE_APPLY, false, api_version, manager.subresource);
        let comparison = compare(&empty, &live, shape);
        let mut fields = strip(&comparison.changed());
        if manager.subresource.is_empty() {
            // The status is written by its subresource, and was not the business of those before.
            fields = fields.without_field("status");
        }
        own(&mut owners, before, &fields, manager.time, api_version);
    }
    let last = owners.get(&id).cloned();
    let entry = Entry {
        api_version: api_version.to_owned(),
        time: last.as_ref().and_then(|last| last.time.clone()),
        set: field_set(applied, shape),
    };
    owners.insert(id.clone(), entry);

    let merged = combine(&live, applied, shape);
    let mut object = match &last {
        Some(last) => without(&merged, &given_up(&merged, &last.set, &owners, shape), shape),
        None => merged,
    };
    let comparison = compare(&live, &object, shape);
    let conflicts = conflicts(&owners, &id, &comparison, &taken_over(current, manager, shape));
    if !force && !conflicts.is_empty() {
        return Err(ApplyError::Conflicts(conflicts));
    }
    take(&mut owners, Some(&id), &comparison);
    if let Some(entry) = owners.get_mut(&id) {
        entry.set = strip(&entry.set);
        if object != live || current.is_none() {
            entry.time = Some(manager.time.to_owned());
        }
    }
    owners.retain(|_, entry| !entry.set.is_empty());
    if manager.name == "kubectl" {
        keep_last_applied(&mut object, applied);
    }
    managed::encode(&mut object, owners);
    Ok(object)
}

/// `new`, what an update or a patch other than apply made of `old` (none: it is created), with `metadata.managedFields`
/// kept: `manager` owns what it changed.
///
/// `new` may bring `managedFields` of its own: they are taken, and an empty list forgets them all.
pub fn manage_update(old: Option<&Value>, new: &Value, manager: &Manager<'_>, schema: &JSONSchemaProps) -> Value {
    let shape = Shape::Root(schema);
    let api_version = text(new, "apiVersion");
    let of_old = || old.map(managed::decode).unwrap_or_default();
    let mut owners = if !manager.subresource.is_empty() {
        of_old()
    } else if managed::is_reset(new) {
        Managed::new()
    } else {
        let brought = managed::decode(new);
        if brought.is_empty() { of_old() } else { brought }
    };
    let mut object = managed::stripped(new);
    // Once nobody manages an object, only an applier begins again.
    if owners.is_empty() && old.is_some() {
        return object;
    }
    let empty = json!({"apiVersion": new["apiVersion"], "kind": new["kind"]});
    let live = old.map_or(empty, managed::stripped);
    let comparison = compare(&live, &object, shape);
    take(&mut owners, None, &comparison);
    let id = ManagerId::new(manager.name, false, api_version, manager.subresource);
    own(
        &mut owners,
        id,
        &strip(&comparison.changed()),
        manager.time,
        api_version,
    );
    owners.retain(|_, entry| !entry.set.is_empty());
    cap(&mut owners);
    managed::encode(&mut object, owners);
    object
}

/// Adds fields to those of a manager.
fn own(owners: &mut Managed, id: ManagerId, fields: &FieldSet, time: &str, api_version: &str) {
    if fields.is_empty() {
        return;
    }
    let entry = owners.entry(id).or_insert_with(|| Entry {
        api_version: api_version.to_owned(),
        time: None,
        set: FieldSet::default(),
    });
    entry.set = std::mem::take(&mut entry.set).union(fields);
    entry.time = Some(time.to_owned());
    api_version.clone_into(&mut entry.api_version);
}

/// Takes from everybody but `but` what changed and what is gone.
fn take(owners: &mut Managed, but: Option<&ManagerId>, comparison: &Comparison) {
    let changed = comparison.changed();
    for (id, entry) in owners.iter_mut() {
        if Some(id) != but {
            entry.set = entry.set.difference(&changed).difference(&comparison.removed);
        }
    }
}

/// What others own of what changes. What `kubectl apply` set on the client's side is its own already.
fn conflicts(owners: &Managed, applier: &ManagerId, comparison: &Comparison, mine: &FieldSet) -> Vec<Conflict> {
    let changed = comparison.changed().difference(mine);
    owners
        .iter()
        .filter(|(id, _)| *id != applier)
        .flat_map(|(id, entry)| {
            let paths = entry.set.intersection(&changed).paths();
            paths.into_iter().map(|field| Conflict {
                manager: id.print(),
                field,
            })
        })
        .collect()
}

/// The fields that `kubectl apply` set on the client's side: `kubectl apply --server-side` takes them over.
fn taken_over(current: Option<&Value>, manager: &Manager<'_>, shape: Shape<'_>) -> FieldSet {
    let applied = current
        .filter(|_| manager.name == "kubectl")
        .and_then(|current| current.get("metadata")?.get("annotations")?.get(LAST_APPLIED)?.as_str())
        .and_then(|applied| serde_json::from_str::<Value>(applied).ok());
    applied.map(|applied| field_set(&applied, shape)).unwrap_or_default()
}

/// What the applier applied last time and nobody wants any more.
fn given_up(merged: &Value, last: &FieldSet, owners: &Managed, shape: Shape<'_>) -> FieldSet {
    let parents = |set: &FieldSet| set.with_named_parents(shape, &Shape::descend);
    let wanted = owners
        .values()
        .fold(FieldSet::default(), |wanted, entry| wanted.union(&entry.set));
    parents(&field_set(merged, shape))
        .intersection(&parents(last))
        .difference(&parents(&wanted))
}

/// Without the fields that every object has and nobody owns.
fn strip(set: &FieldSet) -> FieldSet {
    let mut nobodys = FieldSet::default();
    let field = |name: &str| Step::Field(name.to_owned());
    for name in ["apiVersion", "kind", "metadata"] {
        nobodys.insert(&[field(name)]);
    }
    for name in [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ] {
        nobodys.insert(&[field("metadata"), field(name)]);
    }
    set.difference(&nobodys)
}

/// Makes one of the oldest managers by update when there are too many.
fn cap(owners: &mut Managed) {
    let mut updaters: Vec<(Option<String>, ManagerId)> = owners
        .iter()
        .filter(|(id, _)| !id.applies)
        .map(|(id, entry)| (entry.time.clone(), id.clone()))
        .collect();
    if updaters.len() <= MOST_UPDATERS {
        return;
    }
    updaters.sort();
    let many = updaters.len() - MOST_UPDATERS + 1;
    for (_, id) in updaters.drain(..many) {
        if let Some(entry) = owners.remove(&id) {
            let ancient = ManagerId::new(ANCIENT, false, &entry.api_version, "");
            let time = entry.time.unwrap_or_default();
            own(owners, ancient, &entry.set, &time, &entry.api_version);
        }
    }
}

/// Where client-side apply left its annotation, server-side apply by kubectl keeps it up.
fn keep_last_applied(object: &mut Value, applied: &Value) {
    let Some(annotation) = object
        .pointer_mut("/metadata/annotations")
        .and_then(|map| map.get_mut(LAST_APPLIED))
    else {
        return;
    };
    let mut applied = applied.clone();
    if let Some(annotations) = applied
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.remove(LAST_APPLIED);
    }
    *annotation = format!("{applied}\n").into();
}

/// What no list of the configuration may have: one item twice, or an item without its keys.
fn check(value: &Value, shape: Shape<'_>, at: &str) -> Result<(), (String, String)> {
    match (shape.form(value), value) {
        (Form::Map, Value::Object(fields)) => fields
            .iter()
            .try_for_each(|(name, value)| check(value, shape.field(name).1, &format!("{at}.{name}"))),
        (form @ (Form::Set | Form::Keyed(_)), Value::Array(items)) => {
            let mut seen = Vec::with_capacity(items.len());
            for (position, item) in items.iter().enumerate() {
                let Some(step) = shape.step_to(form, item) else {
                    let keys: Vec<String> = match form {
                        Form::Keyed(keys) => keys.iter().map(|key| Value::from(key.as_str()).to_string()).collect(),
                        _ => Vec::new(),
                    };
                    let fault = format!(
                        "element {position}: associative list with keys has an element that omits all key fields [{}] \
                         (and doesn't have default values for any key fields)",
                        keys.join(" ")
                    );
                    return Err((at.to_owned(), fault));
                };
                if seen.contains(&step) {
                    return Err((at.to_owned(), format!("duplicate entries for key {step}")));
                }
                check(item, shape.item(), &format!("{at}{step}"))?;
                seen.push(step);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn not_typed(applied: &Value, at: &str, fault: &str) -> ApplyError {
    let metadata = |name: &str| {
        applied
            .pointer(&format!("/metadata/{name}"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    ApplyError::NotTyped(format!(
        "failed to create typed patch object ({}/{}; {}, Kind={}): {at}: {fault}",
        metadata("namespace"),
        metadata("name"),
        text(applied, "apiVersion"),
        text(applied, "kind"),
    ))
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
