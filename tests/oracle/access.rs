//! Which requests the TrafficTargets allow.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use smi_sdk::{
    access::v1alpha4::{IdentityBinding, Rule, Subject},
    specs::v1alpha4::PortMatch,
};

use super::{Identity, Mesh, Protocol, Regexes, Request, Target};

impl Mesh {
    /// Whether some target allows the request; what none allows is denied.
    pub(crate) fn allows(&self, request: &Request, regexes: &Regexes) -> bool {
        self.targets
            .iter()
            .any(|target| self.applies(target, request) && self.grants(target, request, regexes))
    }

    /// Whether the target is about this destination, in its own namespace, and this source.
    fn applies(&self, target: &Target, request: &Request) -> bool {
        let own = namespace(&target.object.metadata);
        let spec = &target.object.spec;
        request.destination.namespace == own
            && self.selects(&spec.destination, own, &request.destination)
            && spec
                .sources
                .iter()
                .any(|source| self.selects(source, own, &request.source))
    }

    fn selects(&self, subject: &Subject, own: &str, identity: &Identity) -> bool {
        let namespace = subject.namespace.as_deref().unwrap_or(own);
        match subject.kind.as_str() {
            "ServiceAccount" => identity.namespace == namespace && identity.service_account == subject.name,
            "IdentityBinding" => {
                let is_it = |binding: &&IdentityBinding| is_named(&binding.metadata, namespace, &subject.name);
                self.bindings
                    .iter()
                    .filter(is_it)
                    .any(|binding| binds(binding, identity))
            }
            _ => false,
        }
    }

    /// Whether the rules allow it: TCPRoutes ORed, HTTPRouteGroups ORed, the two ANDed; UDPRoutes by themselves.
    fn grants(&self, target: &Target, request: &Request, regexes: &Regexes) -> bool {
        let own = namespace(&target.object.metadata);
        let of = |kind: &str| -> Vec<&Rule> {
            let rules = target.object.spec.rules.iter();
            rules.filter(|rule| rule.kind == kind).collect()
        };
        let (tcp, udp, http) = (of("TCPRoute"), of("UDPRoute"), of("HTTPRouteGroup"));
        let port_is_allowed = match target.port {
            // The port of an old target stands for its TCPRoutes, which say nothing but TCP. It narrows, and never grants.
            Some(port) => request.port == Some(port),
            None => tcp
                .iter()
                .any(|rule| self.tcp_route_holds(own, &rule.name, request.port)),
        };
        let says_ports = target.port.is_some() || !tcp.is_empty();
        match &request.protocol {
            Protocol::Http(request) => {
                let group = |rule: &&Rule| self.group_matches(own, &rule.name, &rule.matches, request, regexes);
                (!tcp.is_empty() || !http.is_empty())
                    && (!says_ports || port_is_allowed)
                    && (http.is_empty() || http.iter().any(group))
            }
            Protocol::Tcp => !tcp.is_empty() && http.is_empty() && port_is_allowed,
            Protocol::Udp => udp
                .iter()
                .any(|rule| self.udp_route_holds(own, &rule.name, request.port)),
        }
    }

    fn tcp_route_holds(&self, namespace: &str, name: &str, port: Option<u16>) -> bool {
        let mut routes = self.tcp_routes.iter();
        routes.any(|route| is_named(&route.metadata, namespace, name) && holds(&route.spec.matches, port))
    }

    fn udp_route_holds(&self, namespace: &str, name: &str, port: Option<u16>) -> bool {
        let mut routes = self.udp_routes.iter();
        routes.any(|route| is_named(&route.metadata, namespace, name) && holds(&route.spec.matches, port))
    }
}

/// No ports are all ports; a port that is not known is in no shorter list.
fn holds(matches: &PortMatch, port: Option<u16>) -> bool {
    matches.ports.is_empty() || port.is_some_and(|port| matches.ports.contains(&port))
}

/// One scheme is enough, and only workloads of the binding's own namespace are bound.
fn binds(binding: &IdentityBinding, identity: &Identity) -> bool {
    let schemes = &binding.spec.schemes;
    let by_labels = schemes.pod_label_selector.as_ref().is_some_and(|selector| {
        let has = |(name, value): (&String, &String)| identity.labels.get(name) == Some(value);
        !selector.match_labels.is_empty() && selector.match_labels.iter().all(has)
    });
    let by_spiffe = schemes.spiffe_identities.iter().any(|id| {
        let id = id.trim_start_matches("spiffe://");
        identity
            .spiffe
            .iter()
            .any(|known| known.trim_start_matches("spiffe://") == id)
    });
    let by_account = schemes.service_account.as_ref() == Some(&identity.service_account);
    namespace(&binding.metadata) == identity.namespace && (by_labels || by_spiffe || by_account)
}

pub(super) fn is_named(metadata: &ObjectMeta, in_namespace: &str, name: &str) -> bool {
    namespace(metadata) == in_namespace && metadata.name.as_deref() == Some(name)
}

pub(super) fn namespace(metadata: &ObjectMeta) -> &str {
    metadata.namespace.as_deref().unwrap_or_default()
}
