//! What no API server sends: an answer or a refusal that the log tells of, and the server goes on.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, header};
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use smi_webhook::Limits;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    client::{Client, get, get_plain, post},
    log::Log,
    support::{Running, V1ALPHA4, metric, review, split},
};

/// What comes until the other side ends the connection, be it rudely.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

fn head(length: usize) -> String {
    format!(
        "POST /convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn what_is_no_review_is_refused_and_logged() {
    let (log, _guard) = Log::start();
    let server = Running::new().await;
    let deep = |open: &str| open.repeat(100_000);
    let mut other_version = review(&[split("web", 1)], V1ALPHA4);
    other_version["apiVersion"] = json!("apiextensions.k8s.io/v1beta1");
    let mut other_kind = review(&[split("web", 1)], V1ALPHA4);
    other_kind["kind"] = json!("AdmissionReview");
    let mut no_uid = review(&[split("web", 1)], V1ALPHA4);
    no_uid["request"].as_object_mut().unwrap().remove("uid");
    let mut endless = review(&[split("web", 1)], &"v".repeat(100_000));
    endless["request"]["uid"] = json!("u".repeat(100_000));
    let bodies: [Bytes; 16] = [
        "".into(),
        "null".into(),
        "{}".into(),
        "[]".into(),
        "not json".into(),
        r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview"}"#.into(),
        r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","request":null}"#.into(),
        r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","request":{"uid":"a","desiredAPIVersion":"b","objects":{}}}"#.into(),
        other_version.to_string().into(),
        other_kind.to_string().into(),
        no_uid.to_string().into(),
        endless.to_string().into(),
        deep("[").into(),
        deep(r#"{"a":"#).into(),
        b"{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"\xff\xfe\"}"[..].into(),
        vec![0; 10_000].into(),
    ];
    let sent = bodies.len();
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(100)]).into_owned();
        let answer = server.client.send(post(body)).await;
        assert_eq!(answer.status, 400, "{shown}");
        assert!(
            answer.text().starts_with("not a ConversionReview: "),
            "{}",
            answer.text()
        );
        assert!(answer.body.len() < 1000);
        assert!(!answer.headers.contains_key(header::RETRY_AFTER));
    }
    let lines = log.lines("refused");
    assert_eq!(lines.len(), sent.min(20));
    for line in &lines {
        assert!(line.contains("WARN"), "{line}");
        assert!(line.contains("peer=127.0.0.1:"), "{line}");
        assert!(
            line.contains(r#"path=/convert status=400 reason="malformed""#),
            "{line}"
        );
        assert!(line.len() < 1000 && !line.contains(char::is_control), "{line}");
    }
    server.assert_answers().await;
}

#[tokio::test]
async fn objects_that_are_none_fail_their_review_and_the_log_says_which() {
    let (log, _guard) = Log::start();
    let server = Running::new().await;
    let object = split("web", 1);
    let with = |pointer: &str, value: Value| {
        let mut object = object.clone();
        *object.pointer_mut(pointer).unwrap() = value;
        object
    };
    let objects = [
        Value::Null,
        json!(5),
        json!([]),
        json!({}),
        json!("\u{1b}[31m\n"),
        with("/metadata", Value::Null),
        with("/kind", Value::Null),
        with("/apiVersion", json!("split.smi-spec.io/v9")),
        with("/kind", json!("TrafficSplat\n\u{1b}[31m")),
        with("/spec", Value::Null),
        with("/spec/backends", json!("x".repeat(1_000_000))),
    ];
    let sent = objects.len();
    for bad in objects {
        let shown: String = bad.to_string().chars().take(200).collect();
        let answer = server
            .client
            .review(&review(&[object.clone(), bad], V1ALPHA4))
            .await
            .json();
        let result = &answer["response"]["result"];
        assert_eq!(result["status"], "Failure", "{shown}");
        let message = result["message"].as_str().unwrap();
        assert!(message.starts_with("`objects[1]`: "), "{message}");
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(message.len() < 2000, "{message}");
    }
    let lines = log.lines("review failed: `objects[1]`: ");
    assert_eq!(lines.len(), sent.min(20));
    assert!(lines.iter().all(|line| line.len() < 1000), "{lines:?}");
    server.assert_answers().await;
}

