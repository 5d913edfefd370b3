//! An informer without a server: its stream is made here.

use futures::{FutureExt, StreamExt, channel::mpsc};
use kube::runtime::watcher::Event;
use smi_sdk::{
    access::{
        by,
        v1alpha4::{Rule, Subject, TrafficTarget, TrafficTargetSpec},
    },
    informers::{Events, Informer, Lister},
};

/// A store with five indexes.
pub struct Recorded {
    pub lister: Lister<TrafficTarget>,
    pub objects: usize,
    feed: mpsc::UnboundedSender<Event<TrafficTarget>>,
    events: Events<TrafficTarget>,
}

impl Recorded {
    /// A store that has synced with so many objects.
    pub fn synced(objects: usize) -> Self {
        let (feed, fed) = mpsc::unbounded();
        let informer = Informer::<TrafficTarget>::stream(fed)
            .index(by::destination)
            .index(by::source)
            .index(by::route);
        // Two whose every object has the same key: the largest buckets that there can be.
        let (lister, events) = informer.index(name_length).index(rule_count).start();
        let mut recorded = Self {
            lister,
            objects,
            feed,
            events,
        };
        assert_eq!(recorded.relist(0), objects + 1);
        recorded
    }

    /// All objects in another version, as one list. Says how many events that makes.
    pub fn relist(&mut self, version: usize) -> usize {
        let objects = (0..self.objects).map(|number| Event::InitApply(target(number, version)));
        let list: Vec<_> = [Event::Init]
            .into_iter()
            .chain(objects)
            .chain([Event::InitDone])
            .collect();
        self.drain(list)
    }

    /// Feeds events, and says how many come out.
    pub fn drain(&mut self, events: Vec<Event<TrafficTarget>>) -> usize {
        for event in events {
            let _ = self.feed.unbounded_send(event);
        }
        let mut count = 0;
        let mut idle = 0;
        // A long stream gives way now and then, which is no end.
        while idle < 2 {
            match self.events.next().now_or_never() {
                Some(Some(_)) => (count, idle) = (count + 1, 0),
                _ if self.feed.is_empty() => idle += 1,
                _ => {}
            }
        }
        count
    }
}

pub fn target(number: usize, version: usize) -> TrafficTarget {
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

pub fn name_length(target: &TrafficTarget) -> Option<usize> {
    target.metadata.name.as_ref().map(String::len)
}

pub fn rule_count(target: &TrafficTarget) -> Option<usize> {
    Some(target.spec.rules.len())
}

/// One figure: a line that `run` makes medians of.
pub fn figure(objects: usize, what: &str, value: f64, unit: &str) {
    println!("{objects}\t{what}\t{value:.2}\t{unit}");
}
