//! Owns [`Server`]: an API server, its clients and its faults.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Client, client::Body};

use crate::{
    clock::Clock,
    cluster::Cluster,
    convert::Convert,
    faults::Faults,
    limits::Limits,
    listen::{ListenError, Listening, Stop},
    service, strategy,
};

/// A Kubernetes API server in this process, with the kinds of the CRDs that it is given and the built-in ones that a mesh
/// needs. Cheap to clone: clones are the same server.
///
/// ```
/// # use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
/// use k8s_openapi::api::core::v1::ConfigMap;
/// use kube::{Api, api::PostParams};
///
/// # async fn example(crds: Vec<CustomResourceDefinition>) -> Result<(), kube::Error> {
/// let server = smi_fake::Server::new(crds);
/// let maps: Api<ConfigMap> = Api::namespaced(server.client(), "default");
/// maps.create(&PostParams::default(), &serde_json::from_value(serde_json::json!({"metadata": {"name": "a"}})).unwrap()).await?;
/// assert_eq!(maps.list(&Default::default()).await?.items.len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// The state lives as long as the server or one of its clients; what listens stops when the last clone of the server is
/// dropped.
#[derive(Clone)]
pub struct Server {
    setup: Setup,
    /// Started when it is first needed: each `with_` would start it anew.
    running: Arc<OnceLock<Running>>,
    stop: Arc<Stop>,
}

struct Running {
    cluster: Arc<Cluster>,
    refused: Vec<String>,
}

/// What a server was made with.
#[derive(Clone)]
struct Setup {
    crds: Arc<Vec<CustomResourceDefinition>>,
    converter: Option<Arc<dyn Convert>>,
    limits: Limits,
    clock: Clock,
    streaming_lists: bool,
}

impl Setup {
    fn server(self) -> Server {
        Server {
            setup: self,
            running: Arc::default(),
            stop: Arc::default(),
        }
    }

    fn start(&self) -> Running {
        let cluster = Cluster::new(
            self.clock.clone(),
            self.limits,
            self.converter.clone(),
            self.streaming_lists,
        );
        strategy::create_initial(&cluster);
        let installed = self.crds.iter().map(|crd| strategy::install(&cluster, crd));
        let refused = installed
            .filter_map(|installed| Some(installed.err()?.message().to_owned()))
            .collect();
        Running {
            cluster: Arc::new(cluster),
            refused,
        }
    }
}

impl Server {
    /// A server that serves the kinds of `crds`, established, and has the namespaces of a new cluster.
    ///
    /// CRDs that an API server would refuse (no stored version, a name that is not `plural.group`) are left out:
    /// [`refused`](Self::refused) says why.
    pub fn new(crds: impl IntoIterator<Item = CustomResourceDefinition>) -> Self {
        let setup = Setup {
            crds: Arc::new(crds.into_iter().collect()),
            converter: None,
            limits: Limits::default(),
            clock: Clock::default(),
            streaming_lists: true,
        };
        setup.server()
    }

    /// With what converts objects of CRDs whose conversion strategy is `Webhook`; without it, such a conversion fails.
    ///
    /// This and the other `with_` give another server, with the CRDs that [`new`](Self::new) was given: call them first.
    #[must_use]
    pub fn with_converter(self, converter: impl Convert) -> Self {
        let converter: Option<Arc<dyn Convert>> = Some(Arc::new(converter));
        Setup {
            converter,
            ..self.setup
        }
        .server()
    }

    /// With other bounds.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Setup { limits, ..self.setup }.server()
    }

    /// With another time for its timestamps.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Setup { clock, ..self.setup }.server()
    }

    /// Refuses `sendInitialEvents`, as servers do that do not have the feature.
    #[must_use]
    pub fn without_streaming_lists(self) -> Self {
        Setup {
            streaming_lists: false,
            ..self.setup
        }
        .server()
    }

    /// Why CRDs that the server was made with are not served: one message each.
    pub fn refused(&self) -> &[String] {
        &self.running().refused
    }

    fn running(&self) -> &Running {
        self.running.get_or_init(|| self.setup.start())
    }

    fn cluster(&self) -> &Arc<Cluster> {
        &self.running().cluster
    }

    /// A client that calls the server in process, as its administrator; its default namespace is `default`.
    ///
    /// Call it within a tokio runtime: the client spawns a task of its own there. It works under a paused clock.
    pub fn client(&self) -> Client {
        let cluster = Arc::clone(self.cluster());
        let service =
            tower::service_fn(move |request: http::Request<Body>| service::serve(Arc::clone(&cluster), request));
        Client::new(service, "default")
    }

    /// Listens on a free port of the loopback interface, with TLS and a token, until the last clone of this server is
    /// dropped. For kubectl and anything else that takes a kubeconfig.
    ///
    /// # Errors
    /// When no port can be had or no certificate made.
    pub async fn listen(&self) -> Result<Listening, ListenError> {
        crate::listen::start(self.cluster(), &self.stop).await
    }

    /// What goes wrong on demand.
    pub fn faults(&self) -> Faults {
        self.cluster().faults.clone()
    }

    /// Forgets all history, as etcd's compaction does: watches from older revisions get `410 Gone`, and lists that began
    /// before cannot go on. Open watches that are up to date stay.
    pub fn compact(&self) {
        self.cluster().lock().store.compact();
    }

    /// The revision of the last write.
    pub fn resource_version(&self) -> u64 {
        self.cluster().lock().store.revision()
    }

    /// How many watches are open.
    pub fn watchers(&self) -> usize {
        self.cluster().watchers()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("limits", &self.setup.limits)
            .field("faults", &self.cluster().faults)
            .field("resource_version", &self.resource_version())
            .field("watchers", &self.watchers())
            .finish_non_exhaustive()
    }
}
