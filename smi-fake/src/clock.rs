//! Owns [`Clock`]: where a server's timestamps come from.

use std::{fmt, sync::Arc};

use jiff::{SignedDuration, Timestamp};

/// The time that objects are stamped with. Waiting (bookmarks, time-outs, delays) is on tokio's time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that `now` tells.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that shows `start` now and goes on with tokio's time: it stands still and jumps with a paused runtime.
    pub fn from(start: Timestamp) -> Self {
        let began = tokio::time::Instant::now();
        Self::new(move || {
            let passed = SignedDuration::try_from(began.elapsed()).unwrap_or(SignedDuration::ZERO);
            start.checked_add(passed).unwrap_or(start)
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }

    /// Now as Kubernetes writes it: `2026-01-31T12:00:00Z`.
    pub(crate) fn stamp(&self) -> String {
        self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Now in seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().as_second()
    }
}

impl Default for Clock {
    /// Starts at the machine's time, and goes on with tokio's.
    fn default() -> Self {
        Self::from(Timestamp::now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.stamp())
    }
}
