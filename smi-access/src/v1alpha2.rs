//! access.smi-spec.io/v1alpha2: the fields move under `spec`, and `specs` is now called `rules`.
//!
//! Source: the specification's `traffic-access/v1alpha2`.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smi_core::lenient;

use crate::bounds::{RULES, SOURCES};
pub use crate::v1alpha1::{Rule, Subject};

/// What a TrafficTarget says.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "access.smi-spec.io",
    version = "v1alpha2",
    kind = "TrafficTarget",
    plural = "traffictargets",
    shortname = "tt",
    category = "smi",
    namespaced,
    derive = "PartialEq",
    doc = "TrafficTarget allows traffic from its sources to its destination; what no TrafficTarget allows is denied.",
    printcolumn = r#"{"name":"Destination","type":"string","jsonPath":".spec.destination.name","description":"The identity that receives the traffic"}"#,
    printcolumn = r#"{"name":"Sources","type":"string","jsonPath":".spec.sources","description":"The identities that may send it","priority":1}"#,
    printcolumn = r#"{"name":"Rules","type":"string","jsonPath":".spec.rules","description":"The routes that say which traffic","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct TrafficTargetSpec {
    /// The identity that receives the traffic.
    pub destination: Subject,
    /// The identities that may send it. An empty list allows nobody.
    #[serde(default, deserialize_with = "lenient::list")]
    #[schemars(length(max = SOURCES))]
    pub sources: Vec<Subject>,
    /// The routes that say which traffic is allowed. An empty list allows none.
    #[serde(default, deserialize_with = "lenient::list")]
    #[schemars(length(max = RULES), transform = crate::rule::without_udp_routes)]
    pub rules: Vec<Rule>,
}
