//! A server that expires lists, has too much to do, or fails in passing. On the fake alone.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::FutureExt;
use http::Method;
use smi_fake::{Fault, Rule};
use smi_sdk::migrate::Outcome;
use tokio::time::Instant;

use crate::world::{World, names, of_splits, only};

async fn world() -> World {
    let world = World::only_on_fake("v1alpha1").await.with(names(25)).await;
    world.store_at("v1alpha4").await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_history_is_forgotten_goes_on_at_the_same_place() {
    let world = world().await;
    let server = world.cluster.fake().unwrap().clone();
    let rewrites = Arc::new(AtomicUsize::new(0));
    let count = rewrites.clone();
    let client = world.client_that(move |request| {
        if request.method() == Method::PATCH && request.uri().path().contains("/trafficsplits/") {
            count.fetch_add(1, Ordering::Relaxed);
            server.compact();
        }
        async { None }.boxed()
    });
    let report = only(of_splits(client).page_size(4).concurrency(1).run(|_| {}).await);
    assert_eq!(
        (report.outcome, report.objects.rewritten),
        (Outcome::Migrated, 25),
        "{report}"
    );
    assert_eq!(rewrites.load(Ordering::Relaxed), 25, "each once");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_expires_without_a_way_on_begins_anew() {
    let world = world().await;
    let gone = Rule::new(Fault::Gone).verb("list").resource("trafficsplits");
    world.cluster.fake().unwrap().faults().add(gone.after(3).times(2));
    let report = only(world.migration().page_size(4).run(|_| {}).await);
    assert_eq!(
        (report.outcome, report.objects.rewritten),
        (Outcome::Migrated, 25),
        "{report}"
    );
    assert_eq!(report.objects.unchanged, 12, "the three pages from before: {report}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_always_expires_is_an_error() {
    let world = world().await;
    let gone = Rule::new(Fault::Gone).verb("list").resource("trafficsplits");
    world.cluster.fake().unwrap().faults().add(gone);
    let report = world.migrate().await;
    assert!(report.error.unwrap().to_string().starts_with("the server answers 410"));
    assert_eq!(world.stored_versions().await, ["v1alpha1", "v1alpha4"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_too_much_to_do_is_waited_for_as_long_as_it_says() {
    let world = world().await;
    let busy = Rule::new(Fault::TooManyRequests { retry_after: 7 })
        .verb("patch")
        .resource("trafficsplits");
    world.cluster.fake().unwrap().faults().add(busy.times(20));
    let started = Instant::now();
    let report = world.finish().await;
    assert_eq!(report.objects.rewritten, 25, "{report}");
    // Twenty refusals, eight at a time.
    assert!(started.elapsed().as_secs() >= 2 * 7, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn failures_that_pass_are_tried_again() {
    let world = world().await;
    let faults = world.cluster.fake().unwrap().faults();
    for fault in [Fault::InternalError, Fault::Disconnect] {
        for verb in ["get", "list", "patch"] {
            faults.add(Rule::new(fault).verb(verb).times(2));
        }
    }
    let report = world.finish().await;
    assert_eq!(report.objects.rewritten + report.objects.unchanged, 25, "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_out_of_order_is_an_error_and_no_object_is_to_blame() {
    let world = world().await;
    let outage = Rule::new(Fault::InternalError).verb("list").resource("trafficsplits");
    let faults = world.cluster.fake().unwrap().faults();
    let outage = faults.add(outage);
    let report = world.migrate().await;
    assert!(report.failed.is_empty(), "{report}");
    assert!(report.error.unwrap().to_string().starts_with("the server answers 500"));
    faults.remove(outage);
    world.finish().await;
}
