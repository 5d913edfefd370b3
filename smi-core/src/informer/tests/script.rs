//! A server that answers by a script, behind a real client.

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
use kube::{Client, client::Body};
use serde_json::{Value, json};

use super::{super::*, tell};

type Reply = UnsyncBoxBody<Bytes, std::io::Error>;

/// Answers requests by what a function says of their path and query, and notes them.
#[derive(Clone, Default)]
pub(super) struct Script {
    requests: Arc<Mutex<Vec<String>>>,
    pub(super) answers: Arc<Mutex<VecDeque<(&'static str, Answer)>>>,
}

pub(super) enum Answer {
    Body(String),
    /// Lines, after which the connection stays open.
    Open(String),
    Refused(u16, &'static str),
}

impl Script {
    /// Adds the answer to the next request whose address has `part` in it.
    pub(super) fn on(self, part: &'static str, answer: Answer) -> Self {
        self.answers.lock().unwrap().push_back((part, answer));
        self
    }

    pub(super) fn client(&self) -> Client {
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

    pub(super) fn requests(&self, part: &str) -> usize {
        self.requests
            .lock()
            .unwrap()
            .iter()
            .filter(|request| request.contains(part))
            .count()
    }
}

/// A body that stays open after `text`.
pub(super) fn open(text: String) -> Reply {
    let first = futures::stream::iter([Ok::<_, std::io::Error>(Frame::data(Bytes::from(text)))]);
    StreamBody::new(first.chain(futures::stream::pending())).boxed_unsync()
}

pub(super) fn whole(text: String) -> Reply {
    Full::from(text).map_err(|never| match never {}).boxed_unsync()
}

pub(super) fn refusal(code: u16, reason: &str) -> Reply {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": reason,
        "reason": reason, "code": code});
    whole(status.to_string())
}

pub(super) fn resources(plurals: &[&str]) -> String {
    let resources: Vec<Value> = plurals
        .iter()
        .map(|plural| json!({"name": plural, "singularName": "", "namespaced": true, "kind": "K", "verbs": ["list", "watch"]}))
        .collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "g", "resources": resources}).to_string()
}

pub(super) fn list(version: u64, objects: &[Value]) -> Answer {
    Answer::Body(json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version.to_string()}, "items": objects}).to_string())
}

pub(super) fn page(next: &str, objects: &[Value]) -> Answer {
    Answer::Body(json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "9", "continue": next}, "items": objects}).to_string())
}

pub(super) fn event(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}

/// A ConfigMap as kubectl leaves it.
pub(super) fn config(name: &str, version: u64, data: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": version.to_string(),
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
            "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:data": {}}}]},
        "data": data,
    })
}

pub(super) fn end_of_list(version: u64) -> String {
    event(
        "BOOKMARK",
        &json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": version.to_string(),
        "annotations": {"k8s.io/initial-events-end": "true"}}}),
    )
}

/// Polls until `last` was told.
pub(super) async fn until(events: &mut Events<ConfigMap>, last: &str) -> Vec<String> {
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
