//! Faults on demand.

use std::time::Duration;

use futures::StreamExt;
use kube::{
    ResourceExt,
    api::{ListParams, PostParams},
};
use serde_json::Value;
use smi_fake::{Fault, Rule};

use crate::harness::{WIDGETS, create, get, request, server, status, told, touch, watch, widget, widgets};

#[tokio::test(start_paused = true)]
async fn an_error_comes_as_often_as_it_should() {
    let server = server();
    let client = server.client();
    server.faults().add(
        Rule::new(Fault::InternalError)
            .verb("list")
            .resource("widgets")
            .times(2),
    );
    for _ in 0..2 {
        assert_eq!(status(widgets(&client).list(&ListParams::default()).await).code, 500);
    }
    create(&client, "a").await;
    assert_eq!(
        widgets(&client).list(&ListParams::default()).await.unwrap().items.len(),
        1
    );

    let outage = server.faults().internal_errors();
    assert_eq!(status(widgets(&client).get("a").await).code, 500);
    assert_eq!(status(widgets(&client).get("a").await).code, 500);
    server.faults().remove(outage);
    assert_eq!(widgets(&client).get("a").await.unwrap().name_any(), "a");
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_say_when_to_come_again() {
    let server = server();
    let client = server.client();
    server.faults().too_many_requests(1, 7);
    let answer = client
        .send(request("GET", WIDGETS, "", &Value::Null).map(kube::client::Body::from))
        .await
        .unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "7")
    );
    get(&client, WIDGETS).await;
}

#[tokio::test(start_paused = true)]
async fn the_second_page_of_a_list_can_be_gone() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    create(&client, "b").await;
    server
        .faults()
        .add(Rule::new(Fault::Gone).verb("list").after(1).times(1));
    let first = widgets(&client).list(&ListParams::default().limit(1)).await.unwrap();
    let token = first.metadata.continue_.unwrap();
    let second = ListParams::default().limit(1).continue_token(&token);
    let refused = status(widgets(&client).list(&second).await);
    assert_eq!((refused.code, refused.reason.as_str()), (410, "Expired"));
    assert_eq!(widgets(&client).list(&second).await.unwrap().items.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_on_tokios_time() {
    let server = server();
    let client = server.client();
    let delay = server.faults().delay(Duration::from_secs(3600));
    let began = tokio::time::Instant::now();
    get(&client, WIDGETS).await;
    assert_eq!(began.elapsed().as_secs(), 3600);
    server.faults().remove(delay);
    get(&client, WIDGETS).await;
    assert_eq!(began.elapsed().as_secs(), 3600);
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_no_answer() {
    let server = server();
    let client = server.client();
    server.faults().add(Rule::new(Fault::Disconnect).times(1));
    let broken = widgets(&client).get("a").await.unwrap_err();
    assert!(!matches!(broken, kube::Error::Api(_)), "{broken:?}");
    assert_eq!(status(widgets(&client).get("a").await).code, 404);
}

#[tokio::test(start_paused = true)]
async fn a_watch_can_break_in_the_middle_of_an_event() {
    let server = server();
    let client = server.client();
    let answer = client
        .send(request("GET", &format!("{WIDGETS}?watch=1"), "", &Value::Null).map(kube::client::Body::from))
        .await
        .unwrap();
    let mut bytes = Box::pin(http_body_util::BodyDataStream::new(answer.into_body()));
    create(&client, "a").await;
    let whole = bytes.next().await.unwrap().unwrap();
    assert!(whole.ends_with(b"}\n"));
    server.faults().drop_watches_in_event();
    touch(&client, "a", 2).await;
    let half = bytes.next().await.unwrap().unwrap();
    assert!(half.starts_with(b"{\"type\":\"MODIFIED\"") && !half.ends_with(b"\n"));
    assert!(bytes.next().await.unwrap().is_err());
    assert!(bytes.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn events_can_come_twice_and_old_ones_again() {
    let server = server();
    let client = server.client();
    server
        .faults()
        .add(Rule::new(Fault::DuplicateEvents).verb("watch").times(1));
    server.faults().add(Rule::new(Fault::OldEvents).verb("watch").times(1));
    let mut events = watch(&client, &format!("{WIDGETS}?watch=1")).await;
    create(&client, "a").await;
    touch(&client, "a", 2).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(told(&events.next().await.unwrap().unwrap()));
    }
    assert_eq!(seen, ["ADDED a", "ADDED a", "MODIFIED a", "MODIFIED a", "ADDED a"]);
}

#[tokio::test(start_paused = true)]
async fn a_corrupted_object_is_bad_on_the_wire_only() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    create(&client, "b").await;
    let mut events = watch(
        &client,
        &format!("{WIDGETS}?watch=1&resourceVersion={}", server.resource_version()),
    )
    .await;
    server.faults().corrupt("widgets", "default", "a");
    let list = get(&client, WIDGETS).await;
    assert_eq!(
        (&list["items"][0]["spec"], &list["items"][1]["spec"]["size"]),
        (&0.into(), &1.into())
    );
    let patch = serde_json::json!({"spec": {"size": 2}});
    let patched = client
        .request::<Value>(request(
            "PATCH",
            &format!("{WIDGETS}/a"),
            "application/merge-patch+json",
            &patch,
        ))
        .await
        .unwrap();
    assert_eq!(patched["spec"], 0);
    assert_eq!(events.next().await.unwrap().unwrap()["object"]["spec"], 0);
    server.faults().repair("widgets", "default", "a");
    assert_eq!(widgets(&client).get("a").await.unwrap().data["spec"]["size"], 2);
}

#[tokio::test(start_paused = true)]
async fn dropped_watches_end_between_events() {
    let server = server();
    let client = server.client();
    let mut events = watch(&client, &format!("{WIDGETS}?watch=1")).await;
    widgets(&client)
        .create(&PostParams::default(), &widget("a", 1))
        .await
        .unwrap();
    assert_eq!(told(&events.next().await.unwrap().unwrap()), "ADDED a");
    server.faults().drop_watches();
    assert!(events.next().await.is_none());
}
