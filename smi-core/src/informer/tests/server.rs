//! Scripted servers behind a real client: both ways to sync, refusals, and kinds that come and go.

use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::watcher;
use serde_json::json;

use super::{
    super::*,
    names,
    script::{Answer, Script, config, end_of_list, event, list, page, resources, until},
    tell,
};

#[tokio::test(start_paused = true)]
async fn list_and_watch_goes_by_pages_and_passes_over_bad_objects() {
    let script = Script::default()
        .on(
            "limit=500",
            page(
                "more",
                &[config("a", 1, &json!({})), config("b", 2, &json!({"port": 80}))],
            ),
        )
        .on("continue=more", list(9, &[config("c", 3, &json!({}))]))
        .on(
            "resourceVersion=9",
            Answer::Open(
                event("MODIFIED", &config("b", 10, &json!({"port": "80"})))
                    + &event("DELETED", &config("a", 11, &json!([]))),
            ),
        );
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    assert_eq!(until(&mut events, "ready").await, ["+a", "+c", "!b", "ready"]);
    let invalid = &lister.invalid()[0];
    assert_eq!(invalid.object.to_string(), "shop/b");
    assert_eq!(invalid.resource_version, "2");
    assert!(invalid.error.to_string().starts_with("`data"), "{}", invalid.error);
    assert_eq!(until(&mut events, "-a").await, ["+b", "-a"]);
    assert_eq!(names(&lister), ["b", "c"]);
    let stored = lister.get("shop", "b").unwrap();
    assert!(stored.metadata.managed_fields.is_none() && stored.metadata.annotations.is_none());
}

