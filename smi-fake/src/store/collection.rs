//! Owns [`Collection`]: the objects of one resource, and the last events on them.

use std::{
    collections::{BTreeMap, VecDeque, btree_map::Range},
    ops::Bound,
    sync::Arc,
};

use serde_json::Value;
use tokio::sync::watch;

use super::Key;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Modified,
    Deleted,
}

/// A write that happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) revision: u64,
    pub(crate) change: Change,
    pub(crate) key: Key,
    /// The object after the write; a deleted one as it was, at the revision of its deletion.
    pub(crate) object: Arc<Value>,
    /// The object before the write.
    pub(crate) previous: Option<Arc<Value>>,
}

#[derive(Debug)]
pub(crate) struct Collection {
    objects: BTreeMap<Key, Arc<Value>>,
    history: VecDeque<Event>,
    /// Events up to here are forgotten.
    compacted: u64,
    /// Changes when watches are to end; never the same for two resources, nor for one that was closed and opened.
    epoch: u64,
    changed: watch::Sender<u64>,
}

impl Collection {
    pub(crate) fn new(revision: u64, epoch: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            history: VecDeque::new(),
            compacted: revision,
            epoch,
            changed: watch::Sender::new(revision),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.objects.keys()
    }

    pub(crate) fn range(&self, from: Bound<Key>) -> Range<'_, Key, Arc<Value>> {
        self.objects.range((from, Bound::Unbounded))
    }

    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) const fn compacted(&self) -> u64 {
        self.compacted
    }

    /// The events after `revision`, oldest first.
    pub(crate) fn since(&self, revision: u64) -> impl DoubleEndedIterator<Item = &Event> {
        let start = self.history.partition_point(|event| event.revision <= revision);
        self.history.range(start..)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn end_watches(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.changed.send_modify(|_| {});
    }

    pub(crate) fn compact(&mut self, revision: u64) {
        self.history.clear();
        self.compacted = revision;
    }

    pub(crate) fn record(&mut self, event: Event, keep: usize) {
        match event.change {
            Change::Deleted => self.objects.remove(&event.key),
            Change::Added | Change::Modified => self.objects.insert(event.key.clone(), Arc::clone(&event.object)),
        };
        let revision = event.revision;
        self.history.push_back(event);
        while self.history.len() > keep {
            if let Some(forgotten) = self.history.pop_front() {
                self.compacted = forgotten.revision;
            }
        }
        self.changed.send_replace(revision);
    }
}
