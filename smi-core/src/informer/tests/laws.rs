//! Whatever happens to a stream, the store ends as a fresh list would make it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kube::runtime::watcher;
use proptest::prelude::*;

use super::{super::*, *};

/// What happens next, to the objects or to the stream.
#[derive(Clone, Debug)]
enum Step {
    /// The object is written with this tier, or so that it cannot be read.
    Write(u8, Option<u8>),
    Remove(u8),
    /// An earlier event comes once more.
    Again(prop::sample::Index),
    /// The last event and the next change places.
    Swap,
    /// Events get lost until the next list.
    Disconnect,
    Relist,
    /// A list begins, gets so far, and begins again.
    BreakOff(u8),
    Subscribe,
    /// The subscriber looks.
    Poll,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..8_u8;
    prop_oneof![
        6 => (name.clone(), prop::option::weighted(0.8, 0..4_u8)).prop_map(|(name, tier)| Step::Write(name, tier)),
        3 => name.clone().prop_map(Step::Remove),
        2 => any::<prop::sample::Index>().prop_map(Step::Again),
        1 => Just(Step::Swap),
        1 => Just(Step::Disconnect),
        1 => Just(Step::Relist),
        1 => name.prop_map(Step::BreakOff),
        1 => Just(Step::Subscribe),
        2 => Just(Step::Poll),
    ]
}

/// The objects as the server has them, and what the informer is given of their history.
struct World {
    fed: Fed,
    version: u64,
    objects: BTreeMap<u8, (u64, Option<u8>)>,
    sent: Vec<watcher::Event<Sent>>,
    held: Option<watcher::Event<Sent>>,
    swaps: bool,
    is_connected: bool,
}

#[derive(Clone, Debug)]
struct Sent {
    name: u8,
    version: u64,
    tier: Option<u8>,
}

impl Sent {
    fn decoded(&self) -> Decoded<ConfigMap> {
        let name = self.name.to_string();
        self.tier.map_or_else(
            || bad(&name, self.version),
            |tier| object(&name, self.version, &format!("{tier}{}", tier + 1)).into(),
        )
    }
}

impl World {
    fn new(on_invalid: OnInvalid) -> Self {
        let mut world = Self {
            fed: Fed::new(on_invalid),
            version: 10,
            objects: BTreeMap::new(),
            sent: Vec::new(),
            held: None,
            swaps: false,
            is_connected: false,
        };
        world.relist();
        world
    }

    fn event(&mut self, event: watcher::Event<Sent>) {
        self.sent.push(event.clone());
        if !self.is_connected {
            return;
        }
        if std::mem::take(&mut self.swaps) && self.held.is_none() {
            self.held = Some(event);
            return;
        }
        self.give(event);
        self.release();
    }

    fn release(&mut self) {
        if let Some(held) = self.held.take() {
            self.give(held);
        }
    }

    fn give(&mut self, event: watcher::Event<Sent>) {
        self.fed.send(match event {
            watcher::Event::Delete(sent) => watcher::Event::Delete(sent.decoded()),
            watcher::Event::Apply(sent) => watcher::Event::Apply(sent.decoded()),
            _ => return,
        });
    }

    fn relist(&mut self) {
        // What was on its way is in the list, and the watch behind it brings nothing older.
        self.held = None;
        self.sent.clear();
        self.is_connected = true;
        self.fed.send(watcher::Event::Init);
        for sent in self.listed(usize::MAX) {
            self.fed.send(watcher::Event::InitApply(sent));
        }
        self.fed.send(watcher::Event::InitDone);
    }

    fn listed(&self, most: usize) -> Vec<Decoded<ConfigMap>> {
        let sent = |(&name, &(version, tier)): (&u8, &(u64, Option<u8>))| Sent { name, version, tier }.decoded();
        self.objects.iter().take(most).map(sent).collect()
    }

    fn step(&mut self, step: &Step) {
        self.version += 1;
        match *step {
            Step::Write(name, tier) => {
                self.objects.insert(name, (self.version, tier));
                let version = self.version;
                self.event(watcher::Event::Apply(Sent { name, version, tier }));
            }
            Step::Remove(name) => {
                if let Some((_, tier)) = self.objects.remove(&name) {
                    let version = self.version;
                    self.event(watcher::Event::Delete(Sent { name, version, tier }));
                }
            }
            Step::Again(ref index) => {
                if self.is_connected && !self.sent.is_empty() {
                    let again = index.get(&self.sent).clone();
                    self.give(again);
                }
            }
            Step::Swap => self.swaps = true,
            Step::Disconnect => self.is_connected = false,
            Step::Relist => self.relist(),
            Step::BreakOff(most) => {
                self.fed.send(watcher::Event::Init);
                for sent in self.listed(usize::from(most)) {
                    self.fed.send(watcher::Event::InitApply(sent));
                }
                self.relist();
            }
            Step::Subscribe | Step::Poll => {}
        }
    }
}

