//! The versions of TrafficTarget and IdentityBinding, and the way of each to the hub v1alpha4.
//!
//! What a newer version gave a meaning to must not gain it on the way up, or the object would allow more than its author
//! wrote: a `UDPRoute` rule in v1alpha1 or v1alpha2, or an `IdentityBinding` subject before v1alpha4, means nothing there and
//! leaves.

use std::mem;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::DynamicObject;
use smi_core::{
    convert::{ConvertError, Converted, Converter, Converters, Hub, Loss, LossReason, Spoke},
    path::FieldPath,
};
use smi_specs::v1alpha4::{PortMatch, TcpRoute, TcpRouteSpec};

use crate::{
    rule::{HTTP_ROUTE_GROUP, TCP_ROUTE, UDP_ROUTE},
    subject::{IDENTITY_BINDING, UNREPRESENTABLE},
    v1alpha1::{self, Rule},
    v1alpha2, v1alpha3, v1alpha4,
};

/// The versions of TrafficTarget.
pub fn traffic_targets() -> Converter<v1alpha4::TrafficTarget> {
    Converter::new()
        .version::<v1alpha1::TrafficTarget>()
        .version::<v1alpha2::TrafficTarget>()
        .version::<v1alpha3::TrafficTarget>()
        .draft::<v1alpha4::TrafficTarget>()
}

/// The one version of IdentityBinding.
pub fn identity_bindings() -> Converter<v1alpha4::IdentityBinding> {
    Converter::new().draft::<v1alpha4::IdentityBinding>()
}

/// The kinds of this group.
pub fn converters() -> Converters {
    Converters::new().with(traffic_targets()).with(identity_bindings())
}

impl Hub for v1alpha4::TrafficTarget {}
impl Hub for v1alpha4::IdentityBinding {}

impl Spoke for v1alpha1::TrafficTarget {
    type Hub = v1alpha4::TrafficTarget;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let v1alpha1::TrafficTargetSpec {
            destination,
            sources,
            specs,
        } = self.spec;
        let body = Body {
            at: FieldPath::root(),
            rules_at: "specs",
            destination,
            sources,
            rules: specs,
        };
        body.into_hub(self.metadata)
    }
}

impl Spoke for v1alpha2::TrafficTarget {
    type Hub = v1alpha4::TrafficTarget;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let v1alpha2::TrafficTargetSpec {
            destination,
            sources,
            rules,
        } = self.spec;
        let body = Body {
            at: FieldPath::root().child("spec"),
            rules_at: "rules",
            destination,
            sources,
            rules,
        };
        body.into_hub(self.metadata)
    }
}

impl Spoke for v1alpha3::TrafficTarget {
    type Hub = v1alpha4::TrafficTarget;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let v1alpha3::TrafficTargetSpec {
            destination,
            sources,
            rules,
        } = self.spec;
        let subject = |v1alpha3::Subject { kind, name, namespace }| v1alpha4::Subject {
            group: None,
            kind,
            name,
            namespace,
        };
        let mut spec = v1alpha4::TrafficTargetSpec {
            destination: subject(destination),
            sources: sources.into_iter().map(subject).collect(),
            rules,
        };
        let mut losses = Vec::new();
        // Of all the objects that an informer reads hardly any has one, and to name the place is not free.
        let sources = spec.sources.iter();
        if sources
            .chain([&spec.destination])
            .any(|subject| subject.kind == IDENTITY_BINDING)
        {
            let at = FieldPath::root().child("spec");
            without_identity_bindings(&mut spec, &at, &at.child("rules"), &mut losses);
        }
        let object = v1alpha4::TrafficTarget {
            metadata: self.metadata,
            spec,
        };
        Ok(Converted {
            losses,
            ..Converted::exactly(object)
        })
    }
}

/// What v1alpha1 and v1alpha2 share: the same fields in another place.
struct Body {
    at: FieldPath,
    rules_at: &'static str,
    destination: v1alpha1::Subject,
    sources: Vec<v1alpha1::Subject>,
    rules: Vec<Rule>,
}

impl Body {
    fn into_hub(self, metadata: ObjectMeta) -> Result<Converted<v1alpha4::TrafficTarget>, ConvertError> {
        let Self {
            at,
            rules_at,
            destination,
            sources,
            rules,
        } = self;
        let sources_at = at.child("sources");
        let mut losses: Vec<Loss> = sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.port.is_some())
            .map(|(position, _)| Loss::new(sources_at.index(position).child("port"), LossReason::NoSuchField))
            .collect();

