//! specs.smi-spec.io/v1alpha3: the fields move under `spec`.
//!
//! Source: the specification's `traffic-specs/v1alpha3`.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value};
use smi_core::lenient;

use crate::bounds;
pub use crate::v1alpha2::{HeaderMatch, HttpMatch};

/// What an HTTPRouteGroup of this version says.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "specs.smi-spec.io",
    version = "v1alpha3",
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

/// What a TCPRoute of this version says: nothing but "TCP", whichever the port.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[kube(
    group = "specs.smi-spec.io",
    version = "v1alpha3",
    kind = "TCPRoute",
    root = "TcpRoute",
    plural = "tcproutes",
    shortname = "tr",
    category = "smi",
    namespaced,
    derive = "PartialEq",
    derive = "Default",
    doc = "TCPRoute stands for TCP traffic on every port, so that a TrafficTarget can allow it.",
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct TcpRouteSpec {}

impl<'de> Deserialize<'de> for TcpRouteSpec {
    /// Reads `{}`, `null` and an absent `spec`, as clusters hold all three. Ports, which v1alpha4 introduced, are refused:
    /// to skip them would be to open every port.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Option::<Map<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
        if fields.contains_key("matches") {
            return Err(D::Error::custom(
                "`matches` is of v1alpha4: a TCPRoute of this version has no fields",
            ));
        }
        Ok(Self {})
    }
}
