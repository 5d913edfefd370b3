//! v1alpha1 and v1alpha2, which have a port and TCPRoutes that say none. They say the same, at the root and under `spec`.

use std::mem;

use serde::Serialize;
use smi_core::{
    convert::{Beside, ConvertError, Converted, Fields, Items, Known, Loss, LossReason, Moved, Spoke},
    path::{FieldPath, Segment},
};

use super::{
    is_new, kept,
    of_hub::{self, Older},
    port_route::{self, PORT, port_route_name},
    with_accounts_only,
};
use crate::{
    rule::{HTTP_ROUTE_GROUP, TCP_ROUTE, UDP_ROUTE},
    subject::IDENTITY_BINDING,
    v1alpha1,
    v1alpha2::{Rule, Subject, TrafficTarget, TrafficTargetSpec},
    v1alpha4,
};

impl Spoke for TrafficTarget {
    type Hub = v1alpha4::TrafficTarget;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        let TrafficTargetSpec {
            destination,
            sources,
            rules,
        } = self.spec;
        let at = FieldPath::root().child("spec");
        let sources_at = at.child("sources");
        let mut losses: Vec<Loss> = sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.port.is_some())
            .map(|(position, _)| Loss::new(sources_at.index(position).child("port"), LossReason::NoSuchField))
            .collect();

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
            losses.push(Loss::new(at.child("destination").child("port"), reason));
        }
        let rules_at = at.child("rules");
        let mut rules = kept(rules, &rules_at, &mut losses, |rule| match rule.kind.as_str() {
            UDP_ROUTE => Some(LossReason::NoSuchKind),
            // At these versions a TCPRoute says nothing but "TCP", which the port says too.
            TCP_ROUTE if port.is_some() => Some(LossReason::Replaced),
            _ => None,
        });
        rules.extend(port.map(|port| Rule::tcp_route(port_route_name(port))));
        let mut spec = v1alpha4::TrafficTargetSpec {
            destination: raised(destination),
            sources: sources.into_iter().map(raised).collect(),
            rules,
        };
        with_accounts_only(&mut spec, &at, &rules_at, &mut losses);
        let object = v1alpha4::TrafficTarget {
            metadata: self.metadata,
            spec,
        };
        Ok(Moved { object, losses })
    }

    fn down(mut hub: Self::Hub, known: &Known<'_>) -> Moved<Self> {
        let at = FieldPath::root().child("spec");
        let rules_at = at.child("rules");
        let mut losses = Vec::new();
        let port = port_route::known_port(hub.metadata.namespace.as_deref(), &hub.spec.rules, known);
        let port = port.filter(|_| !is_new(&hub.spec.destination));
        with_accounts_only(&mut hub.spec, &at, &rules_at, &mut losses);

        let has = |kind: &str| hub.spec.rules.iter().any(|rule| rule.kind == kind);
        let (has_tcp, has_http) = (has(TCP_ROUTE), has(HTTP_ROUTE_GROUP));
        let rules = kept(
            mem::take(&mut hub.spec.rules),
            &rules_at,
            &mut losses,
            |rule| match rule.kind.as_str() {
                UDP_ROUTE => Some(LossReason::NoSuchKind),
                // Every rule: what is left without the TCPRoutes would hold for every port.
                _ if has_tcp && port.is_none() => Some(LossReason::Withdrawn),
                TCP_ROUTE if has_http => Some(LossReason::Replaced),
                _ => None,
            },
        );
        let spec = TrafficTargetSpec {
            destination: Subject {
                port,
                ..lowered(hub.spec.destination)
            },
            sources: hub.spec.sources.into_iter().map(lowered).collect(),
            rules,
        };
        let object = Self {
            metadata: hub.metadata,
            spec,
        };
        Moved { object, losses }
    }

    fn own(fields: &mut Fields<'_, Self, Self::Hub>) {
        fields.field(
            "spec.destination.kind",
            |target| &mut target.spec.destination.kind,
            |hub, of| of.add(&hub.spec.destination),
        );
        fields.field(
            "spec.destination.name",
            |target| &mut target.spec.destination.name,
            |hub, of| of.add(&hub.spec.destination),
        );
        fields.field(
            "spec.destination.namespace",
            |target| &mut target.spec.destination.namespace,
            |hub, of| of.add(&hub.spec.destination),
        );
        fields.field(
            PORT,
            |target| &mut target.spec.destination.port,
            |hub, of| port_route::of_port(&hub.spec.rules, of),
        );
        let sources = Items {
            unsaid: |source: &Subject| source.kind == IDENTITY_BINDING,
            of: |_, _| {},
            of_all: |hub: &Self::Hub, of| of.add(&hub.spec.sources),
            same: |one, other| one == other,
        };
        fields.items("spec.sources", |target| &mut target.spec.sources, &sources);
        let rules = Items {
            unsaid: |rule: &Rule| rule.kind == UDP_ROUTE,
            of: |_, _| {},
            of_all: |hub: &Self::Hub, of| {
                of.add(&hub.spec.destination);
                of.add(&hub.spec.rules);
            },
            same: |one, other| one == other,
        };
        fields.items("spec.rules", |target| &mut target.spec.rules, &rules);
    }

    fn of_hub(fields: &mut Fields<'_, Self::Hub, Self>) {
        of_hub::table(fields, |rule| rule.kind == UDP_ROUTE);
    }

    fn comes_back(&self) -> bool {
        let spec = &self.spec;
        let mut subjects = spec.sources.iter().chain([&spec.destination]);
        let is_kept = |rule: &Rule| rule.kind != TCP_ROUTE && rule.kind != UDP_ROUTE;
        subjects.all(|subject| subject.port.is_none() && subject.kind != IDENTITY_BINDING)
            && spec.rules.iter().all(is_kept)
    }
}

