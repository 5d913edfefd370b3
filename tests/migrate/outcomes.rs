//! How migrations end that have little to do, and what their reports say.

use kube::ResourceExt;
use serde_json::json;
use smi_sdk::{
    Conversion, CrdOptions, Stored,
    migrate::{Event, Outcome, StorageVersionMigration},
};

use crate::{
    support::{cluster_with, conversion},
    world::{SPLITS, World, crd, names, only},
};

#[tokio::test(start_paused = true)]
async fn every_kind_of_smi_is_migrated_and_what_is_not_installed_said() {
    let stored_at = |version: &str| {
        let crds = smi_sdk::crds(&CrdOptions {
            stored: Stored::Version(version.to_owned()),
            conversion: conversion(),
            ..CrdOptions::all_served()
        });
        // As meshes install them: hardly any has all.
        crds.into_iter()
            .filter(|crd| crd.spec.names.kind != "IdentityBinding")
            .collect::<Vec<_>>()
    };
    let cluster = cluster_with(stored_at("v1alpha3")).await;
    for crd in stored_at("v1alpha4") {
        cluster.change(&crd).await;
    }
    let mut told = Vec::new();
    let report = StorageVersionMigration::new(cluster.client.clone())
        .run(|event| match event {
            Event::Started {
                crd,
                stored_versions,
                storage_version,
            } => told.push(format!("{crd} {stored_versions:?} {storage_version}")),
            Event::Finished(report) => told.push(format!("{} {:?}", report.crd, report.outcome)),
            other => panic!("there are no objects: {other:?}"),
        })
        .await;
    assert!(report.is_complete(), "{report}");
    let of = |name: &str| {
        report
            .crds
            .iter()
            .find(|crd| crd.crd.starts_with(name))
            .unwrap()
            .outcome
    };
    assert_eq!(of("identitybindings"), Outcome::NotInstalled);
    // The newest is the only version that it has.
    assert_eq!(of("udproutes"), Outcome::UpToDate);
    for name in ["traffictargets", "httproutegroups", "tcproutes", "trafficsplits"] {
        assert_eq!(of(name), Outcome::Migrated);
        assert!(
            told.iter()
                .any(|told| told.starts_with(name) && told.ends_with(" [\"v1alpha3\", \"v1alpha4\"] v1alpha4"))
        );
    }
    assert_eq!(told.len(), 6 + 4);
    let text = report.to_string();
    assert_eq!(text.lines().count(), 6);
    for line in [
        "identitybindings.access.smi-spec.io: not installed",
        "udproutes.specs.smi-spec.io: nothing to do, all is stored at v1alpha4",
        "trafficsplits.split.smi-spec.io: migrated to v1alpha4: 0 objects rewritten",
    ] {
        assert!(text.lines().any(|of| of == line), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_migration_can_be_a_task_of_its_own() {
    let world = World::converted_by(Conversion::None, "v1alpha3").await;
    let migration = world.migration();
    let task = tokio::spawn(async move { migration.run(|_| {}).await });
    assert_eq!(only(task.await.unwrap()).outcome, Outcome::UpToDate);
}

#[tokio::test(start_paused = true)]
async fn a_report_is_data_too() {
    let world = World::converted_by(Conversion::None, "v1alpha3").await;
    world.create(names(2), "v1alpha3").await;
    world.store_at("v1alpha4").await;
    let report = world.migration().crds([SPLITS, "none.example.com"]).run(|_| {}).await;
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        json!({"dryRun": false, "crds": [
            {"crd": SPLITS, "outcome": "migrated", "storageVersion": "v1alpha4", "storedVersions": ["v1alpha3", "v1alpha4"],
                "objects": {"rewritten": 2, "unchanged": 0, "gone": 0, "checked": 0}, "failed": []},
            {"crd": "none.example.com", "outcome": "notInstalled", "storedVersions": [],
                "objects": {"rewritten": 0, "unchanged": 0, "gone": 0, "checked": 0}, "failed": []},
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn a_storage_version_that_is_not_served_is_an_error() {
    let world = World::converted_by(Conversion::None, "v1alpha3").await;
    world.create(names(1), "v1alpha3").await;
    let mut crd = crd("v1alpha4", &Conversion::None);
    let newest = crd.spec.versions.iter_mut().find(|version| version.storage).unwrap();
    newest.served = false;
    world.change(&crd).await;
    let report = only(world.migration().run(|_| {}).await);
    assert_eq!(
        report.to_string(),
        format!(
            "{}: not migrated: `v1alpha4` is not served: what is stored at it cannot be read without loss",
            crd.name_any()
        )
    );
    assert_eq!(world.stored_versions().await, ["v1alpha3", "v1alpha4"]);
}
