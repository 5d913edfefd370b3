//! split.smi-spec.io/v1alpha3: a split may be limited to the requests that HTTPRouteGroups match.
//!
//! Source: the specification's `traffic-split/v1alpha3`.

use kube::CustomResource;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use smi_core::{
    bounds::{API_GROUP, NAME},
    lenient,
};

use crate::bounds::{BACKENDS, MATCHES, SERVICE};
pub use crate::v1alpha2::Backend;

/// What a TrafficSplit says.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "split.smi-spec.io",
    version = "v1alpha3",
    kind = "TrafficSplit",
    plural = "trafficsplits",
    shortname = "ts",
    category = "smi",
    namespaced,
    derive = "PartialEq",
    doc = "TrafficSplit divides the traffic of a service among backend services, in proportion to their weights.",
    printcolumn = r#"{"name":"Service","type":"string","jsonPath":".spec.service","description":"The apex service of this split"}"#,
    printcolumn = r#"{"name":"Backends","type":"string","jsonPath":".spec.backends","description":"The services that share the traffic, with their weights","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct TrafficSplitSpec {
    /// The apex: the service that clients call and whose traffic is divided.
    #[schemars(length(max = SERVICE))]
    pub service: String,
    /// The services that share the traffic.
    #[serde(default, deserialize_with = "lenient::list")]
    #[schemars(!default, length(max = BACKENDS))]
    pub backends: Vec<Backend>,
    /// The HTTPRouteGroups of this namespace that say which requests are divided; a match of any of them is enough.
    /// Absent means all traffic.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::list")]
    #[schemars(length(max = MATCHES))]
    pub matches: Vec<RouteRef>,
}

/// A reference to an HTTPRouteGroup in the namespace of the split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteRef {
    /// The API group of the route: specs.smi-spec.io, or absent, which means the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = API_GROUP))]
    pub api_group: Option<String>,
    /// The kind of the route: HTTPRouteGroup.
    #[schemars(schema_with = "kind_schema")]
    pub kind: String,
    /// The name of the route.
    #[schemars(length(max = NAME))]
    pub name: String,
}

impl RouteRef {
    /// The HTTPRouteGroup `name`.
    pub fn http_route_group(name: impl Into<String>) -> Self {
        Self {
            api_group: None,
            kind: HTTP_ROUTE_GROUP.to_owned(),
            name: name.into(),
        }
    }
}

const HTTP_ROUTE_GROUP: &str = "HTTPRouteGroup";

fn kind_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": [HTTP_ROUTE_GROUP] })
}
