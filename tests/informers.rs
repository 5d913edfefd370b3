//! Informers and the clientset on clusters that serve some versions of some kinds; the server is a script.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]
#![cfg(feature = "runtime")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use http::{Method, Request, Response};
use kube::{Client, client::Body};
use serde_json::{Value, json};
use smi_sdk::{
    Clientset, Informers,
    access::{ServiceIdentity, by, v1alpha4::Subject},
    clientset::ClientError,
    convert::ConvertError,
    core::convert::Hub,
};

/// A server: collections by `group/version/plural`, with the objects of each. Watches stay silent.
#[derive(Clone, Default)]
struct Served {
    collections: Arc<Mutex<BTreeMap<String, Vec<Value>>>>,
    written: Arc<Mutex<Vec<Value>>>,
}

impl Served {
    fn with(self, collection: &str, objects: &[Value]) -> Self {
        self.collections
            .lock()
            .unwrap()
            .insert(collection.to_owned(), objects.to_vec());
        self
    }

    fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move {
                let is_watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
                if is_watch {
                    std::future::pending::<()>().await;
                }
                let (parts, body) = request.into_parts();
                let body = body.collect_bytes().await?;
                let (code, answer) = server.answer(&parts.method, parts.uri.path(), &body);
                let response = Response::builder()
                    .status(code)
                    .body(Body::from(answer.to_string().into_bytes()));
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(response?)
            }
        });
        Client::new(service, "default")
    }

    fn answer(&self, method: &Method, path: &str, body: &[u8]) -> (u16, Value) {
        let collections = self.collections.lock().unwrap();
        let parts: Vec<&str> = path.trim_start_matches("/apis/").split('/').collect();
        let (group_version, rest) = parts.split_at(2.min(parts.len()));
        let group_version = group_version.join("/");
        let rest = rest.strip_prefix(&["namespaces", "shop"]).unwrap_or(rest);
        let served = |plural: &str| collections.get(&format!("{group_version}/{plural}"));
        match rest {
            [] => {
                let plurals = collections.keys().filter_map(|key| key.strip_prefix(&format!("{group_version}/")));
                let resources: Vec<_> = plurals
                    .map(|plural| json!({"name": plural, "singularName": "", "namespaced": true, "kind": "", "verbs": []}))
                    .collect();
                if resources.is_empty() {
                    return not_found();
                }
                (200, json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": resources}))
            }
            [plural] if method == Method::GET => served(plural).map_or_else(not_found, |items| {
                (200, json!({"kind": "List", "apiVersion": group_version, "metadata": {"resourceVersion": "9"}, "items": items}))
            }),
            [plural, name] if method == Method::GET => {
                let found = served(plural).and_then(|items| items.iter().find(|item| item["metadata"]["name"] == *name));
                found.map_or_else(not_found, |item| (200, item.clone()))
            }
            _ => {
                let object: Value = serde_json::from_slice(body).unwrap_or_default();
                self.written.lock().unwrap().push(object.clone());
                (201, object)
            }
        }
    }
}

fn not_found() -> (u16, Value) {
    (
        404,
        json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "message": "not found", "code": 404}),
    )
}

fn target(version: &str, spec: &Value) -> Value {
    let mut object = json!({
        "apiVersion": format!("access.smi-spec.io/{version}"), "kind": "TrafficTarget",
        "metadata": {"name": "orders", "namespace": "shop", "uid": "u", "resourceVersion": "3",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}]},
    });
    for (field, value) in spec.as_object().unwrap() {
        object[field] = value.clone();
    }
    object
}

fn newest() -> Value {
    target(
        "v1alpha3",
        &json!({"spec": {
            "destination": {"kind": "ServiceAccount", "name": "api"},
            "sources": [{"kind": "ServiceAccount", "name": "web", "namespace": "front"}],
            "rules": [{"kind": "HTTPRouteGroup", "name": "api", "matches": ["all"]}],
        }}),
    )
}

fn oldest() -> Value {
    target(
        "v1alpha1",
        &json!({
            "destination": {"kind": "ServiceAccount", "name": "api"},
            "sources": [{"kind": "ServiceAccount", "name": "web", "namespace": "front"}],
            "specs": [{"kind": "HTTPRouteGroup", "name": "api", "matches": ["all"]}],
        }),
    )
}

