//! Discovery as it was before it was aggregated: groups, a group, the resources of a version. And their OpenAPI.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::{
    kind::{Kind, Registry, Version},
    openapi,
};

pub(super) fn groups(registry: &Registry) -> Value {
    let groups = registry.groups().into_iter().filter(|(group, _)| !group.is_empty());
    let groups: Vec<Value> = groups.map(|(group, versions)| describe(&group, &versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

pub(super) fn group(registry: &Registry, name: &str) -> Option<Value> {
    let groups = registry.groups();
    let (group, versions) = groups.iter().find(|(group, _)| group == name)?;
    let mut description = describe(group, versions);
    description["kind"] = "APIGroup".into();
    description["apiVersion"] = "v1".into();
    Some(description)
}

fn describe(group: &str, versions: &[String]) -> Value {
    let one = |version: &String| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({
        "name": group,
        "versions": versions.iter().map(one).collect::<Vec<_>>(),
        "preferredVersion": versions.first().map(one),
    })
}

/// None where nothing of the group is served at the version.
pub(super) fn resources(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let mut resources = Vec::new();
    for kind in kinds(registry, group, version) {
        let mut resource = json!({
            "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
            "verbs": kind.verbs(),
        });
        if let Some(hash) = storage_version_hash(kind) {
            resource["storageVersionHash"] = hash.into();
        }
        if !kind.short_names.is_empty() {
            resource["shortNames"] = json!(kind.short_names);
        }
        if !kind.categories.is_empty() {
            resource["categories"] = json!(kind.categories);
        }
        resources.push(resource);
        let sub = |name: &str, verbs: Value| {
            json!({
                "name": format!("{}/{name}", kind.plural), "singularName": "", "namespaced": kind.namespaced,
                "kind": kind.kind, "verbs": verbs,
            })
        };
        if kind.is("", "Namespace") {
            resources.push(sub("finalize", json!(["update"])));
        }
        if kind.version(version).is_some_and(|version| version.status) {
            resources.push(sub("status", json!(["get", "patch", "update"])));
        }
    }
    if resources.is_empty() {
        return None;
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Some(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}))
}

/// By which clients see that another version is stored; none where that is not served. Kubernetes' own function of it.
fn storage_version_hash(kind: &Kind) -> Option<String> {
    let is_stored = |version: &Version| kind.api_version(&version.name) == kind.stored_at;
    if kind.builtin.is_some() || !kind.served().any(is_stored) {
        return None;
    }
    let digest = digest(&SHA256, format!("{}/{}", kind.stored_at, kind.kind).as_bytes());
    Some(BASE64_STANDARD.encode(digest.as_ref().get(..8)?))
}

fn kinds<'r>(registry: &'r Registry, group: &str, version: &str) -> impl Iterator<Item = &'r Kind> {
    let serves = move |kind: &&Kind| kind.group == group && kind.version(version).is_some_and(|version| version.served);
    registry.kinds().iter().map(|kind| &**kind).filter(serves)
}

/// A kind at a version as OpenAPI describes it.
fn described<'k>(kind: &'k Kind, name: &str) -> Option<openapi::Kind<'k>> {
    let version = kind.version(name)?;
    Some(openapi::Kind {
        group: &kind.group,
        version: &version.name,
        kind: &kind.kind,
        plural: &kind.plural,
        namespaced: kind.namespaced,
        status: version.status,
        schema: &version.schema,
    })
}

pub(super) fn openapi(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let kinds: Vec<_> = kinds(registry, group, version)
        .filter_map(|kind| described(kind, version))
        .collect();
    (!kinds.is_empty()).then(|| openapi::v3_document(&kinds))
}

pub(super) fn openapi_v2(registry: &Registry) -> Value {
    let mut all = Vec::new();
    for kind in registry.kinds() {
        all.extend(kind.served().filter_map(|version| described(kind, &version.name)));
    }
    openapi::v2(&all)
}
