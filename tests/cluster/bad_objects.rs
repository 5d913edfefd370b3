//! Objects that cannot be read, in a cluster whose CRDs admit anything.

use futures::FutureExt;
use kube::api::DeleteParams;
use serde_json::{Value, json};
use smi_sdk::{
    Informers,
    informers::{Informer, OnInvalid, Strip},
    split::v1alpha4::TrafficSplit,
};

use crate::{
    samples::{self, Raw},
    support::{cluster_with, follow},
};

fn good(weight: u32) -> Value {
    json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": weight}]}})
}

fn bad() -> Value {
    json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": "much"}]}})
}

#[tokio::test(start_paused = true)]
async fn a_bad_object_is_told_of_alone_from_its_coming_to_its_end() {
    let cluster = cluster_with(samples::admitting_anything()).await;
    let namespace = cluster.namespace.as_str();
    let raw = Raw::splits(&cluster.client, namespace, "v1alpha4");
    raw.create("good", good(1)).await;
    raw.create("bad", bad()).await;
    for streaming in [false, true] {
        let config = kube::runtime::watcher::Config::default();
        let config = if streaming { config.streaming_lists() } else { config };
        let (listers, mut events) = Informers::new(cluster.client.clone()).config(config).start();
        let splits = &listers.traffic_splits;
        follow(&mut events, "every kind is synced", || {
            listers.ready().now_or_never().is_some()
        })
        .await;
        follow(&mut events, "both are known", || {
            splits.list(None).len() == 1 && splits.invalid().len() == 1
        })
        .await;
        let invalid = &splits.invalid()[0];
        assert_eq!(invalid.object.to_string(), format!("{namespace}/bad"));
        assert!(
            invalid.error.to_string().starts_with("`spec.backends[0].weight`"),
            "{}",
            invalid.error
        );
        assert!(!invalid.uid.is_empty());

        // On change, both ways.
        raw.replace("good", bad()).await;
        raw.replace("bad", good(5)).await;
        let only = |name| splits.list(None).len() == 1 && splits.get(namespace, name).is_some();
        follow(&mut events, "they changed places", || {
            only("bad") && splits.invalid().len() == 1
        })
        .await;
        assert_eq!(splits.invalid()[0].object.name(), "good");

        // Deleted while bad.
        raw.api.delete("good", &DeleteParams::default()).await.unwrap();
        follow(&mut events, "the bad one is gone", || splits.invalid().is_empty()).await;
        assert!(only("bad"));
        assert_eq!(splits.stats().errors, 0, "a bad object is no error of the stream");
        raw.replace("bad", bad()).await;
        raw.create("good", good(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_says_what_becomes_of_the_object_that_was_good() {
    let cluster = cluster_with(samples::admitting_anything()).await;
    let namespace = cluster.namespace.as_str();
    let raw = Raw::splits(&cluster.client, namespace, "v1alpha4");
    for (policy, stays) in [
        (OnInvalid::FailClosed, false),
        (OnInvalid::Drop, false),
        (OnInvalid::KeepLast, true),
    ] {
        let name = format!("{policy:?}").to_lowercase();
        raw.create(&name, good(4)).await;
        let informer = Informer::<TrafficSplit>::new(cluster.client.clone()).namespace(namespace);
        let (lister, mut events) = informer.on_invalid(policy).start();
        follow(&mut events, "it is there", || lister.get(namespace, &name).is_some()).await;
        raw.replace(&name, bad()).await;
        let is_bad = || lister.invalid().iter().any(|invalid| invalid.object.name() == name);
        follow(&mut events, "it is bad", is_bad).await;
        assert_eq!(lister.get(namespace, &name).is_some(), stays, "{policy:?}");
        raw.replace(&name, good(6)).await;
        let weight = || Some(lister.get(namespace, &name)?.spec.backends[0].weight);
        follow(&mut events, "it is good again", || weight() == Some(6)).await;
        assert!(!is_bad());
    }
}

#[tokio::test(start_paused = true)]
async fn objects_of_every_shape_leave_the_others_in_peace() {
    let cluster = cluster_with(samples::admitting_anything()).await;
    let namespace = cluster.namespace.as_str();
    let raw = Raw::targets(&cluster.client, namespace, "v1alpha4");
    let shapes = [
        json!({}),
        json!({"spec": null}),
        json!({"spec": []}),
        json!({"spec": 7}),
        json!({"spec": {"destination": 3}}),
        json!({"spec": {"destination": {"name": "api"}}}),
        json!({"spec": {"destination": {"kind": "ServiceAccount", "name": "api"}, "sources": [{"name": 1}]}}),
        json!({"destination": {"kind": "ServiceAccount", "name": "api"}, "specs": []}),
    ];
    for (number, shape) in shapes.iter().enumerate() {
        raw.create(&format!("bad-{number}"), shape.clone()).await;
    }
    for number in 0..20 {
        let mut target = serde_json::to_value(samples::target("x")).unwrap();
        raw.create(&format!("good-{number}"), json!({"spec": target["spec"].take()}))
            .await;
    }
    let (listers, mut events) = Informers::new(cluster.client.clone()).namespace(namespace).start();
    follow(&mut events, "every kind is synced", || {
        listers.ready().now_or_never().is_some()
    })
    .await;
    let targets = &listers.traffic_targets;
    assert_eq!((targets.list(None).len(), targets.invalid().len()), (20, shapes.len()));
    let names: Vec<_> = targets
        .invalid()
        .iter()
        .map(|invalid| invalid.object.name().to_owned())
        .collect();
    assert!(names.iter().all(|name| name.starts_with("bad-")), "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn a_list_in_the_place_of_a_struct_is_no_object_in_lists_and_in_watches() {
    let cluster = cluster_with(samples::admitting_anything()).await;
    let namespace = cluster.namespace.as_str();
    let routes = Raw::tcp_routes(&cluster.client, namespace, "v1alpha4");
    let targets = Raw::targets(&cluster.client, namespace, "v1alpha4");
    let account = json!({"kind": "ServiceAccount", "name": "api"});
    let target = json!({"spec": {"destination": ["ServiceAccount", "api"], "sources": [account], "rules": []}});
    // Read as a struct, this route is every port.
    routes.create("listed", json!({"spec": []})).await;
    targets.create("listed", target.clone()).await;
    for strip in [Strip::Bookkeeping, Strip::Nothing] {
        let (listers, mut events) = Informers::new(cluster.client.clone()).strip(strip).start();
        follow(&mut events, "every kind is synced", || {
            listers.ready().now_or_never().is_some()
        })
        .await;
        let invalid = || {
            (
                listers.tcp_routes.invalid().len(),
                listers.traffic_targets.invalid().len(),
            )
        };
        assert_eq!(invalid(), (1, 1));
        routes.create("watched", json!({"spec": []})).await;
        targets.create("watched", target.clone()).await;
        let (routes_now, targets_now) = (listers.tcp_routes.clone(), listers.traffic_targets.clone());
        follow(&mut events, "the others are known", || {
            let known = |good: usize, invalid: usize| good + invalid == 2;
            known(routes_now.list(None).len(), routes_now.invalid().len())
                && known(targets_now.list(None).len(), targets_now.invalid().len())
        })
        .await;
        assert_eq!(invalid(), (2, 2));
        for api in [&routes.api, &targets.api] {
            api.delete("watched", &DeleteParams::default()).await.unwrap();
        }
    }
}
