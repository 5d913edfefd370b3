//! From the first certificate to the last request.

use std::time::Duration;

use smi_core::convert::Converters;
use smi_webhook::{Certificates, Limits, ServeError, Server, certificates::Current};
use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::{
    client::{Client, get, get_plain, post},
    gate::{self, Closed},
    support::{Running, V1ALPHA4, certificate, review, split},
};

#[tokio::test]
async fn a_server_is_alive_at_once_and_ready_with_its_first_certificate() {
    let (serving, root) = certificate();
    let server = Running::start(Limits::default(), Current::default(), &root).await;
    assert_eq!(get_plain(server.health, "/healthz").await.unwrap().status, 200);
    let unready = get_plain(server.health, "/readyz").await.unwrap();
    assert_eq!(
        (unready.status.as_u16(), unready.text()),
        (503, "not ready: no certificate yet\n")
    );
    assert!(server.client.connect().await.is_err());

    server.current.set(serving);
    assert_eq!(get_plain(server.health, "/readyz").await.unwrap().status, 200);
    assert_eq!(server.client.get("/readyz").await.text(), "ready\n");
    server.assert_answers().await;
}

#[tokio::test]
async fn what_keeps_the_certificate_fresh_runs_while_the_server_serves() {
    let (serving, root) = certificate();
    let current = Current::default();
    let keep_fresh = {
        let current = current.clone();
        async move {
            tokio::task::yield_now().await;
            current.set(serving);
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(listener.local_addr().unwrap(), &root);
    let server = Server::new(Certificates::new(current.clone(), keep_fresh));
    assert!(current.get().is_none());
    let asked = async {
        while client.connect().await.is_err() {}
        client.get("/readyz").await
    };
    tokio::select! {
        ended = server.serve(listener, std::future::pending()) => panic!("{ended:?}"),
        answer = asked => assert_eq!(answer.status, 200),
    }
}

#[tokio::test]
async fn another_certificate_reaches_the_next_handshake_and_ends_no_connection() {
    let server = Running::new().await;
    let asked = || post(review(&[split("web", 1)], V1ALPHA4).to_string());
    let mut before = server.client.connect().await.unwrap();
    assert_eq!(before.send(asked()).await.unwrap().status, 200);

    let (serving, root) = certificate();
    server.current.set(serving);
    assert!(
        server.client.connect().await.is_err(),
        "the old root must not do any more"
    );
    let renewed = Client::new(server.client.address, &root);
    assert_eq!(renewed.send(asked()).await.status, 200);
    assert_eq!(before.send(asked()).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_stop_lets_requests_end_and_takes_no_connection_any_more() {
    let server = Running::new().await;
    let (client, health) = (server.client.clone(), server.health);
    let closed = Closed::new("stop");
    let mut idle = client.tls(&["http/1.1"]).await.unwrap();
    let mut kept = client.connect().await.unwrap();
    assert_eq!(kept.send(get("/healthz")).await.unwrap().status, 200);
    let in_flight = tokio::spawn({
        let client = client.clone();
        async move { client.review(&gate::review("stop")).await }
    });
    let mut in_flight_h2 = client.connect_h2().await;
    let closed_h2 = Closed::new("stop-h2");
    let review_h2 = post(gate::review("stop-h2").to_string());
    let in_flight_h2 = tokio::spawn(async move { Client::send_h2(&mut in_flight_h2, review_h2).await });
    let (closed, closed_h2) = (closed.reached().await, closed_h2.reached().await);

    let stopped = server.stop();
    // Idle connections end, and there are no new ones.
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
    kept.closed().await;
    assert!(client.connect().await.is_err());
    let unready = get_plain(health, "/readyz").await.unwrap();
    assert_eq!(
        (unready.status.as_u16(), unready.text()),
        (503, "not ready: stopping\n")
    );
    assert_eq!(get_plain(health, "/healthz").await.unwrap().status, 200);
    assert!(!stopped.is_finished());

    closed.open();
    assert_eq!(in_flight.await.unwrap().json()["response"]["uid"], "uid-stop");
    assert!(!stopped.is_finished());
    closed_h2.open();
    assert_eq!(in_flight_h2.await.unwrap().json()["response"]["uid"], "uid-stop-h2");
    stopped.await.unwrap().unwrap();
    assert!(get_plain(health, "/readyz").await.is_err());
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_it_may() {
    let server = Running::with(Limits {
        drain: Duration::from_millis(50),
        ..Limits::default()
    })
    .await;
    let closed = Closed::new("drain");
    let mut connection = server.client.connect().await.unwrap();
    let in_flight = tokio::spawn(async move { connection.send(post(gate::review("drain").to_string())).await });
    let closed = closed.reached().await;
    server.stop().await.unwrap().unwrap();
    assert!(in_flight.await.unwrap().is_err());
    closed.open();
}

#[tokio::test]
async fn a_server_that_is_dropped_takes_its_connections_along() {
    let server = Running::new().await;
    let (client, health) = (server.client.clone(), server.health);
    let mut kept = client.connect().await.unwrap();
    assert_eq!(kept.send(get("/healthz")).await.unwrap().status, 200);
    let mut kept_h2 = client.connect_h2().await;
    let closed = Closed::new("kill");
    let in_flight = tokio::spawn(async move {
        kept_h2.ready().await?;
        kept_h2.send_request(post(gate::review("kill").to_string())).await
    });
    let closed = closed.reached().await;
    server.kill().await;
    kept.closed().await;
    assert!(in_flight.await.unwrap().is_err());
    assert!(client.connect().await.is_err());
    assert!(get_plain(health, "/healthz").await.is_err());
    closed.open();
}

#[tokio::test]
async fn probes_are_answered_while_every_worker_converts() {
    let server = Running::with(Limits {
        workers: 2,
        ..Limits::default()
    })
    .await;
    let mut busy = Vec::new();
    for name in ["busy-1", "busy-2"] {
        let closed = Closed::new(name);
        let client = server.client.clone();
        let review = tokio::spawn(async move { client.review(&gate::review(name)).await });
        busy.push((closed.reached().await, review));
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.client.get(path).await.status, 200, "{path}");
        assert_eq!(get_plain(server.health, path).await.unwrap().status, 200, "{path}");
    }
    for (closed, review) in busy {
        closed.open();
        assert_eq!(review.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn two_conversions_at_one_path_are_an_error_before_anything_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = Server::new(Certificates::new(Current::default(), async {}))
        .conversion("/convert", Converters::new())
        .conversion("/convert", Converters::new())
        .serve(listener, std::future::pending());
    let error = served.await.unwrap_err();
    assert!(
        matches!(&error, ServeError::Path(path) if path == "/convert"),
        "{error}"
    );
}
