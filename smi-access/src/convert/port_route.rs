//! The TCPRoute that stands for the port of an old TrafficTarget.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::{DynamicObject, Resource};
use smi_core::convert::{Beside, ConvertError, Fingerprint, Known, Stash};
use smi_specs::v1alpha4::{PortMatch, TcpRoute, TcpRouteSpec};

use crate::{
    rule::TCP_ROUTE,
    v1alpha4::{Rule, TrafficTarget},
};

/// The version whose words the port is kept in; v1alpha1 has the same.
const OLD: &str = "v1alpha2";

/// The field that holds the port there.
pub(super) const PORT: &str = "spec.destination.port";

impl TrafficTarget {
    /// The TCPRoutes that this object's rules name and that stand for the port which its author wrote at v1alpha1 or
    /// v1alpha2. They count before a TCPRoute of the same name in the cluster, which may be of a version where it says every
    /// port. A rule of an object that was written at a newer version needs its route to be there: its name says nothing.
    pub fn required_routes(&self) -> Vec<TcpRoute> {
        required(&self.metadata, &self.spec.rules).into_iter().collect()
    }
}

/// As [`TrafficTarget::required_routes`], for JSON.
pub(super) fn companions(metadata: &ObjectMeta, rules: &[Rule]) -> Result<Vec<DynamicObject>, ConvertError> {
    let dynamic = |route: TcpRoute| {
        let object = serde_json::to_value(route).and_then(serde_json::from_value);
        object.map_err(|error| ConvertError::Encode(error.to_string()))
    };
    required(metadata, rules).into_iter().map(dynamic).collect()
}

fn required(metadata: &ObjectMeta, rules: &[Rule]) -> Option<TcpRoute> {
    let name = only_tcp_route(rules)?;
    let port = kept_port(&Stash::of(metadata), rules)?;
    (name == port_route_name(port)).then(|| port_route(port, metadata.namespace.clone()))
}

/// The port for which the one TCPRoute among `rules` stands, where that is known: from the object's own past, or because
/// the set that is converted with it holds the route.
pub(super) fn known_port(namespace: Option<&str>, rules: &[Rule], known: &Known<'_>) -> Option<u16> {
    let name = only_tcp_route(rules)?;
    let is_meant = |port: &u16| name == port_route_name(*port);
    kept_port(known.stash, rules)
        .filter(is_meant)
        .or_else(|| route_port(namespace, name, known.beside).filter(is_meant))
}

/// What stands for the port: the TCPRoutes among the rules, or where it never became one all rules.
pub(super) fn of_port(rules: &[Rule], of: &mut Fingerprint) {
    let tcp: Vec<&Rule> = rules.iter().filter(|rule| rule.kind == TCP_ROUTE).collect();
    if tcp.is_empty() {
        of.add(rules);
    } else {
        of.add(&tcp);
    }
}

/// The name of the route that stands for `port`.
pub(super) fn port_route_name(port: u16) -> String {
    format!("smi-port-{port}")
}

fn kept_port(stash: &Stash, rules: &[Rule]) -> Option<u16> {
    stash.get(OLD, PORT, |of| of_port(rules, of))
}

fn only_tcp_route(rules: &[Rule]) -> Option<&str> {
    let mut tcp = rules.iter().filter(|rule| rule.kind == TCP_ROUTE);
    let rule = tcp.next()?;
    tcp.next().is_none().then_some(&rule.name)
}

/// The one port of a TCPRoute in the set. An older version of it does not say ports, and so not this one.
fn route_port(namespace: Option<&str>, name: &str, beside: &dyn Beside) -> Option<u16> {
    let route = beside.find(smi_specs::GROUP, TCP_ROUTE, namespace, name)?;
    let is_newest = route.get("apiVersion")?.as_str()? == TcpRoute::api_version(&());
    let route: TcpRoute = serde_json::from_value(route.clone()).ok()?;
    match route.spec.matches.ports[..] {
        [port] if is_newest => Some(port),
        _ => None,
    }
}

fn port_route(port: u16, namespace: Option<String>) -> TcpRoute {
    let matches = PortMatch {
        name: None,
        ports: vec![port],
    };
    let mut route = TcpRoute::new(&port_route_name(port), TcpRouteSpec { matches });
    route.metadata.namespace = namespace;
    route
}
