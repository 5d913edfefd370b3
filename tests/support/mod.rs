//! The API server of the tests, from one function: the in-process fake, or a real one where `e2e/run` says so.
//!
//! [`cluster`] has every kind and a namespace that is the test's own; [`cluster_with`] has the CRDs that the test brings.
//! The fake is new for each test. A real server is shared, and CRDs are the whole server's: tests that bring their own
//! have it alone, tests that do not share it.
//!
//! Tests run under a paused clock (`#[tokio::test(start_paused = true)]`), which goes on where the server is real.

#[path = "../../smi-fake/tests/support/mod.rs"]
mod server;
pub(crate) mod subscriber;

use std::{fmt::Debug, sync::OnceLock};

use futures::{Stream, StreamExt};
use k8s_openapi::{
    api::{
        authorization::v1::SelfSubjectAccessReview,
        core::v1::Namespace,
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{
        CustomResourceDefinition, CustomResourceValidation, JSONSchemaProps, WebhookClientConfig,
    },
};
use kube::{Api, Client, Config, ResourceExt, api::PostParams, config::Kubeconfig, core::ObjectMeta};
use serde_json::{Value, json};
pub(crate) use server::real::{in_time, until};
use server::{real, webhook};
use smi_sdk::{Conversion, CrdOptions, convert::converters, informers};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What ends the name of each of our CRDs.
const GROUPS: &str = ".smi-spec.io";

/// Whether the real server has the CRDs of [`cluster`].
static SHARED: RwLock<bool> = RwLock::const_new(false);

/// An API server, as its administrator sees it, and a namespace.
pub(crate) struct Cluster {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    server: Server,
}

enum Server {
    Fake(smi_fake::Server),
    Real { config: Box<Config>, _hold: Hold },
}

#[expect(dead_code, reason = "held until the test ends")]
enum Hold {
    Shared(RwLockReadGuard<'static, bool>),
    Alone(RwLockWriteGuard<'static, bool>),
}

/// A cluster that serves every kind at every version.
pub(crate) async fn cluster() -> Cluster {
    let crds = smi_sdk::crds(&CrdOptions::all_served());
    let Some(config) = real::config().await else {
        return only_on_fake(crds).await;
    };
    let client = Client::try_from(config.clone()).unwrap();
    let mut hold = SHARED.read().await;
    while !*hold {
        drop(hold);
        let mut alone = SHARED.write().await;
        if !*alone {
            real::exchange(&client, GROUPS, &crds).await;
            *alone = true;
        }
        drop(alone);
        hold = SHARED.read().await;
    }
    on_real(client, config, Hold::Shared(hold)).await
}

/// A cluster with these CRDs, which the test may change.
pub(crate) async fn cluster_with(crds: Vec<CustomResourceDefinition>) -> Cluster {
    let Some(config) = real::config().await else {
        return only_on_fake(crds).await;
    };
    let client = Client::try_from(config.clone()).unwrap();
    let mut alone = SHARED.write().await;
    *alone = false;
    real::exchange(&client, GROUPS, &crds).await;
    on_real(client, config, Hold::Alone(alone)).await
}

/// The fake with these CRDs, wherever the other tests run: for what no test can do to a real server, such as faults and
/// compaction, and for waits that are too long without a paused clock.
pub(crate) async fn only_on_fake(crds: Vec<CustomResourceDefinition>) -> Cluster {
    let server = smi_fake::Server::new(crds).with_converter(convert);
    assert_eq!(server.refused(), [""; 0]);
    let client = server.client();
    Cluster {
        namespace: namespace(&client).await,
        client,
        server: Server::Fake(server),
    }
}

async fn on_real(client: Client, config: Config, hold: Hold) -> Cluster {
    Cluster {
        namespace: namespace(&client).await,
        client,
        server: Server::Real {
            config: Box::new(config),
            _hold: hold,
        },
    }
}

async fn namespace(client: &Client) -> String {
    let metadata = ObjectMeta {
        generate_name: Some("test-".to_owned()),
        ..ObjectMeta::default()
    };
    let namespace = Namespace {
        metadata,
        ..Namespace::default()
    };
    let made = Api::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await;
    made.unwrap().name_any()
}

/// The conversion that calls our converters: what CRDs have in their `conversion`.
pub(crate) fn conversion() -> Conversion {
    static WEBHOOK: OnceLock<WebhookClientConfig> = OnceLock::new();
    if !real::is_meant() {
        return Conversion::webhook_url("https://127.0.0.1/convert", "");
    }
    let serve = || webhook::serve(|review| converters().review(review));
    Conversion::Webhook(WEBHOOK.get_or_init(serve).clone())
}

/// The fake is answered as a webhook answers a real server.
fn convert(object: Value, api_version: &str) -> Result<Value, String> {
    let review = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
        "request": {"uid": "1", "desiredAPIVersion": api_version, "objects": Value::from(vec![object])}});
    let review = serde_json::from_value(review).map_err(|error| error.to_string())?;
    let response = converters().review(review).response.ok_or("no response")?;
    let mut converted = response.converted_objects;
    converted.pop().ok_or(response.result.message)
}

impl Cluster {
    /// One more namespace.
    pub(crate) async fn namespace(&self) -> String {
        namespace(&self.client).await
    }

    /// Creates a CRD and waits until its kind is served.
    pub(crate) async fn install(&self, crd: &CustomResourceDefinition) {
        real::install(&self.client, crd).await;
    }

    /// Writes the spec of a CRD in the place of the one that is there, and waits until it is what is served.
    pub(crate) async fn change(&self, crd: &CustomResourceDefinition) {
        let (api, name) = (
            Api::<CustomResourceDefinition>::all(self.client.clone()),
            crd.name_any(),
        );
        until(&format!("`{name}` is written"), async || {
            let mut there = api.get(&name).await.unwrap();
            there.spec = crd.spec.clone();
            // A controller of the server writes its status at any time.
            match api.replace(&name, &PostParams::default(), &there).await {
                Err(kube::Error::Api(status)) if status.is_conflict() => None,
                written => Some(written.unwrap()),
            }
        })
        .await;
        real::until_served(&self.client, crd).await;
    }

    /// Removes a CRD with its objects, and waits until both are gone.
    pub(crate) async fn remove(&self, crd: &CustomResourceDefinition) {
        real::remove(&self.client, &crd.name_any()).await;
    }

    /// The fake; none where the server is real.
    pub(crate) fn fake(&self) -> Option<&smi_fake::Server> {
        match &self.server {
            Server::Fake(server) => Some(server),
            Server::Real { .. } => None,
        }
    }

    /// How a program of its own reaches the server, as its administrator: over a socket, which a paused clock does not wait
    /// for, so the clock goes on from here.
    pub(crate) async fn kubeconfig(&self) -> Kubeconfig {
        match &self.server {
            Server::Fake(server) => {
                tokio::time::resume();
                server.listen().await.unwrap().kubeconfig()
            }
            Server::Real { .. } => real::kubeconfig().unwrap(),
        }
    }

    /// A user who may do what the role of informers says in every namespace, without the verb `lacks`, and nothing else.
    /// None on the fake, which has no rights at all: there everybody is the administrator.
    pub(crate) async fn reader(&self, lacks: Option<&str>) -> Option<String> {
        let name = format!("reader-of-{}-without-{}", self.namespace, lacks.unwrap_or("nothing"));
        let mut role = informers::role(&name);
        for rule in role.rules.iter_mut().flatten() {
            rule.verbs.retain(|verb| Some(verb.as_str()) != lacks);
        }
        self.user(&role).await
    }

    /// A user who may do what `role` says in every namespace, and nothing else, named after it. None on the fake.
    pub(crate) async fn user(&self, role: &ClusterRole) -> Option<String> {
        let mut config = self.config()?;
        let name = role.name_any();
        let roles: Api<ClusterRole> = Api::all(self.client.clone());
        roles.create(&PostParams::default(), role).await.unwrap();
        let binding = json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.namespace}],
        });
        let binding: ClusterRoleBinding = serde_json::from_value(binding).unwrap();
        let bindings: Api<ClusterRoleBinding> = Api::all(self.client.clone());
        bindings.create(&PostParams::default(), &binding).await.unwrap();
        let user = format!("system:serviceaccount:{}:{name}", self.namespace);
        config.auth_info.impersonate = Some(user.clone());
        let reviews: Api<SelfSubjectAccessReview> = Api::all(Client::try_from(config).unwrap());
        let of_splits = |rule: &&PolicyRule| {
            let resources = rule.resources.iter().flatten();
            resources.into_iter().any(|resource| resource == "trafficsplits")
        };
        let verbs = role
            .rules
            .iter()
            .flatten()
            .filter(of_splits)
            .flat_map(|rule| &rule.verbs);
        for verb in verbs {
            let asked = json!({"group": "split.smi-spec.io", "resource": "trafficsplits", "verb": verb});
            let asked = json!({"metadata": {}, "spec": {"resourceAttributes": asked}});
            let asked = serde_json::from_value(asked).unwrap();
            until("the server knows of the role", async || {
                let answer = reviews.create(&PostParams::default(), &asked).await.unwrap();
                answer.status.is_some_and(|status| status.allowed).then_some(())
            })
            .await;
        }
        Some(user)
    }

    /// How the administrator reaches a real server; none where it is the fake.
    pub(crate) fn config(&self) -> Option<Config> {
        match &self.server {
            Server::Fake(_) => None,
            Server::Real { config, .. } => Some(Config::clone(config)),
        }
    }
}

/// These CRDs without their schemas: they admit anything, as some do that others publish.
pub(crate) fn admitting_anything(mut crds: Vec<CustomResourceDefinition>) -> Vec<CustomResourceDefinition> {
    for of in crds.iter_mut().flat_map(|crd| &mut crd.spec.versions) {
        let schema = JSONSchemaProps {
            type_: Some("object".to_owned()),
            x_kubernetes_preserve_unknown_fields: Some(true),
            ..JSONSchemaProps::default()
        };
        of.schema = Some(CustomResourceValidation {
            open_api_v3_schema: Some(schema),
        });
    }
    crds
}

/// The status code of a refusal.
pub(crate) fn code<T: Debug>(result: Result<T, kube::Error>) -> u16 {
    match result {
        Err(kube::Error::Api(status)) => status.code,
        other => panic!("no status: {other:?}"),
    }
}

/// Polls `events`, which do the work of an informer, until `condition` holds.
pub(crate) async fn follow<E>(
    events: &mut (impl Stream<Item = E> + Unpin),
    what: &str,
    mut condition: impl FnMut() -> bool,
) {
    in_time(what, async {
        while !condition() {
            events.next().await.expect("an informer goes on");
        }
    })
    .await;
}
