//! A cluster with a cache of it.

use std::{sync::Arc, time::Duration};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::{Value, json};
use smi_sdk::{CrdOptions, kube};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    cache::{
        snapshot::{Content, Snapshot},
        snapshots::{Cache, Latest},
    },
    support::{Cluster, admitting_anything, cluster, cluster_with, only_on_fake},
};

/// Longer than anything here should take: no time at all on the paused clock.
const LONG: Duration = Duration::from_secs(300);

/// What the versions of a cache start from, where that is of no concern.
pub(crate) const EPOCH: u64 = 1_000_000;

/// A cluster with two namespaces and a running cache. Caches see every namespace, and say nothing of those that concern no
/// account of theirs: tests share a cluster.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) shop: String,
    pub(crate) far: String,
    pub(crate) cache: Arc<Cache>,
    driver: JoinHandle<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(cluster().await).await
    }

    /// One whose API server admits anything.
    pub(crate) async fn admitting_anything() -> Self {
        Self::of(cluster_with(admitting_anything(crds())).await).await
    }

    pub(crate) async fn only_on_fake() -> Self {
        Self::of(only_on_fake(crds()).await).await
    }

    pub(crate) async fn of(cluster: Cluster) -> Self {
        let (cache, driver) = Cache::start(&cluster.client, EPOCH);
        Self {
            shop: cluster.namespace.clone(),
            far: cluster.namespace().await,
            driver: tokio::spawn(driver),
            cluster,
            cache,
        }
    }

    /// With what lets the account `web` send orders to the account `api` on port 80, all in `shop`.
    pub(crate) async fn with_orders(self) -> Self {
        self.create("HTTPRouteGroup", &self.shop, "api", group()).await;
        self.create("TCPRoute", &self.shop, "web", json!({"matches": {"ports": [80]}}))
            .await;
        self.create(
            "TrafficTarget",
            &self.shop,
            "orders",
            self.target("api", "web", &routes()),
        )
        .await;
        self
    }

    /// Ends the cache, and starts one as a new process would.
    pub(crate) fn restart(&mut self, epoch: u64) {
        self.driver.abort();
        let (cache, driver) = Cache::start(&self.cluster.client, epoch);
        self.cache = cache;
        self.driver = tokio::spawn(driver);
    }

    pub(crate) fn api(&self, kind: &str, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.cluster.client.clone(), namespace, &resource(kind))
    }

    pub(crate) async fn create(&self, kind: &str, namespace: &str, name: &str, spec: Value) {
        let object = DynamicObject::new(name, &resource(kind)).data(json!({"spec": spec}));
        let created = self.api(kind, namespace).create(&PostParams::default(), &object).await;
        created.unwrap_or_else(|error| panic!("{kind} {name}: {error}"));
    }

    pub(crate) async fn patch(&self, kind: &str, namespace: &str, name: &str, spec: Value) {
        self.merge(kind, namespace, name, json!({"spec": spec})).await;
    }

    /// Changes an object without a change to what it says.
    pub(crate) async fn touch(&self, kind: &str, namespace: &str, name: &str, value: &str) {
        self.merge(
            kind,
            namespace,
            name,
            json!({"metadata": {"labels": {"touched": value}}}),
        )
        .await;
    }

    async fn merge(&self, kind: &str, namespace: &str, name: &str, change: Value) {
        let api = self.api(kind, namespace);
        let patched = api.patch(name, &PatchParams::default(), &Patch::Merge(change)).await;
        patched.unwrap();
    }

    /// Sets the port that `web` may send to.
    pub(crate) async fn port(&self, port: u16) {
        self.patch("TCPRoute", &self.shop, "web", json!({"matches": {"ports": [port]}}))
            .await;
    }

    pub(crate) async fn delete(&self, kind: &str, namespace: &str, name: &str) {
        self.api(kind, namespace)
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
    }

    /// The proxy of an account in `shop`.
    pub(crate) fn proxy(&self, account: &str) -> Proxy {
        Proxy(
            self.cache
                .subscribe(&format!("{}/{account}", self.shop).parse().unwrap()),
        )
    }

    /// The spec of a target for an account in `shop`, wherever the target is.
    pub(crate) fn target(&self, account: &str, from: &str, rules: &Value) -> Value {
        json!({
            "destination": {"kind": "ServiceAccount", "name": account, "namespace": self.shop},
            "sources": [{"kind": "ServiceAccount", "name": from}],
            "rules": rules,
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The proxy of an account.
pub(crate) struct Proxy(pub(crate) watch::Receiver<Latest>);

impl Proxy {
    /// Waits for a snapshot whose content is as wanted.
    pub(crate) async fn has(&mut self, what: &str, is_it: impl Fn(&Content) -> bool) -> Arc<Snapshot> {
        let found = timeout(
            LONG,
            self.0
                .wait_for(|latest| latest.as_ref().is_some_and(|latest| is_it(&latest.content))),
        );
        let found = found.await.map(|found| found.unwrap().clone());
        found
            .unwrap_or_else(|_| panic!("no snapshot with {what}: {:?}", self.0.borrow()))
            .unwrap()
    }

    /// Waits for targets of these names.
    pub(crate) async fn has_targets(&mut self, names: &[&str]) -> Arc<Snapshot> {
        let has = |content: &Content| {
            let targets = content.inbound.iter().map(|inbound| inbound.target.name());
            targets.eq(names.iter().copied())
        };
        self.has(&format!("{names:?}"), has).await
    }

    /// Waits until every target that there is lets traffic in on `port`, and has all that it names.
    pub(crate) async fn has_port(&mut self, port: u16) -> Arc<Snapshot> {
        let has = |content: &Content| {
            let mut inbound = content.inbound.iter();
            !content.inbound.is_empty() && inbound.all(|inbound| inbound.tcp == [[port]] && inbound.dangling.is_empty())
        };
        self.has(&format!("port {port}"), has).await
    }
}

pub(crate) fn crds() -> Vec<CustomResourceDefinition> {
    smi_sdk::crds(&CrdOptions::all_served())
}

fn resource(kind: &str) -> ApiResource {
    let group = match kind {
        "TrafficTarget" | "IdentityBinding" => "access",
        "TrafficSplit" => "split",
        _ => "specs",
    };
    let kind = GroupVersionKind::gvk(&format!("{group}.smi-spec.io"), "v1alpha4", kind);
    ApiResource::from_gvk(&kind)
}

pub(crate) fn routes() -> Value {
    json!([{"kind": "HTTPRouteGroup", "name": "api", "matches": ["orders"]}, {"kind": "TCPRoute", "name": "web"}])
}

pub(crate) fn group() -> Value {
    json!({"matches": [{"name": "orders", "pathRegex": "/orders"}, {"name": "admin", "pathRegex": "/admin"}]})
}

pub(crate) fn paths(content: &Content) -> Vec<&str> {
    let inbound = content.inbound.iter().flat_map(|inbound| &inbound.http);
    inbound.filter_map(|one| one.path_regex.as_deref()).collect()
}
