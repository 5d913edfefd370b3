//! What the program does on a cluster that is there already: it reads.

use std::{ffi::OsString, fs, future, io, net::TcpListener};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams, PostParams},
    config::Kubeconfig,
    core::{ApiResource, DynamicObject},
};
use serde_json::{Value, json};
use smi_sdk::{CrdOptions, kube, split::v1alpha4::TrafficSplit};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::{
    program::{Screenful, split},
    quickstart::{ALL_READ, SOME_UNREADABLE, run, table::Screen},
    support::{Cluster, admitting_anything, cluster_with, only_on_fake},
};

/// The context of the kubeconfig.
const CONTEXT: &str = "prod";

/// A cluster with two splits in one namespace and one in another, of which one cannot be read, and the kubeconfig of one
/// who may read it.
struct World {
    cluster: Cluster,
    /// Before `shop` in the table.
    other: String,
    shop: String,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::of(cluster_with(crds()).await).await
    }

    async fn of(cluster: Cluster) -> Self {
        let mut namespaces = [cluster.namespace.clone(), cluster.namespace().await];
        namespaces.sort();
        let [other, shop] = namespaces;
        let folder = tempfile::tempdir().unwrap();
        let world = Self {
            cluster,
            other,
            shop,
            folder,
        };
        for (namespace, name, spec) in [
            (&world.shop, "good", good()),
            (&world.shop, "bad", json!(0)),
            (&world.other, "far", good()),
        ] {
            let resource = ApiResource::erase::<TrafficSplit>(&());
            let object = DynamicObject::new(name, &resource).data(json!({"spec": spec}));
            let splits = world.splits(namespace);
            splits.create(&PostParams::default(), &object).await.unwrap();
        }
        let reader = world.cluster.reader(None).await;
        let mut kubeconfig = world.cluster.kubeconfig().await;
        CONTEXT.clone_into(&mut kubeconfig.contexts[0].name);
        kubeconfig.current_context = Some(CONTEXT.to_owned());
        kubeconfig.auth_infos[0].auth_info.as_mut().unwrap().impersonate = reader;
        fs::write(world.file(), serde_json::to_vec(&kubeconfig).unwrap()).unwrap();
        world
    }

    /// Where the kubeconfig is.
    fn file(&self) -> String {
        self.folder.path().join("kubeconfig").to_str().unwrap().to_owned()
    }

    fn splits(&self, namespace: &str) -> Api<DynamicObject> {
        let resource = ApiResource::erase::<TrafficSplit>(&());
        Api::namespaced_with(self.cluster.client.clone(), namespace, &resource)
    }

    /// Every split as it is stored.
    async fn stored(&self) -> Vec<Value> {
        let mut stored = Vec::new();
        for namespace in [&self.shop, &self.other] {
            let found = self.splits(namespace).list(&ListParams::default()).await.unwrap();
            stored.extend(found.items.iter().map(|split| serde_json::to_value(split).unwrap()));
        }
        stored
    }

    /// Runs the program to its end, on the kubeconfig.
    async fn read(&self, arguments: &[&str]) -> Result<(u8, String), String> {
        let file = self.file();
        let arguments = ["--kubeconfig", &file].into_iter().chain(arguments.iter().copied());
        let arguments: Vec<_> = arguments.map(OsString::from).collect();
        let mut out = Vec::new();
        let code = run(arguments, io::empty(), &mut out, Screen::default(), future::pending());
        let code = code.await.map_err(|error| error.to_string())?;
        Ok((code, String::from_utf8(out).unwrap()))
    }
}

fn good() -> Value {
    serde_json::to_value(split("any", 1).spec).unwrap()
}

