//! The real API server of the tests that otherwise run on the fake. `e2e/run` starts one and says where.
//!
//! They take CRDs away with every object: no server is taken but one on this machine.

use std::{net::IpAddr, time::Duration};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::json;

/// Names the kubeconfig of the real server's admin.
const VARIABLE: &str = "SMI_TEST_KUBECONFIG";

/// How long a condition may take to come true; a machine with other work is slow.
const LIMIT: Duration = Duration::from_secs(120);

/// The pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(50);

/// The configuration of the real server's admin; none where the tests run on the fake. Tests call this under a paused
/// clock, and go on by the wall clock where the server is real.
pub(crate) async fn config() -> Option<Config> {
    let kubeconfig = kubeconfig()?;
    tokio::time::resume();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let config = config.unwrap();
    let host = config.cluster_url.host().unwrap_or_default();
    let is_ours = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    assert!(
        is_ours,
        "tests would remove CRDs and objects of `{host}`: `{VARIABLE}` is for servers on loopback"
    );
    Some(config)
}

/// The kubeconfig of the real server's admin; none where the tests run on the fake.
pub(crate) fn kubeconfig() -> Option<Kubeconfig> {
    std::env::var_os(VARIABLE).map(|path| Kubeconfig::read_from(path).unwrap())
}

/// Whether the tests run on the real server.
pub(crate) fn is_meant() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Asks `condition` until it gives a value. For what a server tells only when asked.
pub(crate) async fn until<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let answer = tokio::time::timeout(LIMIT, asking).await;
    answer.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// Waits for what must not take for ever.
pub(crate) async fn in_time<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(LIMIT, waiting).await;
    answer.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// Removes the CRDs whose names end with `suffix`, with their objects, and installs `crds`.
pub(crate) async fn exchange(client: &Client, suffix: &str, crds: &[CustomResourceDefinition]) {
    let found = all(client).list(&ListParams::default()).await.unwrap();
    let names: Vec<_> = found.items.iter().map(ResourceExt::name_any).collect();
    for name in names.iter().filter(|name| name.ends_with(suffix)) {
        remove(client, name).await;
    }
    for crd in crds {
        create(client, crd).await;
    }
    for crd in crds {
        until_served(client, crd).await;
    }
}

/// Creates a CRD and waits until its kind is served.
pub(crate) async fn install(client: &Client, crd: &CustomResourceDefinition) {
    create(client, crd).await;
    until_served(client, crd).await;
}

async fn create(client: &Client, crd: &CustomResourceDefinition) {
    all(client).create(&PostParams::default(), crd).await.unwrap();
}

/// Removes a CRD with its objects, and waits until both are gone.
pub(crate) async fn remove(client: &Client, name: &str) {
    all(client).delete(name, &DeleteParams::default()).await.unwrap();
    until(&format!("the CRD `{name}` is gone"), async || {
        let crd = all(client).get_opt(name).await.unwrap();
        if let Some(crd) = &crd {
            release(client, crd).await;
        }
        crd.is_none().then_some(())
    })
    .await;
}

/// Takes the finalizers off the objects of a CRD, which they would hold for ever: who acted on them ended with its test.
async fn release(client: &Client, crd: &CustomResourceDefinition) {
    let Some(stored) = crd.spec.versions.iter().find(|version| version.storage) else {
        return;
    };
    let (group, names) = (&crd.spec.group, &crd.spec.names);
    let kind = GroupVersionKind::gvk(group, &stored.name, &names.kind);
    let resource = ApiResource::from_gvk_with_plural(&kind, &names.plural);
    let objects: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    // What goes wrong here may have gone by itself, and else is there at the next look.
    let Ok(found) = objects.list(&ListParams::default()).await else {
        return;
    };
    let none = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    for object in found.items.iter().filter(|object| !object.finalizers().is_empty()) {
        let objects: Api<DynamicObject> = match object.namespace() {
            Some(namespace) => Api::namespaced_with(client.clone(), &namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let _ = objects.patch(&object.name_any(), &PatchParams::default(), &none).await;
    }
}

/// Discovery and the handler of the objects follow a CRD each in its own time.
pub(crate) async fn until_served(client: &Client, crd: &CustomResourceDefinition) {
    let (group, names) = (&crd.spec.group, &crd.spec.names);
    for version in crd.spec.versions.iter().filter(|version| version.served) {
        let kind = GroupVersionKind::gvk(group, &version.name, &names.kind);
        let objects: Api<DynamicObject> =
            Api::all_with(client.clone(), &ApiResource::from_gvk_with_plural(&kind, &names.plural));
        let at = format!("{group}/{}", version.name);
        until(&format!("`{}` of `{at}` are served", names.plural), async || {
            let found = client.list_api_group_resources(&at).await.ok()?.resources;
            found.iter().find(|resource| resource.name == names.plural)?;
            objects.list(&ListParams::default().limit(1)).await.ok().map(drop)
        })
        .await;
    }
}

fn all(client: &Client) -> Api<CustomResourceDefinition> {
    Api::all(client.clone())
}
