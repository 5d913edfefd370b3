//! What SMI objects mean, evaluated by brute force: the table of the design's semantics, written down as plainly as it goes.
//!
//! Tests hold what is fast, or what converts, against this. It works on the hub types and walks every object for every
//! request; [`Mesh::add`] reads an object of any version as a reader of that version understands it, without the
//! conversions that are tested with it.

mod access;
mod http;
mod meaning;
mod regexes;
mod request;
mod split;

pub(crate) use regexes::Regexes;
pub(crate) use request::{Http, Identity, Protocol, Request};

use smi_sdk::{
    access::v1alpha4::{IdentityBinding, TrafficTarget},
    specs::v1alpha4::{HttpRouteGroup, TcpRoute, UdpRoute},
    split::v1alpha4::TrafficSplit,
};

/// All that a reader holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mesh {
    pub(crate) targets: Vec<Target>,
    pub(crate) bindings: Vec<IdentityBinding>,
    pub(crate) route_groups: Vec<HttpRouteGroup>,
    pub(crate) tcp_routes: Vec<TcpRoute>,
    pub(crate) udp_routes: Vec<UdpRoute>,
    pub(crate) splits: Vec<TrafficSplit>,
}

/// A TrafficTarget, with the port that only v1alpha1 and v1alpha2 have.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) object: TrafficTarget,
    /// The only port of what the rules allow; none where the rules say the ports.
    pub(crate) port: Option<u16>,
}
