//! The cache example: what snapshots hold, when they change, and what they survive.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

use std::{sync::Arc, time::Duration};

use cache::{
    snapshot::{Content, Snapshot},
    snapshots::{Cache, Latest},
};
use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    core::{DynamicObject, GroupVersionKind},
};
use serde_json::{Value, json};
use smi_fake::{Fault, Rule, Server};
use smi_sdk::{CrdOptions, kube};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../examples/cache/main.rs"]
mod cache;

/// Longer than anything here should take, on the paused clock.
const LONG: Duration = Duration::from_secs(300);

/// A cluster with the namespaces `shop` and `far`, and a running cache.
struct World {
    server: Server,
    client: Client,
    cache: Arc<Cache>,
    driver: JoinHandle<()>,
}

impl World {
    async fn new() -> Self {
        let server = Server::new(smi_sdk::crds(&CrdOptions::all_served()));
        let client = server.client();
        let namespaces: Api<Namespace> = Api::all(client.clone());
        for name in ["shop", "far"] {
            let namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
            namespaces.create(&PostParams::default(), &namespace).await.unwrap();
        }
        let (cache, driver) = Cache::start(&client);
        let driver = tokio::spawn(driver);
        Self {
            server,
            client,
            cache,
            driver,
        }
    }

    fn api(&self, kind: &str, namespace: &str) -> Api<DynamicObject> {
        let group = match kind {
            "TrafficTarget" | "IdentityBinding" => "access",
            "TrafficSplit" => "split",
            _ => "specs",
        };
        let kind = GroupVersionKind::gvk(&format!("{group}.smi-spec.io"), "v1alpha4", kind);
        Api::namespaced_with(
            self.client.clone(),
            namespace,
            &kube::core::ApiResource::from_gvk(&kind),
        )
    }

    async fn create(&self, kind: &str, namespace: &str, name: &str, spec: Value) {
        let api = self.api(kind, namespace);
        let group = api.resource_url().split('/').nth(2).unwrap().to_owned();
        let object =
            json!({"apiVersion": format!("{group}/v1alpha4"), "kind": kind, "metadata": {"name": name}, "spec": spec});
        let object = serde_json::from_value(object).unwrap();
        let created = api.create(&PostParams::default(), &object).await;
        created.unwrap_or_else(|error| panic!("{kind} {name}: {error}"));
    }

    async fn patch(&self, kind: &str, namespace: &str, name: &str, spec: Value) {
        let patch = Patch::Merge(json!({"spec": spec}));
        let patched = self
            .api(kind, namespace)
            .patch(name, &PatchParams::default(), &patch)
            .await;
        patched.unwrap();
    }

    async fn delete(&self, kind: &str, namespace: &str, name: &str) {
        self.api(kind, namespace)
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
    }

