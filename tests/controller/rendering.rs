//! Splits and their ConfigMaps.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::json;
use smi_sdk::split::v1alpha2;

use crate::{
    controller::reconcile::{CONFIG, FINALIZER},
    support::{cluster_with, until},
    world::{World, crds, wait},
};

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
    let expected = format!("rendered as ConfigMap `{}/{}`", world.nginx, world.map("web"));
    assert_eq!((reason.as_str(), note), ("Rendered", expected));
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
    let (maps, name) = (world.config_maps(), world.map("web"));
    maps.delete(&name, &DeleteParams::default()).await.unwrap();
    world.shows("web", "10.00%").await;
    let patch = Patch::Merge(json!({"data": {CONFIG: "mine"}}));
    maps.patch(&name, &PatchParams::default(), &patch).await.unwrap();
    world.shows("web", "10.00%").await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_serves_an_older_version_is_as_good() {
    // The newest version that this one serves is v1alpha2, as OSM's does.
    let mut crds = crds();
    for version in crds.iter_mut().flat_map(|crd| &mut crd.spec.versions) {
        version.served = version.name == "v1alpha2";
        version.storage = version.name == "v1alpha2";
    }
    let world = World::of(cluster_with(crds).await).await;
    let _controller = world.start("a");
    let splits: Api<v1alpha2::TrafficSplit> = Api::namespaced(world.cluster.client.clone(), &world.shop);
    let split = json!({"apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplit", "metadata": {"name": "web"},
        "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 1}, {"service": "web-v2", "weight": 3}]}});
    splits
        .create(&PostParams::default(), &serde_json::from_value(split).unwrap())
        .await
        .unwrap();
    world.shows("web", "25.00% web-v1;").await;
    splits.delete("web", &DeleteParams::default()).await.unwrap();
    wait(splits, "web", |split: Option<&v1alpha2::TrafficSplit>| split.is_none()).await;
    assert_eq!(world.rendered("web").await, None);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_said_in_nginx_is_not_rendered_and_its_author_told() {
    let world = World::new().await;
    let _controller = world.start("a");
    world.create("web", 10).await;
    world.shows("web", "10.00%").await;
    let matches = json!({"matches": [{"kind": "HTTPRouteGroup", "name": "beta"}]});
    world.patch("web", matches).await;
    wait(world.config_maps(), &world.map("web"), |map: Option<&ConfigMap>| {
        map.is_none()
    })
    .await;
    until("the author is told", async || {
        let events = world.events("web").await;
        events.iter().any(|(reason, _)| reason == "NotRendered").then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_author_of_a_split_whose_configuration_cannot_have_a_name_is_told() {
    let world = World::new().await;
    let _controller = world.start("a");
    let name = "a".repeat(250);
    world.create(&name, 10).await;
    let events = until("the author is told", async || {
        let events = world.events(&name).await;
        (!events.is_empty()).then_some(events)
    })
    .await;
    let note = format!(
        "the ConfigMap would be called `{}`, and 253 characters are the longest name",
        world.map(&name)
    );
    assert_eq!(events, [("NotRendered".to_owned(), note)]);
    world.delete(&name).await;
    wait(
        world.splits(),
        &name,
        |split: Option<&smi_sdk::split::v1alpha4::TrafficSplit>| split.is_none(),
    )
    .await;
}