fn crds() -> Vec<CustomResourceDefinition> {
    admitting_anything(smi_sdk::crds(&CrdOptions::default()))
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_read_and_never_written() {
    let world = World::new().await;
    let before = world.stored().await;
    let revision = world.cluster.fake().map(smi_fake::Server::resource_version);
    assert_eq!(before.len(), 3);
    for arguments in [&[][..], &["--context", CONTEXT]] {
        let (code, text) = world.read(arguments).await.unwrap();
        assert_eq!(code, SOME_UNREADABLE);
        // Names of the same length, so the columns are as they were.
        let text = text
            .replace(&world.other, "test-other")
            .replace(&world.shop, "test-shops");
        insta::assert_snapshot!("cluster", text);
    }
    let (code, text) = world
        .read(&["--context", CONTEXT, "--namespace", &world.other])
        .await
        .unwrap();
    assert_eq!(code, ALL_READ);
    assert!(
        text.contains(&format!("{}/far", world.other)) && text.contains("\n1 object in the cluster"),
        "{text}"
    );
    // On a real server the program has no right to write, so it would have failed.
    assert_eq!(world.stored().await, before);
    assert_eq!(world.cluster.fake().map(smi_fake::Server::resource_version), revision);
}

#[tokio::test(start_paused = true)]
async fn watching_a_cluster_tells_what_turns_bad_and_good_again() {
    let world = World::new().await;
    let screenful = Screenful::default();
    let stop = Notify::new();
    let mut out = screenful.clone();
    let file = world.file();
    let program = async {
        let arguments = ["--watch", "--kubeconfig", &file, "--context", CONTEXT].map(OsString::from);
        let code = run(arguments, io::empty(), &mut out, Screen::default(), stop.notified());
        code.await.unwrap()
    };
    let others = async {
        screenful.shows("Watching").await;
        assert!(!screenful.text().contains("KUBECONFIG="), "who reads a cluster has one");
        let write = async |spec: Value| {
            let patch = Patch::Merge(json!({"spec": spec}));
            let splits = world.splits(&world.shop);
            splits.patch("good", &PatchParams::default(), &patch).await.unwrap();
        };
        write(json!(7)).await;
        screenful
            .shows(&format!(
                "! TrafficSplit  {}/good: `spec`: a map is expected",
                world.shop
            ))
            .await;
        write(good()).await;
        screenful
            .shows(&format!(
                "~ TrafficSplit  v1alpha4  {}/good  web -> web-v1 100% (1)",
                world.shop
            ))
            .await;
        let text = screenful.text();
        assert_eq!(text.split_once("ends it.\n").unwrap().1.lines().count(), 2, "{text}");
        stop.notify_one();
    };
    let (code, ()) = tokio::join!(program, others);
    assert_eq!(code, SOME_UNREADABLE);
}

#[tokio::test(start_paused = true)]
async fn a_context_that_is_not_there_is_an_error() {
    let world = World::new().await;
    let error = world.read(&["--context", "test"]).await.unwrap_err();
    assert!(error.contains("test"), "{error}");
}

/// On the fake, which can be told not to answer.
#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_an_error() {
    let world = World::of(only_on_fake(crds()).await).await;
    world.cluster.fake().unwrap().faults().internal_errors();
    let error = world.read(&[]).await.unwrap_err();
    assert!(error.contains("a fault was asked for"), "{error}");
}

/// On the fake: its address, and what a server says to a wrong token.
#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_reached_or_refuses_is_named_with_the_reason() {
    let world = World::of(only_on_fake(crds()).await).await;
    let mut kubeconfig = Kubeconfig::read_from(world.file()).unwrap();
    let url = kubeconfig.clusters[0].cluster.as_ref().unwrap().server.clone().unwrap();
    let auth_info = kubeconfig.auth_infos[0].auth_info.as_mut().unwrap();
    auth_info.token = Some("wrong".to_owned().into());
    fs::write(world.file(), serde_json::to_vec(&kubeconfig).unwrap()).unwrap();
    let error = world.read(&[]).await.unwrap_err();
    assert!(error.starts_with(&format!("`{url}`: ")), "{error}");
    assert!(error.ends_with("the server answers 401: Unauthorized"), "{error}");

    // A port that nobody listens on any more.
    let port = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("https://127.0.0.1:{port}");
    kubeconfig.clusters[0].cluster.as_mut().unwrap().server = Some(url.clone());
    fs::write(world.file(), serde_json::to_vec(&kubeconfig).unwrap()).unwrap();
    let error = world.read(&[]).await.unwrap_err();
    assert_eq!(error, format!("cannot reach `{url}`: connection refused"));
}
