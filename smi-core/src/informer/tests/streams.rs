//! Recorded streams: what readers, subscribers and the caller see of each.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    core::{Expression, Selector},
    runtime::watcher,
};
use tokio::time::Instant;

use super::{super::*, *};

#[test]
fn changes_reach_objects_and_indexes_before_they_are_told() {
    let mut fed = Fed::synced([object("a", 1, "front"), object("b", 2, "back")]);
    assert_eq!(fed.names(), ["a", "b"]);
    assert_eq!(fed.lister.by(tier, &"front".to_owned()).len(), 1);

    assert_eq!(fed.apply(object("a", 3, "back")), ["+a"]);
    assert!(fed.lister.by(tier, &"front".to_owned()).is_empty());
    assert_eq!(fed.lister.by(tier, &"back".to_owned()).len(), 2);
    assert_eq!(fed.lister.by(letters, &'k').len(), 2);

    assert_eq!(fed.delete(object("b", 4, "back")), ["-b"]);
    assert_eq!(fed.names(), ["a"]);
    assert!(fed.lister.get("shop", "b").is_none());
    assert_eq!(fed.lister.list(Some("shop")).len(), 1);
    assert!(fed.lister.list(Some("other")).is_empty());
    let back = Selector::from(Expression::Equal("tier".into(), "back".into()));
    assert_eq!(fed.lister.select(Some("shop"), &back).len(), 1);
}

#[test]
fn without_the_index_a_look_up_gives_the_same() {
    fn name(object: &ConfigMap) -> Option<String> {
        object.metadata.name.clone()
    }
    let fed = Fed::synced([object("a", 1, "front"), object("b", 2, "back")]);
    assert_eq!(fed.lister.by(name, &"b".to_owned()).len(), 1);
    assert!(fed.lister.by(name, &"c".to_owned()).is_empty());
}

#[test]
fn nobody_sees_half_a_relist() {
    let mut fed = Fed::synced([object("a", 1, "front"), object("b", 2, "back")]);
    let kept = fed.lister.get("shop", "b").unwrap();
    fed.send(watcher::Event::Init);
    fed.send(watcher::Event::InitApply(object("b", 2, "back").into()));
    fed.send(watcher::Event::InitApply(object("c", 5, "new").into()));
    assert_eq!(fed.names(), ["a", "b"]);
    assert!(fed.lister.by(tier, &"new".to_owned()).is_empty());

    assert_eq!(fed.send(watcher::Event::InitDone), ["-a", "+c"]);
    assert_eq!(fed.names(), ["b", "c"]);
    assert_eq!(fed.lister.by(tier, &"new".to_owned()).len(), 1);
    assert!(
        Arc::ptr_eq(&kept, &fed.lister.get("shop", "b").unwrap()),
        "an unchanged object is not stored again"
    );
}

#[test]
fn a_list_that_breaks_off_leaves_no_trace() {
    let mut fed = Fed::synced([object("a", 1, "front")]);
    fed.send(watcher::Event::Init);
    fed.send(watcher::Event::InitApply(object("b", 2, "back").into()));
    assert_eq!(fed.list([object("a", 1, "front").into()]), [""; 0]);
    assert_eq!(fed.names(), ["a"]);
}

#[test]
fn duplicate_and_old_events_say_nothing() {
    let mut fed = Fed::synced([object("a", 5, "front")]);
    assert_eq!(fed.apply(object("a", 5, "front")), [""; 0]);
    assert_eq!(fed.apply(object("a", 4, "old")), [""; 0]);
    assert_eq!(fed.delete(object("a", 3, "old")), [""; 0]);
    assert_eq!(fed.delete(object("a", 7, "front")), ["-a"]);
    assert_eq!(fed.apply(object("a", 6, "back")), [""; 0], "deleted at 7");
    assert_eq!(fed.apply(bad("a", 6)), [""; 0]);
    assert_eq!(fed.apply(object("a", 8, "back")), ["+a"]);
    assert_eq!(fed.lister.stats().stale, 5);
}