/// What a subscriber knows.
#[derive(Default)]
struct Follower {
    changes: Option<Changes<ConfigMap>>,
    good: BTreeMap<String, String>,
    bad: BTreeSet<String>,
}

impl Follower {
    fn poll(&mut self) {
        let Some(changes) = &mut self.changes else { return };
        while let Some(Some(batch)) = changes.next().now_or_never() {
            let version = |object: &ConfigMap| object.metadata.resource_version.clone().unwrap();
            match batch {
                Batch::Snapshot { objects, invalid } => {
                    let entry = |object: &Arc<ConfigMap>| (object.key().name.to_owned(), version(object));
                    self.good = objects.iter().map(entry).collect();
                    self.bad = invalid.iter().map(|invalid| invalid.object.name().to_owned()).collect();
                }
                Batch::Changes(changes) => {
                    for change in changes {
                        let name = change.key().name.to_owned();
                        self.good.remove(&name);
                        self.bad.remove(&name);
                        match change {
                            Change::Applied(object) => drop(self.good.insert(name, version(&object))),
                            Change::Invalid(_) => drop(self.bad.insert(name)),
                            Change::Deleted(_) => {}
                        }
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]
    #[test]
    fn any_history_ends_as_a_fresh_list(
        steps in prop::collection::vec(step(), 0..60),
        keeps_last in any::<bool>(),
    ) {
        let policy = if keeps_last { OnInvalid::KeepLast } else { OnInvalid::FailClosed };
        let mut world = World::new(policy);
        let mut follower = Follower::default();
        for step in steps {
            match step {
                Step::Subscribe => follower = Follower { changes: Some(world.fed.lister.subscribe()), ..Follower::default() },
                Step::Poll => follower.poll(),
                _ => {}
            }
            world.step(&step);
        }
        world.release();
        if !world.is_connected {
            world.relist();
        }
        follower.poll();

        let lister = &world.fed.lister;
        let good: BTreeMap<String, String> = lister.list(None).iter()
            .map(|object| (object.key().name.to_owned(), object.resource_version().to_owned()))
            .collect();
        let expected = |is_good: bool| world.objects.iter().filter(move |(_, (_, tier))| tier.is_some() == is_good);
        for (name, (version, _)) in expected(true) {
            prop_assert_eq!(good.get(&name.to_string()), Some(&version.to_string()));
        }
        let bad: Vec<String> = lister.invalid().iter().map(|invalid| invalid.object.name().to_owned()).collect();
        prop_assert_eq!(&bad, &expected(false).map(|(name, _)| name.to_string()).collect::<Vec<_>>());
        if !keeps_last {
            prop_assert_eq!(good.len(), expected(true).count());
        }

        // Indexes are as built anew from the objects.
        let state = lister.shared().state();
        let mut rebuilt = state.fresh();
        for object in state.all() {
            rebuilt.insert(object);
        }
        prop_assert_eq!(buckets(&state, tier), buckets(&rebuilt, tier));
        prop_assert_eq!(buckets(&state, letters), buckets(&rebuilt, letters));
        let shop = |name: &str| state.namespace(name).iter().map(Arc::as_ptr).collect::<Vec<_>>();
        prop_assert_eq!(shop("shop"), state.all().iter().map(Arc::as_ptr).collect::<Vec<_>>());
        for object in state.all() {
            prop_assert!(Arc::ptr_eq(state.get(object.key()).unwrap(), object));
        }

        // A subscriber that looks from time to time knows the same.
        if follower.changes.is_some() {
            prop_assert_eq!(&follower.good, &good);
            if !keeps_last {
                prop_assert_eq!(follower.bad.into_iter().collect::<Vec<_>>(), bad);
            }
        }
    }
}

/// An index as the versions of the objects under each key.
fn buckets<F, I>(state: &super::super::state::State<ConfigMap>, _: F) -> BTreeMap<String, Vec<String>>
where
    F: Fn(&ConfigMap) -> I + Copy + Send + Sync + 'static,
    I: IntoIterator<Item: std::hash::Hash + Eq + std::fmt::Debug + Send + Sync + 'static> + 'static,
{
    let index = state.index::<F, I::Item>().unwrap();
    let versions = |bucket: &Bucket<ConfigMap>| {
        bucket
            .iter()
            .map(|object| object.resource_version().to_owned())
            .collect()
    };
    index
        .buckets()
        .iter()
        .map(|(key, bucket)| (format!("{key:?}"), versions(bucket)))
        .collect()
}