#[tokio::test]
async fn another_group_and_unknown_versions_are_answered() {
    let server = Running::new().await;
    for to in [
        "specs.smi-spec.io/v1alpha4",
        "split.smi-spec.io/v9",
        "split.smi-spec.io",
        "",
        "/",
    ] {
        let answer = server.client.review(&review(&[split("web", 1)], to)).await.json();
        let response = &answer["response"];
        assert_eq!(response["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
        // What is not converted must not pass for it.
        if response["result"]["status"] == "Success" {
            assert_eq!(response["convertedObjects"][0], split("web", 1), "{to}");
        } else {
            assert!(!response["result"]["message"].as_str().unwrap().is_empty(), "{to}");
        }
    }
    server.assert_answers().await;
}

#[tokio::test]
async fn an_object_that_is_nested_too_deep_fails_its_review() {
    let server = Running::new().await;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let depth = 100_000;
        let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let body = review(&[split("web", 1)], V1ALPHA4)
            .to_string()
            .replace(r#""service":"web","#, "")
            .replace(r#""spec":{"#, &format!(r#""spec":{{"extra":{deep},"#));
        let answer = server.client.send(post(body)).await.json();
        assert_eq!(answer["response"]["result"]["status"], "Failure");
    }
    server.assert_answers().await;
}

#[tokio::test]
async fn ten_megabytes_are_answered_as_many_objects_and_refused_as_one_large_tree() {
    let server = Running::new().await;
    let mut object = split("web", 1);
    object["metadata"]["annotations"] = json!({"note": "x".repeat(10_000)});
    let objects = vec![object.clone(); 1000];
    let answer = server.client.review(&review(&objects, V1ALPHA4)).await.json();
    assert_eq!(answer["response"]["convertedObjects"].as_array().unwrap().len(), 1000);

    // Each of these seven bytes would take 640.
    let maps = format!(r#""extra":[{}{{}}],"service":"#, r#"{"":0},"#.repeat(1_400_000));
    let body = review(&[split("web", 1)], V1ALPHA4).to_string();
    let body = body.replacen(r#""service":"#, &maps, 1);
    let answer = server.client.send(post(body)).await.json();
    let message = answer["response"]["result"]["message"].as_str().unwrap();
    assert!(message.contains("too large as values"), "{message}");
    server.assert_answers().await;
}

#[tokio::test]
async fn other_methods_paths_and_content_types_are_refused() {
    let (log, _guard) = Log::start();
    let server = Running::new().await;
    let good = || review(&[split("web", 1)], V1ALPHA4).to_string();

    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let mut request = post(good());
        *request.method_mut() = method.clone();
        let answer = server.client.send(request).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.headers[header::ALLOW], "POST");
    }
    for path in [
        "/",
        "/convert/",
        "/convert/x",
        "/metrics/",
        "/..%2fconvert",
        "//convert",
    ] {
        let mut request = post(good());
        *request.uri_mut() = format!("https://localhost{path}").parse().unwrap();
        assert_eq!(server.client.send(request).await.status, 404, "{path}");
    }
    for (name, value) in [
        (header::CONTENT_TYPE, Some("text/plain")),
        (header::CONTENT_TYPE, Some("application/json-patch+json")),
        (header::CONTENT_TYPE, None),
        (header::CONTENT_ENCODING, Some("gzip")),
    ] {
        let mut request = post(good());
        request.headers_mut().remove(&name);
        if let Some(value) = value {
            request.headers_mut().insert(&name, value.parse().unwrap());
        }
        assert_eq!(server.client.send(request).await.status, 415, "{name} {value:?}");
    }
    let mut request = post(good());
    let lenient = "Application/JSON; charset=utf-8".parse().unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, lenient);
    assert_eq!(server.client.send(request).await.status, 200);

    for (reason, lines) in [("method", 4), ("path", 6), ("content_type", 3), ("content_encoding", 1)] {
        assert_eq!(log.lines(&format!("reason={reason:?}")).len(), lines, "{reason}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_its_length_or_when_it_gets_there() {
    let server = Running::with(Limits {
        body: 10_000,
        ..Limits::default()
    })
    .await;
    let answer = server.client.send(post(vec![b' '; 10_001])).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.text(), "a review has at most `10000` bytes\n");

    let mut stream = server.client.tls(&["http/1.1"]).await.unwrap();
    let head = "POST /convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    stream.write_all(chunk.repeat(3).as_bytes()).await.unwrap();
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 413 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    server.assert_answers().await;
}

#[tokio::test]
async fn a_body_in_chunks_without_a_length_is_read() {
    let server = Running::new().await;
    let mut stream = server.client.tls(&["http/1.1"]).await.unwrap();
    let head = "POST /convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut object = split("web", 1);
    object["metadata"]["annotations"] = json!({"note": "x".repeat(1_000_000)});
    let body = review(&[object], V1ALPHA4).to_string();
    for piece in body.as_bytes().chunks(10_000) {
        let head = format!("{:x}\r\n", piece.len());
        stream
            .write_all(&[head.as_bytes(), piece, b"\r\n"].concat())
            .await
            .unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    assert!(answer.len() > 1_000_000);
}

#[tokio::test]
async fn http_without_tls_is_told_so() {
    let (log, _guard) = Log::start();
    let server = Running::new().await;
    let mut stream = TcpStream::connect(server.client.address).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let answer = String::from_utf8(rest(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\nthis port speaks HTTPS, and not HTTP\n"),
        "{answer}"
    );
    server.assert_answers().await;
    assert_eq!(log.lines(r#"reason="plain_http""#).len(), 1);
}

#[tokio::test]
async fn garbage_ends_its_connection_before_and_after_the_handshake() {
    let (log, _guard) = Log::start();
    let server = Running::new().await;
    for garbage in [
        &b"\x00\x01\x02\x03garbage"[..],
        b"\x16\x03\x01\xff\xff\xff\xff",
        &vec![0xff; 100_000],
    ] {
        let mut stream = TcpStream::connect(server.client.address).await.unwrap();
        // It may be closed before everything is written.
        let _ = stream.write_all(garbage).await;
        let _ = stream.shutdown().await;
        rest(&mut stream).await;
    }
    for protocol in ["http/1.1", "h2"] {
        let mut stream = server.client.tls(&[protocol]).await.unwrap();
        let _ = stream.write_all(&b"\x00\x01\x02garbage\r\n\r\n".repeat(100)).await;
        rest(&mut stream).await;
    }
    server.assert_answers().await;
    assert_eq!(log.lines(r#"reason="handshake""#).len(), 3);
    assert_eq!(log.lines(r#"reason="http""#).len(), 1);
}

#[tokio::test]
async fn a_huge_head_is_refused() {
    let server = Running::new().await;
    let mut stream = server.client.tls(&["http/1.1"]).await.unwrap();
    let endless = format!(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Endless: {}",
        "x".repeat(200_000)
    );
    let _ = stream.write_all(endless.as_bytes()).await;
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 431 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );

    let mut stream = server.client.tls(&["http/1.1"]).await.unwrap();
    let many = "X: y\r\n".repeat(500);
    let _ = stream
        .write_all(format!("GET /healthz HTTP/1.1\r\n{many}\r\n").as_bytes())
        .await;
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 431 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );

    let mut request = get("/healthz");
    request
        .headers_mut()
        .insert("x-endless", "x".repeat(200_000).parse().unwrap());
    let mut connection = server.client.connect_h2().await;
    connection.ready().await.unwrap();
    match connection.send_request(request).await {
        Ok(response) => assert_eq!(response.status(), 431),
        Err(error) => assert!(!error.is_timeout(), "{error}"),
    }
    server.assert_answers().await;
}

/// Times that a test can wait out.
fn short() -> Limits {
    let short = Duration::from_millis(100);
    Limits {
        handshake: short,
        header: short,
        read: short,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_is_ended() {
    let (log, _guard) = Log::start();
    let server = Running::with(short()).await;
    for begun in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = TcpStream::connect(server.client.address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        assert_eq!(rest(&mut stream).await, b"");
    }
    server.assert_answers().await;
    assert_eq!(log.lines("the handshake did not end in time").len(), 3);
}

#[tokio::test]
async fn half_a_head_is_ended() {
    let (log, _guard) = Log::start();
    let server = Running::with(short()).await;
    let mut stream = server.client.tls(&["http/1.1"]).await.unwrap();
    stream
        .write_all(b"POST /convert HTTP/1.1\r\nHost: local")
        .await
        .unwrap();
    assert_eq!(rest(&mut stream).await, b"");
    assert_eq!(log.lines(r#"reason="slow_header""#).len(), 1);
    server.assert_answers().await;
}

#[tokio::test]
async fn half_a_body_gets_408() {
    let (log, _guard) = Log::start();
    let server = Running::with(short()).await;
    let mut stream = server.client.tls(&["http/1.1"]).await.unwrap();
    stream.write_all(head(1000).as_bytes()).await.unwrap();
    stream.write_all(b"{\"half\":").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 408 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert_eq!(log.lines(r#"reason="slow_body""#).len(), 1);
    server.assert_answers().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_gives_its_memory_back() {
    let (log, _guard) = Log::start();
    let server = Running::new().await;
    let mut stream = server.client.tls(&["http/1.1"]).await.unwrap();
    stream.write_all(head(1_000_000).as_bytes()).await.unwrap();
    stream.write_all(&[b' '; 1000]).await.unwrap();
    stream.shutdown().await.unwrap();
    rest(&mut stream).await;
    assert_eq!(log.lines(r#"reason="broken_body""#).len(), 1);
    server.assert_answers().await;
    let metrics = server.client.get("/metrics").await;
    assert!(
        metrics.text().contains("\nsmi_webhook_in_flight_bytes 0\n"),
        "{}",
        metrics.text()
    );
}

#[tokio::test]
async fn an_answer_that_is_not_taken_ends_its_connection() {
    let (log, _guard) = Log::start();
    let server = Running::narrow(Limits {
        request: Duration::from_secs(2),
        ..Limits::default()
    })
    .await;
    let mut object = split("web", 1);
    object["metadata"]["annotations"] = json!({"note": "x".repeat(200_000)});
    // More than the buffers of both sides hold.
    let body = review(&vec![object; 5], V1ALPHA4).to_string();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.client.address).await.unwrap();
    let mut stream = server.client.tls_on(stream, &["http/1.1"]).await.unwrap();
    stream.write_all(head(body.len()).as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut begun = [0; 13];
    stream.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200 ");
    assert!(held(&server).await > 0);
    log.line(r#"reason="slow_request""#).await;
    until_nothing_is_held(&server).await;
    server.assert_answers().await;
}

#[tokio::test]
async fn a_window_of_http_2_that_stays_shut_ends_its_connection() {
    let (log, _guard) = Log::start();
    let server = Running::with(Limits {
        request: Duration::from_secs(2),
        ..Limits::default()
    })
    .await;
    let mut object = split("web", 1);
    object["metadata"]["annotations"] = json!({"note": "x".repeat(200_000)});
    let mut narrow = http2::Builder::new(TokioExecutor::new());
    narrow.initial_stream_window_size(1000);
    let mut connection = server.client.connect_h2_with(&narrow).await;
    connection.ready().await.unwrap();
    let request = post(review(&[object], V1ALPHA4).to_string());
    let response = connection.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    // Its body is not read.
    assert!(held(&server).await > 0);
    log.line(r#"reason="slow_request""#).await;
    until_nothing_is_held(&server).await;
    drop(response);
    server.assert_answers().await;
}

/// Bytes that reviews hold.
async fn held(server: &Running) -> i64 {
    let metrics = get_plain(server.health, "/metrics").await.unwrap();
    metric(metrics.text(), "smi_webhook_in_flight_bytes")
}

async fn until_nothing_is_held(server: &Running) {
    while held(server).await > 0 {}
}

#[tokio::test]
async fn streams_that_are_begun_and_reset_do_not_keep_the_server_from_answering() {
    let server = Running::new().await;
    let connection = server.client.connect_h2().await;
    for _ in 0..300 {
        let mut connection = connection.clone();
        if connection.ready().await.is_err() {
            break;
        }
        drop(connection.send_request(post(vec![b' '; 1000])));
    }
    server.assert_answers().await;
    let mut connection = server.client.connect_h2().await;
    let answer = Client::send_h2(&mut connection, post(review(&[split("web", 1)], V1ALPHA4).to_string())).await;
    assert_eq!(answer.json()["response"]["result"]["status"], "Success");
}
