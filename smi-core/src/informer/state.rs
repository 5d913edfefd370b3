//! One state of a store: the objects, their indexes and the invalid ones, changed together.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
};

use hashbrown::{HashTable, hash_table::Entry};

use super::{
    bucket::Bucket,
    index::{AnyIndex, Index},
    invalid::Invalid,
    stored::{Stored, is_older, revision},
};
use crate::key::{KeyRef, ObjectKey};

pub(super) struct State<S> {
    hasher: RandomState,
    objects: HashTable<Arc<S>>,
    all: Bucket<S>,
    namespaces: HashMap<Box<str>, Bucket<S>>,
    indexes: Vec<Box<dyn AnyIndex<S>>>,
    invalid: BTreeMap<ObjectKey, Arc<Invalid>>,
    /// The newest version that was put in.
    newest: u64,
}

impl<S: Stored> State<S> {
    pub(super) fn new(indexes: Vec<Box<dyn AnyIndex<S>>>) -> Self {
        Self {
            hasher: RandomState::new(),
            objects: HashTable::new(),
            all: Bucket::new(),
            namespaces: HashMap::new(),
            indexes,
            invalid: BTreeMap::new(),
            newest: 0,
        }
    }

    /// A state with the same indexes and no objects, but room for as many.
    pub(super) fn fresh(&self) -> Self {
        Self {
            objects: HashTable::with_capacity(self.objects.len()),
            ..Self::new(self.indexes.iter().map(|index| index.fresh()).collect())
        }
    }

    pub(super) fn get(&self, key: KeyRef<'_>) -> Option<&Arc<S>> {
        if self.objects.is_empty() {
            return None;
        }
        self.objects
            .find(self.hasher.hash_one(key), |object| object.key() == key)
    }

    /// Whether something newer than `version` is known of the object, so that an event with `version` is late.
    pub(super) fn has_newer(&self, key: KeyRef<'_>, version: &str) -> bool {
        self.get(key)
            .is_some_and(|stored| is_older(version, stored.resource_version()))
            || self.get_invalid(key).is_some_and(|bad| bad.is_newer_than(version))
    }

    /// Whether the object would come after all others, as it does in a list in order, and none is invalid: then nothing is
    /// known of it.
    pub(super) fn is_before(&self, key: KeyRef<'_>) -> bool {
        self.invalid.is_empty() && self.all.last().is_none_or(|last| last.key() < key)
    }

    /// The newest version that was put in; 0 where none is a number.
    pub(super) const fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) const fn all(&self) -> &Bucket<S> {
        &self.all
    }

    pub(super) fn namespace(&self, namespace: &str) -> Bucket<S> {
        self.namespaces.get(namespace).cloned().unwrap_or_default()
    }

    /// The objects with `key` in the index that `F` makes; none where there is no such index.
    pub(super) fn by<F: 'static, Key: Hash + Eq + 'static>(&self, key: &Key) -> Option<Bucket<S>> {
        self.index::<F, Key>().map(|index| index.get(key))
    }

    pub(super) fn index<F: 'static, Key: 'static>(&self) -> Option<&Index<S, F, Key>> {
        let function = TypeId::of::<F>();
        let index = self.indexes.iter().find(|index| (***index).function() == function)?;
        (**index).as_any().downcast_ref()
    }

    pub(super) const fn invalid(&self) -> &BTreeMap<ObjectKey, Arc<Invalid>> {
        &self.invalid
    }

    /// Puts an object in the place of one with the same key, which it returns.
    pub(super) fn insert(&mut self, object: &Arc<S>) -> Option<Arc<S>> {
        self.newest = self.newest.max(revision(object.resource_version()).unwrap_or_default());
        let Self { hasher, objects, .. } = self;
        let key = object.key();
        let hash = hasher.hash_one(key);
        let entry = objects.entry(hash, |other| other.key() == key, |other| hasher.hash_one(other.key()));
        let old = match entry {
            Entry::Occupied(mut entry) => Some(std::mem::replace(entry.get_mut(), object.clone())),
            Entry::Vacant(entry) => {
                entry.insert(object.clone());
                None
            }
        };
        self.all.insert(object);
        if let Some(bucket) = self.namespaces.get_mut(object.key().namespace) {
            bucket.insert(object);
        } else {
            let mut bucket = Bucket::new();
            bucket.insert(object);
            self.namespaces.insert(object.key().namespace.into(), bucket);
        }
        for index in &mut self.indexes {
            match &old {
                Some(old) => index.replace(old, object),
                None => index.insert(object),
            }
        }
        old
    }

    pub(super) fn remove(&mut self, key: KeyRef<'_>) -> Option<Arc<S>> {
        let hash = self.hasher.hash_one(key);
        let entry = self.objects.find_entry(hash, |object| object.key() == key).ok()?;
        let (old, _) = entry.remove();
        self.all.remove(&old);
        if let Some(bucket) = self.namespaces.get_mut(key.namespace) {
            bucket.remove(&old);
            if bucket.is_empty() {
                self.namespaces.remove(key.namespace);
            }
        }
        for index in &mut self.indexes {
            index.remove(&old);
        }
        Some(old)
    }

    pub(super) fn insert_invalid(&mut self, invalid: Arc<Invalid>) {
        self.newest = self.newest.max(revision(&invalid.resource_version).unwrap_or_default());
        self.invalid.insert(invalid.object.clone(), invalid);
    }

    pub(super) fn remove_invalid(&mut self, key: KeyRef<'_>) -> Option<Arc<Invalid>> {
        if self.invalid.is_empty() {
            return None;
        }
        self.invalid.remove(&key.owned())
    }

    pub(super) fn get_invalid(&self, key: KeyRef<'_>) -> Option<&Arc<Invalid>> {
        if self.invalid.is_empty() {
            return None;
        }
        self.invalid.get(&key.owned())
    }
}
