//! metrics.smi-spec.io/v1alpha2: edges say which side measured, and metrics of a split which backend they are of.
//!
//! Sources: the text of the specification's `traffic-metrics/v1alpha1`, which has both already, and the Go SDK's
//! `pkg/apis/metrics/v1alpha2` for the encoding.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ListMeta, ObjectMeta, Time};
use kube::core::DynamicResourceScope;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};
use smi_core::lenient;

pub use crate::v1alpha1::{Direction, Metric, ObjectReference};
use crate::{
    duration::GoDuration,
    kind::{GROUP, ResourceKind},
    metadata::{self, GoListMeta, GoObjectMeta},
    type_meta::{self, Found, TypeMeta},
    v1alpha1,
};

/// The `apiVersion` of this version.
pub const API_VERSION: &str = "metrics.smi-spec.io/v1alpha2";

const OBJECT: TypeMeta = TypeMeta {
    kind: "TrafficMetrics",
    api_version: API_VERSION,
};
const LIST: TypeMeta = TypeMeta {
    kind: "TrafficMetricsList",
    api_version: API_VERSION,
};

/// The metrics of the traffic of a resource, of one of its edges, or of one backend of a split, over a window of time.
///
/// Not a custom resource: an aggregated API server computes it on request. It is written as the Go SDK writes it: its
/// order of fields, quoted canonical quantities, Go durations, `null` where there is no edge, peer or backend, and `""`
/// for no side.
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
    /// The backend that was measured, where the resource is a TrafficSplit.
    pub backend: Option<Backend>,
    /// The metrics.
    pub metrics: Vec<Metric>,
}

/// The traffic metrics of several resources, or of the edges or the backends of one.
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
    /// The metrics, one object for each resource, edge or backend.
    pub items: Vec<TrafficMetrics>,
}

/// The traffic between the resource and a peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Edge {
    /// Whether the traffic goes to the peer or comes from it.
    pub direction: Direction,
    /// Which side of the traffic measured it. Absent means that nobody says.
    #[serde(default, deserialize_with = "read_side", serialize_with = "write_side")]
    pub side: Option<Side>,
    /// The peer. Absent means any: the traffic with all peers together.
    #[serde(default, deserialize_with = "v1alpha1::peer")]
    pub resource: Option<ObjectReference>,
}

/// The side of an edge that measured its traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Side {
    /// The one that sends the requests.
    Client,
    /// The one that answers them.
    Server,
    /// Any other text, kept as it is.
    Other(String),
}

/// A backend of a TrafficSplit, as it was when it was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Backend {
    /// The service that clients call and whose traffic is divided.
    pub apex: String,
    /// The service that receives a share of it.
    pub name: String,
    /// The share, in proportion to the weights of the other backends.
    #[schemars(with = "i32", range(min = 0))]
    pub weight: u32,
}

impl TrafficMetrics {
    /// Metrics of `resource` without values yet, named after it.
    pub fn new(resource: ObjectReference) -> Self {
        v1alpha1::TrafficMetrics::new(resource).into()
    }
}

impl Edge {
    /// The traffic in `direction`, with all peers together.
    pub const fn new(direction: Direction) -> Self {
        Self {
            direction,
            side: None,
            resource: None,
        }
    }

    /// The traffic to `peer`, measured on `side`.
    pub const fn to_peer(peer: ObjectReference, side: Side) -> Self {
        Self {
            direction: Direction::To,
            side: Some(side),
            resource: Some(peer),
        }
    }

    /// The traffic from `peer`, measured on `side`.
    pub const fn from_peer(peer: ObjectReference, side: Side) -> Self {
        Self {
            direction: Direction::From,
            side: Some(side),
            resource: Some(peer),
        }
    }
}

impl Backend {
    /// The backend `name` of the service `apex`.
    pub fn new(apex: impl Into<String>, name: impl Into<String>, weight: u32) -> Self {
        Self {
            apex: apex.into(),
            name: name.into(),
            weight,
        }
    }
}

impl From<String> for Side {
    fn from(text: String) -> Self {
        match text.as_str() {
            "client" => Self::Client,
            "server" => Self::Server,
            _ => Self::Other(text),
        }
    }
}

impl From<Side> for String {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => "client".to_owned(),
            Side::Server => "server".to_owned(),
            Side::Other(text) => text,
        }
    }
}

fn read_side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Side>, D::Error> {
    Ok(crate::text::optional(deserializer)?.map(Side::from))
}

#[expect(clippy::ref_option, reason = "serde passes the field")]
fn write_side<S: Serializer>(side: &Option<Side>, serializer: S) -> Result<S::Ok, S::Error> {
    match side {
        Some(side) => side.serialize(serializer),
        None => serializer.serialize_str(""),
    }
}

// === from v1alpha1, where nothing is lost ===

impl From<v1alpha1::TrafficMetrics> for TrafficMetrics {
    fn from(old: v1alpha1::TrafficMetrics) -> Self {
        let v1alpha1::TrafficMetrics {
            metadata,
            timestamp,
            window,
            resource,
            edge,
            metrics,
        } = old;
        Self {
            metadata,
            timestamp,
            window,
            resource,
            edge: edge.map(Into::into),
            backend: None,
            metrics,
        }
    }
}

impl From<v1alpha1::TrafficMetricsList> for TrafficMetricsList {
    fn from(old: v1alpha1::TrafficMetricsList) -> Self {
        let v1alpha1::TrafficMetricsList {
            metadata,
            resource,
            selector,
            items,
        } = old;
        Self {
            metadata,
            resource,
            selector,
            items: items.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<v1alpha1::Edge> for Edge {
    fn from(v1alpha1::Edge { direction, resource }: v1alpha1::Edge) -> Self {
        Self {
            direction,
            side: None,
            resource,
        }
    }
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
        "v1alpha2".into()
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
        let mut object = OBJECT.write(serializer, 7)?;
        object.serialize_field("metadata", &GoObjectMeta(&self.metadata))?;
        metadata::write_interval(self.timestamp.as_ref(), self.window, &mut object)?;
        object.serialize_field("resource", &self.resource)?;
        object.serialize_field("edge", &self.edge)?;
        object.serialize_field("backend", &self.backend)?;
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
    #[serde(default)]
    backend: Option<Backend>,
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
mod tests;
