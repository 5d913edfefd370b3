//! What an object of each version means to a reader of that version, said with the newest types.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use smi_sdk::{
    access::{v1alpha1, v1alpha2, v1alpha3, v1alpha4},
    core::quantity::Quantity,
    specs, split,
};

use super::{Mesh, Target};

/// A kind that the version of an object does not know: it selects nobody and allows nothing.
const UNKNOWN: &str = "Unknown";

impl Mesh {
    /// What a reader makes of all these objects; each counts at its own version.
    pub(crate) fn of<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut mesh = Self::default();
        objects.into_iter().for_each(|object| mesh.add(object));
        mesh
    }

    /// Adds an object of any version as a reader of that version understands it. What is of no such kind means nothing.
    pub(crate) fn add(&mut self, object: &Value) {
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        match (text("kind"), text("apiVersion")) {
            ("TrafficTarget", "access.smi-spec.io/v1alpha1") => {
                let old: v1alpha1::TrafficTarget = typed(object);
                let spec = old.spec;
                self.targets
                    .push(with_port(old.metadata, spec.destination, spec.sources, spec.specs));
            }
            ("TrafficTarget", "access.smi-spec.io/v1alpha2") => {
                let old: v1alpha2::TrafficTarget = typed(object);
                let spec = old.spec;
                self.targets
                    .push(with_port(old.metadata, spec.destination, spec.sources, spec.rules));
            }
            ("TrafficTarget", "access.smi-spec.io/v1alpha3") => {
                let old: v1alpha3::TrafficTarget = typed(object);
                self.targets.push(without_bindings(old));
            }
            ("TrafficTarget", _) => self.targets.push(Target {
                object: typed(object),
                port: None,
            }),
            ("IdentityBinding", _) => self.bindings.push(typed(object)),
            ("HTTPRouteGroup", "specs.smi-spec.io/v1alpha1") => {
                let old: specs::v1alpha1::HttpRouteGroup = typed(object);
                self.route_groups.push(without_headers(old));
            }
            ("HTTPRouteGroup", "specs.smi-spec.io/v1alpha2") => {
                let old: specs::v1alpha2::HttpRouteGroup = typed(object);
                self.route_groups.push(group(old.metadata, old.spec.matches));
            }
            ("HTTPRouteGroup", "specs.smi-spec.io/v1alpha3") => {
                let old: specs::v1alpha3::HttpRouteGroup = typed(object);
                self.route_groups.push(group(old.metadata, old.spec.matches));
            }
            ("HTTPRouteGroup", _) => self.route_groups.push(typed(object)),
            ("TCPRoute", "specs.smi-spec.io/v1alpha4") => self.tcp_routes.push(typed(object)),
            // Before v1alpha4 a TCPRoute says "TCP", whichever the port.
            ("TCPRoute", _) => self.tcp_routes.push(specs::v1alpha4::TcpRoute {
                metadata: typed(&object["metadata"]),
                ..Default::default()
            }),
            ("UDPRoute", _) => self.udp_routes.push(typed(object)),
            ("TrafficSplit", "split.smi-spec.io/v1alpha1") => self.splits.push(quantities(&typed(object))),
            ("TrafficSplit", "split.smi-spec.io/v1alpha2") => {
                let old: split::v1alpha2::TrafficSplit = typed(object);
                self.splits
                    .push(plain(old.metadata, old.spec.service, old.spec.backends));
            }
            // v1alpha3 says what v1alpha4 says.
            ("TrafficSplit", _) => {
                let mut object = object.clone();
                object["apiVersion"] = "split.smi-spec.io/v1alpha4".into();
                self.splits.push(typed(&object));
            }
            _ => {}
        }
    }
}

fn typed<T: serde::de::DeserializeOwned>(object: &Value) -> T {
    T::deserialize(object).unwrap()
}

/// v1alpha1 and v1alpha2: a port at the destination, no UDPRoutes, no IdentityBindings.
fn with_port(
    metadata: ObjectMeta,
    destination: v1alpha1::Subject,
    sources: Vec<v1alpha1::Subject>,
    rules: Vec<v1alpha1::Rule>,
) -> Target {
    let port = destination.port;
    let spec = v1alpha4::TrafficTargetSpec {
        destination: subject(destination.kind, destination.name, destination.namespace),
        sources: sources
            .into_iter()
            .map(|it| subject(it.kind, it.name, it.namespace))
            .collect(),
        rules: rules.into_iter().map(without_udp).collect(),
    };
    Target {
        object: v1alpha4::TrafficTarget { metadata, spec },
        port,
    }
}

fn without_bindings(old: v1alpha3::TrafficTarget) -> Target {
    let v1alpha3::TrafficTargetSpec {
        destination,
        sources,
        rules,
    } = old.spec;
    let spec = v1alpha4::TrafficTargetSpec {
        destination: subject(destination.kind, destination.name, destination.namespace),
        sources: sources
            .into_iter()
            .map(|it| subject(it.kind, it.name, it.namespace))
            .collect(),
        rules,
    };
    Target {
        object: v1alpha4::TrafficTarget {
            metadata: old.metadata,
            spec,
        },
        port: None,
    }
}

fn subject(kind: String, name: String, namespace: Option<String>) -> v1alpha4::Subject {
    let kind = if kind == "IdentityBinding" {
        UNKNOWN.to_owned()
    } else {
        kind
    };
    v1alpha4::Subject {
        group: None,
        kind,
        name,
        namespace,
    }
}

fn without_udp(mut rule: v1alpha1::Rule) -> v1alpha1::Rule {
    if rule.kind == "UDPRoute" {
        UNKNOWN.clone_into(&mut rule.kind);
    }
    rule
}

fn without_headers(old: specs::v1alpha1::HttpRouteGroup) -> specs::v1alpha4::HttpRouteGroup {
    let matches = old.spec.matches.into_iter();
    let matches = matches.map(|old| specs::v1alpha4::HttpMatch {
        name: old.name,
        methods: old.methods,
        path_regex: old.path_regex,
        headers: Vec::new(),
    });
    group(old.metadata, matches.collect())
}

fn group(metadata: ObjectMeta, matches: Vec<specs::v1alpha4::HttpMatch>) -> specs::v1alpha4::HttpRouteGroup {
    specs::v1alpha4::HttpRouteGroup {
        metadata,
        spec: specs::v1alpha4::HttpRouteGroupSpec { matches },
    }
}

fn plain(
    metadata: ObjectMeta,
    service: String,
    backends: Vec<split::v1alpha4::Backend>,
) -> split::v1alpha4::TrafficSplit {
    let spec = split::v1alpha4::TrafficSplitSpec {
        service,
        backends,
        matches: Vec::new(),
    };
    split::v1alpha4::TrafficSplit { metadata, spec }
}

/// Whole numbers in the proportion of the quantities, the smallest there are.
fn quantities(old: &split::v1alpha1::TrafficSplit) -> split::v1alpha4::TrafficSplit {
    let nanos = |weight: &Quantity| u128::try_from(weight.nanos().unwrap()).unwrap();
    let common = old.spec.backends.iter().map(|it| nanos(&it.weight)).fold(0, gcd).max(1);
    let backends = old.spec.backends.iter().map(|it| split::v1alpha4::Backend {
        service: it.service.clone(),
        weight: u32::try_from(nanos(&it.weight) / common).unwrap(),
    });
    plain(old.metadata.clone(), old.spec.service.clone(), backends.collect())
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}
