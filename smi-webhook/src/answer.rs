//! The bytes of an answer while it is written, within its share of the budget.

use std::io;

use crate::budget::Share;

/// What an answer may grow by at once beyond its share.
const STEP: usize = 256 * 1024;

#[derive(Debug)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    /// None where nothing bounds the answer.
    share: Option<Share>,
    /// What of the share is not this answer's.
    other: usize,
}

impl Answer {
    /// An answer within `share`, of which `other` bytes are for something else; it may grow beyond while the budget has
    /// something left.
    pub(crate) fn new(share: Share, other: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(share.bytes().saturating_sub(other)),
            share: Some(share),
            other,
        }
    }

    /// An answer that nothing bounds, with room for `bytes`.
    pub(crate) fn unbounded(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            share: None,
            other: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The bytes, and a share of just their size.
    pub(crate) fn into_parts(mut self) -> (Vec<u8>, Option<Share>) {
        self.bytes.shrink_to_fit();
        if let Some(share) = &mut self.share {
            share.shrink_to(self.bytes.capacity());
        }
        (self.bytes, self.share)
    }
}

impl io::Write for Answer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.bytes.len() + bytes.len();
        if needed > self.bytes.capacity() {
            let larger = needed + STEP;
            if let Some(share) = &mut self.share
                && !share.grow_to(self.other + larger)
            {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            self.bytes.reserve_exact(larger - self.bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, time::Duration};

    use super::*;
    use crate::budget::Budget;

    #[tokio::test]
    async fn an_answer_grows_beyond_its_share_only_while_the_budget_lasts() {
        let budget = Budget::new(4 * STEP);
        let share = budget.share(2048, Duration::ZERO).await.unwrap();
        let mut answer = Answer::new(share, 1024);
        answer.write_all(&[1; 1024]).unwrap();
        assert_eq!(budget.held(), 2048);
        answer.write_all(&[2; 1024]).unwrap();
        assert!(budget.held() >= STEP);
        let error = answer.write_all(&vec![3; 4 * STEP]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);

        let (bytes, share) = answer.into_parts();
        assert_eq!(bytes.len(), 2048);
        assert!(budget.held() <= 4096);
        drop(share);
        assert_eq!(budget.held(), 0);
    }
}
