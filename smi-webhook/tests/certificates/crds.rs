//! The CA in the CRDs.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use smi_fake::{Fault, Rule};

use crate::{
    support::{DAY, until},
    world::{GADGETS, NAMESPACE, Replica, SERVICE, WIDGETS, World, by_service, crd},
};

/// What the field manager `smi-webhook` owns of a CRD.
async fn owned(world: &World, name: &str) -> Value {
    let crd = world.crds().get(name).await.unwrap();
    let managed = crd.metadata.managed_fields.unwrap_or_default();
    let mut ours = managed
        .into_iter()
        .filter(|entry| entry.manager.as_deref() == Some("smi-webhook"));
    let entry = ours.next().unwrap();
    assert!(ours.next().is_none());
    assert_eq!(entry.operation.as_deref(), Some("Apply"));
    entry.fields_v1.unwrap().0
}

async fn version(world: &World, name: &str) -> Option<String> {
    world.crds().get(name).await.unwrap().metadata.resource_version
}

/// Applies the CRD as `kubectl apply --server-side` does.
async fn apply(world: &World, crd: &CustomResourceDefinition) {
    let how = PatchParams::apply("kubectl");
    let name = crd.metadata.name.as_deref().unwrap();
    world.crds().patch(name, &how, &Patch::Apply(crd)).await.unwrap();
}

/// Puts the CRD in the place of the one that is there.
async fn replace(world: &World, crd: &CustomResourceDefinition) {
    let name = crd.metadata.name.as_deref().unwrap();
    let mut there = world.crds().get(name).await.unwrap();
    there.spec = crd.spec.clone();
    world
        .crds()
        .replace(name, &PostParams::default(), &there)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_ca_is_applied_and_nothing_else() {
    let world = World::new().await;
    let before = world.crds().get(WIDGETS).await.unwrap();
    let _replica = world.replica();
    let bundle = world.until_given().await;
    let owned = owned(&world, WIDGETS).await;
    let path = json!({"f:spec": {"f:conversion": {"f:webhook": {"f:clientConfig": {"f:caBundle": {}}}}}});
    assert_eq!(owned, path);
    let mut after = world.crds().get(WIDGETS).await.unwrap();
    let conversion = after.spec.conversion.as_mut().unwrap();
    let config = conversion.webhook.as_mut().unwrap().client_config.as_mut().unwrap();
    assert_eq!(config.ca_bundle.take().unwrap().0, bundle.into_bytes());
    assert_eq!(after.spec, before.spec);
}

#[tokio::test(start_paused = true)]
async fn two_replicas_do_not_write_what_is_there() {
    let world = World::new().await;
    let replicas = [world.replica(), world.replica()];
    for replica in &replicas {
        replica.until_it_serves(&world).await;
    }
    world.until_given().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let versions = [version(&world, WIDGETS).await, version(&world, GADGETS).await];
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(
        versions,
        [version(&world, WIDGETS).await, version(&world, GADGETS).await]
    );
}

#[tokio::test(start_paused = true)]
async fn crds_that_are_applied_without_a_ca_have_it_again() {
    let world = World::new().await;
    let _replica = world.replica();
    let bundle = world.until_given().await;
    let plain = crd(WIDGETS, &by_service());

    replace(&world, &plain).await;
    assert_eq!(world.ca_of(WIDGETS).await, "");
    world.until_given().await;

    world.crds().delete(WIDGETS, &DeleteParams::default()).await.unwrap();
    until("it is gone", async || {
        world.crds().get_opt(WIDGETS).await.unwrap().is_none().then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(world.crds().get_opt(WIDGETS).await.unwrap().is_none(), "none is made");
    apply(&world, &plain).await;
    assert_eq!(world.ca_of(WIDGETS).await, "");
    assert_eq!(world.until_given().await, bundle);
    // It is ours: whoever applies a CRD without a CA keeps what is there.
    apply(&world, &plain).await;
    assert_eq!(world.ca_of(WIDGETS).await, bundle);
}

#[tokio::test(start_paused = true)]
async fn a_ca_of_somebody_else_gives_way() {
    let mut conversion = by_service();
    conversion["webhook"]["clientConfig"]["caBundle"] = "b3RoZXI=".into();
    let world = World::new().await;
    apply(&world, &crd("others.example.com", &conversion)).await;
    replace(&world, &crd(WIDGETS, &conversion)).await;
    assert_eq!(world.ca_of(WIDGETS).await, "other");
    let _replica = world.replica();
    world.until_given().await;
    assert_eq!(world.ca_of("others.example.com").await, "other", "it was not named");
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_calls_another_webhook_or_none_is_left_as_it_is() {
    let other = |config: Value| {
        let mut conversion = by_service();
        conversion["webhook"]["clientConfig"] = config;
        conversion
    };
    for conversion in [
        json!({"strategy": "None"}),
        other(json!({"service": {"namespace": NAMESPACE, "name": "other"}})),
        other(json!({"service": {"namespace": "other", "name": SERVICE}})),
        other(json!({"url": "https://hooks.example.com/convert"})),
    ] {
        let world = World::with([crd(WIDGETS, &conversion), crd(GADGETS, &by_service())]).await;
        let before = version(&world, WIDGETS).await;
        let replica = world.replica();
        replica.until_it_serves(&world).await;
        until("the other has it", async || {
            (!world.ca_of(GADGETS).await.is_empty()).then_some(())
        })
        .await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(version(&world, WIDGETS).await, before, "{conversion}");
        // And is given it once it calls this one.
        replace(&world, &crd(WIDGETS, &by_service())).await;
        world.until_given().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_webhook_with_a_url_is_known_by_its_host() {
    for (url, host) in [
        ("https://127.0.0.1:8443/convert", "127.0.0.1"),
        ("https://[::1]:8443/convert", "::1"),
        ("https://hooks.example.com/convert", "hooks.example.com"),
    ] {
        let conversion = json!({"strategy": "Webhook", "webhook": {
            "conversionReviewVersions": ["v1"], "clientConfig": {"url": url}}});
        let world = World::with([crd(WIDGETS, &conversion), crd(GADGETS, &by_service())]).await;
        let _replica = Replica::new(world.issuer().names([host]));
        world.until_given().await;
    }
}

#[tokio::test(start_paused = true)]
async fn crds_that_cannot_be_written_hinder_no_certificate() {
    let world = World::new().await;
    let faults = world.server.faults();
    faults.add(Rule::new(Fault::InternalError).resource("customresourcedefinitions"));
    let replica = world.replica();
    let first = replica.until_it_serves(&world).await;
    // A new CA is not used before the CRDs have it, while there is time.
    world.time.jump(61 * DAY);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(world.text("tls.crt").await, first);
    world.time.jump(15 * DAY);
    until("another is issued all the same", async || {
        (world.text("tls.crt").await != first).then_some(())
    })
    .await;
    faults.clear();
    world.until_given().await;
}
