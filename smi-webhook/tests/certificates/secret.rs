//! The Secret that the replicas share.

use std::{collections::BTreeSet, time::Duration};

use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use smi_fake::{Fault, Rule};

use crate::{
    support::{DAY, until},
    world::{SECRET, World},
};

const MANAGED: (&str, &str) = ("app.kubernetes.io/managed-by", "smi-webhook");

#[tokio::test(start_paused = true)]
async fn a_missing_secret_is_made() {
    let world = World::new().await;
    let replica = world.replica();
    replica.until_it_serves(&world).await;
    let secret = world.secrets().get(SECRET).await.unwrap();
    assert_eq!(secret.metadata.labels.unwrap()[MANAGED.0], MANAGED.1);
    let keys: Vec<_> = secret.data.unwrap().into_keys().collect();
    assert_eq!(keys, ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_without_data_is_filled() {
    let world = World::new().await;
    let empty: Secret = serde_json::from_value(json!({"metadata": {"name": SECRET}})).unwrap();
    let made = world.secrets().create(&PostParams::default(), &empty).await.unwrap();
    // Nobody but its owner may create one.
    let faults = world.server.faults();
    faults.add(Rule::new(Fault::InternalError).verb("create").resource("secrets"));
    let replica = world.replica();
    replica.until_it_serves(&world).await;
    let filled = world.secrets().get(SECRET).await.unwrap();
    assert_eq!(filled.metadata.uid, made.metadata.uid);
}

#[tokio::test(start_paused = true)]
async fn replicas_that_start_at_once_agree() {
    for _ in 0..20 {
        let world = World::new().await;
        let replicas: Vec<_> = (0..5).map(|_| world.replica()).collect();
        let mut served = BTreeSet::new();
        for replica in &replicas {
            served.insert(replica.until_it_serves(&world).await);
        }
        assert_eq!(served.len(), 1);
        world.until_given().await;
        let secret = world.secrets().get(SECRET).await.unwrap();
        tokio::time::sleep(Duration::from_secs(120)).await;
        let later = world.secrets().get(SECRET).await.unwrap();
        assert_eq!(secret.metadata.resource_version, later.metadata.resource_version);
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_renewed_before_it_ends_and_every_replica_serves_the_new_one() {
    let world = World::new().await;
    let replicas = [world.replica(), world.replica()];
    let first = replicas[0].until_it_serves(&world).await;
    let ca = world.until_given().await;
    world.time.jump(61 * DAY);
    until("another certificate is there", async || {
        (world.text("tls.crt").await != first).then_some(())
    })
    .await;
    let second = replicas[0].until_it_serves(&world).await;
    assert_eq!(replicas[1].until_it_serves(&world).await, second);
    assert_eq!(world.until_given().await, ca);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_secret_is_mended() {
    let world = World::new().await;
    let replicas = [world.replica(), world.replica()];
    let first = replicas[0].until_it_serves(&world).await;
    for (key, text) in [
        ("tls.crt", "garbage"),
        ("tls.key", ""),
        ("ca.key", "garbage"),
        ("ca.crt", "garbage"),
    ] {
        let before = world.text(key).await;
        world.damage(key, text).await;
        until(&format!("`{key}` is mended"), async || {
            (world.text(key).await != text).then_some(())
        })
        .await;
        assert_ne!(world.text(key).await, before, "there is no copy of it");
        let served = replicas[0].until_it_serves(&world).await;
        assert_eq!(replicas[1].until_it_serves(&world).await, served);
        world.until_given().await;
    }
    assert_ne!(world.text("tls.crt").await, first);
}

#[tokio::test(start_paused = true)]
async fn the_secret_of_somebody_else_is_left_as_it_is() {
    let world = World::new().await;
    let theirs: Secret = serde_json::from_value(json!({
        "metadata": {"name": SECRET}, "stringData": {"tls.crt": "theirs", "tls.key": "theirs"},
    }))
    .unwrap();
    world.secrets().create(&PostParams::default(), &theirs).await.unwrap();
    let replica = world.replica();
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(replica.current.get().is_none());
    assert_eq!(world.text("tls.crt").await, "theirs");
    // It is ours once its owner says so.
    let labels = json!({"metadata": {"labels": {MANAGED.0: MANAGED.1}}});
    let patch = Patch::Merge(labels);
    world
        .secrets()
        .patch(SECRET, &PatchParams::default(), &patch)
        .await
        .unwrap();
    replica.until_it_serves(&world).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_old_ca_is_trusted_once_its_secret_was_deleted() {
    let world = World::new().await;
    let replicas = [world.replica(), world.replica()];
    replicas[0].until_it_serves(&world).await;
    let old = world.until_given().await;
    world.delete_secret().await;
    until("there is a new Secret", async || {
        (!world.data().await.is_empty()).then_some(())
    })
    .await;
    let served = replicas[0].until_it_serves(&world).await;
    assert_eq!(replicas[1].until_it_serves(&world).await, served);
    let new = world.until_given().await;
    assert!(!new.contains(&old));
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_fails_for_a_while_costs_only_time() {
    let world = World::new().await;
    let faults = world.server.faults();
    faults.add(Rule::new(Fault::InternalError).resource("secrets"));
    let replica = world.replica();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(replica.current.get().is_none());
    faults.clear();
    let served = replica.until_it_serves(&world).await;

    faults.add(Rule::new(Fault::InternalError).resource("secrets"));
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(crate::support::shows(&replica.current, &served), "what is served stays");
}

#[tokio::test(start_paused = true)]
async fn what_others_keep_in_the_secret_stays() {
    let world = World::new().await;
    let note = json!({
        "metadata": {"name": SECRET, "labels": {MANAGED.0: MANAGED.1, "team": "mesh"}, "annotations": {"note": "a"}},
        "stringData": {"note": "kept"},
    });
    let note: Secret = serde_json::from_value(note).unwrap();
    world.secrets().create(&PostParams::default(), &note).await.unwrap();
    let replica = world.replica();
    replica.until_it_serves(&world).await;
    assert_eq!(world.text("note").await, "kept");
    let metadata = world.secrets().get(SECRET).await.unwrap().metadata;
    assert_eq!(metadata.labels.unwrap()["team"], "mesh");
    assert_eq!(metadata.annotations.unwrap()["note"], "a");
}
