//! Aggregated discovery: every group with its versions and resources in one document.

use serde_json::{Value, json};

use crate::kind::{Kind, Registry, Version};

/// The core group alone, or every other one.
pub(super) fn groups(registry: &Registry, core: bool) -> Value {
    let groups = registry
        .groups()
        .into_iter()
        .filter(|(group, _)| group.is_empty() == core);
    let items: Vec<Value> = groups
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions.iter().map(|name| version(registry, &group, name)).collect();
            let metadata = if group.is_empty() {
                json!({})
            } else {
                json!({"name": group})
            };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn version(registry: &Registry, group: &str, name: &str) -> Value {
    let kinds = registry.kinds().iter().filter(|kind| kind.group == group);
    let resources: Vec<Value> = kinds
        .filter_map(|kind| Some((kind, kind.version(name).filter(|version| version.served)?)))
        .map(|(kind, version)| resource(kind, version))
        .collect();
    json!({"version": name, "resources": resources, "freshness": "Current"})
}

fn resource(kind: &Kind, version: &Version) -> Value {
    let of = json!({"group": kind.group, "version": version.name, "kind": kind.kind});
    let mut resource = json!({
        "resource": kind.plural,
        "responseKind": of,
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular,
        "verbs": kind.verbs(),
    });
    if !kind.short_names.is_empty() {
        resource["shortNames"] = json!(kind.short_names);
    }
    if !kind.categories.is_empty() {
        resource["categories"] = json!(kind.categories);
    }
    let mut subresources = Vec::new();
    if version.status {
        subresources.push(json!({"subresource": "status", "responseKind": of, "verbs": ["get", "patch", "update"]}));
    }
    if kind.is("", "Namespace") {
        subresources.push(json!({"subresource": "finalize", "responseKind": of, "verbs": ["update"]}));
    }
    if !subresources.is_empty() {
        resource["subresources"] = json!(subresources);
    }
    resource
}
