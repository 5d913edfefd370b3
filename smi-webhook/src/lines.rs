//! How many lines the log gets: whoever sends nonsense must not fill a disk.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tracing::warn;

/// Lines of a second; the metrics count the rest.
const A_SECOND: u32 = 20;

#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<Second>);

#[derive(Debug, Default)]
struct Second {
    began: Option<Instant>,
    lines: u32,
    left_out: u64,
}

impl Lines {
    /// Whether there may be another line. The first line of a second says how many were left out of the one before.
    pub(crate) fn next(&self) -> bool {
        let now = Instant::now();
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if second
            .began
            .is_none_or(|began| now.duration_since(began) >= Duration::from_secs(1))
        {
            if second.left_out > 0 {
                warn!(lines = second.left_out, "left out of the log: there were too many");
            }
            *second = Second {
                began: Some(now),
                ..Second::default()
            };
        }
        if second.lines == A_SECOND {
            second.left_out += 1;
            return false;
        }
        second.lines += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_has_a_bounded_number_of_lines() {
        let lines = Lines::default();
        assert_eq!((0..1000).filter(|_| lines.next()).count(), A_SECOND as usize);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(lines.next());
    }
}
