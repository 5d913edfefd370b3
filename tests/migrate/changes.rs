//! Others who write at the same time: objects, and the CRD itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use http::{Method, Response};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
    client::Body,
};
use serde_json::json;
use smi_sdk::{
    Conversion,
    migrate::{Event, MigrateError, Outcome, StorageVersionMigration},
};

use crate::world::{SPLITS, World, crd, names, of_splits, only};

/// Whether a request rewrites an object.
fn rewrites(request: &http::Request<Body>) -> bool {
    request.method() == Method::PATCH && request.uri().path().contains("/trafficsplits/")
}

#[tokio::test(start_paused = true)]
async fn what_others_write_at_the_same_time_stays() {
    let world = World::new("v1alpha1").await.with(names(60)).await;
    world.store_at("v1alpha4").await;
    let splits = world.splits("v1alpha4");
    let writer = async {
        for round in 0..3 {
            for name in names(60) {
                let label = Patch::Merge(json!({"metadata": {"labels": {"round": round.to_string()}}}));
                splits.patch(&name, &PatchParams::default(), &label).await.unwrap();
            }
        }
    };
    let migration = world.migration().page_size(10);
    let (report, ()) = tokio::join!(migration.run(|_| {}), writer);
    let report = only(report);
    assert_eq!(
        (report.outcome, report.failed.len()),
        (Outcome::Migrated, 0),
        "{report}"
    );
    assert_eq!(world.stored_versions().await, ["v1alpha4"]);
    for (name, split) in world.content("v1alpha4").await {
        assert_eq!(split.metadata.labels.unwrap()["round"], "2", "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_deleted_between_the_list_and_its_turn_is_no_failure() {
    let world = World::new("v1alpha1").await.with(names(5)).await;
    world.store_at("v1alpha4").await;
    let api = world.splits("v1alpha4");
    let client = world.client_that(move |request| {
        let (api, is_it) = (
            api.clone(),
            rewrites(request) && request.uri().path().ends_with("/web-0003"),
        );
        async move {
            if is_it {
                api.delete("web-0003", &DeleteParams::default()).await.unwrap();
            }
            None
        }
        .boxed()
    });
    let report = only(of_splits(client).run(|_| {}).await);
    assert_eq!(
        (report.outcome, report.objects.gone, report.objects.rewritten),
        (Outcome::Migrated, 1, 4),
        "{report}"
    );
    assert_eq!(world.stored_versions().await, ["v1alpha4"]);
}

#[tokio::test(start_paused = true)]
async fn a_storage_version_that_changes_meanwhile_is_the_one_that_counts() {
    let world = World::converted_by(Conversion::None, "v1alpha2").await;
    world.create(names(6), "v1alpha2").await;
    world.store_at("v1alpha3").await;
    let (seen, admin) = (AtomicUsize::new(0), world.cluster.client.clone());
    let client = world.client_that(move |request| {
        let is_time = rewrites(request) && seen.fetch_add(1, Ordering::Relaxed) == 2;
        let admin = admin.clone();
        async move {
            if is_time {
                let spec = crd("v1alpha4", &Conversion::None).spec;
                let versions = Patch::Merge(json!({"spec": {"versions": spec.versions}}));
                let crds: Api<CustomResourceDefinition> = Api::all(admin);
                crds.patch(SPLITS, &PatchParams::default(), &versions).await.unwrap();
            }
            None
        }
        .boxed()
    });
    let mut again = 0;
    let migration = of_splits(client).concurrency(1);
    let report = migration.run(|event| again += usize::from(matches!(event, Event::StartedOver { .. })));
    let report = only(report.await);
    assert_eq!(
        (report.outcome, report.storage_version.as_deref()),
        (Outcome::Migrated, Some("v1alpha4")),
        "{report}"
    );
    assert_eq!(report.stored_versions, ["v1alpha2", "v1alpha3", "v1alpha4"]);
    assert_eq!(again, 1);
    assert_eq!(world.stored_versions().await, ["v1alpha4"]);
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_never_rests_is_left_alone() {
    let world = World::converted_by(Conversion::None, "v1alpha3").await;
    world.create(names(1), "v1alpha3").await;
    world.store_at("v1alpha4").await;
    let (changes, admin) = (Arc::new(AtomicUsize::new(0)), world.cluster.client.clone());
    let client = world.client_that(move |request| {
        let is_time = rewrites(request);
        let (changes, admin) = (changes.clone(), admin.clone());
        async move {
            if is_time {
                let name = format!("s{}", changes.fetch_add(1, Ordering::Relaxed));
                let change = Patch::Merge(json!({"spec": {"names": {"shortNames": [name]}}}));
                let crds: Api<CustomResourceDefinition> = Api::all(admin);
                crds.patch(SPLITS, &PatchParams::default(), &change).await.unwrap();
            }
            None
        }
        .boxed()
    });
    let report = only(of_splits(client).run(|_| {}).await);
    assert!(
        matches!(report.error, Some(MigrateError::Changing { rounds: 5 })),
        "{report}"
    );
    assert_eq!(world.stored_versions().await, ["v1alpha3", "v1alpha4"]);
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_goes_away_meanwhile_is_not_installed() {
    let world = World::converted_by(Conversion::None, "v1alpha3").await;
    world.create(names(3), "v1alpha3").await;
    world.store_at("v1alpha4").await;
    let admin = world.cluster.client.clone();
    let client = world.client_that(move |request| {
        let is_time = rewrites(request);
        let admin = admin.clone();
        async move {
            if is_time {
                let crds: Api<CustomResourceDefinition> = Api::all(admin);
                if crds.get_opt(SPLITS).await.unwrap().is_some() {
                    crds.delete(SPLITS, &DeleteParams::default()).await.unwrap();
                }
                while crds.get_opt(SPLITS).await.unwrap().is_some() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            None
        }
        .boxed()
    });
    let report = only(of_splits(client).concurrency(1).run(|_| {}).await);
    assert_eq!(
        (report.outcome, report.is_complete()),
        (Outcome::NotInstalled, true),
        "{report}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_the_new_storage_version_yet_is_waited_for() {
    let world = World::new("v1alpha1").await.with(names(2)).await;
    world.store_at("v1alpha4").await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let client = world.client_that(move |request| {
        let is_discovery = request.uri().path() == "/apis/split.smi-spec.io/v1alpha4";
        // As a server says whose storage version is still another.
        let stale = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "split.smi-spec.io/v1alpha4",
            "resources": [{"name": "trafficsplits", "singularName": "", "namespaced": true, "kind": "TrafficSplit",
                "verbs": ["list"], "storageVersionHash": "AAAAAAAAAAA="}]});
        let is_stale = is_discovery && count.fetch_add(1, Ordering::Relaxed) < 3;
        let is_early = rewrites(request) && count.load(Ordering::Relaxed) < 4;
        async move {
            assert!(!is_early, "nothing is written before");
            is_stale.then(|| Response::new(Body::from(stale.to_string().into_bytes())))
        }
        .boxed()
    });
    let report = StorageVersionMigration::new(client).crds([SPLITS]).run(|_| {}).await;
    assert_eq!(only(report).outcome, Outcome::Migrated);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}
