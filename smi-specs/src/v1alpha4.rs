//! specs.smi-spec.io/v1alpha4: TCPRoute gains ports, and UDPRoute is new. The hub version of this group.
//!
//! Source: the specification's `traffic-specs/v1alpha4`.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smi_core::lenient;

use crate::bounds;
pub use crate::v1alpha2::{HeaderMatch, HttpMatch};

/// What an HTTPRouteGroup of this version says.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "specs.smi-spec.io",
    version = "v1alpha4",
    kind = "HTTPRouteGroup",
    root = "HttpRouteGroup",
    plural = "httproutegroups",
    shortname = "htr",
    category = "smi",
    namespaced,
    derive = "PartialEq",
    derive = "Default",
    doc = "HTTPRouteGroup names sets of HTTP requests, so that a TrafficTarget can allow them.",
    printcolumn = r#"{"name":"Matches","type":"string","jsonPath":".spec.matches","description":"The sets of requests, each with its name","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct HttpRouteGroupSpec {
    /// The sets of requests, each under a name of its own.
    #[serde(default, deserialize_with = "lenient::list")]
    #[schemars(!default, length(max = bounds::MATCHES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub matches: Vec<HttpMatch>,
}

/// What a TCPRoute says: which ports its TCP traffic has.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "specs.smi-spec.io",
    version = "v1alpha4",
    kind = "TCPRoute",
    root = "TcpRoute",
    plural = "tcproutes",
    shortname = "tr",
    category = "smi",
    namespaced,
    derive = "PartialEq",
    derive = "Default",
    doc = "TCPRoute stands for TCP traffic on some ports, so that a TrafficTarget can allow it.",
    printcolumn = r#"{"name":"Ports","type":"string","jsonPath":".spec.matches.ports","description":"The ports; empty means every port"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct TcpRouteSpec {
    /// Which traffic is meant.
    #[serde(default, deserialize_with = "lenient::or_default")]
    #[schemars(!default)]
    pub matches: PortMatch,
}

/// What a UDPRoute says: which ports its UDP traffic has.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "specs.smi-spec.io",
    version = "v1alpha4",
    kind = "UDPRoute",
    root = "UdpRoute",
    plural = "udproutes",
    shortname = "ur",
    category = "smi",
    namespaced,
    derive = "PartialEq",
    derive = "Default",
    doc = "UDPRoute stands for UDP traffic on some ports, so that a TrafficTarget can allow it.",
    printcolumn = r#"{"name":"Ports","type":"string","jsonPath":".spec.matches.ports","description":"The ports; empty means every port"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct UdpRouteSpec {
    /// Which traffic is meant.
    #[serde(default, deserialize_with = "lenient::or_default")]
    #[schemars(!default)]
    pub matches: PortMatch,
}

/// The ports of a TCPRoute or UDPRoute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortMatch {
    /// A name for this set of ports. The specification does not have it; Go's types do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = bounds::MATCH_NAME))]
    pub name: Option<String>,
    /// Port numbers from 1 to 65535. An empty list means every port.
    // Required, as in the CRDs of the Go SDK and OSM: a misspelled `ports` would be pruned, and then mean every port.
    #[serde(default, deserialize_with = "lenient::ports")]
    #[schemars(!default, schema_with = "crate::ports::schema")]
    pub ports: Vec<u16>,
}
