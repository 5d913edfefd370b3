//! Readers and subscribers beside an informer that has much to do.

use std::{collections::BTreeSet, time::Duration};

use futures::{FutureExt, StreamExt};
use kube::runtime::watcher::Config;
use smi_fake::{Fault, Rule};
use smi_sdk::informers::Batch;

use crate::world::{World, weight};

#[tokio::test(start_paused = true)]
async fn a_reader_during_a_relist_sees_the_old_state_or_the_new_one() {
    for config in [Config::default().page_size(3), Config::default().streaming_lists()] {
        let mut world = World::new(config).await;
        let names: Vec<_> = (0..20).map(|number| format!("s{number:02}")).collect();
        for name in &names {
            world.write(name, Some(0)).await;
        }
        world.settles().await;
        for round in 1..6 {
            // Nobody watches while all of them change; then each page takes a second.
            let away = world.server.faults().add(Rule::new(Fault::InternalError).verb("watch"));
            world.server.faults().drop_watches();
            for name in &names {
                world.write(name, Some(round)).await;
            }
            world.server.compact();
            let slow = world
                .server
                .faults()
                .add(Rule::new(Fault::Delay(Duration::from_secs(1))).verb("list"));
            world.server.faults().remove(away);
            let mut seen = BTreeSet::new();
            world
                .until("the new state is seen", |lister| {
                    let all = lister.list(None);
                    let weights: BTreeSet<_> = all.iter().map(|split| weight(split)).collect();
                    assert_eq!(
                        (all.len(), weights.len()),
                        (names.len(), 1),
                        "half a relist: {weights:?}"
                    );
                    let shown = weights.into_iter().next().flatten().unwrap();
                    for other in 0..6 {
                        let expected = if other == shown { names.len() } else { 0 };
                        assert_eq!(
                            lister.by(weight, &other).len(),
                            expected,
                            "an index apart from its objects"
                        );
                    }
                    seen.insert(shown);
                    shown == round
                })
                .await;
            assert_eq!(seen, BTreeSet::from([round - 1, round]));
            world.server.faults().remove(slow);
            world.settles().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_is_stuck_costs_a_change_for_each_key_and_loses_nothing() {
    let mut world = World::new(Config::default()).await;
    for number in 0..10 {
        world.write(&format!("s{number}"), Some(0)).await;
    }
    world.settles().await;
    let mut stuck = world.lister().subscribe();
    let Some(Some(Batch::Snapshot { objects, .. })) = stuck.next().now_or_never() else {
        panic!("no snapshot")
    };
    assert_eq!(objects.len(), 10);
    for round in 0..200_u32 {
        for number in 0..10 {
            world.write(&format!("s{number}"), Some((round + number) % 10)).await;
        }
        world.write("passing", Some(1)).await;
        world.delete("passing").await;
        if round % 50 == 0 {
            world.fault("watch", Fault::Gone, 1);
            world.server.faults().drop_watches();
        }
        world.settles().await;
        assert!(stuck.lag() <= 10, "{}", stuck.lag());
    }
    world.delete("s9").await;
    world.settles().await;
    let Some(Some(Batch::Changes(changes))) = stuck.next().now_or_never() else {
        panic!("no changes")
    };
    assert_eq!(changes.len(), 10, "one for each key");
    assert_eq!(world.lister().stats().lag, 0);
}
