//! The body of a review: how it comes in, within bounds of size, time and memory.

use std::time::Duration;

use axum::body::Body;
use bytes::Buf as _;
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use crate::{
    budget::{Budget, Share},
    limits::Limits,
    refusal::Refusal,
};

/// What a review takes beside its body and its answer.
const OVERHEAD: usize = 16 * 1024;

/// What is read at once of a body that does not say its length.
const STEP: usize = 256 * 1024;

/// How long a body that is refused is read and thrown away: a client that is cut off while it sends may never see why.
const DISCARD: Duration = Duration::from_secs(2);

/// A body, and the share of the budget that it and its answer have.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) bytes: Vec<u8>,
    pub(crate) share: Share,
}

/// Reads a body. Its memory, and as much again for the answer, is there before the first byte is read.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: &mut Body,
    budget: &Budget,
    limits: &Limits,
) -> Result<Whole, Refusal> {
    let length = length(headers);
    if length.is_some_and(|length| length > limits.body) {
        return Err(Refusal::TooLarge(limits.body));
    }
    let first = length.unwrap_or(STEP);
    let share = budget.share(share(first), limits.queue).await.ok_or(Refusal::Bytes)?;
    let mut whole = Whole {
        bytes: Vec::with_capacity(first),
        share,
    };
    let until = Instant::now() + limits.read;
    loop {
        let frame = timeout_at(until, body.frame()).await.map_err(|_| Refusal::Slow)?;
        let Some(frame) = frame else {
            return Ok(whole);
        };
        let frame = frame.map_err(|error| Refusal::Body(innermost(&error)))?;
        if let Ok(data) = frame.into_data() {
            whole.push(data.chunk(), limits)?;
        }
    }
}

impl Whole {
    fn push(&mut self, data: &[u8], limits: &Limits) -> Result<(), Refusal> {
        let needed = self.bytes.len() + data.len();
        if needed > limits.body {
            return Err(Refusal::TooLarge(limits.body));
        }
        if needed > self.bytes.capacity() {
            let larger = needed + STEP;
            if !self.share.grow_to(share(larger)) {
                return Err(Refusal::Bytes);
            }
            self.bytes.reserve_exact(larger - self.bytes.len());
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

/// Reads what is left of a body that is refused, so that the client hears the answer; not for ever.
pub(crate) async fn discard(mut body: Body) {
    let until = Instant::now() + DISCARD;
    while let Ok(Some(Ok(_))) = timeout_at(until, body.frame()).await {}
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body, an answer that is somewhat longer, and the rest.
const fn share(body: usize) -> usize {
    body.saturating_mul(2).saturating_add(body / 8).saturating_add(OVERHEAD)
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
