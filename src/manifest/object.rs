//! An object of any kind.

use kube::core::ObjectMeta;
use serde_json::Value;
use smi_core::{
    convert::{ConvertError, Converted, Converter, Hub},
    document,
    path::FieldPath,
};
use smi_metrics::v1alpha2::{TrafficMetrics, TrafficMetricsList};

use super::{Document, ManifestError, ManifestErrorKind, metrics};
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

/// Reads a document as the kind that it says.
pub(super) fn read(source: document::Document, strict: bool) -> Result<Document, ManifestError> {
    let text = |field| source.value.get(field).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text("apiVersion").rsplit_once('/').unwrap_or_default();
    let read = match (group, text("kind")) {
        (smi_access::GROUP, "TrafficTarget") => hub(
            &smi_access::convert::traffic_targets(),
            &source,
            strict,
            Object::TrafficTarget,
        ),
        (smi_access::GROUP, "IdentityBinding") => hub(
            &smi_access::convert::identity_bindings(),
            &source,
            strict,
            Object::IdentityBinding,
        ),
        (smi_specs::GROUP, "HTTPRouteGroup") => hub(
            &smi_specs::convert::http_route_groups(),
            &source,
            strict,
            Object::HttpRouteGroup,
        ),
        (smi_specs::GROUP, "TCPRoute") => hub(&smi_specs::convert::tcp_routes(), &source, strict, Object::TcpRoute),
        (smi_specs::GROUP, "UDPRoute") => hub(&smi_specs::convert::udp_routes(), &source, strict, Object::UdpRoute),
        (smi_split::GROUP, "TrafficSplit") => hub(
            &smi_split::convert::traffic_splits(),
            &source,
            strict,
            Object::TrafficSplit,
        ),
        (smi_metrics::GROUP, kind @ ("TrafficMetrics" | "TrafficMetricsList")) => {
            metrics(&source, kind, version, strict)
        }
        (group, kind) => other(&source, group, kind),
    };
    match read {
        Ok(Converted {
            object,
            companions,
            losses,
        }) => Ok(Document {
            object,
            at: source.at.clone(),
            source,
            companions,
            losses,
        }),
        Err(kind) => Err(ManifestError::of(&source, kind)),
    }
}

fn hub<H: Hub>(
    converter: &Converter<H>,
    source: &document::Document,
    strict: bool,
    object: fn(H) -> Object,
) -> Result<Converted<Object>, ManifestErrorKind> {
    let hub = converter.to_hub(&source.value)?;
    if strict {
        refuse_surplus(source, converter.unknown_fields(&source.value)?)?;
    }
    Ok(Converted {
        object: object(hub.object),
        companions: hub.companions,
        losses: hub.losses,
    })
}

fn metrics(
    source: &document::Document,
    kind: &str,
    version: &str,
    strict: bool,
) -> Result<Converted<Object>, ManifestErrorKind> {
    let (object, unknown) = metrics::read(&source.value, kind, version)?;
    if strict {
        refuse_surplus(source, unknown)?;
    }
    Ok(Converted::exactly(object))
}

fn refuse_surplus(source: &document::Document, unknown: Vec<FieldPath>) -> Result<(), ManifestErrorKind> {
    let repeated: Vec<_> = source
        .duplicate_keys()
        .iter()
        .map(|duplicate| duplicate.path.clone())
        .collect();
    if unknown.is_empty() && repeated.is_empty() {
        Ok(())
    } else {
        Err(ManifestErrorKind::Strict { unknown, repeated })
    }
}

fn other(source: &document::Document, group: &str, kind: &str) -> Result<Converted<Object>, ManifestErrorKind> {
    let known = match group {
        smi_access::GROUP => "`TrafficTarget`, `IdentityBinding`",
        smi_specs::GROUP => "`HTTPRouteGroup`, `TCPRoute`, `UDPRoute`",
        smi_split::GROUP => "`TrafficSplit`",
        smi_metrics::GROUP => "`TrafficMetrics`, `TrafficMetricsList`",
        _ => return Ok(Converted::exactly(Object::Other(source.value.clone()))),
    };
    let unknown = ConvertError::UnknownKind {
        group: group.into(),
        kind: kind.into(),
        known: known.into(),
    };
    Err(if kind.is_empty() {
        ConvertError::Untyped { field: "kind" }
    } else {
        unknown
    }
    .into())
}
