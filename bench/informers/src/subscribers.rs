//! Memory with many subscribers, one of which is stuck.

use futures::{FutureExt, StreamExt};
use kube::runtime::watcher::Event;
use smi_sdk::informers::Batch;

use crate::{
    measure,
    recorded::{Recorded, figure, target},
};

/// How many there are. All but the first poll.
const SUBSCRIBERS: usize = 100;

/// How many updates come between two polls.
const UPDATES: usize = 1_000;

pub fn run(objects: usize) {
    let mut store = Recorded::synced(objects);
    let mut subscribers: Vec<_> = (0..SUBSCRIBERS).map(|_| store.lister.subscribe()).collect();
    for subscriber in &mut subscribers {
        let Some(Some(Batch::Snapshot { .. })) = subscriber.next().now_or_never() else {
            panic!("there is a snapshot");
        };
    }
    let resident = |what: &str| {
        let bytes = measure::resident() as f64;
        figure(
            objects,
            &format!("100 subscribers, resident {what}"),
            bytes / f64::from(1 << 20),
            "MiB",
        );
    };
    resident("at first");
    let mut numbers: Vec<_> = (0..objects).collect();
    measure::shuffle(&mut numbers);
    let mut cpu = 0.0;
    for (version, what) in [(1, "when each object changed once"), (2, "twice"), (3, "thrice")] {
        for numbers in numbers.chunks(UPDATES) {
            let updates: Vec<_> = numbers
                .iter()
                .map(|&number| Event::Apply(target(number, version)))
                .collect();
            let before = measure::cpu_ms();
            store.drain(updates);
            for subscriber in &mut subscribers[1..] {
                while let Some(Some(batch)) = subscriber.next().now_or_never() {
                    drop(batch);
                }
            }
            cpu += measure::cpu_ms() - before;
        }
        resident(what);
    }
    figure(
        objects,
        "100 subscribers, lag of the stuck one",
        store.lister.stats().lag as f64,
        "keys",
    );
    let each = cpu * 1e3 / (3 * objects) as f64;
    figure(objects, "100 subscribers, update and 99 deliveries", each, "us CPU");
    let Some(Some(Batch::Changes(changes))) = subscribers[0].next().now_or_never() else {
        panic!("changes wait");
    };
    assert_eq!(changes.len(), objects);
}