#[tokio::test(start_paused = true)]
async fn streaming_lists_sync_by_one_watch() {
    let script = Script::default().on(
        "sendInitialEvents=true",
        Answer::Open(
            event("ADDED", &config("a", 1, &json!({})))
                + &end_of_list(5)
                + &event("ADDED", &config("b", 6, &json!({}))),
        ),
    );
    let informer = Informer::<ConfigMap>::new(script.client())
        .namespace("shop")
        .config(watcher::Config::default().streaming_lists());
    let (lister, mut events) = informer.start();
    assert_eq!(until(&mut events, "+b").await, ["+a", "ready", "+b"]);
    assert_eq!(names(&lister), ["a", "b"]);
    assert_eq!(script.requests("/namespaces/shop/configmaps"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_streaming_list_becomes_a_list_for_good() {
    for code in [400, 422] {
        let script = Script::default()
            .on("sendInitialEvents=true", Answer::Refused(code, "Invalid"))
            .on("limit=500", list(9, &[config("a", 1, &json!({}))]));
        let informer = Informer::<ConfigMap>::new(script.client()).config(watcher::Config::default().streaming_lists());
        let (lister, mut events) = informer.start();
        assert_eq!(until(&mut events, "ready").await, ["+a", "ready"]);
        assert_eq!(lister.stats().errors, 0);
        assert_eq!(script.requests("sendInitialEvents"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_told_with_growing_pauses_and_end_in_a_sync() {
    let mut script = Script::default();
    for _ in 0..6 {
        script = script.on("limit=500", Answer::Refused(500, "InternalError"));
    }
    script = script
        .on("limit=500", Answer::Refused(429, "TooManyRequests"))
        .on("limit=500", list(9, &[config("a", 1, &json!({}))]));
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    let start = tokio::time::Instant::now();
    let told = until(&mut events, "ready").await;
    assert_eq!(told.iter().filter(|told| told.starts_with("failed")).count(), 7);
    assert_eq!(&told[7..], ["+a", "ready"]);
    assert!(start.elapsed() > Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!(lister.stats().errors, 7);
}

#[tokio::test(start_paused = true)]
async fn gone_in_the_middle_means_a_new_list() {
    let gone = event(
        "ERROR",
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "too old", "reason": "Expired", "code": 410}),
    );
    let script = Script::default()
        .on(
            "limit=500",
            list(9, &[config("a", 1, &json!({})), config("b", 2, &json!({}))]),
        )
        .on(
            "resourceVersion=9",
            Answer::Body(event("ADDED", &config("c", 10, &json!({}))) + &gone),
        )
        // The second list is gone after its first page.
        .on("limit=500", page("more", &[config("x", 11, &json!({}))]))
        .on("continue=more", Answer::Refused(410, "Expired"))
        .on(
            "limit=500",
            list(20, &[config("b", 2, &json!({})), config("d", 12, &json!({}))]),
        );
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    until(&mut events, "ready").await;
    let told = until(&mut events, "+d").await;
    let changes: Vec<_> = told.iter().filter(|told| !told.starts_with("failed")).collect();
    assert_eq!(changes, ["+c", "-a", "-c", "+d"]);
    assert_eq!(names(&lister), ["b", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_cut_in_the_middle_of_an_event_goes_on_where_it_was() {
    let whole = event("ADDED", &config("b", 10, &json!({})));
    let half = event("ADDED", &config("c", 11, &json!({})));
    let script = Script::default()
        .on("limit=500", list(9, &[config("a", 1, &json!({}))]))
        .on("resourceVersion=9", Answer::Body(whole + &half[..half.len() / 2]))
        .on("resourceVersion=10", Answer::Open(half));
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    assert_eq!(until(&mut events, "+c").await, ["+a", "ready", "+b", "+c"]);
    assert_eq!(names(&lister), ["a", "b", "c"]);
    assert_eq!(script.requests("limit=500"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_served_is_ready_and_empty_until_it_is() {
    let script = Script::default()
        .on("/api/v1", Answer::Body(resources(&["pods"])))
        .on("/api/v1", Answer::Body(resources(&["pods"])))
        .on("/api/v1", Answer::Refused(404, "NotFound"))
        .on("limit=500", list(9, &[config("a", 1, &json!({}))]))
        // The kind is removed while it is watched, and comes back.
        .on("resourceVersion=9", Answer::Refused(404, "NotFound"))
        .on("/api/v1/configmaps", Answer::Refused(404, "NotFound"));
    let informer = Informer::<ConfigMap>::new(script.client()).ask_again(Duration::from_secs(7));
    let (lister, mut events) = informer.start();
    assert_eq!(until(&mut events, "ready").await, ["missing", "ready"]);
    assert!(lister.is_missing() && lister.is_ready());
    let start = tokio::time::Instant::now();
    assert_eq!(until(&mut events, "+a").await, ["+a"], "no errors meanwhile");
    assert_eq!(start.elapsed(), Duration::from_secs(21));
    assert!(!lister.is_missing());
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_taken_away_leaves_an_empty_store() {
    let script = Script::default()
        .on("limit=500", list(9, &[config("a", 1, &json!({}))]))
        .on("resourceVersion=9", Answer::Refused(404, "NotFound"));
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    until(&mut events, "ready").await;
    script
        .answers
        .lock()
        .unwrap()
        .push_back(("/api/v1", Answer::Body(resources(&[]))));
    assert_eq!(until(&mut events, "missing").await, ["-a", "missing"]);
    assert!(lister.is_missing() && names(&lister).is_empty());
    script
        .answers
        .lock()
        .unwrap()
        .push_back(("limit=500", list(20, &[config("b", 12, &json!({}))])));
    assert_eq!(until(&mut events, "+b").await, ["+b"]);
    assert_eq!(lister.stats().errors, 0);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_refused_as_gone_means_a_new_list() {
    let script = Script::default()
        .on("limit=500", list(9, &[config("a", 1, &json!({}))]))
        .on("resourceVersion=9", Answer::Refused(410, "Expired"))
        .on("limit=500", list(20, &[config("b", 12, &json!({}))]));
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    until(&mut events, "ready").await;
    let told = until(&mut events, "+b").await;
    assert!(told[0].starts_with("failed"), "{told:?}");
    assert_eq!(told[1..], ["-a", "+b"]);
    assert_eq!(names(&lister), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_asked_for_again_where_it_was() {
    let script = Script::default()
        .on("limit=500", list(9, &[config("a", 1, &json!({}))]))
        .on(
            "resourceVersion=9",
            Answer::Open(event("ADDED", &config("b", 10, &json!({})))),
        )
        .on(
            "resourceVersion=10",
            Answer::Open(event("ADDED", &config("c", 11, &json!({})))),
        );
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    until(&mut events, "+b").await;
    let start = tokio::time::Instant::now();
    assert_eq!(until(&mut events, "+c").await, ["+c"], "silence is no error");
    assert_eq!(start.elapsed(), Duration::from_secs(295));
    assert_eq!(lister.stats().errors, 0);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_no_event_is_told_and_not_passed_over() {
    let good = event("ADDED", &config("b", 10, &json!({})));
    for line in [
        "[]\n",
        "{\"type\":\"TURNED\",\"object\":{}}\n",
        "{\"type\":\"BOOKMARK\",\"object\":{}}\n",
        "\u{0}\n",
    ] {
        // The line may have been the end of `a`: only a list can tell.
        let script = Script::default()
            .on("limit=500", list(9, &[config("a", 1, &json!({}))]))
            .on("resourceVersion=9", Answer::Open(line.to_owned() + &good))
            .on("limit=500", list(10, &[config("b", 10, &json!({}))]));
        let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
        until(&mut events, "ready").await;
        let told = until(&mut events, "+b").await;
        assert!(told[0].starts_with("failed"), "{told:?}");
        assert_eq!(told[1..], ["-a", "+b"]);
        assert_eq!(names(&lister), ["b"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_every_watch_at_once_is_asked_with_growing_pauses() {
    let configs = [watcher::Config::default(), watcher::Config::default().streaming_lists()];
    for config in configs {
        let mut script = Script::default().on("limit=500", list(9, &[]));
        for _ in 0..100 {
            script = script.on("watch=true", Answer::Body(String::new()));
        }
        let (_, mut events) = Informer::<ConfigMap>::new(script.client()).config(config).start();
        let ten_minutes = Duration::from_secs(600);
        let polling = async { while events.next().await.is_some() {} };
        assert!(tokio::time::timeout(ten_minutes, polling).await.is_err());
        let requests = script.requests("watch=true");
        assert!((10..60).contains(&requests), "{requests} requests in ten minutes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_opens_after_a_failure_shows_that_the_server_answers() {
    let bookmark = event(
        "BOOKMARK",
        &json!({"kind": "ConfigMap", "metadata": {"resourceVersion": "11"}}),
    );
    let script = Script::default()
        .on("limit=500", list(9, &[config("a", 1, &json!({}))]))
        .on("resourceVersion=9", Answer::Refused(500, "InternalError"))
        .on("resourceVersion=9", Answer::Open(bookmark));
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    let told = until(&mut events, "ready").await;
    assert_eq!(told, ["+a", "ready"]);
    let failed = events.next().await.map(|event| tell(&event));
    assert!(failed.is_some_and(|told| told.starts_with("failed")));
    let failing = |lister: &Lister<ConfigMap>| lister.failing(tokio::time::Instant::now());
    assert!(failing(&lister).is_some());
    // Nothing is told of it.
    let quiet = tokio::time::timeout(Duration::from_secs(60), events.next()).await;
    assert!(quiet.is_err());
    assert_eq!(failing(&lister), None);
    let age = lister.age(tokio::time::Instant::now()).unwrap();
    assert!(age > Duration::from_secs(55), "the bookmark came at once: {age:?}");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_stays_missing_is_heard_of_each_time_that_it_is_asked_for() {
    let mut script = Script::default();
    for _ in 0..100 {
        script = script.on("/api/v1", Answer::Body(resources(&["pods"])));
    }
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    until(&mut events, "ready").await;
    assert!(
        tokio::time::timeout(Duration::from_secs(600), events.next())
            .await
            .is_err()
    );
    let age = lister.age(tokio::time::Instant::now()).unwrap();
    assert!(age <= Duration::from_secs(30), "{age:?}");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_served_and_never_found_is_a_failure() {
    let script = Script::default();
    let (lister, mut events) = Informer::<ConfigMap>::new(script.client()).start();
    let event = tokio::time::timeout(Duration::from_secs(60), events.next()).await;
    let told = tell(&event.expect("nothing is told").unwrap());
    assert!(told.starts_with("failed"), "{told}");
    assert!(!lister.is_ready() && lister.stats().errors > 0);
}

#[tokio::test(start_paused = true)]
async fn a_late_end_within_a_streamed_list_takes_nothing_away() {
    let script = Script::default().on(
        "sendInitialEvents=true",
        Answer::Open(
            event("ADDED", &config("a", 4, &json!({})))
                + &event("DELETED", &config("a", 3, &json!({})))
                + &event("ADDED", &config("b", 2, &json!({})))
                + &event("DELETED", &config("b", 5, &json!({})))
                + &end_of_list(5),
        ),
    );
    let informer = Informer::<ConfigMap>::new(script.client());
    let (lister, mut events) = informer.config(watcher::Config::default().streaming_lists()).start();
    until(&mut events, "ready").await;
    assert_eq!(names(&lister), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn objects_are_stored_whole_if_asked_for_in_lists_and_watches() {
    let script = Script::default()
        .on("limit=500", list(9, &[config("a", 1, &json!({}))]))
        .on(
            "resourceVersion=9",
            Answer::Open(event("ADDED", &config("b", 10, &json!({})))),
        );
    let informer = Informer::<ConfigMap>::new(script.client()).strip(Strip::Nothing);
    let (lister, mut events) = informer.start();
    until(&mut events, "+b").await;
    for name in ["a", "b"] {
        let metadata = &lister.get("shop", name).unwrap().metadata;
        assert!(metadata.managed_fields.is_some() && metadata.annotations.is_some());
    }
}
