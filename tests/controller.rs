//! The controller example: what it renders, and what it survives.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

use std::{sync::Arc, time::Duration};

use controller::{
    nginx::{NotRendered, render},
    reconcile::{CONFIG, FINALIZER, LEASE, Options, config_map, run},
};
use k8s_openapi::{
    api::{
        coordination::v1::Lease,
        core::v1::{ConfigMap, Namespace},
        events::v1::Event,
    },
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    runtime::wait::{Condition, await_condition},
};
use serde_json::json;
use smi_fake::{Fault, Rule, Server};
use smi_sdk::{
    CrdOptions, kube,
    split::v1alpha4::{Backend, TrafficSplit, TrafficSplitSpec},
};
use tokio::{sync::Notify, task::JoinHandle, time::Instant};

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../examples/controller/main.rs"]
mod controller;

/// Longer than anything here should take, on the paused clock.
const LONG: Duration = Duration::from_secs(300);

/// A cluster with the namespaces `nginx` and `shop`.
struct World {
    server: Server,
    client: Client,
}

impl World {
    async fn new() -> Self {
        Self::with(&CrdOptions::default()).await
    }

    async fn with(crds: &CrdOptions) -> Self {
        let server = Server::new(smi_sdk::crds(crds)).with_converter(smi_sdk::convert::converters());
        let client = server.client();
        let namespaces: Api<Namespace> = Api::all(client.clone());
        for name in ["nginx", "shop"] {
            let namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
            namespaces.create(&PostParams::default(), &namespace).await.unwrap();
        }
        Self { server, client }
    }

    fn splits(&self) -> Api<TrafficSplit> {
        Api::namespaced(self.client.clone(), "shop")
    }

    fn config_maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), "nginx")
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.client.clone(), "nginx")
    }

    fn start(&self, identity: &str) -> Running {
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let options = Options::new("nginx", identity);
        let task = tokio::spawn(run(self.client.clone(), options, async move {
            stopped.notified().await;
        }));
        Running { stop, task }
    }

    async fn create(&self, name: &str, weight: u32) {
        self.splits()
            .create(&PostParams::default(), &split(name, weight))
            .await
            .unwrap();
    }

    async fn weigh(&self, name: &str, weight: u32) {
        let backends = json!([{"service": "web-v1", "weight": weight}, {"service": "web-v2", "weight": 100 - weight}]);
        let patch = Patch::Merge(json!({"spec": {"backends": backends}}));
        self.splits()
            .patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    async fn delete(&self, name: &str) {
        self.splits().delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// What is rendered for a split now.
    async fn rendered(&self, name: &str) -> Option<String> {
        let map = self.config_maps().get_opt(&config_map("shop", name)).await.unwrap()?;
        Some(map.data.unwrap_or_default()[CONFIG].clone())
    }

    /// Waits until what is rendered for a split has `text` in it.
    async fn shows(&self, name: &str, text: &str) {
        let has = |map: Option<&ConfigMap>| map.is_some_and(|map| map.data.as_ref().unwrap()[CONFIG].contains(text));
        wait(self.config_maps(), &config_map("shop", name), has).await;
    }

    /// Waits until a split and what was rendered for it are gone.
    async fn is_gone(&self, name: &str) {
        wait(self.splits(), name, |split: Option<&TrafficSplit>| split.is_none()).await;
        assert_eq!(
            self.rendered(name).await,
            None,
            "the split went before its configuration"
        );
    }

    /// Waits until the Lease is held by `identity`.
    async fn is_led_by(&self, identity: &str) {
        wait(self.leases(), LEASE, |lease: Option<&Lease>| {
            lease.and_then(holder) == Some(identity)
        })
        .await;
    }

    /// The reasons and notes of the Events about a split.
    async fn events(&self, name: &str) -> Vec<(String, String)> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), "shop");
        let events = events.list(&ListParams::default()).await.unwrap().items;
        let about = events
            .into_iter()
            .filter(|event| event.regarding.as_ref().unwrap().name.as_deref() == Some(name));
        about
            .map(|event| (event.reason.unwrap(), event.note.unwrap()))
            .collect()
    }
}

