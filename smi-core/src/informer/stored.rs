//! What a store keeps of an object: the object, or what a projection made of it.

use std::{ops::Deref, sync::Arc};

use kube::core::Resource;

use crate::key::KeyRef;

/// What a store can keep: it knows its key and its version. Implemented for every Kubernetes object and for
/// [`Projected`].
pub trait Stored: Send + Sync + 'static {
    /// What indexes and readers are given.
    type Value;

    /// Namespace and name.
    fn key(&self) -> KeyRef<'_>;

    /// `metadata.uid`; empty where it is not known.
    fn uid(&self) -> &str;

    /// `metadata.resourceVersion`; empty where it is not known.
    fn resource_version(&self) -> &str;

    /// What indexes and readers are given.
    fn value(&self) -> &Self::Value;
}

impl<K: Resource + Send + Sync + 'static> Stored for K {
    type Value = K;

    fn key(&self) -> KeyRef<'_> {
        KeyRef::of(self.meta())
    }

    fn uid(&self) -> &str {
        self.meta().uid.as_deref().unwrap_or_default()
    }

    fn resource_version(&self) -> &str {
        self.meta().resource_version.as_deref().unwrap_or_default()
    }

    fn value(&self) -> &K {
        self
    }
}

/// What a projection made of an object, with the key and the version of that object. Derefs to the projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projected<P> {
    /// Namespace, name, uid and resource version, in one allocation.
    text: Box<str>,
    /// Where each of them but the last ends.
    ends: [u32; 3],
    value: P,
}

impl<P> Projected<P> {
    /// Projects an object.
    pub(super) fn new<K: Resource>(object: K, project: impl FnOnce(K) -> P) -> Self {
        let metadata = object.meta();
        let KeyRef { namespace, name } = KeyRef::of(metadata);
        let uid = metadata.uid.as_deref().unwrap_or_default();
        let resource_version = metadata.resource_version.as_deref().unwrap_or_default();
        let mut end = 0;
        let ends = [namespace, name, uid].map(|part| {
            end += u32::try_from(part.len()).unwrap_or_default();
            end
        });
        Self {
            text: [namespace, name, uid, resource_version].concat().into(),
            ends,
            value: project(object),
        }
    }

    /// Namespace and name of the object.
    pub fn key(&self) -> KeyRef<'_> {
        KeyRef {
            namespace: self.part(0),
            name: self.part(1),
        }
    }

    fn part(&self, number: usize) -> &str {
        let end = |number: usize| self.ends.get(number).and_then(|end| usize::try_from(*end).ok());
        let start = number.checked_sub(1).and_then(end).unwrap_or_default();
        let end = end(number).unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or_default()
    }
}

impl<P> Deref for Projected<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.value
    }
}

impl<P: Send + Sync + 'static> Stored for Projected<P> {
    type Value = P;

    fn key(&self) -> KeyRef<'_> {
        self.key()
    }

    fn uid(&self) -> &str {
        self.part(2)
    }

    fn resource_version(&self) -> &str {
        self.part(3)
    }

    fn value(&self) -> &P {
        &self.value
    }
}

/// Whether two are the same object at the same version.
pub(super) fn is_same<S: Stored>(one: &Arc<S>, other: &S) -> bool {
    !other.resource_version().is_empty()
        && one.resource_version() == other.resource_version()
        && one.uid() == other.uid()
}

/// The number that a resource version is. Servers say that they compare as numbers; what is no number is never older.
pub(super) fn revision(resource_version: &str) -> Option<u64> {
    resource_version.parse().ok()
}

/// Whether `new` comes before `old` for certain.
pub(super) fn is_older(new: &str, old: &str) -> bool {
    matches!((revision(new), revision(old)), (Some(new), Some(old)) if new < old)
}
