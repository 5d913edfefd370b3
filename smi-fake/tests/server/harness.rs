//! What the tests share: a CRD of two versions, its converter, raw requests.

use futures::{AsyncBufReadExt, Stream, TryStreamExt};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Error, ResourceExt,
    api::PostParams,
    core::{ApiResource, DynamicObject, GroupVersionKind, Status},
};
use serde_json::{Value, json};
use smi_fake::Server;

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
            "conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"]}},
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
