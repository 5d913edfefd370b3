//! The Lease: who leads, who takes over, and what who lost it leaves alone.

use k8s_openapi::{
    api::coordination::v1::Lease,
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
    jiff::Timestamp,
};
use kube::{
    Resource,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    controller::{lease::Timing, reconcile::LEASE},
    log::Log,
    world::{World, holder},
};

/// The revision of the store at which an object was written: one sequence for all kinds.
fn revision(object: &impl Resource) -> u64 {
    object.meta().resource_version.as_ref().unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_of_two_leads_and_the_other_takes_over_at_once_when_it_stops() {
    let world = World::new().await;
    let first = world.start("a");
    world.is_led_by("a").await;
    let _second = world.start("b");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    assert_eq!(holder(&world.is_renewed(3).await), Some("a"));

    first.stop().await;
    let stopped = Instant::now();
    world.is_led_by("b").await;
    // At its next look, and not when the Lease is over.
    assert!(stopped.elapsed() < Timing::default().give_up, "{:?}", stopped.elapsed());
    world.weigh("web", 20).await;
    world.shows("web", "20.00%").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_once_another_has_the_lease() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;

    // Somebody takes the Lease by force, and never renews it. The controller writes it at any time, too.
    let patch = Patch::Merge(json!({"spec": {"holderIdentity": "other", "renewTime": MicroTime(Timestamp::now())}}));
    let taken = world.leases().patch(LEASE, &PatchParams::default(), &patch).await;
    let taken = taken.unwrap();
    // This is what is promised, as a time: the holder knows by then.
    sleep(Timing::default().give_up).await;
    world.weigh("web", 20).await;
    let weighed = world.splits().get("web").await.unwrap();

    // It leads again when the other's Lease is over, and writes from then on.
    let leading = world.is_led_by("a").await;
    let map = world.shows("web", "20.00%").await;
    assert!(revision(&taken) < revision(&weighed));
    assert!(revision(&weighed) < revision(&leading));
    assert!(revision(&leading) < revision(&map), "written by one that did not lead");
    assert_eq!(leading.spec.unwrap().lease_transitions, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_else_touches_is_still_held() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.is_led_by("a").await;
    let patch = Patch::Merge(json!({"metadata": {"labels": {"seen": "yes"}}}));
    world
        .leases()
        .patch(LEASE, &PatchParams::default(), &patch)
        .await
        .unwrap();
    let spec = world.is_renewed(3).await.spec.unwrap();
    assert_eq!(
        (spec.holder_identity.as_deref(), spec.lease_transitions),
        (Some("a"), Some(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_changed_hands_as_often_as_can_be_counted_can_be_taken() {
    let world = World::new().await;
    let lease: Lease = serde_json::from_value(json!({"spec": {"leaseTransitions": i32::MAX}})).unwrap();
    let metadata = ObjectMeta {
        name: Some(LEASE.to_owned()),
        ..ObjectMeta::default()
    };
    let lease = Lease { metadata, ..lease };
    world.leases().create(&PostParams::default(), &lease).await.unwrap();
    let _controller = world.start("a");
    let spec = world.is_led_by("a").await.spec.unwrap();
    assert_eq!(spec.lease_transitions, Some(i32::MAX));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_not_there_is_told_of() {
    let log = Log::start();
    let mut world = World::new().await;
    world.nginx = format!("no-{}", world.nginx);
    let _controller = world.start("a");
    log.says(&format!(
        "cannot ask for the lease: the server answers 404: namespaces \"{}\" not found",
        world.nginx
    ))
    .await;
    // Asked again and again, and told once.
    sleep(3 * Timing::default().retry).await;
    assert_eq!(log.count("cannot ask for the lease"), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_says_once_for_whom() {
    let log = Log::start();
    let world = World::new().await;
    let _first = world.start("a");
    world.is_led_by("a").await;
    let _second = world.start("b");
    log.says("waiting: `a` holds the lease").await;
    // Renewed meanwhile, and looked at.
    world.is_renewed(5).await;
    assert_eq!(log.count("waiting"), 1);
}