fn split() -> Value {
    json!({"apiVersion": "split.smi-spec.io/v1alpha4", "kind": "TrafficSplit",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "4"},
        "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 1}]}})
}

#[tokio::test(start_paused = true)]
async fn every_kind_is_synced_or_known_to_be_missing_at_whichever_version() {
    for (version, object) in [("v1alpha3", newest()), ("v1alpha1", oldest())] {
        let bad = json!({"metadata": {"name": "bad", "namespace": "shop", "resourceVersion": "5"}, "spec": 7});
        let server = Served::default()
            .with(&format!("access.smi-spec.io/{version}/traffictargets"), &[object, bad])
            .with("split.smi-spec.io/v1alpha4/trafficsplits", &[split()]);
        let (listers, mut events) = Informers::new(server.client()).start();
        let synced = async {
            while listers.ready().now().is_none() {
                events.next().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(60), synced).await.unwrap();
        let invalid = listers.traffic_targets.invalid();
        assert_eq!((invalid.len(), invalid[0].object.to_string().as_str()), (1, "shop/bad"));
        assert_eq!(
            listers.missing(),
            ["IdentityBinding", "HTTPRouteGroup", "TCPRoute", "UDPRoute"]
        );

        let api: ServiceIdentity = "shop/api".parse().unwrap();
        let found = listers.traffic_targets.by(by::destination, &api);
        let stored = found.iter().next().unwrap();
        assert_eq!(stored.spec.destination, Subject::service_account("api"));
        assert_eq!(stored.spec.rules[0].matches, ["all"]);
        assert!(stored.metadata.managed_fields.is_none() && stored.metadata.annotations.is_none());
        let web: ServiceIdentity = "front/web".parse().unwrap();
        assert_eq!(listers.traffic_targets.by(by::source, &web).len(), 1);
        assert_eq!(listers.traffic_splits.list(Some("shop")).len(), 1);
    }
}

/// A future that is ready already.
trait Now: Future + Sized {
    fn now(self) -> Option<Self::Output> {
        futures::FutureExt::now_or_never(self)
    }
}

impl<F: Future> Now for F {}

#[tokio::test]
async fn hubs_go_in_and_out_at_the_version_that_is_served() {
    let server = Served::default()
        .with("access.smi-spec.io/v1alpha3/traffictargets", &[newest()])
        .with("split.smi-spec.io/v1alpha4/trafficsplits", &[split()])
        .with("split.smi-spec.io/v1alpha2/trafficsplits", &[]);
    let smi = Clientset::new(server.client());

    let targets = smi.traffic_targets().namespaced("shop");
    assert_eq!(targets.version().await.unwrap(), "v1alpha3");
    let found = targets.get("orders").await.unwrap();
    assert_eq!(found.spec.destination, Subject::service_account("api"));
    assert!(targets.get_opt("none").await.unwrap().is_none());
    assert_eq!(targets.list(&kube::api::ListParams::default()).await.unwrap().len(), 1);
    let error = targets.create(found).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Convert(ConvertError::Downward { .. })),
        "{error}"
    );

    let splits = smi.traffic_splits().namespaced("shop");
    assert_eq!(splits.version().await.unwrap(), "v1alpha4");
    splits
        .patch("web", |split| split.spec.backends[0].weight = 7)
        .await
        .unwrap();
    let written = server.written.lock().unwrap().pop().unwrap();
    assert_eq!(written["spec"]["backends"][0]["weight"], 7);
    assert_eq!(written["apiVersion"], "split.smi-spec.io/v1alpha4");

    let error = smi.udp_routes().get("a").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server does not serve `UDPRoute` of `specs.smi-spec.io`"
    );
}

#[test]
fn the_fast_way_to_the_hub_gives_what_the_slow_one_does() {
    fn both<K: Hub + PartialEq + std::fmt::Debug>(
        converter: &smi_sdk::convert::Converter<K>,
        version: &str,
        object: &Value,
    ) {
        let fast = converter.read_served(&object.to_string(), version, smi_sdk::informers::Strip::Nothing);
        assert_eq!(fast, converter.to_hub(object));
    }
    let converter = smi_sdk::access::convert::traffic_targets();
    both(&converter, "v1alpha3", &newest());
    both(&converter, "v1alpha1", &oldest());
    // An error of the fast way is worded by the slow one.
    both(
        &converter,
        "v1alpha3",
        &target("v1alpha3", &json!({"spec": {"destination": 3}})),
    );
    both(
        &converter,
        "v1alpha3",
        &target(
            "v1alpha3",
            &json!({"destination": {"kind": "ServiceAccount", "name": "api"}}),
        ),
    );
    both(&smi_sdk::split::convert::traffic_splits(), "v1alpha4", &split());
}
