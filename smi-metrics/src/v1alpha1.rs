//! metrics.smi-spec.io/v1alpha1: traffic metrics of a resource, and of its edges to its peers.
//!
//! Sources: the specification's `traffic-metrics/v1alpha1`, and the Go SDK's `pkg/apis/metrics/v1alpha1` for the
//! encoding.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ListMeta, ObjectMeta, Time};
use kube::core::DynamicResourceScope;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};
use smi_core::{lenient, quantity::Quantity};

use crate::{
    duration::GoDuration,
    kind::{GROUP, ResourceKind},
    metadata::{self, GoListMeta, GoObjectMeta},
    text,
    type_meta::{self, Found, TypeMeta},
};

/// The `apiVersion` of this version.
pub const API_VERSION: &str = "metrics.smi-spec.io/v1alpha1";

const OBJECT: TypeMeta = TypeMeta {
    kind: "TrafficMetrics",
    api_version: API_VERSION,
};
const LIST: TypeMeta = TypeMeta {
    kind: "TrafficMetricsList",
    api_version: API_VERSION,
};

/// The metrics of the traffic of a resource, or of one of its edges, over a window of time.
///
/// Not a custom resource: an aggregated API server computes it on request. It is written as the Go SDK writes it: its
/// order of fields, quoted canonical quantities, Go durations, `null` where there is no edge or peer.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(transform = type_meta::in_schema)]
pub struct TrafficMetrics {
    /// The name and namespace of the resource that was measured.
    pub metadata: ObjectMeta,
    /// The end of the window, in whole seconds.
    pub timestamp: Option<Time>,
    /// How long the traffic was measured, such as 30s. A negative one is read and written as it is, and measures nothing.
    pub window: Option<GoDuration>,
    /// The resource that was measured.
    pub resource: ObjectReference,
    /// Which part of the traffic was measured. Absent means all of it.
    pub edge: Option<Edge>,
    /// The metrics.
    pub metrics: Vec<Metric>,
}

/// The traffic metrics of several resources, or of the edges of one.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(transform = type_meta::in_schema)]
pub struct TrafficMetricsList {
    /// The metadata of the list.
    pub metadata: ListMeta,
    /// The resource that was asked for. In a list of several resources only their kind, and their namespace if they
    /// share one.
    pub resource: ObjectReference,
    /// The labels that the resources were asked by. The Go SDK has no such field.
    pub selector: Option<LabelSelector>,
    /// The metrics, one object for each resource or edge.
    pub items: Vec<TrafficMetrics>,
}

/// Which Kubernetes object is meant. A field that is absent can be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReference {
    /// The kind, such as Deployment.
    #[serde(
        default,
        deserialize_with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// The namespace. Absent for a resource that has none.
    #[serde(
        default,
        deserialize_with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub namespace: Option<String>,
    /// The name.
    #[serde(
        default,
        deserialize_with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// The unique id.
    #[serde(
        default,
        deserialize_with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub uid: Option<String>,
    /// The API version of the kind, such as apps/v1.
    #[serde(
        default,
        deserialize_with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub api_version: Option<String>,
    /// The version of the object that was seen.
    #[serde(
        default,
        deserialize_with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_version: Option<String>,
    /// A part of the object, as a field path.
    #[serde(
        default,
        deserialize_with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub field_path: Option<String>,
}

/// The traffic between the resource and a peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Edge {
    /// Whether the traffic goes to the peer or comes from it.
    pub direction: Direction,
    /// The peer. Absent means any: the traffic with all peers together.
    #[serde(default, deserialize_with = "peer")]
    pub resource: Option<ObjectReference>,
}

/// The direction of the traffic of an edge: to its peer or from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Direction {
    /// The peer receives the traffic.
    To,
    /// The peer sends the traffic.
    From,
    /// Any other text, kept as it is; it means no direction.
    Other(String),
}

/// One measured value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// What was measured, such as `p99_response_latency` or `success_count`.
    pub name: String,
    /// The unit of the value, such as ms or seconds. A count has none.
    #[serde(
        default,
        deserialize_with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub unit: Option<String>,
    /// The value, a Kubernetes quantity: 296875m is 296.875. Absent means that there was no data.
    #[serde(default, deserialize_with = "canonical", serialize_with = "write_canonical")]
    pub value: Option<Quantity>,
}

impl TrafficMetrics {
    /// Metrics of `resource` without values yet, named after it.
    pub fn new(resource: ObjectReference) -> Self {
        let metadata = ObjectMeta {
            name: resource.name.clone(),
            namespace: resource.namespace.clone(),
            ..ObjectMeta::default()
        };
        Self {
            metadata,
            resource,
            ..Self::default()
        }
    }
}

impl ObjectReference {
    /// The object `name` of the kind `kind` in `namespace`; for a resource without a namespace, set that to `None`
    /// afterwards.
    pub fn new(kind: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind: Some(kind.into()),
            namespace: Some(namespace.into()),
            name: Some(name.into()),
            ..Self::default()
        }
    }

    /// Whether it says nothing, and so means any object.
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }
}

impl Edge {
    /// The traffic in `direction`, with all peers together.
    pub const fn new(direction: Direction) -> Self {
        Self {
            direction,
            resource: None,
        }
    }

