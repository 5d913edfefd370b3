//! What becomes of old objects, by what the CRDs say of conversion.

use futures::FutureExt;
use serde_json::json;
use smi_sdk::{Clientset, Conversion, CrdOptions, Informers, Serve, Stored};

use crate::{
    samples::Raw,
    support::{cluster_with, code, conversion, follow},
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

    // There is no way down yet: the server refuses, in our words, what it would have to store.
    let new = json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 2}]}});
    let refused = Raw::splits(&cluster.client, namespace, "v1alpha4")
        .try_create("new", new)
        .await;
    let Err(kube::Error::Api(status)) = &refused else {
        panic!("{refused:?}")
    };
    assert!(
        status.message.contains("this release only converts upward"),
        "{}",
        status.message
    );
    assert_eq!(code(refused), 500);
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_version_does_not_say_in_full_is_refused_and_not_dropped() {
    let cluster = cluster_with(smi_sdk::crds(&stored("v1alpha1", conversion()))).await;
    let split = json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": "500m"}]}});
    let raw = Raw::splits(&cluster.client, &cluster.namespace, "v1alpha1");
    raw.create("web", split.clone()).await;
    let newest = Raw::splits(&cluster.client, &cluster.namespace, "v1alpha4");
    let Err(kube::Error::Api(status)) = newest.api.get("web").await else {
        panic!("it was converted")
    };
    let message = status.message.replace(&cluster.namespace, "NAMESPACE");
    // A real server says first that the object is lost to it.
    let (_, failed) = message.split_at(message.find("conversion webhook").unwrap_or_default());
    assert_eq!(
        failed,
        "conversion webhook for split.smi-spec.io/v1alpha1, Kind=TrafficSplit failed: TrafficSplit NAMESPACE/web: `spec.backends[0].weight`: the same in proportion, spelled otherwise; this release has no place to keep what is lost"
    );
    assert_eq!(raw.api.get("web").await.unwrap().data, split);
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
