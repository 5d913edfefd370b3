//! What the connections of a server share.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use smi_core::path::one_line;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::{budget::Budget, certificates::Current, limits::Limits, lines::Lines, metrics::Metrics, refusal::Refusal};

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) budget: Budget,
    /// A permit for each review in flight.
    pub(crate) reviews: Semaphore,
    /// A permit for each review that is converted.
    pub(crate) workers: Arc<Semaphore>,
    certificate: Current,
    stopping: AtomicBool,
    lines: Lines,
}

impl Shared {
    pub(crate) fn new(mut limits: Limits, certificate: Current) -> Self {
        // A body and an answer of its size must find room.
        limits.body = limits.body.min(limits.bytes / 2);
        Self {
            limits,
            metrics: Metrics::new(),
            budget: Budget::new(limits.bytes),
            reviews: Semaphore::new(limits.reviews.min(Semaphore::MAX_PERMITS)),
            workers: Arc::new(Semaphore::new(limits.workers.clamp(1, Semaphore::MAX_PERMITS))),
            certificate,
            stopping: AtomicBool::new(false),
            lines: Lines::default(),
        }
    }

    /// Why no review can be answered now, if so.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        if self.stopping.load(Ordering::Relaxed) {
            Some("stopping")
        } else if self.certificate.get().is_none() {
            Some("no certificate yet")
        } else {
            None
        }
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn metrics_text(&self) -> String {
        let not_after = self.certificate.get().map(|serving| serving.not_after);
        self.metrics.text(not_after, self.budget.held())
    }

    /// Counts a review in flight until what comes back is dropped.
    pub(crate) fn in_flight(&self) -> Counted<'_> {
        self.metrics.in_flight.inc();
        Counted(self)
    }

    /// Counts an open connection until what comes back is dropped.
    pub(crate) fn open(&self) -> Open<'_> {
        self.metrics.connections.inc();
        Open(self)
    }

    /// Counts and logs a request that gets no review.
    pub(crate) fn refused(&self, refusal: &Refusal, path: &str, peer: Option<Peer>) {
        let reason = refusal.reason();
        self.metrics.refused(reason);
        if self.lines.next() {
            let status = refusal.status().as_u16();
            let path = one_line(path);
            warn!(peer = %Of(peer), %path, status, reason, "refused: {refusal}");
        }
    }

    /// Counts and logs a connection that is refused or cut.
    pub(crate) fn cut(&self, reason: &'static str, why: &str, peer: SocketAddr) {
        self.metrics.refused(reason);
        if self.lines.next() {
            let why = one_line(why);
            warn!(%peer, reason, "connection refused: {why}");
        }
    }

    /// Logs a review that failed for one of its objects.
    pub(crate) fn failed(&self, message: &str, peer: Option<Peer>) {
        if self.lines.next() {
            let message = one_line(message);
            warn!(peer = %Of(peer), "review failed: {message}");
        }
    }
}

/// A review that is counted as in flight.
#[derive(Debug)]
pub(crate) struct Counted<'a>(&'a Shared);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
    }
}

/// A connection that is counted as open.
#[derive(Debug)]
pub(crate) struct Open<'a>(&'a Shared);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}

struct Of(Option<Peer>);

impl std::fmt::Display for Of {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(Peer(address)) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}
