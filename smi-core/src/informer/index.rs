//! Indexes: from a key that the caller's function finds in objects to the objects that have it.

use std::{
    any::{Any, TypeId},
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::Arc,
};

use super::{bucket::Bucket, stored::Stored};

/// An index, whatever its keys are.
pub(super) trait AnyIndex<S>: Any + Send + Sync {
    fn insert(&mut self, object: &Arc<S>);
    /// Puts an object in the place of one with the same name.
    fn replace(&mut self, old: &S, object: &Arc<S>);
    fn remove(&mut self, object: &S);
    /// The same index without objects.
    fn fresh(&self) -> Box<dyn AnyIndex<S>>;
    /// The type of the function, by which readers name the index.
    fn function(&self) -> TypeId;
    fn as_any(&self) -> &dyn Any;
}

/// The index that the function `F` makes.
pub(super) struct Index<S, F, Key> {
    function: F,
    buckets: HashMap<Key, Bucket<S>>,
}

impl<S, F, Key: Hash + Eq> Index<S, F, Key> {
    pub(super) fn new(function: F) -> Self {
        Self {
            function,
            buckets: HashMap::new(),
        }
    }

    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Bucket<S>
    where
        Key: Borrow<Q>,
    {
        self.buckets.get(key).cloned().unwrap_or_default()
    }

    /// Every key with its objects.
    #[cfg(test)]
    pub(super) const fn buckets(&self) -> &HashMap<Key, Bucket<S>> {
        &self.buckets
    }
}

impl<S, F, I> AnyIndex<S> for Index<S, F, I::Item>
where
    S: Stored,
    F: Fn(&S::Value) -> I + Copy + Send + Sync + 'static,
    I: IntoIterator<Item: Hash + Eq + Send + Sync + 'static> + 'static,
{
    fn insert(&mut self, object: &Arc<S>) {
        for key in (self.function)(object.value()) {
            self.buckets.entry(key).or_default().insert(object);
        }
    }

    fn replace(&mut self, old: &S, object: &Arc<S>) {
        let keys: Vec<_> = (self.function)(object.value()).into_iter().collect();
        // Most changes leave the keys as they are, and then one search a bucket is enough.
        let mut same = keys.iter();
        let is_same = (self.function)(old.value())
            .into_iter()
            .all(|key| same.next() == Some(&key));
        if !is_same || same.next().is_some() {
            self.remove(old);
        }
        for key in keys {
            self.buckets.entry(key).or_default().insert(object);
        }
    }

    fn remove(&mut self, object: &S) {
        for key in (self.function)(object.value()) {
            if let Some(bucket) = self.buckets.get_mut(&key) {
                bucket.remove(object);
                if bucket.is_empty() {
                    self.buckets.remove(&key);
                }
            }
        }
    }

    fn fresh(&self) -> Box<dyn AnyIndex<S>> {
        Box::new(Self::new(self.function))
    }

    fn function(&self) -> TypeId {
        TypeId::of::<F>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
