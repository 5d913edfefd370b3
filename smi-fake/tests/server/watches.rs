//! Watches: where they begin, what they say, how they end.

use futures::{StreamExt, TryStreamExt};
use kube::{
    ResourceExt,
    api::{DeleteParams, PostParams},
};
use serde_json::Value;

use crate::harness::{WIDGETS, client, create, revision, server, told, touch, watch, widget, widgets};

async fn next(events: &mut (impl futures::Stream<Item = std::io::Result<Value>> + Unpin)) -> Value {
    events.next().await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_from_the_revision_that_it_names() {
    let client = client().await;
    let from = create(&client, "a").await.resource_version().unwrap();
    touch(&client, "a", 2).await;
    let mut events = watch(&client, &format!("{WIDGETS}?watch=1&resourceVersion={from}")).await;
    assert_eq!(told(&next(&mut events).await), "MODIFIED a");
    create(&client, "b").await;
    assert_eq!(told(&next(&mut events).await), "ADDED b");
    widgets(&client).delete("b", &DeleteParams::default()).await.unwrap();
    let deleted = next(&mut events).await;
    assert_eq!(told(&deleted), "DELETED b");
    let at: u64 = deleted["object"]["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(at > from.parse().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_watch_without_a_revision_begins_with_the_state() {
    let client = client().await;
    create(&client, "a").await;
    create(&client, "b").await;
    let mut events = watch(&client, &format!("{WIDGETS}?watch=1")).await;
    create(&client, "c").await;
    for expected in ["ADDED a", "ADDED b", "ADDED c"] {
        assert_eq!(told(&next(&mut events).await), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn initial_events_end_with_a_bookmark() {
    let client = client().await;
    let made = create(&client, "a").await;
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut events = watch(&client, &format!("{WIDGETS}?{query}")).await;
    assert_eq!(told(&next(&mut events).await), "ADDED a");
    let bookmark = next(&mut events).await;
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(
        bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    let reached: u64 = bookmark["object"]["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let made = made.resource_version().unwrap().parse().unwrap();
    assert!((made..=revision(&client).await).contains(&reached), "{reached}");
    assert_eq!(bookmark["object"]["kind"], "Widget");
}

#[tokio::test(start_paused = true)]
async fn an_idle_watch_hears_of_the_newest_revision() {
    let server = server();
    let client = server.client();
    let from = server.resource_version();
    let path = format!("{WIDGETS}?watch=1&allowWatchBookmarks=true&resourceVersion={from}&timeoutSeconds=100");
    let mut events = watch(&client, &path).await;
    // Another resource moves the revision on.
    let map = serde_json::json!({"metadata": {"name": "m"}});
    crate::harness::send(&client, "POST", "/api/v1/namespaces/default/configmaps", &map)
        .await
        .unwrap();
    let began = tokio::time::Instant::now();
    for seconds in [60, 98] {
        let bookmark = next(&mut events).await;
        assert_eq!(bookmark["type"], "BOOKMARK");
        assert_eq!(
            bookmark["object"]["metadata"]["resourceVersion"],
            server.resource_version().to_string()
        );
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
    assert!(events.next().await.is_none(), "it ends in time");
    assert_eq!(began.elapsed().as_secs(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_is_forgotten_is_gone() {
    let server = server();
    let client = server.client();
    let from = create(&client, "a").await.resource_version().unwrap();
    touch(&client, "a", 2).await;
    let mut current = watch(
        &client,
        &format!("{WIDGETS}?watch=1&resourceVersion={}", server.resource_version()),
    )
    .await;
    server.compact();
    let mut late = watch(&client, &format!("{WIDGETS}?watch=1&resourceVersion={from}")).await;
    let error = next(&mut late).await;
    assert_eq!(told(&error), "ERROR 410");
    assert_eq!(error["object"]["reason"], "Expired");
    assert_eq!(
        error["object"]["message"],
        format!("too old resource version: {from} ({})", server.resource_version())
    );
    assert!(late.next().await.is_none());
    create(&client, "b").await;
    assert_eq!(
        told(&next(&mut current).await),
        "ADDED b",
        "one that is up to date stays"
    );
}

#[tokio::test(start_paused = true)]
async fn the_history_is_bounded_and_a_watch_that_falls_behind_is_told() {
    let limits = smi_fake::Limits {
        history: 3,
        ..smi_fake::Limits::default()
    };
    let server = smi_fake::Server::new([crate::harness::crd()]).with_limits(limits);
    let client = server.client();
    create(&client, "a").await;
    let mut events = watch(
        &client,
        &format!("{WIDGETS}?watch=1&resourceVersion={}", server.resource_version()),
    )
    .await;
    for size in 2..8 {
        touch(&client, "a", size).await;
    }
    assert_eq!(told(&next(&mut events).await), "ERROR 410");
    assert!(events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_selection_is_deleted_as_it_was() {
    let client = client().await;
    let mut object = widget("a", 1);
    object.data["spec"]["color"] = "red".into();
    let made = widgets(&client).create(&PostParams::default(), &object).await.unwrap();
    let from = made.resource_version().unwrap();
    let mut events = watch(
        &client,
        &format!("{WIDGETS}?watch=1&fieldSelector=spec.color%3Dred&resourceVersion={from}"),
    )
    .await;
    let mut blue = made;
    blue.data["spec"]["color"] = "blue".into();
    let blue = widgets(&client)
        .replace("a", &PostParams::default(), &blue)
        .await
        .unwrap();
    let left = next(&mut events).await;
    assert_eq!(told(&left), "DELETED a");
    assert_eq!(left["object"]["spec"]["color"], "red");
    assert_eq!(
        left["object"]["metadata"]["resourceVersion"].as_str(),
        blue.resource_version().as_deref()
    );
    let mut red = blue;
    red.data["spec"]["color"] = "red".into();
    widgets(&client)
        .replace("a", &PostParams::default(), &red)
        .await
        .unwrap();
    assert_eq!(told(&next(&mut events).await), "ADDED a");
}

#[tokio::test(start_paused = true)]
async fn a_watch_on_one_namespace_hears_nothing_of_others() {
    let client = client().await;
    let elsewhere: kube::Api<kube::core::DynamicObject> =
        kube::Api::namespaced_with(client.clone(), "kube-public", &crate::harness::resource("v1"));
    let mut one = watch(&client, &format!("{WIDGETS}?watch=1")).await;
    let mut all = watch(&client, "/apis/example.com/v1/widgets?watch=1").await;
    elsewhere.create(&PostParams::default(), &widget("x", 1)).await.unwrap();
    create(&client, "a").await;
    assert_eq!(told(&next(&mut one).await), "ADDED a");
    let both: Vec<_> = (&mut all).take(2).try_collect().await.unwrap();
    assert_eq!(both.iter().map(told).collect::<Vec<_>>(), ["ADDED x", "ADDED a"]);
}

#[tokio::test(start_paused = true)]
async fn streaming_lists_can_be_switched_off() {
    let server = server().without_streaming_lists();
    let client = server.client();
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let refused = crate::harness::send(&client, "GET", &format!("{WIDGETS}?{query}"), &Value::Null).await;
    let refused = crate::harness::status(refused);
    assert_eq!(refused.code, 422);
    assert!(
        refused
            .message
            .contains("sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
    );
    // Nor does a server without them mark the end of the state.
    create(&client, "a").await;
    let path = format!("{WIDGETS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=70");
    let events: Vec<_> = watch(&client, &path).await.try_collect().await.unwrap();
    let marked = |event: &&Value| !event["object"]["metadata"]["annotations"].is_null();
    assert_eq!((events.len(), events.iter().filter(marked).count()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_watch_may_ask_for_more_seconds_than_a_clock_counts() {
    let client = server().client();
    let path = format!("{WIDGETS}?watch=1&timeoutSeconds={}", i64::MAX);
    let mut events = watch(&client, &path).await;
    create(&client, "a").await;
    assert_eq!(told(&next(&mut events).await), "ADDED a");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_begins_with_the_state_says_where_that_ends() {
    let client = client().await;
    create(&client, "a").await;
    let path = format!("{WIDGETS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=3");
    let events: Vec<_> = watch(&client, &path).await.try_collect().await.unwrap();
    let marked = |event: &&Value| {
        let end = &event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"];
        event["type"] == "BOOKMARK" && *end == "true"
    };
    assert_eq!(told(&events[0]), "ADDED a");
    assert_eq!(events.iter().filter(marked).count(), 1, "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_a_revision_that_is_to_come_waits_for_it() {
    let client = client().await;
    let from = revision(&client).await + 1_000_000;
    let mut events = watch(
        &client,
        &format!("{WIDGETS}?watch=1&resourceVersion={from}&timeoutSeconds=3"),
    )
    .await;
    create(&client, "a").await;
    assert!(events.next().await.is_none());
}