#[test]
fn versions_of_several_objects_may_be_out_of_order() {
    let mut fed = Fed::synced([object("a", 1, "x"), object("b", 2, "x")]);
    fed.apply(object("b", 9, "y"));
    assert_eq!(fed.apply(object("a", 8, "y")), ["+a"]);
}

#[test]
fn a_bad_object_fails_closed_alone_and_is_told_once() {
    let mut fed = Fed::synced([object("a", 1, "front"), object("b", 2, "back")]);
    assert_eq!(fed.apply(bad("a", 3)), ["-a", "!a"]);
    assert_eq!(fed.apply(bad("a", 3)), [""; 0]);
    assert_eq!(fed.names(), ["b"]);
    assert_eq!(fed.lister.invalid()[0].object.to_string(), "shop/a");
    // A relist brings the same bad version.
    assert_eq!(fed.list([bad("a", 3), object("b", 2, "back").into()]), [""; 0]);
    assert_eq!(fed.apply(object("a", 4, "front")), ["+a"]);
    assert!(fed.lister.invalid().is_empty());
}

#[test]
fn a_bad_object_can_be_there_at_the_start_and_go_while_bad() {
    let mut fed = Fed::new(OnInvalid::FailClosed);
    assert_eq!(
        fed.list([bad("a", 1), object("b", 2, "back").into()]),
        ["+b", "!a", "ready"]
    );
    assert_eq!(fed.delete(bad("a", 3)), ["-a"]);
    assert!(fed.lister.invalid().is_empty());
    assert_eq!(fed.apply(bad("c", 4)), ["!c"]);
    assert_eq!(fed.list([object("b", 2, "back").into()]), ["-c"]);
    assert_eq!(fed.lister.stats().invalid, 2);
}

#[test]
fn the_last_good_version_stays_if_asked_for() {
    let mut fed = Fed::new(OnInvalid::KeepLast);
    fed.list([object("a", 1, "front").into(), bad("b", 2)]);
    assert_eq!(fed.apply(bad("a", 3)), ["!a"]);
    assert_eq!(fed.list([bad("a", 3), bad("b", 2)]), [""; 0]);
    assert_eq!(fed.names(), ["a"]);
    assert_eq!(
        fed.lister
            .get("shop", "a")
            .unwrap()
            .metadata
            .resource_version
            .as_deref(),
        Some("1")
    );
    assert_eq!(fed.lister.invalid().len(), 2);
    assert_eq!(fed.delete(bad("a", 4)), ["-a"]);
    assert!(fed.names().is_empty());
}

#[test]
fn the_last_good_version_of_another_object_does_not_stay() {
    let another = |version| match bad("a", version) {
        Decoded::Bad(invalid) => Decoded::Bad(Invalid {
            uid: "another".to_owned(),
            ..invalid
        }),
        good @ Decoded::Good(_) => good,
    };
    let mut fed = Fed::new(OnInvalid::KeepLast);
    fed.list([object("a", 1, "front").into()]);
    // Its end and the beginning of another of its name were not seen.
    assert_eq!(fed.list([another(4)]), ["-a", "!a"]);
    assert!(fed.names().is_empty());

    let mut fed = Fed::new(OnInvalid::KeepLast);
    fed.list([object("a", 1, "front").into()]);
    assert_eq!(fed.apply(another(4)), ["-a", "!a"]);
    assert!(fed.names().is_empty());
}

#[test]
fn subscribers_are_told_of_bad_objects_only_when_failing_closed() {
    for (policy, expected) in [
        (OnInvalid::FailClosed, "!a"),
        (OnInvalid::Drop, "-a"),
        (OnInvalid::KeepLast, ""),
    ] {
        let mut fed = Fed::new(policy);
        fed.list([object("a", 1, "front").into()]);
        let mut changes = fed.lister.subscribe();
        assert!(matches!(next(&mut changes), Some(Batch::Snapshot { .. })));
        fed.apply(bad("a", 2));
        let told: Vec<_> = batch(&mut changes).iter().map(spell).collect();
        assert_eq!(told.concat(), expected);
    }
}

