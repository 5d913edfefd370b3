//! What the program does on a cluster that is there already: it reads.

use std::{ffi::OsString, fs, future, io};

use k8s_openapi::{
    api::core::v1::Namespace,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{
        CustomResourceDefinition, CustomResourceValidation, JSONSchemaProps,
    },
};
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams, PostParams},
    core::{ApiResource, DynamicObject},
};
use serde_json::{Value, json};
use smi_sdk::{CrdOptions, kube, split::v1alpha4::TrafficSplit};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::{
    program::{Screenful, split},
    quickstart::{ALL_READ, SOME_UNREADABLE, run, table::Screen},
    support::{Cluster, cluster_with, only_on_fake},
};

/// The context of the kubeconfig.
const CONTEXT: &str = "prod";

/// A cluster with two splits in `shop` and one in `other`, of which one cannot be read, and the kubeconfig of one who may
/// read it.
struct World {
    cluster: Cluster,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::of(cluster_with(admitting_anything()).await).await
    }

    async fn of(cluster: Cluster) -> Self {
        let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
        let world = Self {
            cluster,
            folder: tempfile::tempdir().unwrap(),
        };
        for (namespace, names) in [("shop", &["good", "bad"][..]), ("other", &["far"])] {
            let object = serde_json::from_value(json!({"metadata": {"name": namespace}})).unwrap();
            match namespaces.create(&PostParams::default(), &object).await {
                // Of the test before this one: no controller is there that would remove a namespace.
                Err(kube::Error::Api(status)) if status.is_already_exists() => {}
                created => drop(created.unwrap()),
            }
            for name in names {
                let spec = if *name == "bad" { json!(0) } else { good() };
                let resource = ApiResource::erase::<TrafficSplit>(&());
                let object = DynamicObject::new(name, &resource).data(json!({"spec": spec}));
                let splits = world.splits(namespace);
                splits.create(&PostParams::default(), &object).await.unwrap();
            }
        }
        let reader = world.cluster.reader().await;
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
        for namespace in ["shop", "other"] {
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

fn admitting_anything() -> Vec<CustomResourceDefinition> {
    let mut crds = smi_sdk::crds(&CrdOptions::default());
    for version in crds.iter_mut().flat_map(|crd| &mut crd.spec.versions) {
        let schema = JSONSchemaProps {
            type_: Some("object".to_owned()),
            x_kubernetes_preserve_unknown_fields: Some(true),
            ..JSONSchemaProps::default()
        };
        version.schema = Some(CustomResourceValidation {
            open_api_v3_schema: Some(schema),
        });
    }
    crds
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
        insta::assert_snapshot!("cluster", text);
    }
    let (code, text) = world
        .read(&["--context", CONTEXT, "--namespace", "other"])
        .await
        .unwrap();
    assert_eq!(code, ALL_READ);
    assert!(
        text.contains("other/far") && text.contains("\n1 object in the cluster"),
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
            let splits = world.splits("shop");
            splits.patch("good", &PatchParams::default(), &patch).await.unwrap();
        };
        write(json!(7)).await;
        screenful
            .shows("! TrafficSplit  shop/good: `spec`: a map is expected")
            .await;
        write(good()).await;
        screenful
            .shows("~ TrafficSplit  v1alpha4  shop/good  web -> web-v1 100% (1)")
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
    let world = World::of(only_on_fake(admitting_anything()).await).await;
    world.cluster.fake().unwrap().faults().internal_errors();
    let error = world.read(&[]).await.unwrap_err();
    assert!(error.contains("a fault was asked for"), "{error}");
}
