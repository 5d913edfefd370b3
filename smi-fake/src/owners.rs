//! Owner references: what they have to say, and that each is there once.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde_json::Value;

use crate::{error::FieldError, meta};

const FIELD: &str = "metadata.ownerReferences";

/// Drops references that come again; the UIDs of those that did.
pub(crate) fn deduplicate(object: &mut Value) -> Vec<String> {
    let mut repeated = Vec::new();
    let owners = object
        .pointer_mut("/metadata/ownerReferences")
        .and_then(Value::as_array_mut);
    if let Some(owners) = owners {
        let mut kept = Vec::with_capacity(owners.len());
        for owner in owners.drain(..) {
            if kept.contains(&owner) {
                repeated.push(meta::text(&owner, "/uid").to_owned());
            } else {
                kept.push(owner);
            }
        }
        *owners = kept;
    }
    repeated
}

/// What is wrong with the owners of an object whose metadata is typed already.
pub(crate) fn check(object: &Value) -> Vec<FieldError> {
    let owners = object.pointer("/metadata/ownerReferences").cloned();
    let owners: Vec<OwnerReference> = owners
        .and_then(|owners| serde_json::from_value(owners).ok())
        .unwrap_or_default();
    let mut errors = Vec::new();
    let mut controller: Option<&OwnerReference> = None;
    for (position, owner) in owners.iter().enumerate() {
        check_one(owner, &format!("{FIELD}[{position}]"), &mut errors);
        if owner.controller != Some(true) {
            continue;
        }
        let Some(first) = controller else {
            controller = Some(owner);
            continue;
        };
        let list: Vec<_> = owners.iter().map(print).collect();
        errors.push(FieldError::new(
            "FieldValueInvalid",
            FIELD,
            format!(
                "Invalid value: [{}]: Only one reference can have Controller set to true. Found \"true\" in references for {}/{} and {}/{}",
                list.join(","),
                first.kind,
                first.name,
                owner.kind,
                owner.name
            ),
        ));
    }
    errors
}

fn check_one(owner: &OwnerReference, at: &str, errors: &mut Vec<FieldError>) {
    let version = group_version(&owner.api_version);
    let fields = [
        ("apiVersion", &owner.api_version),
        ("kind", &owner.kind),
        ("name", &owner.name),
        ("uid", &owner.uid),
    ];
    for (field, text) in fields {
        let at = format!("{at}.{field}");
        if text.is_empty() {
            errors.push(FieldError::required(at, "must not be empty"));
        } else if field == "apiVersion" && version.is_none() {
            let why = "must be <group>/<version> or <version>";
            errors.push(FieldError::invalid(at, &text.as_str().into(), why));
        }
    }
    // Events go after an hour, and what they own would go along.
    if version == Some(("", "v1")) && owner.kind == "Event" {
        let why = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(FieldError::new(
            "FieldValueInvalid",
            at,
            format!("Invalid value: {}: {why}", print(owner)),
        ));
    }
}

/// The group and the version of an `apiVersion`; none where it is neither `VERSION` nor `GROUP/VERSION`.
fn group_version(api_version: &str) -> Option<(&str, &str)> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    (!version.is_empty() && !version.contains('/')).then_some((group, version))
}

/// A reference as Go prints it.
fn print(owner: &OwnerReference) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let flag = |field: &str, value: Option<bool>| {
        let print = |value| format!(r#","{field}":{value}"#);
        value.map(print).unwrap_or_default()
    };
    format!(
        r#"{{"apiVersion":{},"kind":{},"name":{},"uid":{}{}{}}}"#,
        text(&owner.api_version),
        text(&owner.kind),
        text(&owner.name),
        text(&owner.uid),
        flag("controller", owner.controller),
        flag("blockOwnerDeletion", owner.block_owner_deletion)
    )
}