/// A running controller; dropped, it is killed.
struct Running {
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Running {
    /// Asks it to stop, and waits until it has.
    async fn stop(mut self) {
        self.stop.notify_one();
        tokio::time::timeout(LONG, &mut self.task).await.unwrap().unwrap();
    }

    /// Ends it wherever it is.
    async fn kill(mut self) {
        self.task.abort();
        (&mut self.task).await.unwrap_err();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn wait<K>(api: Api<K>, name: &str, condition: impl Condition<K>)
where
    K: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug + Send + serde::de::DeserializeOwned + 'static,
{
    let waited = tokio::time::timeout(LONG, await_condition(api, name, condition)).await;
    waited
        .unwrap_or_else(|_| panic!("`{name}` is not as expected"))
        .unwrap();
}

fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref()
}

fn split(name: &str, weight: u32) -> TrafficSplit {
    let spec = TrafficSplitSpec {
        service: "web".into(),
        backends: vec![Backend::new("web-v1", weight), Backend::new("web-v2", 100 - weight)],
        ..Default::default()
    };
    TrafficSplit::new(name, spec)
}

#[tokio::test(start_paused = true)]
async fn a_split_is_rendered_and_its_author_told() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00% web-v1;\n    * web-v2;").await;
    world.weigh("web", 20).await;
    world.shows("web", "20.00% web-v1;").await;
    let found = world.splits().get("web").await.unwrap();
    assert_eq!(found.metadata.finalizers.unwrap(), [FINALIZER]);
    let (reason, note) = world.events("web").await.remove(0);
    assert_eq!(
        (reason.as_str(), note.as_str()),
        ("Rendered", "rendered as ConfigMap `nginx/shop.web`")
    );
}

#[tokio::test(start_paused = true)]
async fn a_split_goes_after_its_configuration() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    world.delete("web").await;
    world.is_gone("web").await;
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_somebody_deletes_or_changes_comes_back() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    world
        .config_maps()
        .delete("shop.web", &DeleteParams::default())
        .await
        .unwrap();
    world.shows("web", "10.00%").await;
    let patch = Patch::Merge(json!({"data": {CONFIG: "mine"}}));
    world
        .config_maps()
        .patch("shop.web", &PatchParams::default(), &patch)
        .await
        .unwrap();
    world.shows("web", "10.00%").await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_serves_an_older_version_is_as_good() {
    // The newest version that this one serves is v1alpha2, as OSM's does.
    let mut crds = smi_sdk::crds(&CrdOptions::all_served());
    for version in crds.iter_mut().flat_map(|crd| &mut crd.spec.versions) {
        version.served = version.name == "v1alpha2";
        version.storage = version.name == "v1alpha2";
    }
    crds.retain(|crd| crd.spec.names.kind == "TrafficSplit");
    let server = Server::new(crds);
    let client = server.client();
    let world = World { server, client };
    let namespaces: Api<Namespace> = Api::all(world.client.clone());
    for name in ["nginx", "shop"] {
        let namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
        namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    }
    let _controller = world.start("a");
    let splits: Api<smi_sdk::split::v1alpha2::TrafficSplit> = Api::namespaced(world.client.clone(), "shop");
    let split = json!({"apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplit", "metadata": {"name": "web"},
        "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 1}, {"service": "web-v2", "weight": 3}]}});
    splits
        .create(&PostParams::default(), &serde_json::from_value(split).unwrap())
        .await
        .unwrap();
    world.shows("web", "25.00% web-v1;").await;
    splits.delete("web", &DeleteParams::default()).await.unwrap();
    wait(
        splits,
        "web",
        |split: Option<&smi_sdk::split::v1alpha2::TrafficSplit>| split.is_none(),
    )
    .await;
    assert_eq!(world.rendered("web").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_bad_split_is_reported_and_left_as_it_was_and_the_others_go_on() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("bad", 10).await;
    world.create("good", 10).await;
    world.shows("bad", "10.00%").await;
    world.shows("good", "10.00%").await;

    world.server.faults().corrupt("trafficsplits", "shop", "bad");
    // Whatever it says now is not what is read.
    let patch = Patch::Merge(json!({"spec": {"backends": [{"service": "web-v9", "weight": 1}]}}));
    let _ = world.splits().patch("bad", &PatchParams::default(), &patch).await;
    world.weigh("good", 30).await;
    world.shows("good", "30.00%").await;
    let reported = async {
        loop {
            let events = world.events("bad").await;
            if let Some((_, note)) = events.into_iter().find(|(reason, _)| reason == "Unreadable") {
                return note;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let note = tokio::time::timeout(LONG, reported).await.unwrap();
    assert_eq!(note, "`spec`: a map is expected, not the number `0`");
    assert!(world.rendered("bad").await.unwrap().contains("10.00%"));

    world.server.faults().repair("trafficsplits", "shop", "bad");
    world.weigh("bad", 40).await;
    world.shows("bad", "40.00%").await;
}

#[tokio::test(start_paused = true)]
async fn a_bad_split_can_be_deleted() {
    let world = World::new().await;
    let controller = world.start("a");
    world.create("bad", 10).await;
    world.shows("bad", "10.00%").await;
    controller.stop().await;
    // Bad from the start of the next one, too.
    world.server.faults().corrupt("trafficsplits", "shop", "bad");
    let _controller = world.start("a");
    let metadata: Api<kube::core::PartialObjectMeta<TrafficSplit>> = Api::namespaced(world.client.clone(), "shop");
    let deleted = world.splits().delete("bad", &DeleteParams::default()).await;
    drop(deleted);
    let gone = async {
        while metadata.get_metadata_opt("bad").await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.unwrap();
    assert_eq!(world.rendered("bad").await, None);
}

#[tokio::test(start_paused = true)]
async fn what_happens_between_watches_is_not_missed() {
    let world = World::new().await;
    let _controller = world.start("a");
    for name in ["changed", "deleted"] {
        world.create(name, 10).await;
        world.shows(name, "10.00%").await;
    }
    // Watches break and cannot be taken up again where they were: what was missed comes with a new list.
    let outage = world
        .server
        .faults()
        .add(Rule::new(Fault::InternalError).resource("trafficsplits").verb("watch"));
    world.server.faults().drop_watches();
    world.weigh("changed", 20).await;
    world.delete("deleted").await;
    world.create("new", 30).await;
    world.server.compact();
    world.server.faults().remove(outage);
    world.shows("changed", "20.00%").await;
    world.shows("new", "30.00%").await;
    world.is_gone("deleted").await;
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_is_killed_is_picked_up_where_it_was() {
    let world = World::new().await;
    let controller = world.start("a");
    for name in ["changed", "deleted"] {
        world.create(name, 10).await;
        world.shows(name, "10.00%").await;
    }
    controller.kill().await;
    world.weigh("changed", 20).await;
    world.delete("deleted").await;
    world.create("new", 30).await;
    // The finalizer holds what nobody cleans up.
    assert!(world.splits().get_opt("deleted").await.unwrap().is_some());
    assert!(world.rendered("deleted").await.is_some());

    let started = Instant::now();
    let _controller = world.start("b");
    world.shows("changed", "20.00%").await;
    world.shows("new", "30.00%").await;
    world.is_gone("deleted").await;
    // Nobody gave the Lease up: the next one waits for as long as it lasts.
    assert!(started.elapsed() >= Duration::from_secs(15), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_of_two_leads_and_the_other_takes_over_at_once_when_it_stops() {
    let world = World::new().await;
    let first = world.start("a");
    world.is_led_by("a").await;
    let _second = world.start("b");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(holder(&world.leases().get(LEASE).await.unwrap()), Some("a"));

    first.stop().await;
    let stopped = Instant::now();
    world.is_led_by("b").await;
    assert!(stopped.elapsed() <= Duration::from_secs(2), "{:?}", stopped.elapsed());
    world.weigh("web", 20).await;
    world.shows("web", "20.00%").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_once_another_has_the_lease() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;

    // Somebody takes the Lease by force, and never renews it.
    let mut lease = world.leases().get(LEASE).await.unwrap();
    let spec = lease.spec.as_mut().unwrap();
    spec.holder_identity = Some("other".to_owned());
    spec.renew_time = Some(MicroTime(Timestamp::now()));
    world
        .leases()
        .replace(LEASE, &PostParams::default(), &lease)
        .await
        .unwrap();
    // The holder finds out when it next renews.
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.weigh("web", 20).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(world.rendered("web").await.unwrap().contains("10.00%"));
    assert_eq!(holder(&world.leases().get(LEASE).await.unwrap()), Some("other"));

    // It leads again when the other's Lease is over.
    world.is_led_by("a").await;
    world.shows("web", "20.00%").await;
    let spec = world.leases().get(LEASE).await.unwrap().spec.unwrap();
    assert_eq!(spec.lease_transitions, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_cannot_renew_stops_before_another_may_start() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    // Requests about Leases hang, and all others are answered.
    let slow = Rule::new(Fault::Delay(Duration::from_secs(3600))).resource("leases");
    let outage = world.server.faults().add(slow);
    // Within this time it still leads: nobody else can.
    world.weigh("web", 20).await;
    world.shows("web", "20.00%").await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    world.weigh("web", 30).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(world.rendered("web").await.unwrap().contains("20.00%"));
    world.server.faults().remove(outage);
    world.shows("web", "30.00%").await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_else_touches_is_still_held() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.is_led_by("a").await;
    let patch = Patch::Merge(json!({"metadata": {"labels": {"seen": "yes"}}}));
    world
        .leases()
        .patch(LEASE, &PatchParams::default(), &patch)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let spec = world.leases().get(LEASE).await.unwrap().spec.unwrap();
    assert_eq!(
        (spec.holder_identity.as_deref(), spec.lease_transitions),
        (Some("a"), Some(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_is_begun_and_then_gives_the_lease_up() {
    let world = World::new().await;
    let controller = world.start("a");
    world.is_led_by("a").await;
    // Writing takes longer than the Lease lasts.
    let slow = Rule::new(Fault::Delay(Duration::from_secs(30)))
        .resource("configmaps")
        .verb("patch");
    world.server.faults().add(slow);
    world.create("web", 10).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.rendered("web").await, None);

    controller.stop().await;
    assert!(world.rendered("web").await.unwrap().contains("10.00%"));
    assert_eq!(holder(&world.leases().get(LEASE).await.unwrap()), None);
    // From then on it is silent.
    let before = world.server.resource_version();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.server.resource_version(), before);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_also_when_the_server_does_not_answer() {
    let world = World::new().await;
    let controller = world.start("a");
    world.is_led_by("a").await;
    world.server.faults().internal_errors();
    controller.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_it_leads_takes_no_lease() {
    let world = World::new().await;
    let first = world.start("a");
    world.is_led_by("a").await;
    let second = world.start("b");
    tokio::time::sleep(Duration::from_secs(5)).await;
    second.stop().await;
    assert_eq!(holder(&world.leases().get(LEASE).await.unwrap()), Some("a"));
    first.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_said_in_nginx_is_not_rendered_and_its_author_told() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    let patch = Patch::Merge(json!({"spec": {"matches": [{"kind": "HTTPRouteGroup", "name": "beta"}]}}));
    world
        .splits()
        .patch("web", &PatchParams::default(), &patch)
        .await
        .unwrap();
    wait(world.config_maps(), "shop.web", |map: Option<&ConfigMap>| map.is_none()).await;
    let told = async {
        while !world
            .events("web")
            .await
            .iter()
            .any(|(reason, _)| reason == "NotRendered")
        {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(LONG, told).await.unwrap();
}

#[test]
fn nginx_gets_the_heaviest_backend_last_and_no_share_of_zero() {
    let of = |backends: &[(&str, u32)]| {
        let mut split = split("web", 0);
        split.spec.service = "web-shop".into();
        split.spec.backends = backends
            .iter()
            .map(|(name, weight)| Backend::new(*name, *weight))
            .collect();
        render(&split)
    };
    let block = |lines: &str| {
        Ok(format!(
            "split_clients \"$request_id\" $web_shop_backend {{\n{lines}}}\n"
        ))
    };
    assert_eq!(
        of(&[("a", 90), ("b", 10), ("c", 0)]),
        block("    10.00% b;\n    * a;\n")
    );
    assert_eq!(
        of(&[("a", 1), ("b", 1), ("c", 1)]),
        block("    33.33% a;\n    33.33% b;\n    * c;\n")
    );
    assert_eq!(of(&[("a", 1), ("b", 1_000_000)]), block("    0.01% a;\n    * b;\n"));
    assert_eq!(of(&[("a", 7)]), block("    * a;\n"));
    assert_eq!(of(&[("a", 0)]), block("    * \"\";\n"));
    for name in ["a; } evil {", "", "A", "-a", "a.b"] {
        assert_eq!(of(&[(name, 1)]), Err(NotRendered::Name(name.to_owned())));
    }
}
