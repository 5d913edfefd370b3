//! What fails: how it is told, and how long the next try waits.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long the first try after a failure waits; each one after that twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);

/// What fails again and again, and was told last: it is told anew when it is something else.
#[derive(Default)]
pub(crate) struct Told(Option<String>);

impl Told {
    /// Logs that `what` failed, unless that is what was logged last.
    pub(crate) fn warn(&mut self, what: &str, error: &impl Display) {
        let text = format!("{what}: {error}");
        if self.0.as_ref() != Some(&text) {
            tracing::warn!("{text}");
            self.0 = Some(text);
        }
    }

    /// It has succeeded: the same failure is news again.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}

/// The splits that fail, by namespace and name.
#[derive(Default)]
pub(crate) struct Failures(Mutex<HashMap<(String, String), Failing>>);

#[derive(Default)]
struct Failing {
    told: Told,
    tries: u32,
}

impl Failures {
    /// Tells of a failure, and says when to try again.
    pub(crate) fn failed(&self, (namespace, name): (&str, &str), error: &impl Display) -> Duration {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failing = failures.entry((namespace.to_owned(), name.to_owned())).or_default();
        failing.told.warn(&format!("`{namespace}/{name}` is not done"), error);
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(failing.tries)).min(LONGEST);
        failing.tries = failing.tries.saturating_add(1);
        wait
    }

    /// It succeeded, or is gone.
    pub(crate) fn forget(&self, (namespace, name): (&str, &str)) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&(namespace.to_owned(), name.to_owned()));
    }
}
