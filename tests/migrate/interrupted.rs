//! Migrations that are dropped in the middle and run again.

use smi_sdk::{
    Conversion,
    migrate::{Event, Outcome},
};

use crate::world::{World, names, run_until};

#[tokio::test(start_paused = true)]
async fn thousands_of_objects_are_migrated_though_it_is_interrupted_twice() {
    let world = World::new("v1alpha1").await;
    // Five pages are as good as ten where every request is served by unoptimized code of ours.
    let (objects, page) = match world.cluster.fake() {
        Some(_) => (1000, 200),
        None => (5000, 500),
    };
    let world = world.with(names(objects)).await;
    world.store_at("v1alpha4").await;
    let (before, revisions) = (world.content("v1alpha4").await, world.revisions().await);
    assert_eq!(before.len(), objects);
    assert_eq!(before["web-0007"].data["spec"]["backends"][0]["weight"], 500);
    // As their authors wrote them, and see them still.
    let written = world.content("v1alpha1").await;
    assert_eq!(written["web-0007"].data["spec"]["backends"][0]["weight"], "500m");

    let mut at_least = 0;
    for stop_at in [objects / 3, objects * 4 / 5] {
        let migration = world.migration().page_size(page);
        let reached = run_until(&migration, |event| {
            matches!(event, Event::Progress { done, total, .. } if {
                assert_eq!(total, Some(objects));
                done == stop_at
            })
        });
        assert!(reached.await, "it is interrupted at {stop_at}");
        assert_eq!(world.stored_versions().await, ["v1alpha1", "v1alpha4"]);
        let now = world.revisions().await;
        let rewritten = now
            .iter()
            .filter(|(name, revision)| revisions[*name] != **revision)
            .count();
        assert!((stop_at..objects).contains(&rewritten), "{rewritten} at {stop_at}");
        assert!(rewritten > at_least);
        at_least = rewritten;
    }
    let report = world.finish().await;
    assert_eq!(report.objects.rewritten + report.objects.unchanged, objects, "{report}");
    assert!(
        report.objects.unchanged >= at_least && report.objects.rewritten > 0,
        "{report}"
    );
    assert_eq!(report.stored_versions, ["v1alpha1", "v1alpha4"]);
    let after = world.content("v1alpha4").await;
    for (name, split) in &before {
        assert_eq!(after.get(name), Some(split));
    }
    assert_eq!(after.len(), objects);
    assert_eq!(world.content("v1alpha1").await, written);
    let now = world.revisions().await;
    assert!(revisions.iter().all(|(name, revision)| now[name] != *revision));

    // Nothing is left to do, and nothing is done.
    assert_eq!(world.migrate().await.outcome, Outcome::UpToDate);
    assert_eq!(world.revisions().await, now);
}

#[tokio::test(start_paused = true)]
async fn interrupted_after_any_event_it_comes_to_the_same_end() {
    let world = World::converted_by(Conversion::None, "v1alpha3").await;
    world.create(names(7), "v1alpha3").await;
    let before = world.content("v1alpha3").await;
    let versions = ["v1alpha4", "v1alpha3"];
    for (stop_after, version) in (1..).zip(versions.into_iter().cycle()) {
        world.store_at(version).await;
        let migration = world.migration().page_size(3).concurrency(2);
        let mut events = 0;
        let was_interrupted = run_until(&migration, |event| {
            events += 1;
            // At the last one all is done.
            events == stop_after && !matches!(event, Event::Finished(_))
        })
        .await;
        if !was_interrupted {
            // That one `Started`, and one of each object.
            assert_eq!(stop_after, 1 + 7 + 1);
            break;
        }
        let stored = world.stored_versions().await;
        assert!(stored.len() == 2 || stored == [version], "{stored:?}");
        let report = world.migrate().await;
        assert!(
            matches!(report.outcome, Outcome::Migrated | Outcome::UpToDate),
            "{report}"
        );
        assert_eq!(world.stored_versions().await, [version]);
        assert_eq!(world.content("v1alpha3").await, before);
    }
}
