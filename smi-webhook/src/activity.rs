//! What a connection does, and until when it may.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

use crate::limits::Limits;

/// The requests of one connection, and since when it is idle.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The requests in flight by their number, with when they began.
    requests: BTreeMap<u64, Instant>,
    next: u64,
    idle_since: Instant,
    /// When the first byte of a head came that is not whole yet.
    head_since: Option<Instant>,
}

/// Why a connection ends by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// The oldest request was neither read, answered nor was its answer taken in time.
    Request,
    /// The head of a request began and did not end.
    Header,
    /// Nothing was asked.
    Idle,
}

impl Activity {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Mutex::new(State {
            requests: BTreeMap::new(),
            next: 0,
            idle_since: now,
            head_since: None,
        }))
    }

    /// A request whose head is whole; it ends when what comes back is dropped.
    pub(crate) fn begin(self: &Arc<Self>, now: Instant) -> InFlight {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.head_since = None;
        state.requests.insert(number, now);
        InFlight {
            activity: Arc::clone(self),
            number,
        }
    }

    /// Bytes came. Without a request in flight they begin the head of the next.
    pub(crate) fn received(&self, now: Instant) {
        let mut state = self.state();
        if state.requests.is_empty() && state.head_since.is_none() {
            state.head_since = Some(now);
        }
    }

    /// When the connection is overdue, if nothing more happens, and why.
    pub(crate) fn deadline(&self, limits: &Limits) -> (Instant, Overdue) {
        let state = self.state();
        if let Some((_, began)) = state.requests.first_key_value() {
            return (*began + limits.request, Overdue::Request);
        }
        match state.head_since {
            Some(began) => (began + limits.header, Overdue::Header),
            None => (state.idle_since + limits.idle, Overdue::Idle),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight: from its head until the last byte of its answer is gone.
#[derive(Debug)]
pub(crate) struct InFlight {
    activity: Arc<Activity>,
    number: u64,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.requests.remove(&self.number);
        state.idle_since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_request_decides_then_a_begun_head_then_idleness() {
        let limits = Limits::default();
        let second = Duration::from_secs(1);
        let began = Instant::now();
        let activity = Arc::new(Activity::new(began));
        assert_eq!(activity.deadline(&limits), (began + limits.idle, Overdue::Idle));

        activity.received(began + second);
        activity.received(began + 2 * second);
        assert_eq!(
            activity.deadline(&limits),
            (began + second + limits.header, Overdue::Header)
        );

        let first = activity.begin(began + 3 * second);
        let second_request = activity.begin(began + 4 * second);
        activity.received(began + 5 * second);
        assert_eq!(
            activity.deadline(&limits),
            (began + 3 * second + limits.request, Overdue::Request)
        );
        drop(first);
        assert_eq!(
            activity.deadline(&limits),
            (began + 4 * second + limits.request, Overdue::Request)
        );
        tokio::time::advance(9 * second).await;
        drop(second_request);
        assert_eq!(
            activity.deadline(&limits),
            (began + 9 * second + limits.idle, Overdue::Idle)
        );
    }
}
