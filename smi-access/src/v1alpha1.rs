//! access.smi-spec.io/v1alpha1: TrafficTarget with its fields at the root of the object.
//!
//! Source: the specification's `traffic-access/v1alpha1`.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smi_core::{
    bounds::{KIND, NAME, NAMESPACE, PORT_MAX, PORT_MIN},
    lenient,
};

use crate::bounds::{RULE_MATCHES, RULES, SOURCES};

/// What a TrafficTarget of this version says; its fields stand at the root of the object.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "access.smi-spec.io",
    version = "v1alpha1",
    kind = "TrafficTarget",
    plural = "traffictargets",
    shortname = "tt",
    category = "smi",
    namespaced,
    no_spec,
    derive = "PartialEq",
    doc = "TrafficTarget allows traffic from its sources to its destination; what no TrafficTarget allows is denied.",
    printcolumn = r#"{"name":"Destination","type":"string","jsonPath":".destination.name","description":"The identity that receives the traffic"}"#,
    printcolumn = r#"{"name":"Sources","type":"string","jsonPath":".sources","description":"The identities that may send it","priority":1}"#,
    printcolumn = r#"{"name":"Rules","type":"string","jsonPath":".specs","description":"The routes that say which traffic","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct TrafficTargetSpec {
    /// The identity that receives the traffic.
    pub destination: Subject,
    /// The identities that may send it. An empty list allows nobody.
    #[serde(default, deserialize_with = "lenient::list")]
    #[schemars(length(max = SOURCES))]
    pub sources: Vec<Subject>,
    /// The routes that say which traffic is allowed. An empty list allows none.
    #[serde(default, deserialize_with = "lenient::list")]
    #[schemars(length(max = RULES), transform = crate::rule::without_udp_routes)]
    pub specs: Vec<Rule>,
}

/// An identity that sends or receives traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// What kind of identity this is: ServiceAccount. Any other kind stands for nobody.
    #[schemars(length(max = KIND))]
    pub kind: String,
    /// The name of the identity.
    #[schemars(length(max = NAME))]
    pub name: String,
    /// The namespace of the identity. Absent means the namespace of the TrafficTarget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NAMESPACE))]
    pub namespace: Option<String>,
    /// On a destination, the only port that traffic may go to, from 1 to 65535; absent means every port. On a source it
    /// has no meaning.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::optional_port"
    )]
    #[schemars(with = "Option<i32>", range(min = PORT_MIN, max = PORT_MAX))]
    pub port: Option<u16>,
}

impl Subject {
    /// The ServiceAccount `name`, in the namespace of the TrafficTarget.
    pub fn service_account(name: impl Into<String>) -> Self {
        Self {
            kind: crate::subject::SERVICE_ACCOUNT.to_owned(),
            name: name.into(),
            ..Self::default()
        }
    }
}

/// A route, or some of its matches, that says which traffic is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// The kind of the route. A request must satisfy one of the TCPRoutes of a TrafficTarget, where it has any, and one
    /// of its HTTPRouteGroups, where it has any.
    #[schemars(schema_with = "crate::rule::kind_schema")]
    pub kind: String,
    /// The name of the route, in the namespace of the TrafficTarget.
    #[schemars(length(max = NAME))]
    pub name: String,
    /// The matches of an HTTPRouteGroup that are meant. Absent or empty means all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::list")]
    #[schemars(length(max = RULE_MATCHES), inner(length(max = NAME)))]
    pub matches: Vec<String>,
}

impl Rule {
    /// Every match of the HTTPRouteGroup `name`.
    pub fn http_route_group(name: impl Into<String>) -> Self {
        Self {
            kind: crate::rule::HTTP_ROUTE_GROUP.to_owned(),
            name: name.into(),
            matches: Vec::new(),
        }
    }

    /// The TCPRoute `name`.
    pub fn tcp_route(name: impl Into<String>) -> Self {
        Self {
            kind: crate::rule::TCP_ROUTE.to_owned(),
            name: name.into(),
            matches: Vec::new(),
        }
    }

    /// The UDPRoute `name`; known from v1alpha3 on.
    pub fn udp_route(name: impl Into<String>) -> Self {
        Self {
            kind: crate::rule::UDP_ROUTE.to_owned(),
            name: name.into(),
            matches: Vec::new(),
        }
    }
}
