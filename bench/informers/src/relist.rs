//! A reader, alone and beside relists in which every object is another one.

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

use smi_sdk::{
    access::{ServiceIdentity, by, v1alpha4::TrafficTarget},
    informers::Lister,
};

use crate::{
    measure,
    recorded::{Recorded, figure, target},
};

/// How many reads the reader makes alone.
const READS: usize = 1_000_000;

/// Where a reader beside relists stops at the latest.
const MOST: usize = 20_000_000;

pub fn run(objects: usize) {
    let mut store = Recorded::synced(objects);
    let mut numbers: Vec<_> = (0..objects).collect();
    measure::shuffle(&mut numbers);
    let keys: Vec<_> = numbers
        .iter()
        .filter_map(|&number| by::destination(&target(number, 0)))
        .collect();
    let lister = store.lister.clone();
    tell(objects, "alone", read(&lister, &keys, |reads| reads >= READS));
    let done = AtomicBool::new(false);
    let is_enough = |reads: usize| reads >= MOST || done.load(Ordering::Relaxed);
    let beside = thread::scope(|scope| {
        let reader = scope.spawn(|| read(&lister, &keys, is_enough));
        let start = Instant::now();
        const RELISTS: usize = 3;
        for version in 0..RELISTS {
            store.relist(1 + version);
        }
        let wall = start.elapsed().as_secs_f64() * 1e3 / RELISTS as f64;
        done.store(true, Ordering::Relaxed);
        figure(objects, "relist, all objects changed, five indexes", wall, "ms wall");
        reader.join()
    });
    if let Ok(times) = beside {
        tell(objects, "beside relists", times);
    }
}

/// Nanoseconds of each look-up.
fn read(lister: &Lister<TrafficTarget>, keys: &[ServiceIdentity], is_enough: impl Fn(usize) -> bool) -> Vec<u32> {
    let mut times = Vec::new();
    for key in keys.iter().cycle() {
        let start = Instant::now();
        black_box(lister.by(by::destination, key).len());
        times.push(u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX));
        if is_enough(times.len()) {
            break;
        }
    }
    times.sort_unstable();
    times
}

fn tell(objects: usize, when: &str, times: Vec<u32>) {
    for (name, per_mille) in [("median", 500), ("p99", 990), ("p99.9", 999)] {
        let time = times[times.len() * per_mille / 1_000];
        figure(objects, &format!("look-up {when}, {name}"), time.into(), "ns");
    }
}
