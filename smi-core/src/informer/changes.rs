//! The change stream: what happened to a store since the subscriber last looked.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures::{Stream, task::AtomicWaker};
use hashbrown::{HashTable, hash_table::Entry};

use super::{bucket::Bucket, invalid::Invalid, store::Shared, stored::Stored};
use crate::key::{KeyRef, ObjectKey};

/// What a subscriber gets. After each batch it knows a state that the store really had.
#[derive(Debug)]
pub enum Batch<S> {
    /// The whole store; always the first batch.
    Snapshot {
        /// Every object.
        objects: Bucket<S>,
        /// Every object that cannot be read.
        invalid: Vec<Arc<Invalid>>,
    },
    /// What is different since the batch before, at most one change for each key, in no particular order.
    Changes(Vec<Change<S>>),
}

/// What became of one key.
#[derive(Debug)]
pub enum Change<S> {
    /// The object is new or different.
    Applied(Arc<S>),
    /// The object is gone.
    Deleted(ObjectKey),
    /// The object cannot be read and is not in the store; with [`OnInvalid::FailClosed`](super::OnInvalid::FailClosed).
    Invalid(Arc<Invalid>),
}

impl<S: Stored> Change<S> {
    /// Namespace and name of the object.
    pub fn key(&self) -> KeyRef<'_> {
        match self {
            Self::Applied(object) => object.key(),
            Self::Deleted(key) => key.by_ref(),
            Self::Invalid(invalid) => invalid.object.by_ref(),
        }
    }
}

impl<S> Clone for Change<S> {
    fn clone(&self) -> Self {
        match self {
            Self::Applied(object) => Self::Applied(object.clone()),
            Self::Deleted(key) => Self::Deleted(key.clone()),
            Self::Invalid(invalid) => Self::Invalid(invalid.clone()),
        }
    }
}

/// A stream of [`Batch`]es. What it holds for a subscriber that does not poll is at most one change for each key that the
/// subscriber knows or that the store has.
pub struct Changes<S: Stored> {
    shared: Arc<Shared<S>>,
    queue: Arc<Queue<S>>,
}

impl<S: Stored> Changes<S> {
    pub(super) fn new(shared: Arc<Shared<S>>) -> Self {
        let queue = Arc::new(Queue::default());
        shared.register(&queue);
        Self { shared, queue }
    }

    /// How many keys wait to be polled; 0 before the first poll.
    pub fn lag(&self) -> usize {
        self.queue.lag()
    }
}

impl<S: Stored> Stream for Changes<S> {
    type Item = Batch<S>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Batch<S>>> {
        self.queue.waker.register(context.waker());
        // Asked before the queue, or the last batch could be missed.
        let is_closed = self.shared.is_closed();
        match self.shared.take(&self.queue) {
            Some(batch) => Poll::Ready(Some(batch)),
            None if is_closed => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl<S: Stored> fmt::Debug for Changes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("lag", &self.lag())
            .finish_non_exhaustive()
    }
}

/// What waits for one subscriber.
pub(super) struct Queue<S> {
    pending: Mutex<Pending<S>>,
    lag: AtomicUsize,
    pub(super) waker: AtomicWaker,
}

struct Pending<S> {
    /// Whether the subscriber has its snapshot; before, nothing needs to wait.
    is_started: bool,
    hasher: RandomState,
    changes: HashTable<Waiting<S>>,
}

struct Waiting<S> {
    change: Change<S>,
    /// Whether the subscriber has never heard of this key: then it need not hear of its end either.
    is_news: bool,
}

impl<S> Default for Queue<S> {
    fn default() -> Self {
        Self {
            pending: Mutex::new(Pending {
                is_started: false,
                hasher: RandomState::new(),
                changes: HashTable::new(),
            }),
            lag: AtomicUsize::new(0),
            waker: AtomicWaker::new(),
        }
    }
}

impl<S: Stored> Queue<S> {
    pub(super) fn lag(&self) -> usize {
        self.lag.load(Ordering::Relaxed)
    }

    /// Marks the subscriber as one that has its snapshot; false where it had it already.
    pub(super) fn start(&self) -> bool {
        !std::mem::replace(&mut self.pending().is_started, true)
    }

    /// Adds changes, each with whether its key was unknown to the store before.
    pub(super) fn push(&self, changes: &[(Change<S>, bool)]) {
        let mut pending = self.pending();
        if pending.is_started {
            for (change, is_new) in changes {
                pending.push(change, *is_new);
            }
            self.lag.store(pending.changes.len(), Ordering::Relaxed);
        }
        drop(pending);
        self.waker.wake();
    }

    pub(super) fn take(&self) -> Option<Vec<Change<S>>> {
        let mut pending = self.pending();
        if pending.changes.is_empty() {
            return None;
        }
        let changes = std::mem::take(&mut pending.changes);
        self.lag.store(0, Ordering::Relaxed);
        drop(pending);
        Some(changes.into_iter().map(|waiting| waiting.change).collect())
    }

    fn pending(&self) -> MutexGuard<'_, Pending<S>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Stored> Pending<S> {
    fn push(&mut self, change: &Change<S>, is_new: bool) {
        let Self { hasher, changes, .. } = self;
        let key = change.key();
        let hash = hasher.hash_one(key);
        let entry = changes.entry(
            hash,
            |waiting| waiting.change.key() == key,
            |waiting| hasher.hash_one(waiting.change.key()),
        );
        match entry {
            Entry::Occupied(entry) if entry.get().is_news && matches!(change, Change::Deleted(_)) => {
                entry.remove();
            }
            Entry::Occupied(mut entry) => entry.get_mut().change = change.clone(),
            Entry::Vacant(entry) => {
                entry.insert(Waiting {
                    change: change.clone(),
                    is_news: is_new,
                });
            }
        }
    }
}
