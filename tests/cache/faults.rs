//! Faults: these need the fake, which makes them, and its history, which it forgets when told.

use std::time::Duration;

use futures::StreamExt;
use serde_json::json;
use smi_fake::{Fault, Rule};
use tokio::time::{Instant, sleep};

use crate::{
    cache::snapshot::Content,
    support::only_on_fake,
    world::{EPOCH, World, crds, routes},
};

#[tokio::test(start_paused = true)]
async fn there_is_no_snapshot_before_every_kind_is_there() {
    let cluster = only_on_fake(crds()).await;
    let faults = cluster.fake().unwrap().faults();
    let outage = faults.add(Rule::new(Fault::InternalError).resource("tcproutes"));
    let world = World::of(cluster).await;
    let mut api = world.proxy("api");
    sleep(Duration::from_secs(60)).await;
    assert_eq!(*api.0.borrow(), None);
    assert_eq!(world.cache.age(Instant::now()), None);
    assert!(world.cache.failing(Instant::now()).is_some());
    faults.remove(outage);
    api.has("nothing", |content| *content == Content::default()).await;
    assert!(world.cache.age(Instant::now()).is_some());
    assert_eq!(world.cache.failing(Instant::now()), None);
}

#[tokio::test(start_paused = true)]
async fn the_age_is_that_of_the_kinds_that_are_served_and_failures_are_told_of_any() {
    let mut crds = crds();
    crds.retain(|crd| crd.spec.names.kind != "UDPRoute");
    let cluster = only_on_fake(crds).await;
    let (listers, events) = smi_sdk::Informers::new(cluster.client.clone()).start();
    let informers = tokio::spawn(events.for_each(|_| async {}));
    let faults = cluster.fake().unwrap().faults();
    let world = World::of(cluster).await;
    world
        .proxy("api")
        .has("nothing", |content| *content == Content::default())
        .await;
    listers.ready().await.unwrap();
    assert_eq!(listers.missing(), ["UDPRoute"]);
    sleep(Duration::from_secs(60)).await;
    let now = Instant::now();
    for age in [world.cache.age(now), listers.age(now)] {
        assert!(age.is_some_and(|age| age <= Duration::from_secs(61)), "{age:?}");
    }
    assert_eq!((world.cache.failing(now), listers.failing(now)), (None, None));
    // One kind alone that is out of reach is enough to be told of.
    faults.add(Rule::new(Fault::InternalError).resource("tcproutes"));
    faults.drop_watches();
    sleep(Duration::from_secs(1200)).await;
    let now = Instant::now();
    for failing in [world.cache.failing(now), listers.failing(now)] {
        assert!(
            failing.is_some_and(|failing| failing > Duration::from_secs(600)),
            "{failing:?}"
        );
    }
    informers.abort();
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_a_snapshot_is_as_a_new_cache_would_have_it() {
    let mut world = World::only_on_fake().await.with_orders().await;
    let shop = world.shop.clone();
    world
        .create("TrafficTarget", &shop, "old", world.target("api", "batch", &routes()))
        .await;
    let mut api = world.proxy("api");
    api.has_targets(&["old", "orders"]).await;

    let server = world.cluster.fake().unwrap();
    let outage = server.faults().add(Rule::new(Fault::InternalError).verb("watch"));
    server.faults().drop_watches();
    world.delete("TrafficTarget", &shop, "old").await;
    world
        .create("TrafficTarget", &shop, "new", world.target("api", "jobs", &routes()))
        .await;
    world
        .patch("TCPRoute", &shop, "web", json!({"matches": {"ports": [81]}}))
        .await;
    // Nothing can be watched from where the watches broke.
    server.compact();
    sleep(Duration::from_secs(20)).await;
    assert!(world.cache.failing(Instant::now()).is_some());
    assert!(world.cache.age(Instant::now()).unwrap() >= Duration::from_secs(10));
    server.faults().remove(outage);

    let is_new = |content: &Content| {
        let targets = content.inbound.iter().map(|inbound| inbound.target.name());
        targets.eq(["new", "orders"]) && content.inbound.iter().all(|inbound| inbound.tcp == [[81]])
    };
    let snapshot = api.has("what happened meanwhile", is_new).await;
    world.restart(2 * EPOCH);
    let expected = world.proxy("api").has("the same", is_new).await;
    assert_eq!(snapshot.content, expected.content);
}
