//! An object of any kind.

use kube::{Resource, core::ObjectMeta};
use serde_json::Value;
use smi_core::{
    convert::{ConvertError, Converted, Converter, Hub, Loss, LossReason},
    document,
    path::FieldPath,
};
use smi_metrics::v1alpha2::{TrafficMetrics, TrafficMetricsList};

use super::{Document, ManifestError, ManifestErrorKind, metrics::Metrics};
use crate::{
    access::v1alpha4::{IdentityBinding, TrafficTarget},
    specs::v1alpha4::{HttpRouteGroup, TcpRoute, UdpRoute},
    split::v1alpha4::TrafficSplit,
};

/// An object of any kind; of an SMI kind at its newest version.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "objects come one at a time, and a box would stand in the way of every pattern"
)]
pub enum Object {
    /// access.smi-spec.io: who may talk to whom.
    TrafficTarget(TrafficTarget),
    /// access.smi-spec.io: a name for identities.
    IdentityBinding(IdentityBinding),
    /// specs.smi-spec.io: sets of HTTP requests.
    HttpRouteGroup(HttpRouteGroup),
    /// specs.smi-spec.io: TCP ports.
    TcpRoute(TcpRoute),
    /// specs.smi-spec.io: UDP ports.
    UdpRoute(UdpRoute),
    /// split.smi-spec.io: how the traffic of a service is divided.
    TrafficSplit(TrafficSplit),
    /// metrics.smi-spec.io: what was measured of one resource. Not stored in clusters, but printed from them.
    TrafficMetrics(TrafficMetrics),
    /// metrics.smi-spec.io: what was measured of several.
    TrafficMetricsList(TrafficMetricsList),
    /// Any other map, as it is; it need not be a Kubernetes object.
    Other(Value),
}

