//! Updates of a store with five indexes, without a server; p99 of a reader beside relists; subscribers.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

use futures::{FutureExt, StreamExt, channel::mpsc};
use kube::runtime::watcher::Event;
use smi_sdk::{
    access::{
        by,
        v1alpha4::{Rule, Subject, TrafficTarget, TrafficTargetSpec},
    },
    informers::Informer,
};

use crate::measure;

fn target(number: usize, version: usize) -> TrafficTarget {
    let mut target = TrafficTarget::new(
        &format!("target-{number:06}"),
        TrafficTargetSpec {
            destination: Subject::service_account(format!("api-{}", (number / 4) % 24)),
            sources: (0..=version % 3)
                .map(|source| Subject::service_account(format!("web-{}", (number + source) % 24)))
                .collect(),
            rules: vec![Rule::http_route_group(format!("routes-{}", (number + version) % 30))],
        },
    );
    target.metadata.namespace = Some(format!("ns-{:04}", number / 100));
    target.metadata.uid = Some(format!("uid-{number}"));
    target.metadata.resource_version = Some((version + 1).to_string());
    target
}

fn name_length(target: &TrafficTarget) -> Option<usize> {
    target.metadata.name.as_ref().map(String::len)
}

fn rule_count(target: &TrafficTarget) -> Option<usize> {
    Some(target.spec.rules.len())
}

pub fn run(objects: usize) {
    let (feed, fed) = mpsc::unbounded();
    let informer = Informer::<TrafficTarget>::stream(fed)
        .index(by::destination)
        .index(by::source)
        .index(by::route);
    // Two whose every object has the same key: the largest buckets that there can be.
    let (lister, mut events) = informer.index(name_length).index(rule_count).start();
    let mut drain = move |events_of: &mut dyn Iterator<Item = Event<TrafficTarget>>| {
        for event in events_of {
            let _ = feed.unbounded_send(event);
        }
        let mut count = 0;
        let mut idle = 0;
        // A long stream gives way now and then, which is no end.
        while idle < 2 {
            match events.next().now_or_never() {
                Some(Some(_)) => (count, idle) = (count + 1, 0),
                _ if feed.is_empty() => idle += 1,
                _ => {}
            }
        }
        count
    };
    let list = |version: usize| {
        [Event::Init]
            .into_iter()
            .chain((0..objects).map(move |number| Event::InitApply(target(number, version))))
            .chain([Event::InitDone])
    };
    assert_eq!(drain(&mut list(0)), objects + 1);

    let mut numbers: Vec<_> = (0..objects).collect();
    measure::shuffle(&mut numbers);
    numbers.truncate(20_000);
    let mut pass = |label: &str, version: usize| {
        // Making the objects is not what is measured.
        let mut updates: Vec<_> = numbers
            .iter()
            .map(|&number| Event::Apply(target(number, version)))
            .collect();
        let (start, cpu) = (Instant::now(), measure::cpu_ms());
        let told = drain(&mut updates.drain(..));
        let (wall, cpu) = (start.elapsed().as_secs_f64() * 1e6, (measure::cpu_ms() - cpu) * 1e3);
        let each = told as f64;
        println!(
            "{objects} objects: {label}: {:.2} us wall, {:.2} us CPU an update",
            wall / each,
            cpu / each
        );
    };
    pass("nobody reads", 1);
    let held = lister.list(None);
    pass("one snapshot is held", 2);
    drop(held);
    let subscribers: Vec<_> = (0..100).map(|_| lister.subscribe()).collect();
    let mut subscribers = subscribers;
    for subscriber in &mut subscribers {
        let _ = subscriber.next().now_or_never();
    }
    pass("100 subscribers, none polls", 3);
    println!(
        "lag {} keys, resident {} MiB",
        lister.stats().lag,
        measure::Measured::now(Instant::now()).rss >> 20
    );
    drop(subscribers);

    let keys: Vec<_> = numbers
        .iter()
        .filter_map(|&number| by::destination(&target(number, 0)))
        .collect();
    for _ in 0..2 {
        println!(
            "{objects} objects: {:.0} ns for a bucket",
            measure::each(&keys, |key| lister.by(by::destination, key).len())
        );
    }

    // One reader, first alone, then beside relists.
    let done = AtomicBool::new(false);
    let read = |until: &dyn Fn(usize) -> bool| {
        let mut times = Vec::new();
        for key in keys.iter().cycle() {
            let start = Instant::now();
            std::hint::black_box(lister.by(by::destination, key).len());
            times.push(start.elapsed().as_nanos());
            if until(times.len()) {
                break;
            }
        }
        times.sort_unstable();
        (
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times[times.len() * 999 / 1000],
            times[times.len() - 1],
        )
    };
    println!(
        "reader alone: median, p99, p99.9, longest {:?} ns",
        read(&|reads| reads >= 500_000)
    );
    thread::scope(|scope| {
        let reader = scope.spawn(|| read(&|reads| reads >= 10_000_000 || done.load(Ordering::Relaxed)));
        for version in 10..13 {
            drain(&mut list(version));
        }
        done.store(true, Ordering::Relaxed);
        println!("reader beside relists: {:?} ns", reader.join());
    });
}
