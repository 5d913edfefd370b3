//! What the tests share: a CRD of two versions, its converter, raw requests, and where they go.
//!
//! Tests of what every API server does take [`client`], which is that of a real server where `e2e/run` says so. Those of
//! what only this one can be told to do (faults, limits, to forget its history) take [`server`].

use std::{fmt::Debug, sync::OnceLock};

use futures::{AsyncBufReadExt, Stream, TryStreamExt};
use k8s_openapi::{
    api::{
        coordination::v1::Lease,
        core::v1::{ConfigMap, Secret, Service},
        events::v1::Event,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, WebhookClientConfig},
};
use kube::{
    Api, Client, Error, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    core::{
        ApiResource, DynamicObject, GroupVersionKind, NamespaceResourceScope, Status,
        conversion::{ConversionRequest, ConversionResponse, ConversionReview},
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use smi_fake::Server;

use crate::support::{real, webhook};

pub(crate) const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";

/// `widgets.example.com`: `v1` with `spec.size`, stored, and `v2` with `spec.extent.size`.
pub(crate) fn crd() -> CustomResourceDefinition {
    crd_stored_at("v1")
}

pub(crate) fn crd_stored_at(stored: &str) -> CustomResourceDefinition {
    let size = json!({"type": "integer", "maximum": 10});
    let version = |name: &str, spec: Value| {
        json!({
            "name": name, "served": true, "storage": name == stored,
            "subresources": {"status": {}},
            "selectableFields": if name == "v1" { json!([{"jsonPath": ".spec.color"}]) } else { json!([]) },
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": spec, "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
            }}},
        })
    };
    let v1 = json!({"type": "object", "required": ["size"], "properties": {
        "size": size, "color": {"type": "string", "default": "grey"},
    }});
    let v2 = json!({"type": "object", "properties": {
        "extent": {"type": "object", "properties": {"size": size}}, "color": {"type": "string", "default": "grey"},
    }});
    let crd = json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]},
            "conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": converter()}},
            "versions": [version("v1", v1), version("v2", v2)],
        },
    });
    serde_json::from_value(crd).unwrap()
}

/// Moves the size between `spec.size` and `spec.extent.size`; refuses the color `bad`.
pub(crate) fn convert(mut widget: Value, api_version: &str) -> Result<Value, String> {
    if widget.pointer("/spec/color") == Some(&json!("bad")) {
        return Err("the color is bad".to_owned());
    }
    let spec = widget["spec"].as_object_mut().ok_or("no spec")?;
    if api_version.ends_with("v2") {
        if let Some(size) = spec.remove("size") {
            spec.insert("extent".to_owned(), json!({"size": size}));
        }
    } else if let Some(extent) = spec.remove("extent") {
        spec.insert("size".to_owned(), extent["size"].clone());
    }
    widget["apiVersion"] = api_version.into();
    Ok(widget)
}

/// Where a real server finds the converter; the fake is given the function.
fn converter() -> WebhookClientConfig {
    static WEBHOOK: OnceLock<WebhookClientConfig> = OnceLock::new();
    if !real::is_meant() {
        return WebhookClientConfig {
            url: Some("https://127.0.0.1/convert".to_owned()),
            ..WebhookClientConfig::default()
        };
    }
    WEBHOOK.get_or_init(|| webhook::serve(review)).clone()
}

fn review(review: ConversionReview) -> ConversionReview {
    let request = ConversionRequest::from_review(review).unwrap();
    let objects = request.objects.iter();
    let converted: Result<Vec<_>, _> = objects
        .map(|object| convert(object.clone(), &request.desired_api_version))
        .collect();
    let response = ConversionResponse::for_request(request);
    match converted {
        Ok(objects) => response.success(objects),
        Err(message) => response.failure(Status::failure(&message, "Invalid")),
    }
    .into_review()
}

/// A client of a server that serves widgets and has none, the real one where that is meant. Real servers have one CRD of
/// a name, so those tests run one after the other.
pub(crate) async fn client() -> Client {
    let Some(client) = real_client().await else {
        return server().client();
    };
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let there = crds.get_opt("widgets.example.com").await.unwrap();
    let is_new = there.is_some_and(|there| {
        let is_going = there.metadata.deletion_timestamp.is_some();
        let conversion = there.spec.conversion.and_then(|conversion| conversion.webhook);
        let asks_us = conversion.is_some_and(|webhook| webhook.client_config == Some(converter()));
        asks_us && !is_going && there.status.and_then(|status| status.stored_versions) == Some(vec!["v1".to_owned()])
    });
    clean(&Api::all_with(client.clone(), &resource("v1"))).await;
    if !is_new {
        real::exchange(&client, ".example.com", &[crd()]).await;
    }
    client
}

/// The same without widgets' CRD.
pub(crate) async fn client_without_widgets() -> Client {
    let Some(client) = real_client().await else {
        return Server::new([]).with_converter(convert).client();
    };
    clean(&Api::all_with(client.clone(), &resource("v1"))).await;
    real::exchange(&client, ".example.com", &[]).await;
    client
}

