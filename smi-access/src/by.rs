//! The keys by which TrafficTargets are looked up: functions for the indexes of an informer.
//!
//! ```
//! use smi_access::{by, v1alpha4::{Subject, TrafficTarget, TrafficTargetSpec}};
//!
//! let mut target = TrafficTarget::new("orders", TrafficTargetSpec {
//!     destination: Subject::service_account("api"),
//!     ..Default::default()
//! });
//! target.metadata.namespace = Some("shop".to_owned());
//! assert_eq!(by::destination(&target), Some("shop/api".parse()?));
//! # Ok::<(), smi_access::NoServiceIdentity>(())
//! ```

use kube::core::ObjectMeta;
use smi_core::key::ObjectKey;

use crate::{
    ServiceIdentity,
    subject::{IDENTITY_BINDING, SERVICE_ACCOUNT},
    v1alpha4::{Subject, TrafficTarget},
};

/// The ServiceAccount that receives the traffic; none where the destination is of another kind.
pub fn destination(target: &TrafficTarget) -> Option<ServiceIdentity> {
    identity(&target.spec.destination, &target.metadata)
}

/// The ServiceAccounts that may send it, without the sources of other kinds.
pub fn source(target: &TrafficTarget) -> Vec<ServiceIdentity> {
    let sources = target.spec.sources.iter();
    sources
        .filter_map(|source| identity(source, &target.metadata))
        .collect()
}

/// The IdentityBindings that the destination and the sources name, whether they exist or not.
pub fn binding(target: &TrafficTarget) -> Vec<ObjectKey> {
    let subjects = target.spec.sources.iter().chain([&target.spec.destination]);
    let bindings = subjects.filter(|subject| subject.kind == IDENTITY_BINDING);
    bindings
        .map(|subject| ObjectKey::new(namespace(subject, &target.metadata), &subject.name))
        .collect()
}

/// The routes that the rules name, whether they exist or not.
pub fn route(target: &TrafficTarget) -> Vec<RouteKey> {
    let own = target.metadata.namespace.as_deref().unwrap_or_default();
    let rules = target.spec.rules.iter();
    rules.map(|rule| RouteKey::new(&rule.kind, own, &rule.name)).collect()
}

/// A route: its kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteKey {
    kind: Box<str>,
    route: ObjectKey,
}

impl RouteKey {
    /// The route `name` of a kind such as [`HTTP_ROUTE_GROUP`](crate::rule::HTTP_ROUTE_GROUP).
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.into(),
            route: ObjectKey::new(namespace, name),
        }
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Namespace and name.
    pub const fn route(&self) -> &ObjectKey {
        &self.route
    }
}

fn identity(subject: &Subject, metadata: &ObjectMeta) -> Option<ServiceIdentity> {
    (subject.kind == SERVICE_ACCOUNT).then(|| ServiceIdentity::new(namespace(subject, metadata), &subject.name))
}

fn namespace<'a>(subject: &'a Subject, metadata: &'a ObjectMeta) -> &'a str {
    let own = metadata.namespace.as_deref().unwrap_or_default();
    subject
        .namespace
        .as_deref()
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1alpha4::{Rule, TrafficTargetSpec};

    #[test]
    fn keys_stand_in_the_namespace_that_is_meant() {
        let elsewhere = Subject {
            namespace: Some("web".into()),
            ..Subject::service_account("front")
        };
        let mut target = TrafficTarget::new(
            "orders",
            TrafficTargetSpec {
                destination: Subject::service_account("api"),
                sources: vec![elsewhere, Subject::identity_binding("all")],
                rules: vec![Rule::tcp_route("db"), Rule::http_route_group("api")],
            },
        );
        target.metadata.namespace = Some("shop".into());
        assert_eq!(destination(&target), Some(ServiceIdentity::new("shop", "api")));
        assert_eq!(source(&target), [ServiceIdentity::new("web", "front")]);
        assert_eq!(binding(&target), [ObjectKey::new("shop", "all")]);
        let routes =
            [("TCPRoute", "db"), ("HTTPRouteGroup", "api")].map(|(kind, name)| RouteKey::new(kind, "shop", name));
        assert_eq!(route(&target), routes);
    }
}
