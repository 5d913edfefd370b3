//! Scripted servers behind a real client: both ways to sync, refusals, and kinds that come and go.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Client, client::Body, runtime::watcher};
use serde_json::{Value, json};

use super::{super::*, names, tell};

type Reply = UnsyncBoxBody<Bytes, std::io::Error>;

/// Answers requests by what a function says of their path and query, and notes them.
#[derive(Clone, Default)]
struct Script {
    requests: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<(&'static str, Answer)>>>,
}

enum Answer {
    Body(String),
    /// Lines, after which the connection stays open.
    Open(String),
    Refused(u16, &'static str),
}

impl Script {
    /// Adds the answer to the next request whose address has `part` in it.
    fn on(self, part: &'static str, answer: Answer) -> Self {
        self.answers.lock().unwrap().push_back((part, answer));
        self
    }

    fn client(&self) -> Client {
        let script = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let address = request.uri().to_string();
            let answer = script.answer(&address);
            async move { Ok::<_, std::convert::Infallible>(answer) }
        });
        Client::new(service, "default")
    }

    fn answer(&self, address: &str) -> Response<Reply> {
        self.requests.lock().unwrap().push(address.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let found = answers.iter().position(|(part, _)| address.contains(part));
        let answer = found.and_then(|found| answers.remove(found)).map(|(_, answer)| answer);
        let (status, body) = match answer {
            Some(Answer::Body(text)) => (200, whole(text)),
            Some(Answer::Open(text)) => (200, open(text)),
            Some(Answer::Refused(code, reason)) => (code, refusal(code, reason)),
            None if address.ends_with("/api/v1") => (200, whole(resources(&["configmaps"]))),
            // A watch on which nothing happens.
            None if address.contains("watch=true") => (200, open(String::new())),
            None => (404, refusal(404, "NotFound")),
        };
        Response::builder()
            .status(StatusCode::from_u16(status).unwrap())
            .body(body)
            .unwrap()
    }

    fn requests(&self, part: &str) -> usize {
        self.requests
            .lock()
            .unwrap()
            .iter()
            .filter(|request| request.contains(part))
            .count()
    }
}

/// A body that stays open after `text`.
fn open(text: String) -> Reply {
    let first = futures::stream::iter([Ok::<_, std::io::Error>(Frame::data(Bytes::from(text)))]);
    StreamBody::new(first.chain(futures::stream::pending())).boxed_unsync()
}

fn whole(text: String) -> Reply {
    Full::from(text).map_err(|never| match never {}).boxed_unsync()
}

fn refusal(code: u16, reason: &str) -> Reply {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": reason,
        "reason": reason, "code": code});
    whole(status.to_string())
}

fn resources(plurals: &[&str]) -> String {
    let resources: Vec<Value> = plurals
        .iter()
        .map(|plural| json!({"name": plural, "singularName": "", "namespaced": true, "kind": "K", "verbs": ["list", "watch"]}))
        .collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "g", "resources": resources}).to_string()
}

fn list(version: u64, objects: &[Value]) -> Answer {
    Answer::Body(json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version.to_string()}, "items": objects}).to_string())
}

fn page(next: &str, objects: &[Value]) -> Answer {
    Answer::Body(json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "9", "continue": next}, "items": objects}).to_string())
}

fn event(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}

/// A ConfigMap as kubectl leaves it.
fn config(name: &str, version: u64, data: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": version.to_string(),
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
            "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:data": {}}}]},
        "data": data,
    })
}

fn end_of_list(version: u64) -> String {
    event(
        "BOOKMARK",
        &json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": version.to_string(),
        "annotations": {"k8s.io/initial-events-end": "true"}}}),
    )
}

/// Polls until `last` was told.
async fn until(events: &mut Events<ConfigMap>, last: &str) -> Vec<String> {
    let mut told = Vec::new();
    let polling = async {
        while let Some(event) = events.next().await {
            told.push(tell(&event));
            if told.last().is_some_and(|told| told == last) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(600), polling)
        .await
        .expect("nothing more is told");
    told
}

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