    fn subscribe(&self, account: &str) -> Proxy {
        Proxy(self.cache.subscribe(&account.parse().unwrap()))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The proxy of an account.
struct Proxy(watch::Receiver<Latest>);

impl Proxy {
    /// Waits for a snapshot whose content is as wanted.
    async fn has(&mut self, what: &str, is_it: impl Fn(&Content) -> bool) -> Arc<Snapshot> {
        let found = timeout(
            LONG,
            self.0
                .wait_for(|latest| latest.as_ref().is_some_and(|latest| is_it(&latest.content))),
        );
        let found = found.await.map(|found| found.unwrap().clone());
        found
            .unwrap_or_else(|_| panic!("no snapshot with {what}: {:?}", self.0.borrow()))
            .unwrap()
    }
}

fn target(account: &str, from: &str, rules: &Value) -> Value {
    let (namespace, name) = account.split_once('/').unwrap();
    json!({
        "destination": {"kind": "ServiceAccount", "name": name, "namespace": namespace},
        "sources": [{"kind": "ServiceAccount", "name": from}],
        "rules": rules,
    })
}

fn routes() -> Value {
    json!([{"kind": "HTTPRouteGroup", "name": "api", "matches": ["orders"]}, {"kind": "TCPRoute", "name": "web"}])
}

fn group() -> Value {
    json!({"matches": [{"name": "orders", "pathRegex": "/orders"}, {"name": "admin", "pathRegex": "/admin"}]})
}

/// A world in which `shop/web` may send orders to `shop/api` on port 80.
async fn shop() -> World {
    let world = World::new().await;
    world.create("HTTPRouteGroup", "shop", "api", group()).await;
    world
        .create("TCPRoute", "shop", "web", json!({"matches": {"ports": [80]}}))
        .await;
    world
        .create("TrafficTarget", "shop", "orders", target("shop/api", "web", &routes()))
        .await;
    world
}

fn paths(content: &Content) -> Vec<&str> {
    let inbound = content.inbound.iter().flat_map(|inbound| &inbound.http);
    inbound.filter_map(|one| one.path_regex.as_deref()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_proxy_knows_who_may_send_what_and_how_traffic_is_divided() {
    let world = shop().await;
    world
        .create(
            "TrafficSplit",
            "shop",
            "web",
            json!({"service": "web", "backends": [{"service": "v1", "weight": 1}], "matches": [{"kind": "HTTPRouteGroup", "name": "api"}]}),
        )
        .await;
    let schemes = json!({"schemes": {"spiffeIdentities": ["spiffe://shop/support"]}});
    world.create("IdentityBinding", "shop", "support", schemes).await;
    let mut api = world.subscribe("shop/api");
    let bound =
        json!({"sources": [{"kind": "ServiceAccount", "name": "web"}, {"kind": "IdentityBinding", "name": "support"}]});
    world.patch("TrafficTarget", "shop", "orders", bound).await;
    let is_whole = |content: &Content| {
        let inbound = content.inbound.first();
        inbound.is_some_and(|inbound| inbound.bindings.len() == 1) && content.splits.len() == 1
    };
    let snapshot = api.has("everything", is_whole).await;
    let inbound = &snapshot.content.inbound[0];
    assert_eq!(inbound.target.to_string(), "shop/orders");
    assert_eq!(inbound.sources, ["shop/web".parse().unwrap()]);
    assert_eq!(inbound.bindings[0].spiffe_identities, ["spiffe://shop/support"]);
    // Of the group only what the rule names.
    assert_eq!(paths(&snapshot.content), ["/orders"]);
    assert_eq!((inbound.tcp.as_slice(), inbound.udp.len()), (&[vec![80]][..], 0));
    assert_eq!(inbound.dangling, [""; 0]);
    let split = &snapshot.content.splits[0];
    assert_eq!(
        (split.service.as_str(), split.backends[0].service.as_str()),
        ("web", "v1")
    );
    assert_eq!(split.only.as_ref().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_age_is_that_of_the_kinds_that_are_served_and_failures_are_told_of_any() {
    let mut crds = smi_sdk::crds(&CrdOptions::all_served());
    crds.retain(|crd| crd.spec.names.kind != "UDPRoute");
    let server = Server::new(crds);
    let (cache, driver) = Cache::start(&server.client());
    let driver = tokio::spawn(driver);
    let (listers, events) = smi_sdk::Informers::new(server.client()).start();
    let informers = tokio::spawn(events.for_each(|_| async {}));
    let mut api = Proxy(cache.subscribe(&"shop/api".parse().unwrap()));
    api.has("nothing", |content| *content == Content::default()).await;
    listers.ready().await.unwrap();
    assert_eq!(listers.missing(), ["UDPRoute"]);
    sleep(Duration::from_secs(60)).await;
    let now = Instant::now();
    for age in [cache.age(now), listers.age(now)] {
        assert!(age.is_some_and(|age| age <= Duration::from_secs(61)), "{age:?}");
    }
    assert_eq!((cache.failing(now), listers.failing(now)), (None, None));
    // One kind alone that is out of reach is enough to be told of.
    server
        .faults()
        .add(Rule::new(Fault::InternalError).resource("tcproutes"));
    server.faults().drop_watches();
    sleep(Duration::from_secs(1200)).await;
    let now = Instant::now();
    for failing in [cache.failing(now), listers.failing(now)] {
        assert!(
            failing.is_some_and(|failing| failing > Duration::from_secs(600)),
            "{failing:?}"
        );
    }
    driver.abort();
    informers.abort();
}

#[tokio::test(start_paused = true)]
async fn there_is_no_snapshot_before_every_kind_is_there() {
    let server = Server::new(smi_sdk::crds(&CrdOptions::all_served()));
    let outage = server
        .faults()
        .add(Rule::new(Fault::InternalError).resource("tcproutes"));
    let (cache, driver) = Cache::start(&server.client());
    let driver = tokio::spawn(driver);
    let mut api = Proxy(cache.subscribe(&"shop/api".parse().unwrap()));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(*api.0.borrow(), None);
    assert_eq!(cache.age(Instant::now()), None);
    assert!(cache.failing(Instant::now()).is_some());
    server.faults().remove(outage);
    api.has("nothing", |content| *content == Content::default()).await;
    assert!(cache.age(Instant::now()).is_some());
    assert_eq!(cache.failing(Instant::now()), None);
    driver.abort();
}

#[tokio::test(start_paused = true)]
async fn kinds_that_are_not_served_are_empty_and_hold_nothing_up() {
    let mut crds = smi_sdk::crds(&CrdOptions::all_served());
    crds.retain(|crd| crd.spec.names.kind == "TrafficTarget");
    let server = Server::new(crds);
    let (cache, driver) = Cache::start(&server.client());
    let driver = tokio::spawn(driver);
    let mut api = Proxy(cache.subscribe(&"shop/api".parse().unwrap()));
    api.has("nothing", |content| *content == Content::default()).await;
    driver.abort();
}

#[tokio::test(start_paused = true)]
async fn a_version_is_of_one_content_and_grows() {
    let world = shop().await;
    let mut api = world.subscribe("shop/api");
    let first = api.has("the target", |content| content.inbound.len() == 1).await;
    // What is of no concern to the account, and a change that changes nothing for it.
    world
        .create("TrafficTarget", "far", "other", target("far/db", "web", &json!([])))
        .await;
    world
        .create("TrafficTarget", "shop", "other", target("shop/db", "web", &json!([])))
        .await;
    let label = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    let targets = world.api("TrafficTarget", "shop");
    targets.patch("orders", &PatchParams::default(), &label).await.unwrap();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(api.0.borrow().as_ref(), Some(&first));

    world
        .patch("TCPRoute", "shop", "web", json!({"matches": {"ports": [81]}}))
        .await;
    let second = api.has("port 81", |content| content.inbound[0].tcp == [[81]]).await;
    assert!(second.version > first.version);
    // A proxy that comes back never meets a version that it knows with another content.
    drop(api);
    world
        .patch("TCPRoute", "shop", "web", json!({"matches": {"ports": [82]}}))
        .await;
    sleep(Duration::from_secs(1)).await;
    let mut api = world.subscribe("shop/api");
    let third = api.has("port 82", |content| content.inbound[0].tcp == [[82]]).await;
    assert!(third.version > second.version);
}

#[tokio::test(start_paused = true)]
async fn what_a_target_names_and_nobody_has_grants_nothing_until_it_is_there() {
    let world = World::new().await;
    world
        .create("TrafficTarget", "shop", "orders", target("shop/api", "web", &routes()))
        .await;
    let mut api = world.subscribe("shop/api");
    let snapshot = api.has("the target", |content| content.inbound.len() == 1).await;
    let inbound = &snapshot.content.inbound[0];
    assert_eq!((inbound.http.len(), inbound.tcp.len()), (0, 0));
    assert_eq!(inbound.dangling, ["HTTPRouteGroup api", "TCPRoute web"]);
    world.create("HTTPRouteGroup", "shop", "api", group()).await;
    api.has("the group", |content| paths(content) == ["/orders"]).await;
    world.delete("HTTPRouteGroup", "shop", "api").await;
    api.has("no group", |content| paths(content).is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_target_in_another_namespace_is_followed_too() {
    let world = World::new().await;
    let mut api = world.subscribe("shop/api");
    api.has("nothing", |content| content.inbound.is_empty()).await;
    world.create("HTTPRouteGroup", "far", "api", group()).await;
    world
        .create("TrafficTarget", "far", "orders", target("shop/api", "web", &routes()))
        .await;
    api.has("the target", |content| paths(content) == ["/orders"]).await;
    world
        .patch(
            "HTTPRouteGroup",
            "far",
            "api",
            json!({"matches": [{"name": "orders", "pathRegex": "/v2"}]}),
        )
        .await;
    api.has("the new path", |content| paths(content) == ["/v2"]).await;
    world.delete("TrafficTarget", "far", "orders").await;
    api.has("nothing", |content| content.inbound.is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_read_grants_nothing_and_the_others_do() {
    let world = shop().await;
    world
        .create("TrafficTarget", "shop", "more", target("shop/api", "batch", &routes()))
        .await;
    let mut api = world.subscribe("shop/api");
    api.has("both", |content| content.inbound.len() == 2).await;
    world.server.faults().corrupt("traffictargets", "shop", "orders");
    let label = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    let targets = world.api("TrafficTarget", "shop");
    targets.patch("orders", &PatchParams::default(), &label).await.unwrap();
    let snapshot = api.has("one", |content| content.inbound.len() == 1).await;
    assert_eq!(snapshot.content.inbound[0].target.to_string(), "shop/more");
    assert_eq!(paths(&snapshot.content), ["/orders"]);

    world.server.faults().repair("traffictargets", "shop", "orders");
    let label = Patch::Merge(json!({"metadata": {"labels": {"a": "c"}}}));
    targets.patch("orders", &PatchParams::default(), &label).await.unwrap();
    api.has("both", |content| content.inbound.len() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_a_snapshot_is_as_a_new_cache_would_have_it() {
    let world = shop().await;
    world
        .create("TrafficTarget", "shop", "old", target("shop/api", "batch", &routes()))
        .await;
    let mut api = world.subscribe("shop/api");
    api.has("both", |content| content.inbound.len() == 2).await;

    let outage = world.server.faults().add(Rule::new(Fault::InternalError).verb("watch"));
    world.server.faults().drop_watches();
    world.delete("TrafficTarget", "shop", "old").await;
    world
        .create("TrafficTarget", "shop", "new", target("shop/api", "jobs", &routes()))
        .await;
    world
        .patch("TCPRoute", "shop", "web", json!({"matches": {"ports": [81]}}))
        .await;
    // Nothing can be watched from where the watches broke.
    world.server.compact();
    sleep(Duration::from_secs(20)).await;
    assert!(world.cache.failing(Instant::now()).is_some());
    assert!(world.cache.age(Instant::now()).unwrap() >= Duration::from_secs(10));
    world.server.faults().remove(outage);

    let is_new = |content: &Content| {
        let targets = content.inbound.iter().map(|inbound| inbound.target.name());
        targets.eq(["new", "orders"]) && content.inbound.iter().all(|inbound| inbound.tcp == [[81]])
    };
    let snapshot = api.has("what happened meanwhile", is_new).await;
    let (fresh, driver) = Cache::start(&world.client);
    let driver = tokio::spawn(driver);
    let mut other = Proxy(fresh.subscribe(&"shop/api".parse().unwrap()));
    let expected = other.has("the same", is_new).await;
    assert_eq!(snapshot.content, expected.content);
    driver.abort();
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_slow_gets_the_latest_and_none_between() {
    let world = shop().await;
    let mut api = world.subscribe("shop/api");
    let mut quick = world.subscribe("shop/api");
    api.has("port 80", |content| {
        content.inbound.iter().any(|inbound| inbound.tcp == [[80]])
    })
    .await;
    api.0.borrow_and_update();
    for port in 81..=90 {
        world
            .patch("TCPRoute", "shop", "web", json!({"matches": {"ports": [port]}}))
            .await;
        quick
            .has("the port", |content| content.inbound[0].tcp == [[port]])
            .await;
    }
    assert!(api.0.has_changed().unwrap());
    assert_eq!(
        api.0.borrow_and_update().as_ref().unwrap().content.inbound[0].tcp,
        [[90]]
    );
    assert!(!api.0.has_changed().unwrap());
}
