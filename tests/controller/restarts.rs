//! A controller that ends, and the one after it.

use tokio::time::Instant;

use crate::{
    controller::lease::Timing,
    world::{World, holder},
};

#[tokio::test(start_paused = true)]
async fn a_controller_that_is_killed_is_picked_up_where_it_was() {
    let world = World::new().await;
    let controller = world.start("a");
    for name in ["changed", "deleted"] {
        world.create(name, 10).await;
        world.shows(name, "10.00%").await;
    }
    controller.kill().await;
    world.weigh("changed", 20).await;
    world.delete("deleted").await;
    world.create("new", 30).await;
    // The finalizer holds what nobody cleans up.
    assert!(world.splits().get_opt("deleted").await.unwrap().is_some());
    assert!(world.rendered("deleted").await.is_some());

    let started = Instant::now();
    let _controller = world.start("b");
    world.shows("changed", "20.00%").await;
    world.shows("new", "30.00%").await;
    world.is_gone("deleted").await;
    // Nobody gave the Lease up: the next one waits for as long as it lasts.
    assert!(
        started.elapsed() >= Timing::default().duration,
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_was_stopped_left_nothing_for_the_next_to_wait_for() {
    let world = World::new().await;
    let controller = world.start("a");
    for name in ["changed", "deleted"] {
        world.create(name, 10).await;
        world.shows(name, "10.00%").await;
    }
    controller.stop().await;
    assert_eq!(holder(&world.is_renewed(0).await), None);
    world.weigh("changed", 20).await;
    world.delete("deleted").await;
    let started = Instant::now();
    let _controller = world.start("b");
    world.is_led_by("b").await;
    assert!(
        started.elapsed() < Timing::default().duration,
        "{:?}",
        started.elapsed()
    );
    world.shows("changed", "20.00%").await;
    world.is_gone("deleted").await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_it_leads_takes_no_lease() {
    let world = World::new().await;
    let first = world.start("a");
    world.is_led_by("a").await;
    let second = world.start("b");
    world.is_renewed(2).await;
    second.stop().await;
    assert_eq!(holder(&world.is_renewed(1).await), Some("a"));
    first.stop().await;
}
