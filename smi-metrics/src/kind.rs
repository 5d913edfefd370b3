//! The kinds of Kubernetes resources that traffic metrics are kept for.

use std::{fmt, str::FromStr};

/// The API group of traffic metrics.
pub const GROUP: &str = "metrics.smi-spec.io";

/// A kind of resource that traffic metrics are kept for: the list of the specification (`traffic-metrics/v1alpha1`).
///
/// There is one kind `TrafficMetrics` and a plural for each of these
/// (`/apis/metrics.smi-spec.io/v1alpha2/namespaces/shop/deployments`), which makes this the dynamic type of
/// `kube::Resource` for it.
///
/// ```
/// use kube::Resource as _;
/// use smi_metrics::{kind::ResourceKind, v1alpha2::TrafficMetrics};
///
/// let path = TrafficMetrics::url_path(&ResourceKind::Deployment, Some("shop"));
/// assert_eq!(path, "/apis/metrics.smi-spec.io/v1alpha2/namespaces/shop/deployments");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// A namespace; cluster-scoped.
    Namespace,
    /// A node; cluster-scoped.
    Node,
    /// A pod.
    Pod,
    /// A replication controller.
    ReplicationController,
    /// A service.
    Service,
    /// A daemon set.
    DaemonSet,
    /// A deployment.
    Deployment,
    /// A replica set.
    ReplicaSet,
    /// A stateful set.
    StatefulSet,
    /// A job.
    Job,
    /// A traffic split: the metrics of each of its backends.
    TrafficSplit,
}

/// A name that is no [`ResourceKind`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are no traffic metrics for `{name}`")]
pub struct UnknownResourceKind {
    /// The name.
    pub name: String,
}

impl ResourceKind {
    /// Every kind, in the order of the specification.
    pub const ALL: [Self; 11] = [
        Self::Namespace,
        Self::Node,
        Self::Pod,
        Self::ReplicationController,
        Self::Service,
        Self::DaemonSet,
        Self::Deployment,
        Self::ReplicaSet,
        Self::StatefulSet,
        Self::Job,
        Self::TrafficSplit,
    ];

    /// The kind as Kubernetes writes it: `DaemonSet`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Node => "Node",
            Self::Pod => "Pod",
            Self::ReplicationController => "ReplicationController",
            Self::Service => "Service",
            Self::DaemonSet => "DaemonSet",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::Job => "Job",
            Self::TrafficSplit => "TrafficSplit",
        }
    }

    /// The resource in URLs: `daemonsets`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Namespace => "namespaces",
            Self::Node => "nodes",
            Self::Pod => "pods",
            Self::ReplicationController => "replicationcontrollers",
            Self::Service => "services",
            Self::DaemonSet => "daemonsets",
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::StatefulSet => "statefulsets",
            Self::Job => "jobs",
            Self::TrafficSplit => "trafficsplits",
        }
    }

    /// Whether resources of this kind live in a namespace.
    pub const fn is_namespaced(self) -> bool {
        !matches!(self, Self::Namespace | Self::Node)
    }
}

/// The kind as Kubernetes writes it.
impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// From a kind or a plural, in any case: the Go SDK writes `Trafficsplit` and `Daemonset`.
impl FromStr for ResourceKind {
    type Err = UnknownResourceKind;

    fn from_str(name: &str) -> Result<Self, UnknownResourceKind> {
        let is_name_of =
            |kind: &Self| name.eq_ignore_ascii_case(kind.kind()) || name.eq_ignore_ascii_case(kind.plural());
        Self::ALL
            .into_iter()
            .find(is_name_of)
            .ok_or_else(|| UnknownResourceKind { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_from_every_spelling() {
        for kind in ResourceKind::ALL {
            for name in [
                kind.kind(),
                kind.plural(),
                &kind.kind().to_lowercase(),
                &kind.kind().to_uppercase(),
            ] {
                assert_eq!(name.parse(), Ok(kind), "{name}");
            }
        }
    }

    #[test]
    fn an_unknown_kind_is_named() {
        let error = "gizmos".parse::<ResourceKind>().unwrap_err();
        assert_eq!(error.to_string(), "there are no traffic metrics for `gizmos`");
    }
}
