//! What an informer did, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the informer was started, and gauges. A caller puts them into its metrics library, one series each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Objects that were new or different.
    pub applied: u64,
    /// Objects that went.
    pub deleted: u64,
    /// Versions of objects that could not be read.
    pub invalid: u64,
    /// Events that were left out because they said nothing new, or something older than what was known.
    pub stale: u64,
    /// Complete lists, the first one included.
    pub relists: u64,
    /// Errors of the connection and of the server.
    pub errors: u64,
    /// Objects in the store now.
    pub objects: usize,
    /// Subscribers of the change stream now.
    pub subscribers: usize,
    /// Keys that wait for the slowest of them.
    pub lag: usize,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) applied: Counter,
    pub(super) deleted: Counter,
    pub(super) invalid: Counter,
    pub(super) stale: Counter,
    pub(super) relists: Counter,
    pub(super) errors: Counter,
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
