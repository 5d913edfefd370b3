//! Objects that cannot be rewritten.

use kube::api::{ListParams, PostParams};
use smi_sdk::migrate::{Event, MigrateError, Outcome};

use crate::world::{World, bad, names, only};

/// Splits `web-0000` and on, with some that no other version can say among them.
async fn with_bad(good: usize, bad_ones: &[&str]) -> World {
    let world = World::new("v1alpha1").await.with(names(good)).await;
    for name in bad_ones {
        let made = world
            .splits("v1alpha1")
            .create(&PostParams::default(), &bad(name))
            .await;
        made.unwrap();
    }
    world.store_at("v1alpha4").await;
    world
}

#[tokio::test(start_paused = true)]
async fn objects_that_cannot_be_converted_are_named_and_the_others_rewritten() {
    // The first, two side by side, and the last.
    let names = ["a-first", "web-0004-a", "web-0004-b", "z-last"];
    let world = with_bad(20, &names).await;
    let mut told = Vec::new();
    let migration = world.migration().page_size(8);
    let report = migration.run(|event| {
        if let Event::Failed { failure, .. } = event {
            told.push(failure.object.to_string());
        }
    });
    let report = only(report.await);
    assert_eq!(report.outcome, Outcome::Incomplete, "{report}");
    assert!(!report.is_complete());
    assert_eq!(report.objects.rewritten, 20, "{report}");
    let found: Vec<_> = report.failed.iter().map(|failure| failure.object.name()).collect();
    assert_eq!(found, names);
    assert_eq!(told, names.map(|name| format!("{}/{name}", world.cluster.namespace)));
    for failure in &report.failed {
        let why = failure.error.to_string();
        assert!(why.contains("spec.backends[0].weight"), "{why}");
    }
    assert_eq!(world.stored_versions().await, ["v1alpha1", "v1alpha4"]);
    let text = report.to_string();
    let first = "trafficsplits.split.smi-spec.io: not all migrated to v1alpha4, and v1alpha1 stays among the stored versions: 20 objects rewritten, 4 failed\n";
    assert!(text.starts_with(first), "{text}");
    assert_eq!(text.lines().count(), 5, "{text}");

    // Without them nothing is in the way.
    world.delete(&names).await;
    world.store_at("v1alpha4").await;
    let report = world.finish().await;
    assert_eq!(report.objects.unchanged, 20, "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_finds_what_cannot_be_converted_and_changes_nothing() {
    let world = with_bad(5, &["web-0002-a"]).await;
    let splits = world.splits("v1alpha1");
    let items = async || splits.list(&ListParams::default()).await.unwrap().items;
    let (crd, before) = (world.crd().await, items().await);
    let report = world.migration().dry_run(true).run(|_| {}).await;
    assert!(report.dry_run && !report.is_complete());
    let report = only(report);
    assert_eq!(
        (report.outcome, report.objects.checked, report.failed.len()),
        (Outcome::DryRun, 5, 1),
        "{report}"
    );
    assert_eq!(report.objects.rewritten + report.objects.unchanged, 0);
    // Revisions and all.
    assert_eq!(items().await, before);
    assert_eq!(world.crd().await, crd);
    let text = report.to_string();
    let first = "trafficsplits.split.smi-spec.io: would be migrated from v1alpha1 to v1alpha4: 5 objects are fit for it, 1 failed\n";
    assert!(text.starts_with(first), "{text}");
    world.delete(&["web-0002-a"]).await;
}

#[tokio::test(start_paused = true)]
async fn so_many_failures_that_something_else_is_wrong_end_it() {
    let names = ["a", "b", "c", "d", "e"];
    let world = with_bad(3, &names).await;
    let report = only(world.migration().give_up_after(3).run(|_| {}).await);
    assert!(
        matches!(report.error, Some(MigrateError::GivenUp { failures: 3 })),
        "{report}"
    );
    assert_eq!(report.failed.len(), 3);
    assert_eq!(world.stored_versions().await, ["v1alpha1", "v1alpha4"]);
    assert!(report.to_string().starts_with(
        "trafficsplits.split.smi-spec.io: not migrated: given up after `3` objects that cannot be rewritten, 3 failed\n"
    ));
    world.delete(&names).await;
}