#[test]
fn a_late_subscriber_gets_a_snapshot_then_what_changed_last() {
    let mut fed = Fed::synced([object("a", 1, "front"), object("b", 2, "back")]);
    let mut changes = fed.lister.subscribe();
    fed.apply(object("c", 3, "front"));
    let Some(Batch::Snapshot { objects, invalid }) = next(&mut changes) else {
        panic!("no snapshot")
    };
    assert_eq!((objects.len(), invalid.len()), (3, 0));
    assert!(next(&mut changes).is_none());

    fed.apply(object("a", 4, "x"));
    fed.apply(object("a", 5, "y"));
    fed.delete(object("b", 6, "back"));
    fed.apply(object("d", 7, "z"));
    fed.delete(object("d", 8, "z"));
    assert_eq!(changes.lag(), 2);
    assert_eq!(fed.lister.stats().lag, 2);
    let mut told: Vec<_> = batch(&mut changes).iter().map(spell).collect();
    told.sort();
    assert_eq!(told, ["+a5", "-b"], "d came and went unseen");
    assert_eq!(changes.lag(), 0);
}

#[test]
fn a_relist_is_one_batch() {
    let mut fed = Fed::synced([object("a", 1, "front"), object("b", 2, "back")]);
    let mut changes = fed.lister.subscribe();
    next(&mut changes);
    fed.list([object("b", 2, "back").into(), object("c", 3, "x").into(), bad("d", 4)]);
    let mut told: Vec<_> = batch(&mut changes).iter().map(spell).collect();
    told.sort();
    assert_eq!(told, ["!d", "+c3", "-a"]);
    assert!(next(&mut changes).is_none());
}

#[test]
fn a_subscriber_that_never_polls_holds_at_most_one_change_a_key() {
    let mut fed = Fed::synced((0..10).map(|n| object(&n.to_string(), n + 1, "x")));
    let mut stuck = fed.lister.subscribe();
    next(&mut stuck);
    for version in 100..1_100 {
        fed.apply(object(&(version % 10).to_string(), version, "y"));
        let passing = format!("p{version}");
        fed.apply(object(&passing, version, "z"));
        fed.delete(object(&passing, version + 1, "z"));
    }
    assert_eq!(stuck.lag(), 10);
}

#[tokio::test]
async fn a_subscriber_before_the_sync_waits_for_it_and_ends_with_the_informer() {
    let mut fed = Fed::new(OnInvalid::default());
    let mut changes = fed.lister.subscribe();
    assert!(next(&mut changes).is_none());
    let waiting = tokio::spawn(async move {
        let first = changes.next().await;
        (first, changes.next().await)
    });
    tokio::task::yield_now().await;
    fed.list([object("a", 1, "x").into()]);
    fed.lister.ready().await.unwrap();
    tokio::task::yield_now().await;
    drop(fed.events);
    let (first, end) = waiting.await.unwrap();
    let Some(Batch::Snapshot { objects, .. }) = first else {
        panic!("{first:?}")
    };
    assert_eq!(objects.len(), 1);
    assert!(end.is_none());
}

#[tokio::test]
async fn an_informer_that_ends_early_is_never_ready() {
    let fed = Fed::new(OnInvalid::default());
    assert!(!fed.lister.is_ready());
    drop(fed.events);
    assert_eq!(fed.lister.ready().await, Err(NeverReady));
}

#[tokio::test(start_paused = true)]
async fn age_counts_from_what_the_server_said_last() {
    let (feed, given) = mpsc::unbounded::<watcher::Result<watcher::Event<ConfigMap>>>();
    let (lister, mut events) = Informer::stream(given).start();
    feed.unbounded_send(Err(watcher::Error::NoResourceVersion)).unwrap();
    told(&mut events);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(lister.age(Instant::now()), None);
    assert_eq!(lister.failing(Instant::now()), Some(Duration::from_secs(5)));

    for event in [watcher::Event::Init, watcher::Event::InitDone] {
        feed.unbounded_send(Ok(event)).unwrap();
    }
    assert_eq!(told(&mut events), ["ready"]);
    assert_eq!(lister.failing(Instant::now()), None);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(lister.age(Instant::now()), Some(Duration::from_secs(60)));
    assert_eq!(lister.stats().errors, 1);
}

