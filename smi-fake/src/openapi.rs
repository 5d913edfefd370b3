//! OpenAPI documents, by which `kubectl explain` explains and kubectl knows what a server can do.

mod operations;
pub(crate) mod protobuf;
mod schemas;
mod v2;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::{Map, Value, json};

pub use v2::v2;

/// A kind that a server serves at a version, as far as OpenAPI tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Kind<'k> {
    /// The group; empty for the core group.
    pub group: &'k str,
    /// The version.
    pub version: &'k str,
    /// The kind: `TrafficSplit`.
    pub kind: &'k str,
    /// Its plural, as in paths: `trafficsplits`.
    pub plural: &'k str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether it has the subresource `status`.
    pub status: bool,
    /// The schema of its objects. Of a built-in kind the document takes what k8s-openapi says instead.
    pub schema: &'k JSONSchemaProps,
}

impl Kind<'_> {
    /// The path of its group and version: `/apis/split.smi-spec.io/v1alpha4`.
    fn root(&self) -> String {
        match self.group {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        }
    }

    fn group_version_kind(&self) -> Value {
        json!({"group": self.group, "kind": self.kind, "version": self.version})
    }
}

/// The answer to `GET /openapi/v3`: where the document of each group and version is. `group_versions` are
/// (`""`, `"v1"`), (`"split.smi-spec.io"`, `"v1alpha4"`), with anything that changes when the document does.
pub fn v3_index<'g>(group_versions: impl IntoIterator<Item = (&'g str, &'g str, String)>) -> Value {
    let paths: Map<String, Value> = group_versions
        .into_iter()
        .map(|(group, version, hash)| {
            let path = match group {
                "" => format!("api/{version}"),
                group => format!("apis/{group}/{version}"),
            };
            let url = json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={hash}")});
            (path, url)
        })
        .collect();
    json!({"paths": paths})
}

/// The OpenAPI v3 document of one group and version: `GET /openapi/v3/apis/GROUP/VERSION`. `kinds` are those of that
/// group and version.
pub fn v3_document(kinds: &[Kind<'_>]) -> Value {
    let mut paths = Map::new();
    let mut definitions = schemas::shared();
    for kind in kinds {
        let (name, builtin) = schemas::add(kind, &mut definitions);
        operations::add(kind, &name, builtin, &mut paths);
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": definitions},
    })
}

#[cfg(test)]
mod tests;
