//! CRDs that go, come back and change while things break.

use std::time::Duration;

use kube::runtime::watcher::Config;
use smi_fake::{Fault, Server};
use tokio::time::Instant;

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn a_crd_that_is_removed_empties_the_store_and_fills_it_when_it_is_back() {
    for config in [Config::default(), Config::default().streaming_lists()] {
        let mut world = World::new(config).await;
        for round in 1..4 {
            world.write("a", Some(round)).await;
            world.write("b", None).await;
            world.settles().await;
            world.remove_crd().await;
            world.settles().await;
            assert!(world.lister().is_missing());
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            world.put_crd_back().await;
            world.write("c", Some(round)).await;
            let took = world.settles().await;
            assert!(
                took <= Duration::from_secs(31),
                "asked again each half minute: {took:?}"
            );
        }
        assert!(
            world.lister().stats().errors < 10,
            "no storm: {:?}",
            world.lister().stats()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_is_back_before_anybody_asked_is_listed_anew() {
    for config in [Config::default(), Config::default().streaming_lists()] {
        let mut world = World::new(config).await;
        world.write("a", Some(1)).await;
        world.write("b", Some(1)).await;
        world.settles().await;
        world.fault("watch", Fault::Delay(Duration::from_secs(10)), 1);
        world.server.faults().drop_watches();
        world.remove_crd().await;
        world.put_crd_back().await;
        world.write("b", Some(2)).await;
        world.write("c", Some(3)).await;
        world.settles().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_missing_at_the_start_is_ready_and_asked_for_quietly() {
    let mut world = World::on(Server::new([]), |informer| informer).await;
    world.is_served = false;
    world.settles().await;
    tokio::time::sleep(Duration::from_secs(24 * 3_600)).await;
    assert_eq!(world.lister().stats().errors, 0);
    assert_eq!(world.lister().failing(Instant::now()), None);
    world.put_crd_back().await;
    world.write("a", Some(1)).await;
    world.settles().await;
}

#[tokio::test(start_paused = true)]
async fn the_stored_version_can_change_while_the_watch_is_away() {
    for config in [Config::default(), Config::default().streaming_lists()] {
        let mut world = World::new(config).await;
        world.write("old", Some(1)).await;
        world.settles().await;
        for (round, version) in ["v1alpha2", "v1alpha3", "v1alpha4"].into_iter().enumerate() {
            world.fault("watch", Fault::InternalError, 1);
            world.server.faults().drop_watches();
            world.store_at(version).await;
            world.write(version, Some(2)).await;
            world.write("old", Some(3 + u32::try_from(round).unwrap())).await;
            world.settles().await;
        }
    }
}
