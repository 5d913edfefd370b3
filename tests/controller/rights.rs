//! The rights of `role.yaml`: enough, and no more than is asked for. A real server holds the controller to them; on the fake,
//! which has no rights, the test says what it asks for.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use http::{Method, Request};
use k8s_openapi::api::{
    core::v1::ServiceAccount,
    rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding},
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
    client::Body,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use smi_sdk::{core::document, kube};

use crate::{support::until, world::World};

const ROLE: &str = include_str!("../../examples/controller/role.yaml");

/// A verb, an API group and a resource.
type Right = (String, String, String);

/// The objects of `role.yaml`, for this namespace.
fn manifests(namespace: &str) -> Vec<Value> {
    let text = ROLE.replace("namespace: nginx", &format!("namespace: {namespace}"));
    let documents = document::read(text.as_bytes(), "role.yaml", &document::Options::default());
    documents.map(|document| document.unwrap().value).collect()
}

async fn apply(client: &Client, object: &Value) {
    async fn to<K: DeserializeOwned + Clone + std::fmt::Debug + Serialize>(api: Api<K>, object: &Value) {
        let name = object["metadata"]["name"].as_str().unwrap();
        let params = PatchParams::apply("tests").force();
        api.patch(name, &params, &Patch::Apply(object)).await.unwrap();
    }
    let client = client.clone();
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    match object["kind"].as_str().unwrap() {
        "ServiceAccount" => to::<ServiceAccount>(Api::namespaced(client, namespace), object).await,
        "ClusterRole" => to::<ClusterRole>(Api::all(client), object).await,
        "ClusterRoleBinding" => to::<ClusterRoleBinding>(Api::all(client), object).await,
        "Role" => to::<Role>(Api::namespaced(client, namespace), object).await,
        "RoleBinding" => to::<RoleBinding>(Api::namespaced(client, namespace), object).await,
        other => panic!("{other}"),
    }
}

/// What the roles among `objects` allow.
fn allowed(objects: &[Value]) -> BTreeSet<Right> {
    let rules = objects.iter().filter_map(|object| object.get("rules"));
    let rules = rules.flat_map(|rules| serde_json::from_value::<Vec<PolicyRule>>(rules.clone()).unwrap());
    let mut rights = BTreeSet::new();
    for rule in rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                rights.extend(
                    rule.verbs
                        .iter()
                        .map(|verb| (verb.clone(), group.clone(), resource.clone())),
                );
            }
        }
    }
    rights
}

/// What a request needs, as Kubernetes' authorizer sees it; nothing for discovery, which everybody may ask for.
fn needed(request: &Request<Body>) -> Vec<Right> {
    let steps: Vec<_> = request.uri().path().trim_start_matches('/').split('/').collect();
    let (group, rest) = match steps.as_slice() {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return Vec::new(),
    };
    let (["namespaces", _, resource, name @ ..] | [resource, name @ ..]) = rest else {
        return Vec::new();
    };
    let is_named = !name.is_empty();
    let is_watch = request.uri().query().unwrap_or_default().contains("watch=");
    let is_apply = request
        .headers()
        .get("content-type")
        .is_some_and(|it| it == "application/apply-patch+yaml");
    let verbs: &[&str] = match *request.method() {
        Method::GET if is_named => &["get"],
        Method::GET if is_watch => &["watch"],
        Method::GET => &["list"],
        Method::POST => &["create"],
        Method::PUT => &["update"],
        // What is not there is created.
        Method::PATCH if is_apply => &["patch", "create"],
        Method::PATCH => &["patch"],
        Method::DELETE => &["delete"],
        _ => &["?"],
    };
    let right = |verb: &&str| ((*verb).to_owned(), group.to_owned(), (*resource).to_owned());
    verbs.iter().map(right).collect()
}

#[tokio::test(start_paused = true)]
async fn its_role_is_what_it_needs_and_no_more() {
    let world = World::admitting_anything().await;
    let objects = manifests(&world.nginx);
    for object in &objects {
        apply(&world.cluster.client, object).await;
    }
    let client = match world.cluster.config() {
        Some(mut config) => {
            config.auth_info.impersonate = Some(format!("system:serviceaccount:{}:smi-nginx", world.nginx));
            Client::try_from(config).unwrap()
        }
        None => world.cluster.client.clone(),
    };
    let asked = Arc::<Mutex<BTreeSet<Right>>>::default();
    let asking = asked.clone();
    let recording = tower::service_fn(move |request: Request<Body>| {
        asking.lock().unwrap().extend(needed(&request));
        let client = client.clone();
        async move { client.send(request).await }
    });
    let _controller = world.start_with(Client::new(recording, "default"), "a");

    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    // The same Event once more, which is counted.
    world.weigh("web", 20).await;
    world.shows("web", "20.00%").await;
    world.create("bad", 10).await;
    world.shows("bad", "10.00%").await;
    world.patch("bad", json!({"backends": 0})).await;
    until("the author of the bad split is told", async || {
        let events = world.events("bad").await;
        events.iter().any(|(reason, _)| reason == "Unreadable").then_some(())
    })
    .await;
    world.delete("web").await;
    world.is_gone("web").await;
    world.is_renewed(1).await;
    let unused = || -> Vec<Right> {
        let asked = asked.lock().unwrap();
        allowed(&objects).difference(&asked).cloned().collect()
    };
    until("every right is used", async || unused().is_empty().then_some(())).await;
    assert_eq!(*asked.lock().unwrap(), allowed(&objects));
}
