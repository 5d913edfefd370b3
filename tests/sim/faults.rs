//! One fault at a time.

use std::time::Duration;

use futures::StreamExt;
use kube::{
    Client,
    api::PostParams,
    client::retry::RetryPolicy,
    runtime::watcher::{Config, InitialListStrategy},
};
use smi_fake::{Fault, Rule, Server};
use smi_sdk::Clientset;
use tokio::time::Instant;
use tower::{BoxError, Layer, retry::RetryLayer, service_fn};

use crate::world::{NAMESPACE, World, crds, spec, split, splits};

/// Both ways to sync, the first by pages of two.
fn ways() -> [Config; 2] {
    [Config::default().page_size(2), Config::default().streaming_lists()]
}

/// A world with five splits that the informer knows.
async fn synced(config: Config) -> World {
    let mut world = World::new(config).await;
    for name in ["a", "b", "c", "d", "e"] {
        world.write(name, Some(1)).await;
    }
    world.settles().await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_breaks_in_the_middle_of_an_event_goes_on_where_it_was() {
    for config in ways() {
        let mut world = synced(config).await;
        let relists = world.lister().stats().relists;
        for weight in 2..9 {
            world.server.faults().drop_watches_in_event();
            world.write("a", Some(weight)).await;
            world.write("b", Some(weight)).await;
            let took = world.settles().await;
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
        assert_eq!(world.lister().stats().relists, relists, "nothing is listed again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_gone_after_its_first_page_is_begun_again() {
    let mut world = synced(Config::default().page_size(2)).await;
    // The history is gone while nobody watches, and so is the second page of the list that follows.
    world.fault("watch", Fault::InternalError, 1);
    world
        .server
        .faults()
        .add(Rule::new(Fault::Gone).verb("list").after(1).times(2));
    world.server.faults().drop_watches();
    world.delete("b").await;
    world.write("f", Some(3)).await;
    world.server.compact();
    world.settles().await;
    let stats = world.lister().stats();
    assert_eq!(stats.relists, 2, "lists that break off do not count");
    assert!(stats.errors >= 4, "500, 410 of the watch, 410 of two lists: {stats:?}");
}

#[tokio::test(start_paused = true)]
async fn a_history_that_is_gone_is_listed_anew_in_both_ways() {
    for config in ways() {
        let mut world = synced(config).await;
        world.fault("watch", Fault::Gone, 1);
        world.server.faults().drop_watches();
        world.delete("b").await;
        world.write("f", Some(3)).await;
        world.settles().await;
        assert_eq!(world.lister().stats().relists, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for() {
    for config in ways() {
        for verb in ["watch", "list"] {
            let mut world = synced(config.clone()).await;
            let begun = Instant::now();
            if verb == "list" {
                world.fault("watch", Fault::Gone, 1);
            }
            // A streamed list is a watch.
            let is_streamed = config.initial_list_strategy == InitialListStrategy::StreamingList;
            let verb = if is_streamed { "watch" } else { verb };
            world.fault(verb, Fault::TooManyRequests { retry_after: 200 }, 1);
            world.server.faults().drop_watches();
            world.write("a", Some(2)).await;
            world.settles().await;
            let waited = begun.elapsed();
            assert!((200..210).contains(&waited.as_secs()), "{verb}: {waited:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_never_answered_is_given_up_and_asked_again() {
    for config in ways() {
        for verb in ["list", "watch"] {
            let mut world = synced(config.clone()).await;
            world.fault("watch", Fault::Gone, 1);
            world.fault(verb, Fault::Delay(Duration::from_secs(86_400)), 1);
            world.server.faults().drop_watches();
            world.write("a", Some(2)).await;
            let waited = world.settles().await;
            assert!(waited < Duration::from_secs(390), "{verb}: {waited:?}");
        }
    }
    let mut world = World::on(Server::new(crds("v1alpha4")), |informer| informer).await;
    let never = Rule::new(Fault::Delay(Duration::from_secs(86_400)));
    world.server.faults().add(never.verb("get").times(1));
    world.write("a", Some(1)).await;
    let waited = world.settles().await;
    assert!((375..390).contains(&waited.as_secs()), "{waited:?}");
}

/// kube's own clients wait before they hand on what the server said: that is no silence of the server.
#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_by_clients_that_do_so_themselves() {
    let server = Server::new(crds("v1alpha4"));
    let rule = Rule::new(Fault::TooManyRequests { retry_after: 200 });
    server.faults().add(rule.verb("list").times(1));
    let client = server.client();
    let service = service_fn(move |request| {
        let client = client.clone();
        async move { client.send(request).await.map_err(BoxError::from) }
    });
    let waiting = RetryLayer::new(RetryPolicy::server_retry()).layer(service);
    let client = Client::new(waiting, NAMESPACE);
    let (lister, events) = Clientset::new(client).traffic_splits().informer().start();
    let begun = Instant::now();
    let polling = tokio::spawn(events.for_each(|_| async {}));
    lister.ready().await.unwrap();
    polling.abort();
    assert!((200..205).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(lister.stats().errors, 0);
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_discovery_is_waited_for() {
    let mut world = World::on(Server::new(crds("v1alpha4")), |informer| informer).await;
    let begun = Instant::now();
    world.server.faults().add(
        Rule::new(Fault::TooManyRequests { retry_after: 90 })
            .verb("get")
            .times(1),
    );
    world.write("a", Some(1)).await;
    world.settles().await;
    assert!((90..95).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_of_days_is_not_believed() {
    let mut world = World::new(Config::default()).await;
    world.fault("list", Fault::TooManyRequests { retry_after: u32::MAX }, 1);
    world.write("a", Some(1)).await;
    let waited = world.settles().await;
    assert!((299..302).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_500s_is_survived_with_the_old_state_and_no_storm() {
    for config in ways() {
        let mut world = synced(config).await;
        let before = world.lister().stats();
        let begun = Instant::now();
        let outage = world.server.faults().internal_errors();
        world.server.faults().drop_watches();
        while begun.elapsed() < Duration::from_secs(60) {
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert_eq!(world.lister().list(None).len(), 5, "what was known stays");
            let failing = world.lister().failing(Instant::now()).unwrap();
            assert!(
                failing <= begun.elapsed() && failing > begun.elapsed() / 2,
                "{failing:?}"
            );
            assert!(world.lister().age(Instant::now()).unwrap() >= failing);
        }
        world.server.faults().remove(outage);
        world.write("a", Some(2)).await;
        world.delete("b").await;
        let took = world.settles().await;
        assert!(took < Duration::from_secs(60), "pauses stop growing: {took:?}");
        let errors = world.lister().stats().errors - before.errors;
        assert!((2..30).contains(&errors), "{errors} requests in a minute");
        assert_eq!(world.lister().failing(Instant::now()), None);
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_come_twice_or_late_change_nothing() {
    for config in ways() {
        let mut world = synced(config).await;
        for fault in [Fault::DuplicateEvents, Fault::OldEvents] {
            world.fault("watch", fault, 1);
            world.server.faults().drop_watches();
            // The watch with the fault is the one that tells this.
            world.write("a", Some(2)).await;
            world.settles().await;
            let stale = world.lister().stats().stale;
            for weight in 3..8 {
                world.write("a", Some(weight)).await;
                world.delete("b").await;
                world.write("b", Some(weight)).await;
                world.write("c", None).await;
                world.write("c", Some(weight)).await;
            }
            // What was before the last event comes once more: it stays old, and what is gone stays gone.
            for goes in [false, true] {
                world.write("c", Some(8)).await;
                if goes {
                    world.delete("c").await;
                } else {
                    world.write("c", Some(9)).await;
                }
                world.settles().await;
                tokio::time::sleep(Duration::from_secs(5)).await;
                world.settles().await;
            }
            assert!(world.lister().stats().stale > stale, "{fault:?}");
            world.write("c", Some(1)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_never_answered_is_given_up_and_goes_on_where_it_was() {
    for config in ways() {
        let mut world = synced(config).await;
        world.fault("watch", Fault::Delay(Duration::from_secs(86_400)), 1);
        world.server.faults().drop_watches();
        world.write("a", Some(2)).await;
        let waited = world.settles().await;
        assert!((375..390).contains(&waited.as_secs()), "{waited:?}");
        assert_eq!(world.lister().stats().relists, 1, "nothing is listed again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_streaming_lists_is_asked_for_lists() {
    let server = Server::new(crds("v1alpha4")).without_streaming_lists();
    let mut world = World::on(server, |informer| informer.config(Config::default().streaming_lists())).await;
    world.write("a", Some(1)).await;
    let took = world.settles().await;
    assert!(took < Duration::from_secs(1), "without a pause: {took:?}");
    world.fault("watch", Fault::Gone, 1);
    world.server.faults().drop_watches();
    world.write("b", Some(2)).await;
    world.settles().await;
    assert_eq!(world.lister().stats().relists, 2);
}

#[tokio::test(start_paused = true)]
async fn what_happens_in_other_namespaces_is_not_seen_whatever_breaks() {
    for config in ways() {
        let mut world = synced(config).await;
        let elsewhere = splits(&world.client, "default");
        for round in 2..6 {
            let name = format!("x{round}");
            elsewhere
                .create(&PostParams::default(), &split(&name, &spec(9)))
                .await
                .unwrap();
            world.server.faults().drop_watches_in_event();
            world.write("a", Some(round)).await;
            world.settles().await;
            world.fault("watch", Fault::Gone, 1);
            world.server.faults().drop_watches();
            world.write("b", Some(round)).await;
            world.settles().await;
        }
        assert!(world.lister().list(Some("default")).is_empty());
        assert!(world.lister().get("default", "x2").is_none());
        assert!(world.lister().get(NAMESPACE, "a").is_some());
    }
}
