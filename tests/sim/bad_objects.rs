//! One object of a thousand that cannot be read.

use std::time::Duration;

use kube::runtime::watcher::Config;
use smi_fake::Fault;

use crate::world::World;

async fn thousand(config: Config) -> World {
    let mut world = World::new(config).await;
    for number in 0..1_000_u32 {
        world.write(&format!("s{number:03}"), Some(number % 10)).await;
    }
    world
}

#[tokio::test(start_paused = true)]
async fn a_bad_object_among_a_thousand_stands_alone_from_the_start_to_its_end() {
    for config in [Config::default(), Config::default().streaming_lists()] {
        let mut world = thousand(config).await;
        world.write("s500", None).await;
        // At the start: an informer that has seen nothing yet.
        world.restart();
        world.settles().await;
        assert_eq!(
            (world.lister().list(None).len(), world.lister().invalid().len()),
            (999, 1)
        );

        // On change, and fixed again.
        world.write("s001", None).await;
        world.settles().await;
        assert_eq!(
            (world.lister().list(None).len(), world.lister().invalid().len()),
            (998, 2)
        );
        world.write("s500", Some(5)).await;
        world.settles().await;
        assert_eq!(
            (world.lister().list(None).len(), world.lister().invalid().len()),
            (999, 1)
        );

        // Deleted while bad: watched, and unseen.
        world.delete("s001").await;
        world.settles().await;
        world.write("s002", None).await;
        world.settles().await;
        world.fault("watch", Fault::Gone, 1);
        world.server.faults().drop_watches();
        world.delete("s002").await;
        world.settles().await;
        assert_eq!(
            (world.lister().list(None).len(), world.lister().invalid().len()),
            (998, 0)
        );
        let stats = world.lister().stats();
        assert_eq!((stats.invalid, stats.relists), (3, 2));
        assert_eq!(stats.errors, 1, "the 410; bad objects are no errors of the stream");
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_stays_bad_makes_no_noise() {
    let mut world = thousand(Config::default()).await;
    world.write("s500", None).await;
    world.settles().await;
    let before = world.lister().stats();
    tokio::time::sleep(Duration::from_secs(24 * 3_600)).await;
    assert_eq!(world.lister().stats(), before, "a day later");
}
