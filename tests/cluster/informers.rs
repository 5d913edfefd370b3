//! Informers of a cluster that serves everything: both ways to sync, indexes, scope, selectors, subscribers.

use std::collections::BTreeMap;

use futures::{FutureExt, StreamExt};
use kube::{
    ResourceExt,
    api::{DeleteParams, PostParams},
    runtime::watcher::Config,
};
use smi_sdk::{
    Clientset, Informers,
    access::{ServiceIdentity, by, rule::HTTP_ROUTE_GROUP, v1alpha4::Subject},
    informers::{Batch, Event, Informer, Lister},
    split::{by as split_by, v1alpha4::TrafficSplit},
};

use crate::{
    samples,
    support::{cluster, follow, in_time, subscriber::Subscriber},
};

fn names<K: kube::Resource + Send + Sync + 'static>(lister: &Lister<K>) -> Vec<String> {
    let mut names: Vec<_> = lister.list(None).iter().map(|object| object.name_any()).collect();
    names.sort();
    names
}

async fn keeps_up(config: Config) {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    for name in ["a", "b", "c"] {
        splits
            .create(&PostParams::default(), samples::split(name))
            .await
            .unwrap();
    }
    let (lister, mut events) = splits.informer().config(config).start();
    follow(&mut events, "a, b and c are there", || {
        names(&lister) == ["a", "b", "c"]
    })
    .await;
    follow(&mut events, "it is synced", || lister.is_ready()).await;

    splits
        .patch("a", &PostParams::default(), |split| split.spec.backends[0].weight = 9)
        .await
        .unwrap();
    splits.delete("b", &DeleteParams::default()).await.unwrap();
    splits
        .create(&PostParams::default(), samples::split("d"))
        .await
        .unwrap();
    follow(&mut events, "d came and b went", || names(&lister) == ["a", "c", "d"]).await;
    let weight = || lister.get(&cluster.namespace, "a").unwrap().spec.backends[0].weight;
    follow(&mut events, "a is changed", || weight() == 9).await;
    let stats = lister.stats();
    assert_eq!((stats.errors, stats.invalid, stats.objects), (0, 0, 3));
    // What a reader sees is what a list gives, without the bookkeeping.
    for listed in splits.list(&kube::api::ListParams::default()).await.unwrap() {
        let stored = lister.get(&cluster.namespace, &listed.name_any()).unwrap();
        assert_eq!(
            (&stored.spec, stored.resource_version()),
            (&listed.spec, listed.resource_version())
        );
        assert!(stored.metadata.managed_fields.is_none() && listed.metadata.managed_fields.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn lists_and_watches_keep_up() {
    keeps_up(Config::default()).await;
}

#[tokio::test(start_paused = true)]
async fn lists_by_pages_keep_up() {
    keeps_up(Config::default().page_size(2)).await;
}

#[tokio::test(start_paused = true)]
async fn streaming_lists_keep_up() {
    keeps_up(Config::default().streaming_lists()).await;
}

#[tokio::test(start_paused = true)]
async fn every_kind_is_kept_with_its_indexes() {
    let cluster = cluster().await;
    let namespace = cluster.namespace.as_str();
    let smi = Clientset::new(cluster.client.clone());
    smi.traffic_targets()
        .namespaced(namespace)
        .create(&PostParams::default(), samples::target("orders"))
        .await
        .unwrap();
    let mut bound = samples::target("bound");
    bound.spec.sources = vec![Subject::identity_binding("mobile")];
    smi.traffic_targets()
        .namespaced(namespace)
        .create(&PostParams::default(), bound)
        .await
        .unwrap();
    smi.identity_bindings()
        .namespaced(namespace)
        .create(&PostParams::default(), samples::binding("mobile"))
        .await
        .unwrap();
    smi.http_route_groups()
        .namespaced(namespace)
        .create(&PostParams::default(), samples::route_group("api"))
        .await
        .unwrap();
    smi.tcp_routes()
        .namespaced(namespace)
        .create(&PostParams::default(), samples::tcp_route("db"))
        .await
        .unwrap();
    smi.udp_routes()
        .namespaced(namespace)
        .create(&PostParams::default(), samples::udp_route("dns"))
        .await
        .unwrap();
    smi.traffic_splits()
        .namespaced(namespace)
        .create(&PostParams::default(), samples::split("web"))
        .await
        .unwrap();

    let (listers, mut events) = Informers::new(cluster.client.clone()).namespace(namespace).start();
    follow(&mut events, "every kind is there", || {
        listers.ready().now_or_never().is_some()
    })
    .await;
    assert_eq!(listers.missing(), [""; 0]);
    assert_eq!(names(&listers.traffic_targets), ["bound", "orders"]);
    assert_eq!(names(&listers.identity_bindings), ["mobile"]);
    assert_eq!(names(&listers.http_route_groups), ["api"]);
    assert_eq!(names(&listers.tcp_routes), ["db"]);
    assert_eq!(names(&listers.udp_routes), ["dns"]);
    assert_eq!(names(&listers.traffic_splits), ["web"]);

    let account = |name: &str| ServiceIdentity::new(namespace, name);
    let key = |name: &str| smi_sdk::core::key::ObjectKey::new(namespace, name);
    let targets = &listers.traffic_targets;
    assert_eq!(targets.by(by::destination, &account("api")).len(), 2);
    assert_eq!(targets.by(by::source, &account("web")).len(), 1);
    assert_eq!(targets.by(by::binding, &key("mobile")).len(), 1);
    let route = by::RouteKey::new(HTTP_ROUTE_GROUP, namespace, "api");
    assert_eq!(targets.by(by::route, &route).len(), 2);
    assert_eq!(listers.traffic_splits.by(split_by::apex, &key("web")).len(), 1);
    assert_eq!(listers.traffic_splits.by(split_by::backend, &key("web-v1")).len(), 1);

    // Indexes follow the objects.
    let served = smi.traffic_targets().namespaced(namespace);
    let params = PostParams::default();
    let moved = served.patch("orders", &params, |target| {
        target.spec.destination = Subject::service_account("db");
    });
    moved.await.unwrap();
    follow(&mut events, "the target moved", || {
        targets.by(by::destination, &account("db")).len() == 1
    })
    .await;
    assert_eq!(targets.by(by::destination, &account("api")).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_informer_of_one_namespace_knows_nothing_of_others() {
    let cluster = cluster().await;
    let other = cluster.namespace().await;
    let splits = Clientset::new(cluster.client.clone()).traffic_splits();
    let (mine, theirs) = (
        splits.clone().namespaced(&cluster.namespace),
        splits.clone().namespaced(&other),
    );
    theirs
        .create(&PostParams::default(), samples::split("theirs"))
        .await
        .unwrap();
    mine.create(&PostParams::default(), samples::split("mine"))
        .await
        .unwrap();
    let (scoped, mut events) = mine.informer().start();
    let (whole, mut whole_events) = splits.informer().start();
    follow(&mut events, "it is synced", || scoped.is_ready()).await;
    follow(&mut whole_events, "it is synced", || whole.is_ready()).await;

    theirs
        .create(&PostParams::default(), samples::split("more"))
        .await
        .unwrap();
    mine.create(&PostParams::default(), samples::split("last"))
        .await
        .unwrap();
    follow(&mut events, "the last is there", || {
        scoped.get(&cluster.namespace, "last").is_some()
    })
    .await;
    follow(&mut whole_events, "the last is there", || {
        whole.get(&cluster.namespace, "last").is_some()
    })
    .await;
    assert_eq!(names(&scoped), ["last", "mine"]);
    assert!(scoped.list(Some(&other)).is_empty());
    assert_eq!(whole.list(Some(&other)).len(), 2);
    assert_eq!(whole.list(Some(&cluster.namespace)).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_informer_with_a_selector_holds_what_is_selected_now() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    for (name, app) in [("a", "web"), ("b", "api")] {
        let mut split = samples::split(name);
        split.labels_mut().insert("app".to_owned(), app.to_owned());
        splits.create(&PostParams::default(), split).await.unwrap();
    }
    for config in [Config::default(), Config::default().streaming_lists()] {
        let (lister, mut events) = splits.informer().config(config.labels("app=web")).start();
        follow(&mut events, "a is there", || names(&lister) == ["a"]).await;
        let label = |app: &'static str| {
            move |split: &mut TrafficSplit| drop(split.labels_mut().insert("app".to_owned(), app.to_owned()))
        };
        splits.patch("b", &PostParams::default(), label("web")).await.unwrap();
        splits.patch("a", &PostParams::default(), label("api")).await.unwrap();
        follow(&mut events, "a and b changed places", || names(&lister) == ["b"]).await;
        splits.patch("a", &PostParams::default(), label("web")).await.unwrap();
        splits.patch("b", &PostParams::default(), label("api")).await.unwrap();
        follow(&mut events, "and again", || names(&lister) == ["a"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_ends_with_what_a_list_gives() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    splits
        .create(&PostParams::default(), samples::split("a"))
        .await
        .unwrap();
    splits
        .create(&PostParams::default(), samples::split("b"))
        .await
        .unwrap();
    let (lister, mut events) = splits.informer().start();
    let mut early = Subscriber::new(&lister);
    follow(&mut events, "it is synced", || lister.is_ready()).await;

    splits
        .patch("a", &PostParams::default(), |split| split.spec.backends[0].weight = 2)
        .await
        .unwrap();
    splits
        .patch("a", &PostParams::default(), |split| split.spec.backends[0].weight = 3)
        .await
        .unwrap();
    splits.delete("b", &DeleteParams::default()).await.unwrap();
    splits
        .create(&PostParams::default(), samples::split("c"))
        .await
        .unwrap();
    let mut batches = 0;
    follow(&mut events, "the subscriber knows of a, b and c", || {
        batches += early.catch_up();
        early.good == BTreeMap::from([("a".to_owned(), 3), ("c".to_owned(), 1)])
    })
    .await;
    assert!(batches >= 2, "a snapshot, then changes");
    let mut late = lister.subscribe();
    match late.next().now_or_never() {
        Some(Some(Batch::Snapshot { objects, .. })) => assert_eq!(objects.len(), 2),
        other => panic!("{other:?}"),
    }
}

/// What a projection keeps of a split.
#[derive(Debug, PartialEq)]
struct Weight(u32);

fn weight(kept: &Weight) -> [u32; 1] {
    [kept.0]
}

#[tokio::test(start_paused = true)]
async fn a_projection_keeps_up_too() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    splits
        .create(&PostParams::default(), samples::split("a"))
        .await
        .unwrap();
    let informer = Informer::<TrafficSplit>::new(cluster.client.clone()).namespace(&cluster.namespace);
    let (weights, mut events) = informer
        .project(|split| Weight(split.spec.backends[0].weight))
        .index(weight)
        .start();
    follow(&mut events, "the weight is there", || weights.by(weight, &1).len() == 1).await;
    splits
        .patch("a", &PostParams::default(), |split| split.spec.backends[0].weight = 7)
        .await
        .unwrap();
    let changed = async {
        loop {
            match events.next().await {
                Some(Event::Applied(kept)) if **kept == Weight(7) => return,
                Some(_) => {}
                None => panic!("the informer ended"),
            }
        }
    };
    in_time("the change is told", changed).await;
    assert!(weights.by(weight, &1).is_empty());
    assert_eq!(weights.by(weight, &7).len(), 1);
}