#[test]
fn a_projection_is_what_is_stored_indexed_and_told() {
    #[derive(Debug, PartialEq)]
    struct Rule {
        tier: Option<String>,
    }
    fn by_tier(rule: &Rule) -> Option<String> {
        rule.tier.clone()
    }
    let recording = [
        watcher::Event::Init,
        watcher::Event::InitApply(object("a", 1, "front")),
        watcher::Event::InitDone,
        watcher::Event::Apply(object("a", 2, "back")),
        watcher::Event::Apply(object("a", 2, "back")),
    ];
    let informer = Informer::<ConfigMap>::stream(futures::stream::iter(recording));
    let (lister, mut events) = informer
        .project(|object| Rule { tier: tier(&object) })
        .index(by_tier)
        .start();
    assert_eq!(told(&mut events), ["+a", "ready", "+a"]);
    let found = lister.by(by_tier, &"back".to_owned());
    assert_eq!(
        found
            .iter()
            .map(|rule| (rule.key().to_string(), rule.tier.as_deref()))
            .next(),
        Some(("shop/a".into(), Some("back")))
    );
}

#[test]
fn bookkeeping_is_not_stored_unless_asked_for() {
    let mut given = object("a", 1, "x");
    given.metadata.managed_fields = Some(Vec::new());
    given.metadata.annotations = Some(BTreeMap::from([(
        crate::decode::LAST_APPLIED.to_owned(),
        String::new(),
    )]));
    for (strip, is_there) in [(Strip::Bookkeeping, false), (Strip::Nothing, true)] {
        let recording = [watcher::Event::InitApply(given.clone()), watcher::Event::InitDone];
        let (lister, mut events) = Informer::stream(futures::stream::iter(recording)).strip(strip).start();
        told(&mut events);
        let stored: Arc<ConfigMap> = lister.get("shop", "a").unwrap();
        assert_eq!(stored.metadata.managed_fields.is_some(), is_there);
        assert_eq!(stored.metadata.annotations.is_some(), is_there);
    }
}

fn next<S: Stored>(changes: &mut Changes<S>) -> Option<Batch<S>> {
    changes.next().now_or_never().flatten()
}

fn batch<S: Stored>(changes: &mut Changes<S>) -> Vec<Change<S>> {
    match next(changes) {
        Some(Batch::Changes(changes)) => changes,
        Some(Batch::Snapshot { .. }) => panic!("a second snapshot"),
        None => Vec::new(),
    }
}

fn spell<S: Stored>(change: &Change<S>) -> String {
    match change {
        Change::Applied(object) => format!("+{}{}", object.key().name, object.resource_version()),
        Change::Deleted(key) => format!("-{}", key.name()),
        Change::Invalid(invalid) => format!("!{}", invalid.object.name()),
    }
}

#[test]
fn of_a_stream_only_the_objects_of_the_namespace_are_kept() {
    let elsewhere = |name: &str| {
        let mut object = object(name, 9, "front");
        object.metadata.namespace = Some("other".to_owned());
        Decoded::Good(object)
    };
    let Decoded::Bad(mut invalid) = bad("d", 9) else {
        unreachable!()
    };
    invalid.object = crate::key::ObjectKey::new("other", "d");
    let events = [
        watcher::Event::Init,
        watcher::Event::InitApply(object("a", 1, "front").into()),
        watcher::Event::InitApply(elsewhere("b")),
        watcher::Event::InitDone,
        watcher::Event::Apply(elsewhere("c")),
        watcher::Event::Apply(Decoded::Bad(invalid)),
        watcher::Event::Delete(elsewhere("a")),
        watcher::Event::Apply(bad("e", 10)),
    ];
    let (lister, mut events) = Informer::<ConfigMap>::stream(futures::stream::iter(events))
        .namespace("shop")
        .start();
    assert_eq!(told(&mut events), ["+a", "ready", "!e"]);
    assert_eq!(names(&lister), ["a"]);
}
