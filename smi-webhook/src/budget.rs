//! The bytes that all reviews in flight may hold together.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// What is counted, so that a semaphore's permits reach for any size.
const UNIT: usize = 1024;

/// A number of bytes that reviews share.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    free: Arc<Semaphore>,
    units: usize,
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    free: Arc<Semaphore>,
    permit: OwnedSemaphorePermit,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(units)),
            units,
        }
    }

    /// A share of `bytes`, or of everything where that is less; none if it does not come free in time. Who waits first
    /// is served first, so that large reviews are not starved by small ones.
    pub(crate) async fn share(&self, bytes: usize, wait: Duration) -> Option<Share> {
        let units = u32::try_from(units(bytes).min(self.units)).unwrap_or(u32::MAX);
        let permit = timeout(wait, Arc::clone(&self.free).acquire_many_owned(units)).await;
        Some(Share {
            free: Arc::clone(&self.free),
            permit: permit.ok()?.ok()?,
        })
    }

    /// Bytes that reviews hold now.
    pub(crate) fn held(&self) -> usize {
        (self.units - self.free.available_permits().min(self.units)) * UNIT
    }
}

impl Share {
    /// Makes this at least `bytes`, without waiting: those who hold a part and wait for more could wait for each other.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = units(bytes).saturating_sub(self.permit.num_permits());
        let Ok(more) = u32::try_from(more) else {
            return false;
        };
        match Arc::clone(&self.free).try_acquire_many_owned(more) {
            Ok(permit) => {
                self.permit.merge(permit);
                true
            }
            Err(_) => false,
        }
    }

    /// Gives back what is more than `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let less = self.permit.num_permits().saturating_sub(units(bytes));
        drop(self.permit.split(less));
    }

    /// The bytes of this share.
    pub(crate) fn bytes(&self) -> usize {
        self.permit.num_permits() * UNIT
    }
}

const fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_share_that_does_not_come_free_in_time_is_none() {
        let budget = Budget::new(10 * UNIT);
        let held = budget.share(7 * UNIT, WAIT).await.unwrap();
        assert_eq!(budget.held(), 7 * UNIT);
        assert!(budget.share(4 * UNIT, WAIT).await.is_none());
        drop(held);
        assert!(budget.share(4 * UNIT, WAIT).await.is_some());
        assert_eq!(budget.held(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_there_is_waits_for_everything() {
        let budget = Budget::new(10 * UNIT);
        let held = budget.share(1, WAIT).await.unwrap();
        assert!(budget.share(usize::MAX, WAIT).await.is_none());
        drop(held);
        assert_eq!(budget.share(usize::MAX, WAIT).await.unwrap().bytes(), 10 * UNIT);
    }

    #[tokio::test]
    async fn a_share_grows_while_there_is_something_left_and_shrinks() {
        let budget = Budget::new(10 * UNIT);
        let mut share = budget.share(2 * UNIT, WAIT).await.unwrap();
        assert!(share.grow_to(UNIT));
        assert_eq!(share.bytes(), 2 * UNIT);
        assert!(share.grow_to(8 * UNIT));
        assert!(!share.grow_to(11 * UNIT));
        assert_eq!(budget.held(), 8 * UNIT);
        share.shrink_to(UNIT);
        assert_eq!(budget.held(), UNIT);
    }
}
