//! What the one writer and all readers of a store share.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak,
    atomic::{AtomicBool, Ordering},
};

use tokio::{sync::watch, time::Instant};

use super::{
    changes::{Batch, Change, Queue},
    counters::Counters,
    state::State,
    stored::Stored,
};

pub(super) struct Shared<S> {
    state: RwLock<State<S>>,
    /// Held while the state changes too, so that a subscriber starts between two changes.
    subscribers: Mutex<Vec<Weak<Queue<S>>>>,
    phase: watch::Sender<Phase>,
    heard: Mutex<Option<Instant>>,
    failing: Mutex<Option<Instant>>,
    is_missing: AtomicBool,
    pub(super) counters: Counters,
}

/// How far the informer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Syncing,
    Synced,
    /// The informer's stream ended or was dropped; whether it had synced.
    Closed(bool),
}

impl<S: Stored> Shared<S> {
    pub(super) fn new(state: State<S>) -> Self {
        Self {
            state: RwLock::new(state),
            subscribers: Mutex::default(),
            phase: watch::Sender::new(Phase::Syncing),
            heard: Mutex::default(),
            failing: Mutex::default(),
            is_missing: AtomicBool::new(false),
            counters: Counters::default(),
        }
    }

    pub(super) fn state(&self) -> RwLockReadGuard<'_, State<S>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state. `change` runs while readers wait, so it must be short; what it returns to be dropped is dropped
    /// when they no longer do.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut State<S>) -> T,
        changes: impl FnOnce() -> Vec<(Change<S>, bool)>,
    ) -> T {
        let mut subscribers = self.subscribers();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        drop(state);
        if !subscribers.is_empty() {
            let changes = changes();
            subscribers.retain(|subscriber| {
                let Some(queue) = subscriber.upgrade() else {
                    return false;
                };
                if !changes.is_empty() {
                    queue.push(&changes);
                }
                true
            });
        }
        result
    }

    pub(super) fn register(&self, queue: &Arc<Queue<S>>) {
        self.subscribers().push(Arc::downgrade(queue));
    }

    /// The next batch of a subscriber.
    pub(super) fn take(&self, queue: &Queue<S>) -> Option<Batch<S>> {
        if !self.is_synced() {
            return None;
        }
        // No change happens while this is held.
        let subscribers = self.subscribers();
        if queue.start() {
            let state = self.state();
            let snapshot = Batch::Snapshot {
                objects: state.all().clone(),
                invalid: state.invalid().values().cloned().collect(),
            };
            return Some(snapshot);
        }
        drop(subscribers);
        queue.take().map(Batch::Changes)
    }

    /// The number of waiting keys of the subscriber that has most.
    pub(super) fn lag(&self) -> usize {
        let subscribers = self.subscribers();
        let lags = subscribers.iter().filter_map(Weak::upgrade).map(|queue| queue.lag());
        lags.max().unwrap_or_default()
    }

    pub(super) fn subscriber_count(&self) -> usize {
        self.subscribers()
            .iter()
            .filter(|queue| queue.strong_count() > 0)
            .count()
    }

    pub(super) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub(super) fn is_synced(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Synced | Phase::Closed(true))
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Closed(_))
    }

    /// Marks the store as synced; true the first time.
    pub(super) fn synced(&self) -> bool {
        let is_first = self.phase.send_if_modified(|phase| {
            let is_first = *phase == Phase::Syncing;
            if is_first {
                *phase = Phase::Synced;
            }
            is_first
        });
        if is_first {
            self.wake();
        }
        is_first
    }

    pub(super) fn close(&self) {
        self.phase
            .send_modify(|phase| *phase = Phase::Closed(*phase == Phase::Synced));
        self.wake();
    }

    fn wake(&self) {
        for queue in self.subscribers().iter().filter_map(Weak::upgrade) {
            queue.waker.wake();
        }
    }

    pub(super) fn set_missing(&self, is_missing: bool) {
        self.is_missing.store(is_missing, Ordering::Release);
    }

    pub(super) fn is_missing(&self) -> bool {
        self.is_missing.load(Ordering::Acquire)
    }

    /// Notes that the server said something.
    pub(super) fn heard(&self, now: Instant) {
        *lock(&self.heard) = Some(now);
        *lock(&self.failing) = None;
    }

    /// Notes that it did not.
    pub(super) fn failed(&self, now: Instant) {
        lock(&self.failing).get_or_insert(now);
    }

    pub(super) fn last_heard(&self) -> Option<Instant> {
        *lock(&self.heard)
    }

    pub(super) fn failing_since(&self) -> Option<Instant> {
        *lock(&self.failing)
    }

    fn subscribers(&self) -> MutexGuard<'_, Vec<Weak<Queue<S>>>> {
        lock(&self.subscribers)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
