//! Patches objects; server-side apply makes those that are not there.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::Value;

use super::{
    Decoder, Written, create,
    update::{Next, modify, modify_or_create},
};
use crate::{
    cluster::{Cluster, Target},
    error::ApiError,
    kind::Kind,
    meta,
    patch::{self, ApplyError, Manager, PatchError},
    request::{Body, WriteOptions},
};

/// The kinds of patches, by their media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchType {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl PatchType {
    /// The type of a patch, where `kind` takes it.
    pub(crate) fn read(media_type: &str, kind: &Kind) -> Result<Self, ApiError> {
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let found = match media_type {
            "application/json-patch+json" => Some(Self::Json),
            "application/merge-patch+json" => Some(Self::Merge),
            "application/strategic-merge-patch+json" if kind.builtin.is_some() => Some(Self::Strategic),
            "application/apply-patch+yaml" => Some(Self::Apply),
            _ => None,
        };
        found.ok_or_else(|| {
            let mut accepted = vec!["application/json-patch+json", "application/merge-patch+json"];
            if kind.builtin.is_some() {
                accepted.push("application/strategic-merge-patch+json");
            }
            accepted.push("application/apply-patch+yaml");
            ApiError::unsupported_media_type(&accepted.join(", "))
        })
    }
}

pub(crate) fn patch(
    cluster: &Cluster,
    target: &Target,
    of: PatchType,
    body: Body,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let mut decoder = Decoder::new(target, options.field_validation);
    if of == PatchType::Apply {
        return apply(cluster, target, decoder, body, options);
    }
    let version = target.kind.version(&target.version);
    let version = version.ok_or_else(|| ApiError::not_found(&target.resource(), &target.name))?;
    let patch = body.value;
    let object = modify(cluster, target, options, &mut |old| {
        let patched = match of {
            PatchType::Json => patch::json(old, &patch),
            PatchType::Strategic => patch::strategic(old, &patch, &version.schema),
            _ => patch::merge(old, &patch),
        };
        let patched = patched.map_err(refused)?;
        let mut object = decoder.patched(patched)?;
        same_place(target, &mut object)?;
        Ok(Next { object, owned: false })
    })?;
    Ok(Written {
        object,
        created: false,
        warnings: decoder.warnings,
    })
}

fn refused(error: PatchError) -> ApiError {
    match error {
        PatchError::DoesNotFit(_) => {
            let why = "the server rejected our request due to an error in our request";
            ApiError::new(422, kube::core::response::reason::INVALID, why)
        }
        other => ApiError::bad_request(other.to_string()),
    }
}

fn same_place(target: &Target, object: &mut Value) -> Result<(), ApiError> {
    if meta::name(object).is_empty() {
        meta::set(object, "name", Some(target.name.as_str().into()));
    }
    wrong_name(target, meta::name(object))?;
    create::place(target, object)
}

fn wrong_name(target: &Target, says: &str) -> Result<(), ApiError> {
    if says.is_empty() || says == target.name {
        return Ok(());
    }
    Err(ApiError::bad_request(format!(
        "the name of the object ({says}) does not match the name on the URL ({})",
        target.name
    )))
}

/// Server-side apply takes no field that the schema does not have, whatever `fieldValidation` says.
fn undeclared(target: &Target, applied: &Value, schema: &JSONSchemaProps) -> Result<(), ApiError> {
    let unknown = smi_core::schema::unknown_fields(applied, schema);
    let lines: Vec<_> = unknown
        .iter()
        .map(|path| format!(".{path}: field not declared in schema"))
        .collect();
    let what = match lines.as_slice() {
        [] => return Ok(()),
        [line] => line.clone(),
        lines => format!("errors:\n  {}", lines.join("\n  ")),
    };
    let place = format!("{}/{}", meta::namespace(applied), meta::name(applied));
    let of = format!("{}, Kind={}", target.api_version(), target.kind.kind);
    Err(ApiError::unexpected(format!(
        "failed to create typed patch object ({place}; {of}): {what}"
    )))
}

fn apply(
    cluster: &Cluster,
    target: &Target,
    mut decoder: Decoder<'_>,
    body: Body,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let applied = body.value.clone();
    if applied.get("kind").is_none() || applied.get("apiVersion").is_none() {
        return Err(ApiError::bad_request("invalid object type: /, Kind="));
    }
    if applied
        .pointer("/metadata/managedFields")
        .is_some_and(|fields| !fields.is_null())
    {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    wrong_name(target, meta::name(&applied))?;
    let version = target.kind.version(&target.version);
    let version = version.ok_or_else(|| ApiError::not_found(&target.resource(), &target.name))?;
    undeclared(target, &applied, &version.schema)?;
    // Types are checked on what the client sent; defaults come after the merge.
    decoder.whole(body)?;
    let mut applied = applied;
    smi_core::schema::prune(&mut applied, &version.schema);
    let stamp = cluster.clock.stamp();
    let manager = Manager {
        name: &options.manager,
        subresource: target.subresource_name(),
        time: &stamp,
    };
    let merged = |old: Option<&Value>, decoder: &mut Decoder<'_>| {
        let merged = patch::apply(old, &applied, &manager, options.force, &version.schema);
        let merged = merged.map_err(|error| match error {
            ApplyError::Conflicts(_) => ApiError::apply_conflict(error.to_string(), error.causes()),
            other => ApiError::bad_request(other.to_string()),
        })?;
        let owners = merged.pointer("/metadata/managedFields").cloned();
        let mut object = decoder.patched(merged)?;
        meta::set(&mut object, "managedFields", owners);
        same_place(target, &mut object)?;
        Ok::<_, ApiError>(object)
    };
    let may_make = meta::text(&applied, "/metadata/uid").is_empty() && target.subresource_name().is_empty();
    let (object, created) = modify_or_create(cluster, target, may_make, &mut |there| {
        if !there {
            let object = merged(None, &mut decoder)?;
            return create::insert(cluster, target, object, options, false);
        }
        modify(cluster, target, options, &mut |old| {
            let mut object = merged(Some(old), &mut decoder)?;
            if meta::text(&applied, "/metadata/resourceVersion").is_empty() {
                meta::carry_over(&mut object, old, "resourceVersion");
            }
            Ok(Next { object, owned: true })
        })
    })?;
    Ok(Written {
        object,
        created,
        warnings: decoder.warnings,
    })
}
