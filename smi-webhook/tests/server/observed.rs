//! What the server tells of itself.

use crate::{
    client::{get_plain, post},
    support::{Running, V1ALPHA4, metric, review, split},
};

#[tokio::test]
async fn metrics_count_reviews_objects_and_refusals() {
    let server = Running::new().await;
    let fresh = server.client.get("/metrics").await;
    let reviews = |result: &str| format!(r#"smi_webhook_reviews_total{{result="{result}"}}"#);
    assert_eq!(metric(fresh.text(), &reviews("converted")), 0);
    assert_eq!(metric(fresh.text(), &reviews("failed")), 0);

    server
        .client
        .review(&review(&[split("a", 1), split("b", 1)], V1ALPHA4))
        .await;
    server.client.review(&review(&[split("c", 1)], V1ALPHA4)).await;
    server
        .client
        .review(&review(&[split("d", 1), split("e", -1)], V1ALPHA4))
        .await;
    server.client.send(post("{}")).await;
    server.client.get("/nowhere").await;

    let over_tls = server.client.get("/metrics").await;
    let plain = get_plain(server.health, "/metrics").await.unwrap();
    for answer in [over_tls, plain] {
        let content_type = answer.headers["content-type"].to_str().unwrap();
        assert_eq!(
            content_type,
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        );
        let text = answer.text();
        assert!(text.ends_with("# EOF\n"), "{text}");
        assert_eq!(metric(text, &reviews("converted")), 2);
        assert_eq!(metric(text, &reviews("failed")), 1);
        assert_eq!(metric(text, "smi_webhook_objects_total"), 3);
        assert_eq!(metric(text, r#"smi_webhook_refused_total{reason="malformed"}"#), 1);
        assert_eq!(metric(text, r#"smi_webhook_refused_total{reason="path"}"#), 1);
        assert_eq!(metric(text, "smi_webhook_review_duration_seconds_count"), 3);
        assert!(
            !text.contains("\nsmi_webhook_review_duration_seconds_sum 0.0\n"),
            "{text}"
        );
        assert_eq!(metric(text, "smi_webhook_reviews_in_flight"), 0);
        assert_eq!(metric(text, "smi_webhook_in_flight_bytes"), 0);
        assert_eq!(
            metric(text, "smi_webhook_certificate_not_after_timestamp_seconds"),
            4_000_000_000
        );
        assert!(metric(text, "smi_webhook_connections") >= 1);
    }
}

#[tokio::test]
async fn the_health_port_takes_no_reviews() {
    let server = Running::new().await;
    assert_eq!(get_plain(server.health, "/convert").await.unwrap().status, 404);
    assert_eq!(server.client.get("/convert").await.status, 405);
}