impl Object {
    /// The kind, as manifests spell it; empty where another object says none.
    pub fn kind(&self) -> &str {
        match self {
            Self::TrafficTarget(_) => "TrafficTarget",
            Self::IdentityBinding(_) => "IdentityBinding",
            Self::HttpRouteGroup(_) => "HTTPRouteGroup",
            Self::TcpRoute(_) => "TCPRoute",
            Self::UdpRoute(_) => "UDPRoute",
            Self::TrafficSplit(_) => "TrafficSplit",
            Self::TrafficMetrics(_) => "TrafficMetrics",
            Self::TrafficMetricsList(_) => "TrafficMetricsList",
            Self::Other(value) => value.get("kind").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// The metadata of an SMI object. None for a list and for other objects.
    pub const fn metadata(&self) -> Option<&ObjectMeta> {
        match self {
            Self::TrafficTarget(object) => Some(&object.metadata),
            Self::IdentityBinding(object) => Some(&object.metadata),
            Self::HttpRouteGroup(object) => Some(&object.metadata),
            Self::TcpRoute(object) => Some(&object.metadata),
            Self::UdpRoute(object) => Some(&object.metadata),
            Self::TrafficSplit(object) => Some(&object.metadata),
            Self::TrafficMetrics(object) => Some(&object.metadata),
            Self::TrafficMetricsList(_) | Self::Other(_) => None,
        }
    }

    /// Whether this is an object of one of SMI's groups.
    pub const fn is_smi(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

/// The most unknown fields that are put into the order of the text.
const SORTED: usize = 100;

/// How each kind is read. A converter works out the schemas of its versions when it first needs them, which is slower than
/// to read an object, so that one of these serves a whole run.
pub(super) struct Kinds {
    traffic_targets: Converter<TrafficTarget>,
    identity_bindings: Converter<IdentityBinding>,
    http_route_groups: Converter<HttpRouteGroup>,
    tcp_routes: Converter<TcpRoute>,
    udp_routes: Converter<UdpRoute>,
    traffic_splits: Converter<TrafficSplit>,
    metrics: Metrics,
}

impl Default for Kinds {
    fn default() -> Self {
        Self {
            traffic_targets: smi_access::convert::traffic_targets(),
            identity_bindings: smi_access::convert::identity_bindings(),
            http_route_groups: smi_specs::convert::http_route_groups(),
            tcp_routes: smi_specs::convert::tcp_routes(),
            udp_routes: smi_specs::convert::udp_routes(),
            traffic_splits: smi_split::convert::traffic_splits(),
            metrics: Metrics::default(),
        }
    }
}

impl Kinds {
    /// Reads a document as the kind that it says.
    pub(super) fn read(&self, source: document::Document, strict: bool) -> Result<Document, ManifestError> {
        let text = |field| source.value.get(field).and_then(Value::as_str).unwrap_or_default();
        let (group, version) = text("apiVersion").rsplit_once('/').unwrap_or_default();
        if let Some(kind) = unversioned(text("apiVersion"), text("kind")) {
            return Err(ManifestError::of(&source, kind));
        }
        let value = &source.value;
        let read = match (group, text("kind")) {
            (smi_access::GROUP, "TrafficTarget") => hub(&self.traffic_targets, value, Object::TrafficTarget),
            (smi_access::GROUP, "IdentityBinding") => hub(&self.identity_bindings, value, Object::IdentityBinding),
            (smi_specs::GROUP, "HTTPRouteGroup") => hub(&self.http_route_groups, value, Object::HttpRouteGroup),
            (smi_specs::GROUP, "TCPRoute") => hub(&self.tcp_routes, value, Object::TcpRoute),
            (smi_specs::GROUP, "UDPRoute") => hub(&self.udp_routes, value, Object::UdpRoute),
            (smi_split::GROUP, "TrafficSplit") => hub(&self.traffic_splits, value, Object::TrafficSplit),
            (smi_metrics::GROUP, kind @ ("TrafficMetrics" | "TrafficMetricsList")) => {
                let read = self.metrics.read(value, kind, version);
                read.map(|(object, unknown)| (Converted::exactly(object), unknown))
            }
            (group, kind) => return other(source.clone(), group, kind),
        };
        let (converted, mut unknown) = read.map_err(|error| ManifestError::of(&source, error.into()))?;
        // The first in the text is the one whose line an error names. To find a line takes longer the more fields there
        // are, and among very many nobody looks for the first.
        if unknown.len() <= SORTED {
            unknown.sort_by_cached_key(|path| source.line_of(path));
        }
        let repeated: Vec<_> = source
            .duplicate_keys()
            .iter()
            .map(|duplicate| duplicate.path.clone())
            .collect();
        if strict && !(unknown.is_empty() && repeated.is_empty()) {
            return Err(ManifestError::of(
                &source,
                ManifestErrorKind::Strict { unknown, repeated },
            ));
        }
        let mut document = Document::new(source, converted.object);
        document.companions = converted.companions;
        document.losses = converted.losses;
        let surplus = |paths: Vec<FieldPath>, reason| paths.into_iter().map(move |path| Loss::new(path, reason));
        document.losses.extend(surplus(unknown, LossReason::UnknownField));
        document.losses.extend(surplus(repeated, LossReason::DuplicateKey));
        Ok(document)
    }
}

/// An object at its newest version, with the fields that its own version does not have.
fn hub<H: Hub>(
    converter: &Converter<H>,
    value: &Value,
    object: fn(H) -> Object,
) -> Result<(Converted<Object>, Vec<FieldPath>), ConvertError> {
    let Converted {
        object: hub,
        companions,
        losses,
    } = converter.to_hub(value)?;
    let read = Converted {
        object: object(hub),
        companions,
        losses,
    };
    Ok((read, converter.unknown_fields(value)?))
}

/// What is wrong where a kind of SMI stands without a group, or with its group alone. With any other group it can be
/// anybody's.
fn unversioned(says: &str, kind: &str) -> Option<ManifestErrorKind> {
    let newest = match kind {
        "TrafficTarget" => TrafficTarget::api_version(&()),
        "IdentityBinding" => IdentityBinding::api_version(&()),
        "HTTPRouteGroup" => HttpRouteGroup::api_version(&()),
        "TCPRoute" => TcpRoute::api_version(&()),
        "UDPRoute" => UdpRoute::api_version(&()),
        "TrafficSplit" => TrafficSplit::api_version(&()),
        "TrafficMetrics" | "TrafficMetricsList" => format!("{}/v1alpha2", smi_metrics::GROUP).into(),
        _ => return None,
    };
    let groups = [
        smi_access::GROUP,
        smi_specs::GROUP,
        smi_split::GROUP,
        smi_metrics::GROUP,
    ];
    (says.is_empty() || groups.contains(&says)).then(|| ManifestErrorKind::Unversioned {
        says: says.to_owned(),
        newest: newest.into_owned(),
    })
}

fn other(source: document::Document, group: &str, kind: &str) -> Result<Document, ManifestError> {
    let known = match group {
        smi_access::GROUP => "`TrafficTarget`, `IdentityBinding`",
        smi_specs::GROUP => "`HTTPRouteGroup`, `TCPRoute`, `UDPRoute`",
        smi_split::GROUP => "`TrafficSplit`",
        smi_metrics::GROUP => "`TrafficMetrics`, `TrafficMetricsList`",
        _ => {
            let object = Object::Other(source.value.clone());
            return Ok(Document::new(source, object));
        }
    };
    let error = if kind.is_empty() {
        ConvertError::Untyped { field: "kind" }
    } else {
        ConvertError::UnknownKind {
            group: group.to_owned(),
            kind: kind.to_owned(),
            known: known.to_owned(),
        }
    };
    Err(ManifestError::of(&source, error.into()))
}
