//! Every SMI object of a cluster, cut down to what a proxy needs.

use std::time::Duration;

use futures::{Stream, StreamExt, stream::select_all};
use kube::Client;
use smi_sdk::{
    Clientset,
    access::{
        ServiceIdentity, by,
        v1alpha4::{IdentitySchemes, Rule, TrafficTarget},
    },
    core::key::ObjectKey,
    informers::{Batch, Changes, Event, Lister, Projected, Stored},
    kube,
    specs::v1alpha4::HttpMatch,
    split::v1alpha4::Backend,
};
use tokio::time::Instant;

/// A TrafficTarget: 3 of its fields, with the namespaces worked out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grant {
    /// None for a destination of another kind, which no proxy of a service account is.
    pub(crate) destination: Option<ServiceIdentity>,
    pub(crate) sources: Vec<ServiceIdentity>,
    /// IdentityBindings, the sources too.
    pub(crate) bindings: Vec<ObjectKey>,
    pub(crate) rules: Vec<Rule>,
}

impl Grant {
    fn of(target: TrafficTarget) -> Self {
        Self {
            destination: by::destination(&target),
            sources: by::source(&target),
            bindings: by::binding(&target),
            rules: target.spec.rules,
        }
    }
}

/// The index of grants: who receives the traffic.
pub(crate) fn destination(grant: &Grant) -> Option<ServiceIdentity> {
    grant.destination.clone()
}

/// A TrafficSplit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) service: String,
    pub(crate) backends: Vec<Backend>,
    /// The HTTPRouteGroups of the requests that it is for; none for all.
    pub(crate) routes: Vec<String>,
}

/// The listers; cheap to clone.
#[derive(Clone)]
pub(crate) struct Objects {
    pub(crate) grants: Lister<Projected<Grant>>,
    pub(crate) bindings: Lister<Projected<IdentitySchemes>>,
    pub(crate) http: Lister<Projected<Vec<HttpMatch>>>,
    pub(crate) tcp: Lister<Projected<Vec<u16>>>,
    pub(crate) udp: Lister<Projected<Vec<u16>>>,
    pub(crate) splits: Lister<Projected<Split>>,
}

/// What an informer of the kind said last: why the server does not answer as it should, or anything else.
pub(crate) struct Heard {
    pub(crate) kind: &'static str,
    pub(crate) failure: Option<String>,
}

impl Heard {
    fn of<S>(kind: &'static str, event: &Event<S>) -> Self {
        let failure = match event {
            Event::Failed(error) => Some(error.to_string()),
            _ => None,
        };
        Self { kind, failure }
    }
}

/// Which namespaces a batch of changes is about.
pub(crate) enum Touched {
    All,
    Namespaces(Vec<String>),
}

impl Objects {
    /// The listers, and what keeps them up to date while it is polled.
    pub(crate) fn start(client: &Client) -> (Self, impl Stream<Item = Heard> + Send + Unpin + use<>) {
        let smi = Clientset::new(client.clone());
        let targets = smi.traffic_targets().informer().project(Grant::of);
        let (grants, grant_events) = targets.index(destination).start();
        let bindings = smi
            .identity_bindings()
            .informer()
            .project(|binding| binding.spec.schemes);
        let (bindings, binding_events) = bindings.start();
        let http = smi.http_route_groups().informer().project(|group| group.spec.matches);
        let (http, http_events) = http.start();
        let tcp = smi.tcp_routes().informer().project(|route| route.spec.matches.ports);
        let (tcp, tcp_events) = tcp.start();
        let udp = smi.udp_routes().informer().project(|route| route.spec.matches.ports);
        let (udp, udp_events) = udp.start();
        let splits = smi.traffic_splits().informer().project(|split| Split {
            service: split.spec.service,
            backends: split.spec.backends,
            routes: split.spec.matches.into_iter().map(|route| route.name).collect(),
        });
        let (splits, split_events) = splits.start();
        let events = select_all([
            grant_events.map(|event| Heard::of("TrafficTarget", &event)).boxed(),
            binding_events.map(|event| Heard::of("IdentityBinding", &event)).boxed(),
            http_events.map(|event| Heard::of("HTTPRouteGroup", &event)).boxed(),
            tcp_events.map(|event| Heard::of("TCPRoute", &event)).boxed(),
            udp_events.map(|event| Heard::of("UDPRoute", &event)).boxed(),
            split_events.map(|event| Heard::of("TrafficSplit", &event)).boxed(),
        ]);
        let objects = Self {
            grants,
            bindings,
            http,
            tcp,
            udp,
            splits,
        };
        (objects, events)
    }

    /// What changes from now on, of all kinds.
    pub(crate) fn changes(&self) -> impl Stream<Item = Touched> + Send + Unpin + use<> {
        fn touched<S: Stored>(changes: Changes<S>) -> impl Stream<Item = Touched> + Send {
            changes.map(|batch| match batch {
                Batch::Snapshot { .. } => Touched::All,
                Batch::Changes(changes) => {
                    let namespaces = changes.iter().map(|change| change.key().namespace.to_owned());
                    Touched::Namespaces(namespaces.collect())
                }
            })
        }
        select_all([
            touched(self.grants.subscribe()).boxed(),
            touched(self.bindings.subscribe()).boxed(),
            touched(self.http.subscribe()).boxed(),
            touched(self.tcp.subscribe()).boxed(),
            touched(self.udp.subscribe()).boxed(),
            touched(self.splits.subscribe()).boxed(),
        ])
    }

    /// Whether every kind is there, or known not to be served.
    pub(crate) fn are_ready(&self) -> bool {
        self.each(Instant::now()).iter().all(|kind| kind.is_ready)
    }

    /// The age of the oldest data; none before every kind that is served was heard of. `smi_sdk::informers::Listers` says
    /// the same, and what `failing` says, where whole objects are kept.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        // A kind that is not served has no data that could be old.
        let served = self.each(now).into_iter().filter(|kind| !kind.is_missing);
        let ages: Option<Vec<_>> = served.map(|kind| kind.age).collect();
        ages?.into_iter().max()
    }

    /// How long the server has failed for some kind; none where it answers.
    pub(crate) fn failing(&self, now: Instant) -> Option<Duration> {
        self.each(now).into_iter().filter_map(|kind| kind.failing).max()
    }

    /// The kinds for which the server fails.
    pub(crate) fn failing_kinds(&self, now: Instant) -> impl Iterator<Item = &'static str> {
        let failing = self.each(now).into_iter().filter(|kind| kind.failing.is_some());
        failing.map(|kind| kind.kind)
    }

    fn each(&self, now: Instant) -> [Says; 6] {
        [
            Says::of("TrafficTarget", &self.grants, now),
            Says::of("IdentityBinding", &self.bindings, now),
            Says::of("HTTPRouteGroup", &self.http, now),
            Says::of("TCPRoute", &self.tcp, now),
            Says::of("UDPRoute", &self.udp, now),
            Says::of("TrafficSplit", &self.splits, now),
        ]
    }
}

/// What a lister says of the server.
struct Says {
    kind: &'static str,
    is_ready: bool,
    is_missing: bool,
    age: Option<Duration>,
    failing: Option<Duration>,
}

impl Says {
    fn of<S: Stored>(kind: &'static str, lister: &Lister<S>, now: Instant) -> Self {
        Self {
            kind,
            is_ready: lister.is_ready(),
            is_missing: lister.is_missing(),
            age: lister.age(now),
            failing: lister.failing(now),
        }
    }
}
