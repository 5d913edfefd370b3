//! What a store knows to be gone.

use std::collections::{HashMap, VecDeque};

use super::stored::revision;
use crate::key::{KeyRef, ObjectKey};

/// What is known to be gone: an event from before that does not bring an object back.
#[derive(Default)]
pub(super) struct Tombstones {
    /// The newest version in the last list, which had every object that there was then.
    listed: u64,
    /// The deletions since.
    versions: HashMap<ObjectKey, u64>,
    order: VecDeque<ObjectKey>,
}

impl Tombstones {
    /// How many there are at most: how far events may be out of order.
    const MOST: usize = 1024;

    /// Nothing is gone since a list whose newest version is `listed`.
    pub(super) fn since(listed: u64) -> Self {
        Self {
            listed,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, key: &ObjectKey, version: &str) {
        let Some(version) = revision(version) else { return };
        if self.versions.insert(key.clone(), version).is_none() {
            self.order.push_back(key.clone());
        }
        if self.order.len() > Self::MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.versions.remove(&oldest);
        }
    }

    /// Whether an object that is not in the store was gone at this version already.
    pub(super) fn cover(&self, key: KeyRef<'_>, version: &str) -> bool {
        revision(version).is_some_and(|version| {
            version <= self.listed
                || !self.versions.is_empty()
                    && self
                        .versions
                        .get(&key.owned())
                        .is_some_and(|deleted| version <= *deleted)
        })
    }
}
