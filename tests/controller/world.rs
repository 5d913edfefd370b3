//! A cluster with controllers in it.

use std::{fmt::Debug, sync::Arc, time::Duration};

use k8s_openapi::{
    api::{coordination::v1::Lease, core::v1::ConfigMap, events::v1::Event},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    core::{ApiResource, DynamicObject},
    runtime::wait::{Condition, await_condition},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use smi_sdk::{
    CrdOptions, kube,
    split::v1alpha4::{Backend, TrafficSplit, TrafficSplitSpec},
};
use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    controller::reconcile::{CONFIG, LEASE, Options, config_map, run},
    support::{Cluster, admitting_anything, cluster_with, only_on_fake},
};

/// Longer than anything here should take: no time at all on the paused clock.
pub(crate) const LONG: Duration = Duration::from_secs(300);

/// A cluster with two namespaces, that of nginx and that of the splits. Controllers act on splits of every namespace, so
/// no two tests share a cluster.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) nginx: String,
    pub(crate) shop: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(cluster_with(crds()).await).await
    }

    /// One whose API server admits any split.
    pub(crate) async fn admitting_anything() -> Self {
        Self::of(cluster_with(admitting_anything(crds())).await).await
    }

    pub(crate) async fn only_on_fake() -> Self {
        Self::of(only_on_fake(crds()).await).await
    }

    pub(crate) async fn of(cluster: Cluster) -> Self {
        Self {
            nginx: cluster.namespace().await,
            shop: cluster.namespace.clone(),
            cluster,
        }
    }

    pub(crate) fn fake(&self) -> &smi_fake::Server {
        self.cluster.fake().unwrap()
    }

    pub(crate) fn splits(&self) -> Api<TrafficSplit> {
        Api::namespaced(self.cluster.client.clone(), &self.shop)
    }

    /// Splits whatever they say.
    pub(crate) fn any_splits(&self) -> Api<DynamicObject> {
        let resource = ApiResource::erase::<TrafficSplit>(&());
        Api::namespaced_with(self.cluster.client.clone(), &self.shop, &resource)
    }

    pub(crate) fn config_maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.cluster.client.clone(), &self.nginx)
    }

    pub(crate) fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.cluster.client.clone(), &self.nginx)
    }

    /// What the ConfigMap of a split is called.
    pub(crate) fn map(&self, name: &str) -> String {
        config_map(&self.shop, name)
    }

    pub(crate) fn start(&self, identity: &str) -> Running {
        self.start_with(self.cluster.client.clone(), identity)
    }

    /// A controller that asks with `client`.
    pub(crate) fn start_with(&self, client: Client, identity: &str) -> Running {
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let options = Options::new(self.nginx.as_str(), identity);
        let task = tokio::spawn(run(client, options, async move {
            stopped.notified().await;
        }));
        Running { stop, task }
    }

    pub(crate) async fn create(&self, name: &str, weight: u32) {
        self.splits()
            .create(&PostParams::default(), &split(name, weight))
            .await
            .unwrap();
    }

    pub(crate) async fn weigh(&self, name: &str, weight: u32) {
        let backends = json!([{"service": "web-v1", "weight": weight}, {"service": "web-v2", "weight": 100 - weight}]);
        self.patch(name, json!({"backends": backends})).await;
    }

    /// Merges `spec` into that of a split.
    pub(crate) async fn patch(&self, name: &str, spec: Value) {
        let patch = Patch::Merge(json!({"spec": spec}));
        self.any_splits()
            .patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    pub(crate) async fn delete(&self, name: &str) {
        self.any_splits().delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// What is rendered for a split now.
    pub(crate) async fn rendered(&self, name: &str) -> Option<String> {
        let map = self.config_maps().get_opt(&self.map(name)).await.unwrap()?;
        Some(map.data.unwrap_or_default()[CONFIG].clone())
    }

    /// Waits until what is rendered for a split has `text` in it.
    pub(crate) async fn shows(&self, name: &str, text: &str) -> ConfigMap {
        let has = |map: Option<&ConfigMap>| map.is_some_and(|map| map.data.as_ref().unwrap()[CONFIG].contains(text));
        wait(self.config_maps(), &self.map(name), has).await.unwrap()
    }

    /// Waits until a split and what was rendered for it are gone.
    pub(crate) async fn is_gone(&self, name: &str) {
        wait(self.any_splits(), name, |split: Option<&DynamicObject>| split.is_none()).await;
        assert_eq!(
            self.rendered(name).await,
            None,
            "the split went before its configuration"
        );
    }

    /// Waits until the Lease is held by `identity`.
    pub(crate) async fn is_led_by(&self, identity: &str) -> Lease {
        let leads = |lease: Option<&Lease>| lease.and_then(holder) == Some(identity);
        wait(self.leases(), LEASE, leads).await.unwrap()
    }

    /// Waits until the Lease was written `times` times from now on: who asks for it meanwhile has asked.
    pub(crate) async fn is_renewed(&self, times: usize) -> Lease {
        let mut lease = self.leases().get(LEASE).await.unwrap();
        for _ in 0..times {
            let version = lease.metadata.resource_version.take();
            let is_newer =
                |lease: Option<&Lease>| lease.is_some_and(|lease| lease.metadata.resource_version != version);
            lease = wait(self.leases(), LEASE, is_newer).await.unwrap();
        }
        lease
    }

    /// The reasons and notes of the Events about a split.
    pub(crate) async fn events(&self, name: &str) -> Vec<(String, String)> {
        let events: Api<Event> = Api::namespaced(self.cluster.client.clone(), &self.shop);
        let events = events.list(&ListParams::default()).await.unwrap().items;
        let about = events
            .into_iter()
            .filter(|event| event.regarding.as_ref().unwrap().name.as_deref() == Some(name));
        about
            .map(|event| (event.reason.unwrap(), event.note.unwrap()))
            .collect()
    }
}

/// A running controller; dropped, it is killed.
pub(crate) struct Running {
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Running {
    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.stop.notify_one();
        tokio::time::timeout(LONG, &mut self.task).await.unwrap().unwrap();
    }

    /// Ends it wherever it is.
    pub(crate) async fn kill(mut self) {
        self.task.abort();
        (&mut self.task).await.unwrap_err();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until an object is as it should be, and gives it as it then was.
pub(crate) async fn wait<K>(api: Api<K>, name: &str, condition: impl Condition<K>) -> Option<K>
where
    K: Clone + Debug + Send + DeserializeOwned + kube::Resource + 'static,
{
    let waited = tokio::time::timeout(LONG, await_condition(api, name, condition)).await;
    waited
        .unwrap_or_else(|_| panic!("`{name}` is not as expected"))
        .unwrap()
}

pub(crate) fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref()
}

pub(crate) fn split(name: &str, weight: u32) -> TrafficSplit {
    let spec = TrafficSplitSpec {
        service: "web".into(),
        backends: vec![Backend::new("web-v1", weight), Backend::new("web-v2", 100 - weight)],
        ..Default::default()
    };
    TrafficSplit::new(name, spec)
}

/// The CRD of splits.
pub(crate) fn crds() -> Vec<CustomResourceDefinition> {
    let mut crds = smi_sdk::crds(&CrdOptions::all_served());
    crds.retain(|crd| crd.spec.names.kind == "TrafficSplit");
    crds
}