        let rules_at = at.child(rules_at);
        let port_at = at.child("destination").child("port");
        let grants = |rule: &Rule| rule.kind == HTTP_ROUTE_GROUP || rule.kind == TCP_ROUTE;
        // A port narrows what the rules allow; where they allow nothing it must not become a rule.
        let narrowed = destination.kind != IDENTITY_BINDING && rules.iter().any(grants);
        let port = destination.port.filter(|_| narrowed);
        if destination.port.is_some() {
            let reason = if narrowed {
                LossReason::Replaced
            } else {
                LossReason::NoSuchField
            };
            losses.push(Loss::new(port_at, reason));
        }
        let mut rules = kept(rules, &rules_at, &mut losses, |rule| match rule.kind.as_str() {
            UDP_ROUTE => Some(LossReason::NoSuchKind),
            // At these versions a TCPRoute says nothing but "TCP", which the port says too.
            TCP_ROUTE if port.is_some() => Some(LossReason::Replaced),
            _ => None,
        });
        let mut companions = Vec::new();
        if let Some(port) = port {
            rules.push(Rule::tcp_route(port_route_name(port)));
            companions.push(dynamic(&port_route(port, metadata.namespace.clone()))?);
        }
        let mut spec = v1alpha4::TrafficTargetSpec {
            destination: subject(destination),
            sources: sources.into_iter().map(subject).collect(),
            rules,
        };
        without_identity_bindings(&mut spec, &at, &rules_at, &mut losses);
        Ok(Converted {
            object: v1alpha4::TrafficTarget { metadata, spec },
            companions,
            losses,
        })
    }
}

fn subject(old: v1alpha1::Subject) -> v1alpha4::Subject {
    v1alpha4::Subject {
        group: None,
        kind: old.kind,
        name: old.name,
        namespace: old.namespace,
    }
}

/// The items that stay; of each other one, why it leaves.
fn kept<T>(
    items: Vec<T>,
    at: &FieldPath,
    losses: &mut Vec<Loss>,
    why_not: impl Fn(&T) -> Option<LossReason>,
) -> Vec<T> {
    let mut kept = Vec::with_capacity(items.len());
    for (position, item) in items.into_iter().enumerate() {
        match why_not(&item) {
            Some(reason) => losses.push(Loss::new(at.index(position), reason)),
            None => kept.push(item),
        }
    }
    kept
}

/// Takes out the subjects that v1alpha4 alone gives a meaning to. A destination cannot be absent, so it becomes one that
/// nobody has, without rules.
fn without_identity_bindings(
    spec: &mut v1alpha4::TrafficTargetSpec,
    at: &FieldPath,
    rules_at: &FieldPath,
    losses: &mut Vec<Loss>,
) {
    if spec.destination.kind == IDENTITY_BINDING {
        spec.destination = v1alpha4::Subject::service_account(UNREPRESENTABLE);
        losses.push(Loss::new(at.child("destination"), LossReason::NoSuchKind));
        kept(mem::take(&mut spec.rules), rules_at, losses, |_| {
            Some(LossReason::Withdrawn)
        });
    }
    spec.sources = kept(mem::take(&mut spec.sources), &at.child("sources"), losses, |source| {
        (source.kind == IDENTITY_BINDING).then_some(LossReason::NoSuchKind)
    });
}

/// The name of the TCPRoute that stands for the port of an old TrafficTarget.
fn port_route_name(port: u16) -> String {
    format!("smi-port-{port}")
}

fn port_route(port: u16, namespace: Option<String>) -> TcpRoute {
    let mut route = TcpRoute::new(
        &port_route_name(port),
        TcpRouteSpec {
            matches: PortMatch {
                name: None,
                ports: vec![port],
            },
        },
    );
    route.metadata.namespace = namespace;
    route
}

fn dynamic(route: &TcpRoute) -> Result<DynamicObject, ConvertError> {
    let object = serde_json::to_value(route).and_then(serde_json::from_value);
    object.map_err(|error| ConvertError::Encode(error.to_string()))
}

#[cfg(test)]
mod tests;
