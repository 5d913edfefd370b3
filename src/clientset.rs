//! One client for every kind.
//!
//! ```no_run
//! # async fn example(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use smi_sdk::{Clientset, split};
//!
//! let smi = Clientset::new(client);
//! // Plain kube, at a version of your choice.
//! let old: kube::Api<split::v1alpha2::TrafficSplit> = smi.api();
//! // At whichever version the cluster serves; what comes back is the newest.
//! let splits = smi.traffic_splits().namespaced("shop");
//! for split in splits.list(&Default::default()).await? {
//!     println!("{}", split.spec.service);
//! }
//! splits.patch("web", &Default::default(), |split| split.spec.backends[0].weight = 50).await?;
//! # Ok(())
//! # }
//! ```

mod served;

use kube::{
    Api, Client,
    core::{NamespaceResourceScope, Resource},
};
pub use served::{ClientError, Served};

use crate::{
    access::v1alpha4::{IdentityBinding, TrafficTarget},
    specs::v1alpha4::{HttpRouteGroup, TcpRoute, UdpRoute},
    split::v1alpha4::TrafficSplit,
};

/// Every kind of SMI behind one [`kube::Client`]; cheap to clone.
#[derive(Clone)]
pub struct Clientset {
    client: Client,
}

impl Clientset {
    /// A clientset over a client.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// kube's `Api` of a kind at one version, in all namespaces.
    pub fn api<V: Resource<DynamicType = ()>>(&self) -> Api<V> {
        Api::all(self.client.clone())
    }

    /// kube's `Api` of a kind at one version, in one namespace.
    pub fn namespaced<V>(&self, namespace: &str) -> Api<V>
    where
        V: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// TrafficTargets, at the version that the cluster serves.
    pub fn traffic_targets(&self) -> Served<TrafficTarget> {
        Served::new(self.client.clone(), smi_access::convert::traffic_targets())
    }

    /// IdentityBindings, at the version that the cluster serves.
    pub fn identity_bindings(&self) -> Served<IdentityBinding> {
        Served::new(self.client.clone(), smi_access::convert::identity_bindings())
    }

    /// HTTPRouteGroups, at the version that the cluster serves.
    pub fn http_route_groups(&self) -> Served<HttpRouteGroup> {
        Served::new(self.client.clone(), smi_specs::convert::http_route_groups())
    }

    /// TCPRoutes, at the version that the cluster serves.
    pub fn tcp_routes(&self) -> Served<TcpRoute> {
        Served::new(self.client.clone(), smi_specs::convert::tcp_routes())
    }

    /// UDPRoutes, at the version that the cluster serves.
    pub fn udp_routes(&self) -> Served<UdpRoute> {
        Served::new(self.client.clone(), smi_specs::convert::udp_routes())
    }

    /// TrafficSplits, at the version that the cluster serves.
    pub fn traffic_splits(&self) -> Served<TrafficSplit> {
        Served::new(self.client.clone(), smi_split::convert::traffic_splits())
    }
}

impl std::fmt::Debug for Clientset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clientset").finish_non_exhaustive()
    }
}