impl Older for TrafficTarget {
    fn named(&self) -> impl Serialize {
        let Subject {
            kind, name, namespace, ..
        } = &self.spec.destination;
        (kind, name, namespace)
    }

    fn destination(&self) -> impl Serialize {
        &self.spec.destination
    }

    fn sources(&self) -> impl Serialize {
        &self.spec.sources
    }

    fn rules(&self) -> &[Rule] {
        &self.spec.rules
    }
}

/// v1alpha1 goes by way of v1alpha2, so that what either wrote is known at both.
impl Spoke for v1alpha1::TrafficTarget {
    type Hub = v1alpha4::TrafficTarget;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        TrafficTarget::from(self).up()
    }

    fn down(hub: Self::Hub, known: &Known<'_>) -> Moved<Self> {
        let Moved { object, losses } = TrafficTarget::down(hub, known);
        Moved {
            object: object.into(),
            losses,
        }
    }

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let mut converted = TrafficTarget::from(self).into_hub()?;
        for loss in &mut converted.losses {
            loss.path = at_root(&loss.path);
        }
        Ok(converted)
    }

    fn from_hub_beside(hub: Self::Hub, beside: &dyn Beside) -> Result<Converted<Self>, ConvertError> {
        TrafficTarget::from_hub_beside(hub, beside)?.try_map(|object| Ok(object.into()))
    }
}

impl From<v1alpha1::TrafficTarget> for TrafficTarget {
    fn from(old: v1alpha1::TrafficTarget) -> Self {
        let v1alpha1::TrafficTargetSpec {
            destination,
            sources,
            specs,
        } = old.spec;
        let spec = TrafficTargetSpec {
            destination,
            sources,
            rules: specs,
        };
        Self {
            metadata: old.metadata,
            spec,
        }
    }
}

impl From<TrafficTarget> for v1alpha1::TrafficTarget {
    fn from(new: TrafficTarget) -> Self {
        let TrafficTargetSpec {
            destination,
            sources,
            rules,
        } = new.spec;
        let spec = v1alpha1::TrafficTargetSpec {
            destination,
            sources,
            specs: rules,
        };
        Self {
            metadata: new.metadata,
            spec,
        }
    }
}

/// The path of a field of v1alpha2 as v1alpha1 calls it.
fn at_root(path: &FieldPath) -> FieldPath {
    let mut segments = path.iter().cloned().peekable();
    let spec = segments.next_if(|first| *first == Segment::Field("spec".into()));
    let rules = segments.next_if(|next| spec.is_some() && *next == Segment::Field("rules".into()));
    let specs = rules.map(|_| Segment::Field("specs".into()));
    specs.into_iter().chain(segments).collect()
}

fn raised(old: Subject) -> v1alpha4::Subject {
    v1alpha4::Subject {
        group: None,
        kind: old.kind,
        name: old.name,
        namespace: old.namespace,
    }
}

fn lowered(new: v1alpha4::Subject) -> Subject {
    Subject {
        kind: new.kind,
        name: new.name,
        namespace: new.namespace,
        port: None,
    }
}