/// A client of the real server, without what other tests left behind.
async fn real_client() -> Option<Client> {
    let mut config = real::config().await?;
    // What is refused is looked at, not tried again.
    config.default_retry = false;
    let client = Client::try_from(config).unwrap();
    remove_all::<ConfigMap>(&client).await;
    remove_all::<Secret>(&client).await;
    remove_all::<Service>(&client).await;
    remove_all::<Event>(&client).await;
    remove_all::<Lease>(&client).await;
    Some(client)
}

async fn remove_all<K>(client: &Client)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let api = Api::<K>::default_namespaced(client.clone());
    for object in api.list(&ListParams::default()).await.unwrap().items {
        // The server's own, which it would make anew.
        if object.name_any() != "kubernetes" {
            api.delete(&object.name_any(), &DeleteParams::default()).await.unwrap();
        }
    }
}

/// Deletes every widget, whatever keeps it; none where their CRD is not there.
async fn clean(all: &Api<DynamicObject>) {
    let widgets = all.list(&ListParams::default()).await.map(|list| list.items);
    for widget in widgets.unwrap_or_default() {
        let (namespace, name) = (widget.namespace().unwrap(), widget.name_any());
        let one: Api<DynamicObject> = Api::namespaced_with(all.clone().into_client(), &namespace, &resource("v1"));
        let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
        one.patch(&name, &PatchParams::default(), &free)
            .await
            .map(drop)
            .or_else(not_found)
            .unwrap();
        one.delete(&name, &DeleteParams::default())
            .await
            .map(drop)
            .or_else(not_found)
            .unwrap();
    }
}

fn not_found(error: Error) -> Result<(), Error> {
    match error {
        Error::Api(status) if status.is_not_found() => Ok(()),
        error => Err(error),
    }
}

/// The revision of the whole server.
pub(crate) async fn revision(client: &Client) -> u64 {
    let list = get(client, &format!("{WIDGETS}?limit=1")).await;
    list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn server() -> Server {
    let server = Server::new([crd()]).with_converter(convert);
    assert_eq!(server.refused(), [""; 0]);
    server
}

pub(crate) fn resource(version: &str) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("example.com", version, "Widget"), "widgets")
}

pub(crate) fn widgets(client: &Client) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), "default", &resource("v1"))
}

pub(crate) fn widget(name: &str, size: i64) -> DynamicObject {
    DynamicObject::new(name, &resource("v1")).data(json!({"spec": {"size": size}}))
}

pub(crate) async fn create(client: &Client, name: &str) -> DynamicObject {
    widgets(client)
        .create(&PostParams::default(), &widget(name, 1))
        .await
        .unwrap()
}

/// Writes the widget once more.
pub(crate) async fn touch(client: &Client, name: &str, size: i64) -> DynamicObject {
    let mut object = widgets(client).get(name).await.unwrap();
    object.data["spec"]["size"] = size.into();
    widgets(client)
        .replace(name, &PostParams::default(), &object)
        .await
        .unwrap()
}

pub(crate) fn names<K: ResourceExt>(objects: &[K]) -> Vec<String> {
    objects.iter().map(ResourceExt::name_any).collect()
}

/// The `Status` of a failure.
pub(crate) fn status<T: std::fmt::Debug>(result: Result<T, Error>) -> Status {
    match result {
        Err(Error::Api(status)) => *status,
        other => panic!("no status: {other:?}"),
    }
}

pub(crate) fn request(method: &str, path: &str, media_type: &str, body: &Value) -> http::Request<Vec<u8>> {
    let body = if body.is_null() {
        Vec::new()
    } else {
        serde_json::to_vec(body).unwrap()
    };
    http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", media_type)
        .header("user-agent", "tests/1.0")
        .body(body)
        .unwrap()
}

pub(crate) async fn send(client: &Client, method: &str, path: &str, body: &Value) -> Result<Value, Error> {
    client.request(request(method, path, "application/json", body)).await
}

pub(crate) async fn get(client: &Client, path: &str) -> Value {
    send(client, "GET", path, &Value::Null).await.unwrap()
}

/// The events of a watch on `path`, which has its parameters.
pub(crate) async fn watch(
    client: &Client,
    path: &str,
) -> std::pin::Pin<Box<dyn Stream<Item = std::io::Result<Value>> + Send>> {
    let lines = client
        .request_stream(request("GET", path, "application/json", &Value::Null))
        .await
        .unwrap()
        .lines();
    Box::pin(lines.and_then(|line| async move { serde_json::from_str(&line).map_err(std::io::Error::other) }))
}

/// `ADDED a`, `ERROR 410`.
pub(crate) fn told(event: &Value) -> String {
    let object = &event["object"];
    let what = object["metadata"]["name"]
        .as_str()
        .map_or_else(|| object["code"].to_string(), str::to_owned);
    format!("{} {what}", event["type"].as_str().unwrap())
}
