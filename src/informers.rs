//! Every object of a cluster in memory and up to date: an informer for each kind, in one stream.
//!
//! ```no_run
//! # async fn example(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use futures::StreamExt;
//! use smi_sdk::{Informers, access::by};
//!
//! let (listers, events) = Informers::new(client).start();
//! tokio::spawn(events.for_each(|event| async move { println!("{event:?}") }));
//!
//! listers.ready().await?;
//! for target in &listers.traffic_targets.by(by::destination, &"shop/api".parse()?) {
//!     println!("{:?}", target.spec.sources);
//! }
//! println!("not served: {:?}", listers.missing());
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use futures::{Stream, StreamExt};
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::{Client, runtime::watcher};
use smi_core::convert::{Converter, Hub};
pub use smi_core::informer::*;
use tokio::time::Instant;

use crate::{
    access::v1alpha4::{IdentityBinding, TrafficTarget},
    specs::v1alpha4::{HttpRouteGroup, TcpRoute, UdpRoute},
    split::v1alpha4::TrafficSplit,
};

/// Informers of every SMI kind, before they are started.
#[derive(Clone)]
pub struct Informers {
    client: Client,
    namespace: Option<String>,
    on_invalid: OnInvalid,
    strip: Strip,
    config: watcher::Config,
}

/// What the informer of one kind says.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is named after its kind")]
#[non_exhaustive]
pub enum MeshEvent {
    TrafficTarget(Event<TrafficTarget>),
    IdentityBinding(Event<IdentityBinding>),
    HttpRouteGroup(Event<HttpRouteGroup>),
    TcpRoute(Event<TcpRoute>),
    UdpRoute(Event<UdpRoute>),
    TrafficSplit(Event<TrafficSplit>),
}

/// A lister for each kind.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listers {
    /// With the indexes [`destination`](crate::access::by::destination), [`source`](crate::access::by::source),
    /// [`route`](crate::access::by::route) and [`binding`](crate::access::by::binding).
    pub traffic_targets: Lister<TrafficTarget>,
    /// Names for identities.
    pub identity_bindings: Lister<IdentityBinding>,
    /// Sets of HTTP requests.
    pub http_route_groups: Lister<HttpRouteGroup>,
    /// TCP ports.
    pub tcp_routes: Lister<TcpRoute>,
    /// UDP ports.
    pub udp_routes: Lister<UdpRoute>,
    /// With the indexes [`apex`](crate::split::by::apex) and [`backend`](crate::split::by::backend).
    pub traffic_splits: Lister<TrafficSplit>,
}

impl Informers {
    /// Informers of all namespaces.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            namespace: None,
            on_invalid: OnInvalid::default(),
            strip: Strip::default(),
            config: watcher::Config::default(),
        }
    }

    /// Only the objects of one namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// What becomes of objects that cannot be read.
    #[must_use]
    pub const fn on_invalid(mut self, on_invalid: OnInvalid) -> Self {
        self.on_invalid = on_invalid;
        self
    }

    /// What of each object's metadata is left out; [`Strip::Bookkeeping`] otherwise.
    #[must_use]
    pub const fn strip(mut self, strip: Strip) -> Self {
        self.strip = strip;
        self
    }

    /// How the server is asked: see [`Informer::config`].
    #[must_use]
    pub fn config(mut self, config: watcher::Config) -> Self {
        self.config = config;
        self
    }

    /// The listers, and the stream that keeps them up to date while it is polled.
    #[must_use = "the stream does nothing unless it is polled"]
    pub fn start(self) -> (Listers, impl Stream<Item = MeshEvent> + Send + Unpin) {
        use crate::{access::by as target_by, split::by as split_by};

        let targets = self.informer(smi_access::convert::traffic_targets());
        let targets = targets.index(target_by::destination).index(target_by::source);
        let (traffic_targets, target_events) = targets.index(target_by::route).index(target_by::binding).start();
        let (identity_bindings, binding_events) = self.informer(smi_access::convert::identity_bindings()).start();
        let (http_route_groups, group_events) = self.informer(smi_specs::convert::http_route_groups()).start();
        let (tcp_routes, tcp_events) = self.informer(smi_specs::convert::tcp_routes()).start();
        let (udp_routes, udp_events) = self.informer(smi_specs::convert::udp_routes()).start();
        let splits = self.informer(smi_split::convert::traffic_splits());
        let (traffic_splits, split_events) = splits.index(split_by::apex).index(split_by::backend).start();

        let events = futures::stream::select_all([
            target_events.map(MeshEvent::TrafficTarget).boxed(),
            binding_events.map(MeshEvent::IdentityBinding).boxed(),
            group_events.map(MeshEvent::HttpRouteGroup).boxed(),
            tcp_events.map(MeshEvent::TcpRoute).boxed(),
            udp_events.map(MeshEvent::UdpRoute).boxed(),
            split_events.map(MeshEvent::TrafficSplit).boxed(),
        ]);
        let listers = Listers {
            traffic_targets,
            identity_bindings,
            http_route_groups,
            tcp_routes,
            udp_routes,
            traffic_splits,
        };
        (listers, events)
    }

    fn informer<K: Hub>(&self, converter: Converter<K>) -> Informer<K> {
        let informer = Informer::new(self.client.clone()).versions(converter);
        let informer = informer
            .on_invalid(self.on_invalid)
            .strip(self.strip)
            .config(self.config.clone());
        match &self.namespace {
            Some(namespace) => informer.namespace(namespace),
            None => informer,
        }
    }
}

