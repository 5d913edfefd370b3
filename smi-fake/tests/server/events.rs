//! What Events and Leases have to say: mistakes of controllers that write them.

use serde_json::{Value, json};

use crate::harness::{client, send, status};

const CORE: &str = "/api/v1/namespaces/default/events";
const NEW: &str = "/apis/events.k8s.io/v1/namespaces/default/events";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";

/// `fields` with those of `changes`; null takes one away.
fn with(mut fields: Value, changes: &Value) -> Value {
    for (field, value) in changes.as_object().unwrap() {
        fields[field] = value.clone();
    }
    fields
}

fn core(changes: &Value) -> Value {
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"},
        "involvedObject": {"namespace": "default", "kind": "Pod", "name": "a"}, "reason": "Started",
    });
    with(event, changes)
}

fn new(changes: &Value) -> Value {
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"},
        "regarding": {"namespace": "default", "kind": "Pod", "name": "a"}, "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "example.com/widgets", "reportingInstance": "widgets-0", "action": "Start",
        "reason": "Started", "type": "Normal", "note": "it runs",
    });
    with(event, changes)
}

async fn refused(client: &kube::Client, path: &str, body: &Value) -> String {
    let status = status(send(client, "POST", path, body).await);
    assert_eq!(
        (status.code, status.reason.as_str()),
        (422, "Invalid"),
        "{}",
        status.message
    );
    let of = match body["kind"].as_str().unwrap() {
        "Lease" => "Lease.coordination.k8s.io",
        _ => "Event",
    };
    let name = body["metadata"]["name"].as_str().unwrap();
    let start = format!("{of} \"{name}\" is invalid: ");
    status
        .message
        .strip_prefix(&start)
        .unwrap_or(&status.message)
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn an_event_lies_in_the_namespace_of_what_it_is_about() {
    let client = client().await;
    let elsewhere = |namespace: &str| {
        format!("involvedObject.namespace: Invalid value: \"{namespace}\": does not match event.namespace")
    };
    let about = json!({"involvedObject": {"namespace": "kube-system", "name": "a"}});
    assert_eq!(refused(&client, CORE, &core(&about)).await, elsewhere("kube-system"));
    let public = CORE.replace("default", "kube-public");
    let nowhere = json!({"involvedObject": {"kind": "Node", "name": "a"}});
    assert_eq!(refused(&client, &public, &core(&nowhere)).await, elsewhere(""));
    let new_public = NEW.replace("default", "kube-public");
    let nowhere_new = json!({"regarding": {"kind": "Node", "name": "a"}});
    assert_eq!(refused(&client, &new_public, &new(&nowhere_new)).await, elsewhere(""));
    // What has no namespace is told of in `default`; with `eventTime`, so may be what lies elsewhere.
    send(&client, "POST", CORE, &core(&nowhere)).await.unwrap();
    let elsewhere_new = json!({"metadata": {"name": "f"}, "regarding": {"namespace": "kube-system", "name": "a"}});
    send(&client, "POST", NEW, &new(&elsewhere_new)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_of_the_new_group_says_who_did_what_and_when() {
    const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let client = client().await;
    let time = "2026-01-01T00:00:00.000000Z";
    let missing = |field: &str| {
        format!(
            "[{field}: Required value, {field}: Invalid value: \"\": name part must be non-empty, {field}: Invalid value: \"\": {NAME}]"
        )
    };
    let long = "x".repeat(129);
    let cases = [
        (json!({"eventTime": null}), "eventTime: Required value".to_owned()),
        (json!({"type": null}), "type: Invalid value: \"\": has invalid value: ".to_owned()),
        (json!({"type": "Odd"}), "type: Invalid value: \"\": has invalid value: Odd".to_owned()),
        (json!({"reportingController": null}), missing("reportingController")),
        (
            json!({"reportingController": "c d"}),
            format!("reportingController: Invalid value: \"c d\": {NAME}"),
        ),
        (json!({"reportingInstance": null}), "reportingInstance: Required value".to_owned()),
        (json!({"action": null}), "action: Required value".to_owned()),
        (json!({"reason": null}), "reason: Required value".to_owned()),
        (
            json!({"reportingInstance": long, "action": long, "reason": long, "note": "x".repeat(1025)}),
            "[reportingInstance: Invalid value: \"\": can have at most 128 characters, action: Invalid value: \"\": can have at most 128 characters, reason: Invalid value: \"\": can have at most 128 characters, message: Invalid value: \"\": can have at most 1024 characters]".to_owned(),
        ),
        (
            json!({"series": {"count": 1, "lastObservedTime": time}}),
            "series.count: Invalid value: \"\": should be at least 2".to_owned(),
        ),
        (
            json!({"deprecatedCount": 2, "deprecatedFirstTimestamp": "2026-01-01T00:00:00Z", "deprecatedLastTimestamp": "2026-01-01T00:00:00Z", "deprecatedSource": {"component": "x"}}),
            "[firstTimestamp: Invalid value: \"\": needs to be unset, lastTimestamp: Invalid value: \"\": needs to be unset, count: Invalid value: \"\": needs to be unset, source: Invalid value: \"\": needs to be unset]".to_owned(),
        ),
    ];
    for (changes, why) in cases {
        assert_eq!(refused(&client, NEW, &new(&changes)).await, why, "{changes}");
    }
    // The core group asks for it only of those that have the time, and calls one field otherwise.
    let timed = json!({"eventTime": time, "reportingInstance": "i", "action": "Start"});
    assert_eq!(
        refused(&client, CORE, &core(&timed)).await,
        missing("reportingComponent")
    );
    let old = json!({"reason": long, "type": "Odd", "count": 2, "metadata": {"name": "Web_Pod.1"}});
    send(&client, "POST", CORE, &core(&old)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_of_the_new_group_changes_in_its_series_only() {
    let client = client().await;
    send(&client, "POST", NEW, &new(&json!({}))).await.unwrap();
    let patch = async |group: &str, body: &Value| {
        let path = format!("{group}/e");
        let request = crate::harness::request("PATCH", &path, "application/merge-patch+json", body);
        client.request::<Value>(request).await
    };
    let fixed = |field: &str, value: &str| {
        format!("Event \"e\" is invalid: {field}: Invalid value: {value}: field is immutable")
    };
    let cases = [
        (json!({"note": "z"}), fixed("message", "\"z\"")),
        (json!({"type": "Warning"}), fixed("type", "\"Warning\"")),
        (json!({"deprecatedCount": 3}), fixed("count", "3")),
        (
            json!({"reportingController": "z"}),
            fixed("reportingController", "\"z\""),
        ),
        (
            json!({"eventTime": "2026-01-01T00:00:01.000000Z"}),
            fixed("eventTime", "\"2026-01-01T00:00:01.000000Z\""),
        ),
    ];
    for (change, why) in cases {
        let refused = status(patch(NEW, &change).await);
        assert_eq!((refused.code, refused.message), (422, why));
    }
    let refused = status(patch(NEW, &json!({"regarding": {"name": "b"}})).await);
    assert!(
        refused
            .message
            .starts_with("Event \"e\" is invalid: involvedObject: Invalid value: {")
            && refused.message.ends_with("}: field is immutable"),
        "{}",
        refused.message
    );
    let series = json!({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:05.000000Z"}});
    let counted = patch(NEW, &series).await.unwrap();
    assert_eq!(counted["series"]["count"], 2);
    let less = status(patch(NEW, &json!({"series": {"count": 1}})).await);
    assert_eq!(
        less.message,
        "Event \"e\" is invalid: series.count: Invalid value: \"\": should be at least 2"
    );
    let deletion = json!({"preconditions": {"uid": "x"}});
    let refused = status(send(&client, "DELETE", &format!("{NEW}/e"), &deletion).await);
    let start = "Operation cannot be fulfilled on Event \"e\": the UID in the precondition (x)";
    assert!(refused.message.starts_with(start), "{}", refused.message);
    let core = patch(CORE, &json!({"message": "z", "count": 3})).await.unwrap();
    assert_eq!(core["message"], "z", "the core group lets everything change");
}

#[tokio::test(start_paused = true)]
async fn a_lease_lasts_some_time() {
    let client = client().await;
    let lease = |name: &str, spec: Value| json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": spec});
    let duration =
        |seconds: i32| format!("spec.leaseDurationSeconds: Invalid value: {seconds}: must be greater than 0");
    let transitions = "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0";
    let both = json!({"leaseDurationSeconds": 0, "leaseTransitions": -1});
    let cases = [
        (json!({"leaseDurationSeconds": 0}), duration(0)),
        (json!({"leaseDurationSeconds": -1}), duration(-1)),
        (both, format!("[{}, {transitions}]", duration(0))),
    ];
    for (spec, why) in cases {
        assert_eq!(refused(&client, LEASES, &lease("bad", spec)).await, why);
    }
    let held = json!({"holderIdentity": "a", "leaseDurationSeconds": 15, "leaseTransitions": 0});
    send(&client, "POST", LEASES, &lease("held", held)).await.unwrap();
    let path = format!("{LEASES}/held");
    let none = json!({"spec": {"leaseDurationSeconds": 0}});
    let request = crate::harness::request("PATCH", &path, "application/merge-patch+json", &none);
    let status = status(client.request::<Value>(request).await);
    assert_eq!(
        status.message,
        format!("Lease.coordination.k8s.io \"held\" is invalid: {}", duration(0))
    );
}
