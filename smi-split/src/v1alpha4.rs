//! split.smi-spec.io/v1alpha4: as v1alpha3. The hub version of this group.
//!
//! Source: the specification's `traffic-split/v1alpha4`.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smi_core::lenient;

use crate::bounds::{BACKENDS, MATCHES, SERVICE};
pub use crate::v1alpha3::{Backend, RouteRef};

/// What a TrafficSplit says.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "split.smi-spec.io",
    version = "v1alpha4",
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