impl std::fmt::Debug for Informers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Informers")
            .field("namespace", &self.namespace)
            .field("on_invalid", &self.on_invalid)
            .finish_non_exhaustive()
    }
}

impl Listers {
    /// Waits until every kind is there, or known not to be served.
    ///
    /// # Errors
    /// [`NeverReady`].
    pub async fn ready(&self) -> Result<(), NeverReady> {
        self.traffic_targets.ready().await?;
        self.identity_bindings.ready().await?;
        self.http_route_groups.ready().await?;
        self.tcp_routes.ready().await?;
        self.udp_routes.ready().await?;
        self.traffic_splits.ready().await
    }

    /// The kinds that the server is known not to serve.
    pub fn missing(&self) -> Vec<&'static str> {
        let missing = self.each().into_iter().filter(|(_, lister)| lister.is_missing());
        missing.map(|(kind, _)| kind).collect()
    }

    /// The age of the oldest data, as [`Lister::age`] has it; none before every kind that is served was heard of. A kind
    /// that is [`missing`](Self::missing) has no data that could be old.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        let served = self.each().into_iter().filter(|(_, lister)| !lister.is_missing());
        let ages: Option<Vec<_>> = served.map(|(_, lister)| lister.age(now)).collect();
        ages?.into_iter().max()
    }

    /// How long the server has failed for some kind, the longest of what [`Lister::failing`] says; none where it answers
    /// for all.
    pub fn failing(&self, now: Instant) -> Option<Duration> {
        let failing = self.each().into_iter().filter_map(|(_, lister)| lister.failing(now));
        failing.max()
    }

    /// The lister of each kind, as far as they are alike.
    fn each(&self) -> [(&'static str, &dyn Says); 6] {
        [
            ("TrafficTarget", &self.traffic_targets),
            ("IdentityBinding", &self.identity_bindings),
            ("HTTPRouteGroup", &self.http_route_groups),
            ("TCPRoute", &self.tcp_routes),
            ("UDPRoute", &self.udp_routes),
            ("TrafficSplit", &self.traffic_splits),
        ]
    }
}

/// What a lister says of the server, whatever its kind.
trait Says {
    fn is_missing(&self) -> bool;
    fn age(&self, now: Instant) -> Option<Duration>;
    fn failing(&self, now: Instant) -> Option<Duration>;
}

impl<S: Stored> Says for Lister<S> {
    fn is_missing(&self) -> bool {
        self.is_missing()
    }

    fn age(&self, now: Instant) -> Option<Duration> {
        self.age(now)
    }

    fn failing(&self, now: Instant) -> Option<Duration> {
        self.failing(now)
    }
}

/// The ClusterRole `name` with the least that [`Informers`] need.
///
/// ```
/// println!("{}", smi_sdk::to_yaml(&smi_sdk::informers::role("smi-reader"))?);
/// # Ok::<(), smi_sdk::core::yaml::YamlError>(())
/// ```
pub fn role(name: &str) -> ClusterRole {
    let kinds = [
        (smi_access::GROUP, "traffictargets"),
        (smi_access::GROUP, "identitybindings"),
        (smi_specs::GROUP, "httproutegroups"),
        (smi_specs::GROUP, "tcproutes"),
        (smi_specs::GROUP, "udproutes"),
        (smi_split::GROUP, "trafficsplits"),
    ];
    reader_role(name, kinds)
}
