//! A day of faults, in some seconds.

use std::time::Duration;

use kube::runtime::watcher::Config;
use tokio::time::Instant;

use crate::{step::Step, world::World};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const HOUR: Duration = Duration::from_secs(3_600);

/// Numbers from a seed, by SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

async fn a_day(seed: u64, config: Config) {
    let (begun, mut numbers) = (Instant::now(), Numbers(seed));
    let mut world = World::new(config).await;
    let mut hours = 0;
    while begun.elapsed() < DAY {
        let number = numbers.next();
        let (step, pause) = (number & u64::from(u32::MAX), (number >> 32) % 40_000);
        Step::from(u32::try_from(step).unwrap()).happen(&mut world).await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if begun.elapsed() > HOUR * hours {
            hours += 1;
            world.server.faults().clear();
            world.settles().await;
        }
    }
    world.server.faults().clear();
    world.put_crd_back().await;
    world.write("last", Some(9)).await;
    world.settles().await;
    let stats = world.lister().stats();
    // 2,880 half minutes are the least that a pause of 30 seconds would allow.
    assert!(stats.errors > 100 && stats.errors < 2_880, "{stats:?}");
    assert!(stats.relists > 24 && stats.applied > 200, "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn a_day_of_faults_ends_as_a_fresh_list() {
    a_day(1, Config::default().page_size(3)).await;
}

#[tokio::test(start_paused = true)]
async fn a_day_of_faults_with_streaming_lists_ends_as_a_fresh_list() {
    a_day(2, Config::default().streaming_lists()).await;
}
