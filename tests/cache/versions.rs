//! The versions of snapshots: one content each, growing, through restarts too.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::{
    cache::epoch,
    world::{EPOCH, World, routes},
};

#[tokio::test(start_paused = true)]
async fn a_version_is_of_one_content_and_grows() {
    let world = World::new().await.with_orders().await;
    let (shop, far) = (world.shop.as_str(), world.far.as_str());
    let (mut api, mut db) = (world.proxy("api"), world.proxy("db"));
    let first = api.has_port(80).await;
    // What is of no concern to the account, and a change that changes nothing for it. Changes of one kind come in their
    // order: who has the last has seen them all.
    for (namespace, name) in [(far, "a"), (shop, "b")] {
        world
            .create("TrafficTarget", namespace, name, world.target("db", "web", &json!([])))
            .await;
    }
    world.touch("TrafficTarget", shop, "orders", "yes").await;
    world
        .create("TrafficTarget", shop, "c", world.target("db", "web", &json!([])))
        .await;
    db.has("all three", |content| content.inbound.len() == 3).await;
    assert_eq!(api.0.borrow().as_ref(), Some(&first));

    world.port(81).await;
    let second = api.has_port(81).await;
    assert!(second.version > first.version);
    // A proxy that comes back never meets a version that it knows with another content.
    drop(api);
    world.port(82).await;
    let mut api = world.proxy("api");
    let third = api.has_port(82).await;
    assert!(third.version > second.version);
}

#[tokio::test(start_paused = true)]
async fn a_restart_leads_to_what_is_there_now_at_a_version_that_no_proxy_has() {
    let mut world = World::new().await.with_orders().await;
    let shop = world.shop.clone();
    world
        .create("TrafficTarget", &shop, "old", world.target("api", "batch", &routes()))
        .await;
    let mut api = world.proxy("api");
    api.has_targets(&["old", "orders"]).await;
    let mut last = api.has_port(80).await;
    for port in 81..90 {
        world.port(port).await;
        let next = api.has_port(port).await;
        assert!(next.version > last.version);
        last = next;
    }
    let lifetime = 1_000_000;
    assert!((EPOCH..EPOCH + lifetime).contains(&last.version));

    // While there is none, and after.
    world.delete("TrafficTarget", &shop, "old").await;
    world
        .create("TrafficTarget", &shop, "new", world.target("api", "jobs", &routes()))
        .await;
    world.restart(EPOCH + lifetime);
    let mut api = world.proxy("api");
    let restarted = api.has_targets(&["new", "orders"]).await;
    assert!(restarted.version > last.version, "{restarted:?} after {last:?}");
    let restarted = api.has_port(89).await;
    assert!(restarted.version > last.version, "{restarted:?} after {last:?}");
    world.port(90).await;
    assert!(api.has_port(90).await.version > restarted.version);

    // The same content is the same after one more restart, at a version of its own.
    let before = api.has_port(90).await;
    world.restart(EPOCH + 2 * lifetime);
    let mut api = world.proxy("api");
    let after = api.has("the same", |content| *content == before.content).await;
    assert!(after.version > before.version);
}

#[test]
fn the_epoch_of_a_process_is_its_start_in_nanoseconds() {
    assert_eq!(epoch(UNIX_EPOCH + Duration::from_micros(5)), Some(5_000));
    assert_eq!(epoch(UNIX_EPOCH - Duration::from_secs(1)), None);
    // Of this century, and room for the versions of all of it.
    let now = epoch(SystemTime::now()).unwrap();
    assert!(now > 1_000_000_000_000_000_000 && now < u64::MAX / 2);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_slow_gets_the_latest_and_none_between() {
    let world = World::new().await.with_orders().await;
    let (mut slow, mut quick) = (world.proxy("api"), world.proxy("api"));
    slow.has_port(80).await;
    slow.0.borrow_and_update();
    for port in 81..=90 {
        world.port(port).await;
        quick.has_port(port).await;
    }
    assert!(slow.0.has_changed().unwrap());
    let latest = slow.0.borrow_and_update().clone().unwrap();
    assert_eq!(latest.content.inbound[0].tcp, [[90]]);
    assert!(!slow.0.has_changed().unwrap());
}
