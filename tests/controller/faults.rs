//! Faults: these need the fake, which makes them, and hours that pass at once.

use std::time::Duration;

use smi_fake::{Fault, Rule};

use crate::{
    controller::reconcile::LEASE,
    log::Log,
    world::{World, holder},
};

#[tokio::test(start_paused = true)]
async fn what_happens_between_watches_is_not_missed() {
    let world = World::only_on_fake().await;
    let _controller = world.start("a");
    for name in ["changed", "deleted"] {
        world.create(name, 10).await;
        world.shows(name, "10.00%").await;
    }
    // Watches break and cannot be taken up again where they were: what was missed comes with a new list.
    let outage = world
        .fake()
        .faults()
        .add(Rule::new(Fault::InternalError).resource("trafficsplits").verb("watch"));
    world.fake().faults().drop_watches();
    world.weigh("changed", 20).await;
    world.delete("deleted").await;
    world.create("new", 30).await;
    world.fake().compact();
    world.fake().faults().remove(outage);
    world.shows("changed", "20.00%").await;
    world.shows("new", "30.00%").await;
    world.is_gone("deleted").await;
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_cannot_renew_stops_before_another_may_start() {
    let world = World::only_on_fake().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    // Requests about Leases hang, and all others are answered.
    let slow = Rule::new(Fault::Delay(Duration::from_secs(3600))).resource("leases");
    let outage = world.fake().faults().add(slow);
    // Within this time it still leads: nobody else can.
    world.weigh("web", 20).await;
    world.shows("web", "20.00%").await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    world.weigh("web", 30).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(world.rendered("web").await.unwrap().contains("20.00%"));
    world.fake().faults().remove(outage);
    world.shows("web", "30.00%").await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_is_begun_and_then_gives_the_lease_up() {
    let world = World::only_on_fake().await;
    let controller = world.start("a");
    world.is_led_by("a").await;
    // Writing takes longer than the Lease lasts.
    let slow = Rule::new(Fault::Delay(Duration::from_secs(30)))
        .resource("configmaps")
        .verb("patch");
    world.fake().faults().add(slow);
    world.create("web", 10).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.rendered("web").await, None);

    controller.stop().await;
    assert!(world.rendered("web").await.unwrap().contains("10.00%"));
    assert_eq!(holder(&world.leases().get(LEASE).await.unwrap()), None);
    // From then on it is silent.
    let before = world.fake().resource_version();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.fake().resource_version(), before);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_also_when_the_server_does_not_answer() {
    let world = World::only_on_fake().await;
    let controller = world.start("a");
    world.is_led_by("a").await;
    world.fake().faults().internal_errors();
    controller.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_failing_is_told_once_and_tried_ever_less_often() {
    let log = Log::start();
    let world = World::only_on_fake().await;
    let _controller = world.start("a");
    world.is_led_by("a").await;
    let faults = world.fake().faults();
    let outage = faults.add(Rule::new(Fault::InternalError).resource("configmaps").verb("patch"));
    world.create("web", 10).await;
    log.says(&format!(
        "`{}/web` is not done: cannot render it: the server answers 500: ",
        world.shop
    ))
    .await;
    // Ten minutes in which it is tried at 0, 1, 3, 7, 15, 31, 63, 127, 255 and 511 seconds.
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(log.count("is not done"), 1);
    assert_eq!(log.count("Status {"), 0, "what kube says for debugging");
    faults.remove(outage);
    // A change does not wait for the next try, and the same failure is news after a success.
    world.weigh("web", 20).await;
    world.shows("web", "20.00%").await;
    faults.add(Rule::new(Fault::InternalError).resource("configmaps").verb("patch"));
    world.weigh("web", 30).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(log.count("is not done"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_on_failing_is_told_of_once() {
    let log = Log::start();
    let world = World::only_on_fake().await;
    let _controller = world.start("a");
    world.is_led_by("a").await;
    let faults = world.fake().faults();
    for resource in ["trafficsplits", "configmaps"] {
        faults.add(Rule::new(Fault::InternalError).resource(resource));
    }
    faults.drop_watches();
    tokio::time::sleep(Duration::from_secs(600)).await;
    // A watch that cannot be taken up, and then a list.
    for what in ["TrafficSplits: ", "ConfigMaps: "] {
        assert!((1..=2).contains(&log.count(what)), "{}", log.text());
    }
}
