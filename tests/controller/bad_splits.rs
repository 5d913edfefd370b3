//! Splits that cannot be read.

use kube::{
    api::PostParams,
    core::{ApiResource, DynamicObject},
};
use serde_json::json;
use smi_sdk::split::v1alpha4::TrafficSplit;

use crate::{
    support::until,
    world::{World, wait},
};

/// Puts something else in the place of the backends of a split.
async fn spoil(world: &World, name: &str) {
    world.patch(name, json!({"backends": 0})).await;
}

#[tokio::test(start_paused = true)]
async fn a_bad_split_is_reported_and_left_as_it_was_and_the_others_go_on() {
    let world = World::admitting_anything().await;
    let _controller = world.start("a");
    world.create("bad", 10).await;
    world.create("good", 10).await;
    world.shows("bad", "10.00%").await;
    world.shows("good", "10.00%").await;

    spoil(&world, "bad").await;
    world.weigh("good", 30).await;
    world.shows("good", "30.00%").await;
    let note = until("the author is told", async || {
        let events = world.events("bad").await;
        events
            .into_iter()
            .find_map(|(reason, note)| (reason == "Unreadable").then_some(note))
    })
    .await;
    assert_eq!(note, "`spec.backends`: a list is expected, not the number `0`");
    assert!(world.rendered("bad").await.unwrap().contains("10.00%"));

    world.weigh("bad", 40).await;
    world.shows("bad", "40.00%").await;
}

#[tokio::test(start_paused = true)]
async fn a_split_that_turned_bad_can_be_deleted() {
    let world = World::admitting_anything().await;
    let controller = world.start("a");
    world.create("bad", 10).await;
    world.shows("bad", "10.00%").await;
    controller.stop().await;
    // Bad from the start of the next one, too.
    spoil(&world, "bad").await;
    let _controller = world.start("a");
    world.is_led_by("a").await;
    world.delete("bad").await;
    world.is_gone("bad").await;
}

#[tokio::test(start_paused = true)]
async fn a_split_that_was_never_good_can_be_deleted() {
    let world = World::admitting_anything().await;
    let _controller = world.start("a");
    let resource = ApiResource::erase::<TrafficSplit>(&());
    let bad = DynamicObject::new("bad", &resource).data(json!({"spec": 7}));
    world.any_splits().create(&PostParams::default(), &bad).await.unwrap();
    until("the author is told", async || {
        (!world.events("bad").await.is_empty()).then_some(())
    })
    .await;
    world.delete("bad").await;
    wait(world.any_splits(), "bad", |split: Option<&DynamicObject>| {
        split.is_none()
    })
    .await;
}
