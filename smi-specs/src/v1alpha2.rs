//! specs.smi-spec.io/v1alpha2: matches gain headers; the fields still stand at the root of the object.
//!
//! Source: the specification's `traffic-specs/v1alpha2`.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use smi_core::lenient;

pub use crate::headers::HeaderMatch;
use crate::{at_root, bounds, headers};

/// What an HTTPRouteGroup of this version says; its fields stand at the root of the object.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[kube(
    group = "specs.smi-spec.io",
    version = "v1alpha2",
    kind = "HTTPRouteGroup",
    root = "HttpRouteGroup",
    plural = "httproutegroups",
    shortname = "htr",
    category = "smi",
    namespaced,
    no_spec,
    derive = "PartialEq",
    derive = "Default",
    doc = "HTTPRouteGroup names sets of HTTP requests, so that a TrafficTarget can allow them.",
    printcolumn = r#"{"name":"Matches","type":"string","jsonPath":".matches","description":"The sets of requests, each with its name","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct HttpRouteGroupSpec {
    /// The sets of requests, each under a name of its own.
    #[schemars(length(max = bounds::MATCHES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub matches: Vec<HttpMatch>,
}

impl<'de> Deserialize<'de> for HttpRouteGroupSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        at_root::matches(deserializer).map(|matches| Self { matches })
    }
}

/// A set of HTTP requests: those of one of the methods whose path and headers match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpMatch {
    /// The name by which rules refer to this match; unique in its group.
    #[schemars(length(max = bounds::MATCH_NAME))]
    pub name: String,
    /// HTTP methods such as GET, in upper case; `*` and an empty list mean every method.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::list")]
    #[schemars(schema_with = "crate::method::schema")]
    pub methods: Vec<String>,
    /// A regular expression (RE2) for the path without its query, anchored at the start and open at the end. Absent
    /// means every path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = bounds::REGEX))]
    pub path_regex: Option<String>,
    /// Headers that a request must have, all of them; each is a header name and a regular expression (RE2) for the whole
    /// value. Written as a list of maps with one key each.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "headers")]
    #[schemars(schema_with = "headers::schema")]
    pub headers: Vec<HeaderMatch>,
}

/// What a TCPRoute of this version says: nothing but "TCP", whichever the port.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[kube(
    group = "specs.smi-spec.io",
    version = "v1alpha2",
    kind = "TCPRoute",
    root = "TcpRoute",
    plural = "tcproutes",
    shortname = "tr",
    category = "smi",
    namespaced,
    no_spec,
    derive = "PartialEq",
    derive = "Default",
    doc = "TCPRoute stands for TCP traffic on every port, so that a TrafficTarget can allow it.",
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct TcpRouteSpec {}

impl<'de> Deserialize<'de> for TcpRouteSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        at_root::nothing(deserializer).map(|()| Self {})
    }
}
