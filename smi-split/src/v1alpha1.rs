//! split.smi-spec.io/v1alpha1: weights are Kubernetes quantities, such as `500m`.
//!
//! Source: the specification's `traffic-split/v1alpha1`.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smi_core::{lenient, quantity::Quantity};

use crate::bounds::{BACKENDS, SERVICE};

/// What a TrafficSplit says.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "split.smi-spec.io",
    version = "v1alpha1",
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
}

/// A service that receives a share of the traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backend {
    /// The name of the service.
    #[schemars(length(max = SERVICE))]
    pub service: String,
    /// The share of the service, in proportion to the other weights: a whole number, or a quantity as a string such as
    /// 500m. 1 is the same as 1000m; 0 receives nothing.
    pub weight: Quantity,
}

impl Backend {
    /// The service `service` with the weight `weight`.
    pub fn new(service: impl Into<String>, weight: impl Into<Quantity>) -> Self {
        Self {
            service: service.into(),
            weight: weight.into(),
        }
    }
}
