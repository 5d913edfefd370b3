//! Watching the embedded server.

use std::{ffi::OsString, io, path::Path};

use futures::stream;
use kube::{
    Api, Client, Config,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use smi_sdk::{
    Informers,
    informers::{Event, InformerError, MeshEvent},
    kube,
    split::{v1alpha1, v1alpha4::TrafficSplit},
};
use tokio::sync::Notify;

use crate::{
    program::{DEMO, Screenful, runtime, split},
    quickstart::{SOME_UNREADABLE, apply::Applied, follow, run, server, table::Screen},
};

#[test]
fn watching_prints_what_others_do_to_the_mesh_and_then_stops() {
    let screenful = Screenful::default();
    let stop = Notify::new();
    let mut out = screenful.clone();
    let program = async {
        let arguments = ["--watch", DEMO].map(OsString::from);
        run(arguments, io::empty(), &mut out, Screen::default(), stop.notified())
            .await
            .unwrap()
    };
    let others = async {
        screenful.shows("Watching").await;
        let text = screenful.text();
        for told in ["VERSION is", "--wait=false"] {
            assert!(text.contains(told), "{text}");
        }
        let path = text.split("KUBECONFIG=").nth(1).unwrap().lines().next().unwrap();
        // As a kubectl of somebody else, over the network.
        let kubeconfig = Kubeconfig::read_from(path).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        let client = Client::try_from(config).unwrap();
        let splits: Api<TrafficSplit> = Api::namespaced(client.clone(), "shop");
        splits.create(&PostParams::default(), &split("new", 1)).await.unwrap();
        screenful
            .shows("+ TrafficSplit  v1alpha4  shop/new  web -> web-v1 100% (1)\n")
            .await;
        let change = serde_json::json!({"spec": {"backends": [{"service": "web-v2", "weight": 3}]}});
        splits
            .patch("new", &PatchParams::default(), &Patch::Merge(change))
            .await
            .unwrap();
        screenful
            .shows("~ TrafficSplit  v1alpha4  shop/new  web -> web-v2 100% (3)\n")
            .await;
        // An old version is said as the newest, and known as an old one.
        let old: Api<v1alpha1::TrafficSplit> = Api::namespaced(client, "shop");
        let json = serde_json::json!({"apiVersion": "split.smi-spec.io/v1alpha1", "kind": "TrafficSplit",
            "metadata": {"name": "old"}, "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": "500m"}]}});
        let old = old
            .create(&PostParams::default(), &serde_json::from_value(json).unwrap())
            .await
            .unwrap();
        assert_eq!(old.spec.backends[0].weight.to_string(), "500m");
        screenful
            .shows("+ TrafficSplit  v1alpha1  shop/old  web -> web-v1 100%")
            .await;
        splits.delete("new", &DeleteParams::default()).await.unwrap();
        screenful.shows("- TrafficSplit  shop/new\n").await;
        // What was there before is no news.
        let news: Vec<_> = screenful
            .text()
            .split_once("ends it.\n")
            .unwrap()
            .1
            .lines()
            .map(str::to_owned)
            .collect();
        let signs: String = news.iter().filter_map(|line| line.chars().next()).collect();
        assert_eq!(signs, "+~+-", "{news:?}");
        stop.notify_one();
        path.to_owned()
    };
    let (code, kubeconfig) = runtime().block_on(async { tokio::join!(program, others) });
    assert_eq!(code, SOME_UNREADABLE);
    assert!(!Path::new(&kubeconfig).exists(), "the token outlives the server");
}

#[tokio::test]
async fn a_server_that_goes_on_failing_in_the_same_way_is_told_once() {
    let server = server::embedded().unwrap();
    let (listers, mut events) = Informers::new(server.client()).start();
    follow::sync(&listers, &mut events, None).await.unwrap();
    let failed = |why: &str| {
        let error = InformerError::Discovery(kube::Error::Service(why.into()));
        MeshEvent::TrafficSplit(Event::Failed(error))
    };
    let events = stream::iter(["gone", "gone", "slow", "slow", "gone"].map(failed));
    let mut out = Vec::new();
    let (applied, never) = (Applied::default(), std::future::pending());
    follow::follow(&listers, events, &applied, &mut out, Screen::default(), never)
        .await
        .unwrap();
    let text = String::from_utf8(out).unwrap();
    let told: Vec<_> = text
        .lines()
        .map(|line| line.rsplit_once("cannot reach the server: ").unwrap().1)
        .collect();
    assert_eq!(told, ["gone", "slow", "gone"]);
}
