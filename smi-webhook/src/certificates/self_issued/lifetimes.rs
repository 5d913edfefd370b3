//! How long certificates live, and when another one is due.

use std::time::{Duration, SystemTime};

use crate::certificates::pair::Validity;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the certificates live that are issued. Each is renewed when two thirds of its life are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// The CA's. While the one after it is young, both are trusted; an old one is trusted to its end.
    pub authority: Duration,
    /// The server's: no longer than that of the CA that signs it.
    pub certificate: Duration,
}

/// Two years for the CA, 90 days for the server.
impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authority: 730 * DAY,
            certificate: 90 * DAY,
        }
    }
}

/// Whether two thirds of a life are over.
pub(super) fn is_due(validity: Validity, now: SystemTime) -> bool {
    is_past(validity, now, 2, 3)
}

/// Whether five sixths of a life are over: whoever waits for something waits no longer.
pub(super) fn is_pressing(validity: Validity, now: SystemTime) -> bool {
    is_past(validity, now, 5, 6)
}

fn is_past(validity: Validity, now: SystemTime, of: u32, parts: u32) -> bool {
    let life = validity
        .not_after
        .duration_since(validity.not_before)
        .unwrap_or_default();
    let age = now.duration_since(validity.not_before).unwrap_or_default();
    age >= life / parts * of
}
