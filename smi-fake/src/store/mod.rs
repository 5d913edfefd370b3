//! Owns [`Store`]: the objects of every resource with their history, and the revision that counts all writes.

mod collection;
mod page;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use tokio::sync::watch;

pub(crate) use self::{
    collection::{Change, Collection, Event},
    page::{Continue, Range, range},
};
use crate::{error::GroupResource, meta};

/// The revision of a store that nobody wrote to yet. Clients take 0 for "any".
const FIRST_REVISION: u64 = 1;

/// Where an object lies within its resource; the namespace is empty for cluster-wide ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// Every object of every resource.
#[derive(Debug)]
pub(crate) struct Store {
    collections: BTreeMap<GroupResource, Collection>,
    revision: u64,
    objects: usize,
    history: usize,
    /// The epoch of the resource that was opened, or whose watches were ended, last.
    epoch: u64,
}

/// What a write does.
#[derive(Debug)]
pub(crate) enum Write {
    Put(Value),
    Delete,
}

/// Why a write did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The object is not what the writer read.
    Raced,
    /// The resource is not there any more.
    NoCollection,
}

impl Store {
    /// Keeps at most `history` events of each resource.
    pub(crate) const fn new(history: usize) -> Self {
        Self {
            collections: BTreeMap::new(),
            revision: FIRST_REVISION,
            objects: 0,
            history,
            epoch: 0,
        }
    }

    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    /// How many objects there are.
    pub(crate) const fn objects(&self) -> usize {
        self.objects
    }

    /// Makes room for a resource where there is none yet.
    pub(crate) fn open(&mut self, of: &GroupResource) {
        let revision = self.revision;
        let epoch = &mut self.epoch;
        self.collections.entry(of.clone()).or_insert_with(|| {
            *epoch += 1;
            Collection::new(revision, *epoch)
        });
    }

    /// Drops a resource with all that it holds, without events, and ends its watches.
    pub(crate) fn close(&mut self, of: &GroupResource) {
        if let Some(closed) = self.collections.remove(of) {
            self.objects -= closed.len();
        }
    }

    pub(crate) fn collection(&self, of: &GroupResource) -> Option<&Collection> {
        self.collections.get(of)
    }

    /// Ends the watches of a resource; the next ones start on the same objects.
    pub(crate) fn end_watches(&mut self, of: &GroupResource) {
        if let Some(collection) = self.collections.get_mut(of) {
            self.epoch += 1;
            collection.end_watches(self.epoch);
        }
    }

    /// Forgets all history, as etcd's compaction does.
    pub(crate) fn compact(&mut self) {
        let revision = self.revision;
        for collection in self.collections.values_mut() {
            collection.compact(revision);
        }
    }

    pub(crate) fn get(&self, of: &GroupResource, key: &Key) -> Option<Arc<Value>> {
        self.collections.get(of)?.get(key).cloned()
    }

    /// Writes if the object is still `expected` (none: not there). The object that comes back has its new
    /// `resourceVersion`; a deleted one that of its deletion.
    pub(crate) fn commit(
        &mut self,
        of: &GroupResource,
        key: &Key,
        expected: Option<&Arc<Value>>,
        write: Write,
    ) -> Result<Arc<Value>, Refused> {
        let collection = self.collections.get_mut(of).ok_or(Refused::NoCollection)?;
        let current = collection.get(key);
        let same = match (expected, current) {
            (Some(expected), Some(current)) => Arc::ptr_eq(expected, current),
            (None, None) => true,
            _ => false,
        };
        if !same {
            return Err(Refused::Raced);
        }
        let (change, mut object) = match (write, expected) {
            (Write::Put(object), None) => (Change::Added, object),
            (Write::Put(object), Some(_)) => (Change::Modified, object),
            (Write::Delete, Some(current)) => (Change::Deleted, Value::clone(current)),
            (Write::Delete, None) => return Err(Refused::Raced),
        };
        self.revision += 1;
        match change {
            Change::Added => self.objects += 1,
            Change::Deleted => self.objects -= 1,
            Change::Modified => {}
        }
        meta::set(&mut object, "resourceVersion", Some(self.revision.to_string().into()));
        let object = Arc::new(object);
        collection.record(
            Event {
                revision: self.revision,
                change,
                key: key.clone(),
                object: Arc::clone(&object),
                previous: expected.cloned(),
            },
            self.history,
        );
        Ok(object)
    }

    /// Tells of every write to a resource.
    pub(crate) fn subscribe(&self, of: &GroupResource) -> Option<watch::Receiver<u64>> {
        Some(self.collections.get(of)?.subscribe())
    }
}
