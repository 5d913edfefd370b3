//! access.smi-spec.io/v1alpha3: ports come from TCPRoute and UDPRoute, no longer from the destination.
//!
//! Source: the specification's `traffic-access/v1alpha3`.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smi_core::{
    bounds::{KIND, NAME, NAMESPACE},
    lenient,
};

use crate::bounds::{RULES, SOURCES};
pub use crate::v1alpha1::Rule;

/// What a TrafficTarget says.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "access.smi-spec.io",
    version = "v1alpha3",
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
    #[schemars(!default, length(max = SOURCES))]
    pub sources: Vec<Subject>,
    /// The routes that say which traffic is allowed. An empty list allows none.
    #[serde(default, deserialize_with = "lenient::list")]
    #[schemars(!default, length(max = RULES))]
    pub rules: Vec<Rule>,
}

/// An identity that sends or receives traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// What kind of identity this is: ServiceAccount. Any other kind stands for nobody.
    #[schemars(length(max = KIND))]
    pub kind: String,
    /// The name of the identity.
    #[schemars(length(max = NAME))]
    pub name: String,
    /// The namespace of the identity. Absent means the namespace of the TrafficTarget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NAMESPACE))]
    pub namespace: Option<String>,
}

impl Subject {
    /// The ServiceAccount `name`, in the namespace of the TrafficTarget.
    pub fn service_account(name: impl Into<String>) -> Self {
        Self {
            kind: crate::subject::SERVICE_ACCOUNT.to_owned(),
            name: name.into(),
            ..Self::default()
        }
    }
}
