//! Informers in clusters whose CRDs are few, old, or change.

use std::time::Duration;

use futures::FutureExt;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{ResourceExt, api::PostParams};
use serde_json::json;
use smi_sdk::{
    Clientset, CrdOptions, Informers, Stored,
    access::{ServiceIdentity, by},
};
use tokio::time::Instant;

use crate::{
    samples::{self, Raw},
    support::{cluster_with, follow},
};

/// Not the thirty seconds of production.
const SOON: Duration = Duration::from_millis(500);

/// In a cluster that serves two kinds at `version` alone; `target` is a target there.
async fn syncs_or_knows_what_is_missing(version: &str, target: &serde_json::Value) {
    let mut crds = samples::serving_only(version);
    crds.retain(|crd| ["traffictargets", "trafficsplits"].contains(&crd.spec.names.plural.as_str()));
    let cluster = cluster_with(crds).await;
    let namespace = cluster.namespace.as_str();
    Raw::targets(&cluster.client, namespace, version)
        .create("orders", target.clone())
        .await;
    let split = json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 1}]}});
    Raw::splits(&cluster.client, namespace, version)
        .create("web", split)
        .await;

    let (listers, mut events) = Informers::new(cluster.client.clone()).start();
    follow(&mut events, "every kind is synced or missing", || {
        listers.ready().now_or_never().is_some()
    })
    .await;
    assert_eq!(
        listers.missing(),
        ["IdentityBinding", "HTTPRouteGroup", "TCPRoute", "UDPRoute"]
    );
    let targets = &listers.traffic_targets;
    let found = targets.by(by::destination, &ServiceIdentity::new(namespace, "api"));
    assert_eq!(found.iter().next().unwrap().spec.rules[0].matches, ["all"]);
    assert_eq!(targets.by(by::source, &ServiceIdentity::new("front", "web")).len(), 1);
    assert_eq!(listers.traffic_splits.list(Some(namespace)).len(), 1);
    assert_eq!(listers.traffic_targets.stats().errors, 0);
    // Of the kinds that are not served nothing is ever heard.
    let now = Instant::now();
    let ages = targets.age(now).max(listers.traffic_splits.age(now));
    assert!(ages.is_some());
    assert_eq!((listers.age(now), listers.failing(now)), (ages, None));
}

#[tokio::test(start_paused = true)]
async fn kinds_of_the_released_version_are_synced_and_the_others_known_to_be_missing() {
    let target = json!({"spec": {"destination": {"kind": "ServiceAccount", "name": "api"},
        "sources": [{"kind": "ServiceAccount", "name": "web", "namespace": "front"}],
        "rules": [{"kind": "HTTPRouteGroup", "name": "api", "matches": ["all"]}]}});
    syncs_or_knows_what_is_missing("v1alpha3", &target).await;
}

