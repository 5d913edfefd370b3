//! What is said of the server and of the age of the data. Pure: who looks brings the time.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

/// What was said so far.
pub(crate) struct Health {
    max_age: Duration,
    started: Instant,
    /// The failures of an outage that has not ended.
    failures: BTreeSet<(&'static str, String)>,
    is_old: bool,
}

impl Health {
    pub(crate) const fn new(max_age: Duration, started: Instant) -> Self {
        Self {
            max_age,
            started,
            failures: BTreeSet::new(),
            is_old: false,
        }
    }

    /// What there is to say at `now`: `age` is that of the data, none before there is any; `failures` are the kinds for
    /// which the server fails, and why. Each is said once in an outage, however often retries take turns with them.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        age: Option<Duration>,
        failures: Vec<(&'static str, String)>,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        if failures.is_empty() && !self.failures.is_empty() {
            self.failures.clear();
            lines.push("the API server answers again".to_owned());
        }
        for failure in failures {
            let line = format!("{}: {}", failure.0, failure.1);
            if self.failures.insert(failure) {
                lines.push(line);
            }
        }
        let is_old = age.unwrap_or_else(|| now.saturating_duration_since(self.started)) > self.max_age;
        if is_old != self.is_old {
            self.is_old = is_old;
            let bound = self.max_age.as_secs();
            lines.push(match (is_old, age) {
                (true, Some(_)) => format!("the data is more than {bound} s old"),
                (true, None) => format!("there is no data after {bound} s"),
                (false, _) => format!("the data is less than {bound} s old"),
            });
        }
        lines
    }
}
