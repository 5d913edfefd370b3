//! What is taken in at a time.

use std::time::Duration;

use http::header;
use smi_webhook::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    client::{Answer, get_plain, post},
    gate::{self, Closed},
    support::{Running, V1ALPHA4, metric, review, split},
};

fn assert_try_again(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    assert_eq!(answer.text(), why);
}

#[tokio::test]
async fn more_reviews_than_may_be_in_flight_are_told_to_come_again() {
    let server = Running::with(Limits {
        reviews: 1,
        ..Limits::default()
    })
    .await;
    let closed = Closed::new("reviews");
    let first = tokio::spawn({
        let client = server.client.clone();
        async move { client.review(&gate::review("reviews")).await }
    });
    let closed = closed.reached().await;

    let asked = review(&[split("web", 1)], V1ALPHA4);
    let mut connection = server.client.connect().await.unwrap();
    let refused = connection.send(post(asked.to_string())).await.unwrap();
    assert_try_again(&refused, "`1` reviews are in flight already\n");
    // Probes and metrics are no reviews.
    assert_eq!(server.client.get("/healthz").await.status, 200);
    assert_eq!(server.client.get("/readyz").await.status, 200);
    let metrics = server.client.get("/metrics").await;
    assert_eq!(metric(metrics.text(), "smi_webhook_reviews_in_flight"), 1);

    closed.open();
    assert_eq!(first.await.unwrap().json()["response"]["uid"], "uid-reviews");
    // The connection was good for more.
    let answer = connection.send(post(asked.to_string())).await.unwrap().json();
    assert_eq!(answer["response"]["result"]["status"], "Success");
}

#[tokio::test]
async fn a_review_waits_for_memory_and_gets_it_when_another_ends() {
    let server = Running::with(Limits {
        bytes: 100_000,
        ..Limits::default()
    })
    .await;
    let closed = Closed::new("memory");
    let mut holding = gate::review("memory");
    holding["padding"] = "x".repeat(40_000).into();
    let first = tokio::spawn({
        let client = server.client.clone();
        async move { client.review(&holding).await }
    });
    let closed = closed.reached().await;

    let mut waiting = gate::review("waits-for-memory");
    waiting["padding"] = "x".repeat(40_000).into();
    let second = tokio::spawn({
        let client = server.client.clone();
        async move { client.review(&waiting).await }
    });
    until_in_flight(&server, 2).await;
    assert!(!second.is_finished());
    closed.open();
    assert_eq!(first.await.unwrap().status, 200);
    assert_eq!(second.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_review_that_waits_too_long_for_memory_is_told_to_come_again() {
    let server = Running::with(Limits {
        bytes: 100_000,
        queue: Duration::from_millis(50),
        ..Limits::default()
    })
    .await;
    let mut holding = server.client.tls(&["http/1.1"]).await.unwrap();
    let head =
        "POST /convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 45000\r\n\r\n";
    holding.write_all(head.as_bytes()).await.unwrap();
    until_in_flight(&server, 1).await;

    let refused = server.client.send(post(vec![b' '; 45_000])).await;
    assert_try_again(&refused, "no memory came free for the review\n");
    drop(holding);
    until_in_flight(&server, 0).await;
    server.assert_answers().await;
}

#[tokio::test]
async fn a_review_that_waits_too_long_for_a_worker_is_told_to_come_again() {
    let server = Running::with(Limits {
        workers: 1,
        queue: Duration::from_millis(50),
        ..Limits::default()
    })
    .await;
    let closed = Closed::new("worker");
    let first = tokio::spawn({
        let client = server.client.clone();
        async move { client.review(&gate::review("worker")).await }
    });
    let closed = closed.reached().await;
    let refused = server.client.review(&review(&[split("web", 1)], V1ALPHA4)).await;
    assert_try_again(&refused, "no worker came free for the review\n");
    closed.open();
    assert_eq!(first.await.unwrap().status, 200);
}

#[tokio::test]
async fn an_answer_that_outgrows_the_memory_is_told_to_come_again() {
    let server = Running::with(Limits {
        bytes: 100_000,
        ..Limits::default()
    })
    .await;
    // Every `1e5` comes back as `100000.0`.
    let numbers = format!(r#""name":"web","more":[{}1]"#, "1e5,".repeat(10_000));
    let body = review(&[split("web", 1)], V1ALPHA4).to_string();
    let refused = server
        .client
        .send(post(body.replace(r#""name":"web""#, &numbers)))
        .await;
    assert_try_again(&refused, "no memory came free for the review\n");
    server.assert_answers().await;
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_the_next_taken_when_another_ends() {
    let server = Running::with(Limits {
        connections: 1,
        ..Limits::default()
    })
    .await;
    let first = server.client.tls(&["http/1.1"]).await.unwrap();
    assert!(server.client.tls(&["http/1.1"]).await.is_err());
    // The health port has connections of its own.
    let metrics = get_plain(server.health, "/metrics").await.unwrap();
    assert_eq!(
        metric(metrics.text(), r#"smi_webhook_refused_total{reason="connections"}"#),
        1
    );
    drop(first);
    while server.client.tls(&["http/1.1"]).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_without_requests_ends_after_a_while_and_one_with_requests_does_not() {
    let server = Running::with(Limits {
        idle: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let closed = Closed::new("idle");
    let mut idle = server.client.tls(&["http/1.1"]).await.unwrap();
    let busy = tokio::spawn({
        let client = server.client.clone();
        async move { client.review(&gate::review("idle")).await }
    });
    let closed = closed.reached().await;
    let mut bytes = Vec::new();
    idle.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"");
    closed.open();
    assert_eq!(busy.await.unwrap().status, 200);
}

async fn until_in_flight(server: &Running, reviews: i64) {
    loop {
        let metrics = get_plain(server.health, "/metrics").await.unwrap();
        if metric(metrics.text(), "smi_webhook_reviews_in_flight") == reviews {
            return;
        }
    }
}