#[tokio::test(start_paused = true)]
async fn kinds_of_the_oldest_version_are_synced_and_the_others_known_to_be_missing() {
    let target = json!({"destination": {"kind": "ServiceAccount", "name": "api"},
        "sources": [{"kind": "ServiceAccount", "name": "web", "namespace": "front"}],
        "specs": [{"kind": "HTTPRouteGroup", "name": "api", "matches": ["all"]}]});
    syncs_or_knows_what_is_missing("v1alpha1", &target).await;
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_comes_goes_and_comes_back_is_followed() {
    let crds = smi_sdk::crds(&CrdOptions::all_served());
    let crd = samples::of(&crds, "trafficsplits");
    let cluster = cluster_with(Vec::new()).await;
    let smi = Clientset::new(cluster.client.clone());
    let served = smi.traffic_splits().namespaced(&cluster.namespace);
    let (lister, mut events) = served.informer().ask_again(SOON).start();
    follow(&mut events, "it is known to be missing", || lister.is_ready()).await;
    assert!(lister.is_missing());

    for name in ["first", "second"] {
        cluster.install(crd).await;
        served
            .create(&PostParams::default(), samples::split(name))
            .await
            .unwrap();
        follow(&mut events, "it is found", || {
            lister.get(&cluster.namespace, name).is_some()
        })
        .await;
        assert!(!lister.is_missing());
        assert_eq!(lister.list(None).len(), 1, "nothing is left of before");
        cluster.remove(crd).await;
        follow(&mut events, "it is known to be missing again", || lister.is_missing()).await;
        assert!(lister.list(None).is_empty() && lister.invalid().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_is_put_back_at_once_is_followed() {
    let crds = smi_sdk::crds(&CrdOptions::all_served());
    let crd = samples::of(&crds, "trafficsplits");
    let cluster = cluster_with(crds.clone()).await;
    let served = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    served
        .create(&PostParams::default(), samples::split("old"))
        .await
        .unwrap();
    served
        .create(&PostParams::default(), samples::split("web"))
        .await
        .unwrap();
    let (lister, mut events) = served.informer().ask_again(SOON).start();
    follow(&mut events, "it is synced", || lister.list(None).len() == 2).await;
    let before = lister.get(&cluster.namespace, "web").unwrap().uid();

    // Nobody polls the informer meanwhile.
    cluster.remove(crd).await;
    cluster.install(crd).await;
    served
        .create(&PostParams::default(), samples::split("web"))
        .await
        .unwrap();
    served
        .create(&PostParams::default(), samples::split("new"))
        .await
        .unwrap();
    let is_new = || {
        lister
            .get(&cluster.namespace, "web")
            .is_some_and(|split| split.uid() != before)
    };
    let is_old = || lister.get(&cluster.namespace, "old").is_some();
    follow(&mut events, "the new ones are there", || {
        is_new() && !is_old() && lister.get(&cluster.namespace, "new").is_some()
    })
    .await;
    assert_eq!(lister.list(None).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_stored_version_can_change_under_an_informer() {
    let stored = |version: &str| {
        let options = CrdOptions {
            stored: Stored::Version(version.to_owned()),
            ..CrdOptions::all_served()
        };
        smi_sdk::crds(&options)
    };
    let splits = |crds: &[CustomResourceDefinition]| samples::of(crds, "trafficsplits").clone();
    let cluster = cluster_with(stored("v1alpha2")).await;
    let served = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    served
        .create(&PostParams::default(), samples::split("old"))
        .await
        .unwrap();
    let (lister, mut events) = served.informer().ask_again(SOON).start();
    follow(&mut events, "the old one is there", || lister.list(None).len() == 1).await;

    for (round, version) in ["v1alpha4", "v1alpha3"].into_iter().enumerate() {
        cluster.change(&splits(&stored(version))).await;
        let name = format!("at-{version}");
        served
            .create(&PostParams::default(), samples::split(&name))
            .await
            .unwrap();
        let weight = u32::try_from(round).unwrap() + 7;
        served
            .patch("old", &PostParams::default(), |split| {
                split.spec.backends[0].weight = weight;
            })
            .await
            .unwrap();
        let is_there = || lister.get(&cluster.namespace, &name).is_some();
        let is_changed = || {
            lister
                .get(&cluster.namespace, "old")
                .is_some_and(|old| old.spec.backends[0].weight == weight)
        };
        follow(&mut events, "both are there", || is_there() && is_changed()).await;
    }
    assert_eq!(lister.list(None).len(), 3);
    assert!(!lister.is_missing() && lister.invalid().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_no_longer_served_is_left_for_an_older_one() {
    let cluster = cluster_with(smi_sdk::crds(&CrdOptions::all_served())).await;
    let served = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    served
        .create(&PostParams::default(), samples::split("web"))
        .await
        .unwrap();
    let (lister, mut events) = served.informer().ask_again(SOON).start();
    follow(&mut events, "it is synced", || lister.list(None).len() == 1).await;

    let mut crds = smi_sdk::crds(&CrdOptions::all_served());
    let crd = crds
        .iter_mut()
        .find(|crd| crd.spec.names.plural == "trafficsplits")
        .unwrap();
    for version in &mut crd.spec.versions {
        version.served = version.name == "v1alpha2";
    }
    cluster.change(crd).await;
    // Discovery lags behind on real servers; the object is written at the version that is left.
    let raw = Raw::splits(&cluster.client, &cluster.namespace, "v1alpha2");
    raw.replace(
        "web",
        json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 8}]}}),
    )
    .await;
    let weight = || {
        lister
            .get(&cluster.namespace, "web")
            .map(|split| split.spec.backends[0].weight)
    };
    follow(&mut events, "the change is seen", || weight() == Some(8)).await;
    assert_eq!(lister.list(None).len(), 1);
}