    /// The traffic to `peer`.
    pub const fn to_peer(peer: ObjectReference) -> Self {
        Self {
            direction: Direction::To,
            resource: Some(peer),
        }
    }

    /// The traffic from `peer`.
    pub const fn from_peer(peer: ObjectReference) -> Self {
        Self {
            direction: Direction::From,
            resource: Some(peer),
        }
    }
}

impl Metric {
    /// The response latency that 99 of 100 responses stay below.
    pub const P99_RESPONSE_LATENCY: &str = "p99_response_latency";
    /// The response latency that 90 of 100 responses stay below.
    pub const P90_RESPONSE_LATENCY: &str = "p90_response_latency";
    /// The response latency that half of the responses stay below.
    pub const P50_RESPONSE_LATENCY: &str = "p50_response_latency";
    /// The number of requests that succeeded.
    pub const SUCCESS_COUNT: &str = "success_count";
    /// The number of requests that failed.
    pub const FAILURE_COUNT: &str = "failure_count";
    /// The unit of latencies: milliseconds. The specification's text has `seconds`.
    pub const MILLISECONDS: &str = "ms";

    /// A value without a unit.
    pub fn new(name: impl Into<String>, value: impl Into<Quantity>) -> Self {
        Self {
            name: name.into(),
            unit: None,
            value: Some(value.into().to_canonical()),
        }
    }
}

impl From<String> for Direction {
    fn from(text: String) -> Self {
        match text.as_str() {
            "to" => Self::To,
            "from" => Self::From,
            _ => Self::Other(text),
        }
    }
}

impl From<Direction> for String {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::To => "to".to_owned(),
            Direction::From => "from".to_owned(),
            Direction::Other(text) => text,
        }
    }
}

pub(crate) fn peer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ObjectReference>, D::Error> {
    Ok(Option::<ObjectReference>::deserialize(deserializer)?.filter(|peer| !peer.is_any()))
}

fn canonical<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Quantity>, D::Error> {
    Ok(Option::<Quantity>::deserialize(deserializer)?.map(|value| value.to_canonical()))
}

#[expect(clippy::ref_option, reason = "serde passes the field")]
fn write_canonical<S: Serializer>(value: &Option<Quantity>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(Quantity::to_canonical).serialize(serializer)
}

// === impl kube::Resource ===

impl kube::Resource for TrafficMetrics {
    type DynamicType = ResourceKind;
    type Scope = DynamicResourceScope;

    fn kind(_: &ResourceKind) -> Cow<'_, str> {
        OBJECT.kind.into()
    }

    fn group(_: &ResourceKind) -> Cow<'_, str> {
        GROUP.into()
    }

    fn version(_: &ResourceKind) -> Cow<'_, str> {
        "v1alpha1".into()
    }

    fn plural(kind: &ResourceKind) -> Cow<'_, str> {
        kind.plural().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

// === the wire ===

impl Serialize for TrafficMetrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = OBJECT.write(serializer, 6)?;
        object.serialize_field("metadata", &GoObjectMeta(&self.metadata))?;
        metadata::write_interval(self.timestamp.as_ref(), self.window, &mut object)?;
        object.serialize_field("resource", &self.resource)?;
        object.serialize_field("edge", &self.edge)?;
        object.serialize_field("metrics", &self.metrics)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for TrafficMetrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut found = Found::default();
        let object = ObjectFields::deserialize(found.watch(deserializer));
        found.check(OBJECT)?;
        object
    }
}

impl Serialize for TrafficMetricsList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = LIST.write(serializer, 4)?;
        list.serialize_field("metadata", &GoListMeta(&self.metadata))?;
        list.serialize_field("resource", &self.resource)?;
        if let Some(selector) = &self.selector {
            list.serialize_field("selector", selector)?;
        }
        list.serialize_field("items", &self.items)?;
        list.end()
    }
}

impl<'de> Deserialize<'de> for TrafficMetricsList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut found = Found::default();
        let list = ListFields::deserialize(found.watch(deserializer));
        found.check(LIST)?;
        list
    }
}

/// How the fields of [`TrafficMetrics`] are read.
#[derive(Deserialize)]
#[serde(remote = "TrafficMetrics")]
struct ObjectFields {
    #[serde(default, deserialize_with = "metadata::read_object")]
    metadata: ObjectMeta,
    #[serde(default, deserialize_with = "metadata::read_time")]
    timestamp: Option<Time>,
    #[serde(default)]
    window: Option<GoDuration>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    resource: ObjectReference,
    #[serde(default)]
    edge: Option<Edge>,
    #[serde(default, deserialize_with = "lenient::list")]
    metrics: Vec<Metric>,
}

/// How the fields of [`TrafficMetricsList`] are read.
#[derive(Deserialize)]
#[serde(remote = "TrafficMetricsList")]
struct ListFields {
    #[serde(default, deserialize_with = "lenient::or_default")]
    metadata: ListMeta,
    #[serde(default, deserialize_with = "lenient::or_default")]
    resource: ObjectReference,
    #[serde(default)]
    selector: Option<LabelSelector>,
    #[serde(default, deserialize_with = "lenient::list")]
    items: Vec<TrafficMetrics>,
}

#[cfg(test)]
pub(crate) mod tests;
