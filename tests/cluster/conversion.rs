//! What becomes of old objects, by what the CRDs say of conversion.

use futures::FutureExt;
use kube::api::PostParams;
use serde_json::json;
use smi_sdk::{Clientset, Conversion, CrdOptions, Informers, Serve, Stored};

use crate::{
    samples::Raw,
    support::{cluster_with, conversion, follow},
};

fn stored(version: &str, conversion: Conversion) -> CrdOptions {
    CrdOptions {
        serve: Serve::All,
        stored: Stored::Version(version.to_owned()),
        conversion,
    }
}

#[tokio::test(start_paused = true)]
async fn with_our_converters_old_objects_are_read_at_the_newest_version() {
    let cluster = cluster_with(smi_sdk::crds(&stored("v1alpha1", conversion()))).await;
    let namespace = cluster.namespace.as_str();
    let target = json!({"destination": {"kind": "ServiceAccount", "name": "api"},
        "sources": [{"kind": "ServiceAccount", "name": "web"}], "specs": [{"kind": "HTTPRouteGroup", "name": "api"}]});
    Raw::targets(&cluster.client, namespace, "v1alpha1")
        .create("orders", target)
        .await;
    let split = json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 2}]}});
    Raw::splits(&cluster.client, namespace, "v1alpha1")
        .create("web", split)
        .await;

    // The server converts: both are asked for at the newest version.
    let smi = Clientset::new(cluster.client.clone());
    let targets = smi.traffic_targets().namespaced(namespace);
    assert_eq!(targets.version().await.unwrap(), "v1alpha4");
    assert_eq!(
        targets.get("orders").await.unwrap().spec,
        crate::samples::target("orders").spec
    );
    let raw = Raw::targets(&cluster.client, namespace, "v1alpha4")
        .api
        .get("orders")
        .await
        .unwrap();
    assert_eq!(raw.data["spec"]["rules"][0]["name"], "api");

    let (listers, mut events) = Informers::new(cluster.client.clone()).namespace(namespace).start();
    follow(&mut events, "every kind is synced", || {
        listers.ready().now_or_never().is_some()
    })
    .await;
    assert_eq!(
        listers.traffic_splits.get(namespace, "web").unwrap().spec.backends[0].weight,
        2
    );
    assert_eq!(listers.traffic_targets.list(None).len(), 1);

    // What is written at the newest version is stored at the oldest, and read at either.
    let new = json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 2}],
        "matches": [{"kind": "HTTPRouteGroup", "name": "canary"}]}});
    let newest = Raw::splits(&cluster.client, namespace, "v1alpha4");
    newest.create("new", new.clone()).await;
    assert_eq!(newest.api.get("new").await.unwrap().data, new);
    let oldest = Raw::splits(&cluster.client, namespace, "v1alpha1")
        .api
        .get("new")
        .await
        .unwrap();
    assert_eq!(
        oldest.data,
        json!({"spec": {"service": "web", "backends": [{"service": "web", "weight": 1}]}})
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_version_does_not_say_is_kept() {
    let cluster = cluster_with(smi_sdk::crds(&stored("v1alpha1", conversion()))).await;
    let split =
        |weight: &str| json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": weight}]}});
    let oldest = Raw::splits(&cluster.client, &cluster.namespace, "v1alpha1");
    let written = oldest.create("web", split("500m")).await;
    let newest = Raw::splits(&cluster.client, &cluster.namespace, "v1alpha4");
    let mut read = newest.api.get("web").await.unwrap();
    assert_eq!(read.data["spec"]["backends"][0]["weight"], 500);

    // Whoever changes something else at the newest version leaves the weight as its author spelled it.
    read.metadata.labels = Some([("team".to_owned(), "shop".to_owned())].into());
    newest.api.replace("web", &PostParams::default(), &read).await.unwrap();
    let read = oldest.api.get("web").await.unwrap();
    assert_eq!(read.data, split("500m"));
    assert_eq!(read.metadata.annotations, written.metadata.annotations);
}

#[tokio::test(start_paused = true)]
async fn without_conversion_the_server_only_renames_the_version() {
    let cluster = cluster_with(smi_sdk::crds(&stored("v1alpha1", Conversion::None))).await;
    let namespace = cluster.namespace.as_str();
    let target = json!({"destination": {"kind": "ServiceAccount", "name": "api"},
        "sources": [{"kind": "ServiceAccount", "name": "web"}], "specs": [{"kind": "HTTPRouteGroup", "name": "api"}]});
    Raw::targets(&cluster.client, namespace, "v1alpha1")
        .create("orders", target)
        .await;
    let raw = Raw::targets(&cluster.client, namespace, "v1alpha4")
        .api
        .get("orders")
        .await
        .unwrap();
    assert_eq!(raw.types.as_ref().unwrap().api_version, "access.smi-spec.io/v1alpha4");
    assert_eq!(
        raw.data.get("spec"),
        None,
        "the old fields are not those of the newest version"
    );

    // Whoever asks at the newest version grants nothing, and knows of it.
    let (listers, mut events) = Informers::new(cluster.client.clone()).namespace(namespace).start();
    follow(&mut events, "every kind is synced", || {
        listers.ready().now_or_never().is_some()
    })
    .await;
    assert!(listers.traffic_targets.list(None).is_empty());
    assert_eq!(listers.traffic_targets.invalid().len(), 1);
}
