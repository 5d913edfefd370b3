//! What a server says of itself: its groups, versions and resources, its version, its health, its OpenAPI.

mod aggregated;
mod resources;

use http::{HeaderMap, Response, header::ACCEPT};
use kube::core::response::reason;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    error::ApiError,
    openapi::{self, protobuf},
    request::{Accept, Form},
    response::{self, ResponseBody},
};

const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Answers what is about no resource.
pub(crate) fn serve(cluster: &Cluster, headers: &HeaderMap, words: &[String]) -> Response<ResponseBody> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let aggregated = Accept::read(headers).is_some_and(|accept| accept.form == Form::Discovery);
    let state = cluster.lock();
    let registry = &state.registry;
    let found = match words.as_slice() {
        ["api"] if aggregated => return response::json_as(DISCOVERY, &aggregated::groups(registry, true)),
        ["apis"] if aggregated => return response::json_as(DISCOVERY, &aggregated::groups(registry, false)),
        ["api"] => Some(json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})),
        ["apis"] => Some(resources::groups(registry)),
        ["apis", group] => resources::group(registry, group),
        ["api", version] => resources::resources(registry, "", version),
        ["apis", group, version] => resources::resources(registry, group, version),
        ["version"] => Some(version()),
        ["healthz" | "livez" | "readyz", ..] => return response::text(200, "ok"),
        ["openapi", "v3"] => {
            let stamp = registry.changes.to_string();
            let groups = registry.groups();
            let versions = groups.iter().flat_map(|(group, versions)| {
                let stamp = &stamp;
                versions
                    .iter()
                    .map(move |version| (group.as_str(), version.as_str(), stamp.clone()))
            });
            Some(openapi::v3_index(versions))
        }
        ["openapi", "v3", "api", version] => resources::openapi(registry, "", version),
        ["openapi", "v3", "apis", group, version] => resources::openapi(registry, group, version),
        ["openapi", "v2"] if Accept::read(headers).is_none() => {
            let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
            if !accepted
                .flat_map(|text| text.split(','))
                .any(|one| one.trim() == protobuf::ASKED)
            {
                return response::error(&ApiError::not_acceptable());
            }
            let document = protobuf::protobuf(&resources::openapi_v2(registry));
            return response::bytes(protobuf::MEDIA_TYPE, document);
        }
        ["openapi", "v2"] => Some(resources::openapi_v2(registry)),
        _ => None,
    };
    match found {
        Some(value) => response::json(200, &value),
        // As everything below `/api`.
        None if words.first() == Some(&"api") => {
            let why = "the server could not find the requested resource";
            response::error(&ApiError::new(404, reason::NOT_FOUND, why))
        }
        None => response::text(404, "404 page not found\n"),
    }
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "37", "gitVersion": "v1.37.0+smi-fake", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc", "platform": "",
    })
}
