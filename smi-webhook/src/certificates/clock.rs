//! Owns [`Clock`]: what time it is for certificates.

use std::{fmt, sync::Arc, time::SystemTime};

/// The time by which certificates are issued, renewed and found expired. Waiting between two looks is on tokio's time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// A clock that `now` tells: tests let it jump.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use smi_webhook::certificates::Clock;
    ///
    /// let tomorrow = Clock::new(|| SystemTime::now() + Duration::from_secs(24 * 60 * 60));
    /// assert!(tomorrow.now() > SystemTime::now());
    /// ```
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

/// The machine's clock.
impl Default for Clock {
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
