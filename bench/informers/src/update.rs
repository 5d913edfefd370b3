//! Single updates, and look-ups.

use std::time::Instant;

use kube::runtime::watcher::Event;
use smi_sdk::access::by;

use crate::{
    measure,
    recorded::{Recorded, figure, target},
};

/// How many updates are measured.
const UPDATES: usize = 20_000;

pub fn run(objects: usize) {
    let mut store = Recorded::synced(objects);
    let mut numbers: Vec<_> = (0..objects).collect();
    measure::shuffle(&mut numbers);
    pass(&mut store, &numbers, 1, "update, five indexes");
    let held = store.lister.list(None);
    pass(
        &mut store,
        &numbers,
        2 + UPDATES / objects,
        "update, five indexes, a snapshot is held",
    );
    drop(held);

    let keys: Vec<_> = numbers
        .iter()
        .filter_map(|&number| by::destination(&target(number, 0)))
        .collect();
    let bucket = |key: &_| store.lister.by(by::destination, key).len();
    measure::each(&keys, bucket);
    figure(objects, "look-up, the bucket", measure::each(&keys, bucket), "ns");
}

fn pass(store: &mut Recorded, numbers: &[usize], version: usize, what: &str) {
    // Making the objects is not what is measured.
    let updates: Vec<_> = (0..UPDATES)
        .map(|update| {
            let number = numbers[update % numbers.len()];
            Event::Apply(target(number, version + update / numbers.len()))
        })
        .collect();
    let (start, cpu) = (Instant::now(), measure::cpu_ms());
    assert_eq!(store.drain(updates), UPDATES);
    let (wall, cpu) = (start.elapsed().as_secs_f64() * 1e6, (measure::cpu_ms() - cpu) * 1e3);
    figure(store.objects, what, wall / UPDATES as f64, "us wall");
    figure(store.objects, what, cpu / UPDATES as f64, "us CPU");
}
