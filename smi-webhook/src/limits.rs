//! Owns [`Limits`]: how much a server takes in before it refuses, and how long it waits.

use std::{num::NonZeroUsize, thread, time::Duration};

/// The bounds of a [`Server`](crate::Server).
///
/// These defaults are meant to keep a process under 256 MiB: [`bytes`](Self::bytes) for bodies and answers, three trees of the
/// heaviest object for whoever is converted ([`object`](Self::object)), and the buffers of [`connections`](Self::connections).
/// `bench/webhook/run` floods a server and prints what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are open at a time; one more is closed at once. API servers speak HTTP/1.1 to webhooks, a
    /// connection for each review that they wait for (HTTP/2, over one, to a URL of the loopback alone). 512.
    pub connections: usize,
    /// Reviews that are read, wait or are converted at a time; one more gets `503` with `Retry-After`. 256.
    pub reviews: usize,
    /// Reviews that are converted at a time, each on a thread that may block. As many as there are cores, four at most.
    pub workers: usize,
    /// Bytes of one review; a longer one gets `413`. An API server may put a whole list into one, although
    /// kube-apiserver 1.37 was only seen to send object by object: 32 MiB are 10,000 objects with their field owners. At most
    /// half of [`bytes`](Self::bytes).
    pub body: usize,
    /// Bytes of all reviews and their answers together. One that does not fit waits for [`queue`](Self::queue). 96 MiB.
    pub bytes: usize,
    /// Bytes that one object may take as a tree of JSON values, as far as its text tells, without `managedFields` or with
    /// them; a heavier one fails its review. 32 MiB are a text of about 3 MiB, twice of what etcd keeps.
    pub object: usize,
    /// The time for the TLS handshake. 5 seconds.
    pub handshake: Duration,
    /// The time for the head of a request, from its first byte, over HTTP/1.1. 10 seconds.
    pub header: Duration,
    /// The time for the body of a request; a slower one gets `408`. 10 seconds.
    pub read: Duration,
    /// How long a review waits for its share of [`bytes`](Self::bytes) and for a worker, each, before it gets `503` with
    /// `Retry-After`. API servers try again ten times. 10 seconds.
    pub queue: Duration,
    /// The time from the head of a request until its answer is taken; after that the connection is cut. 60 seconds.
    pub request: Duration,
    /// How long a connection stays without a request. Longer than the 90 seconds of API servers, which would otherwise
    /// send into a connection that ends. 120 seconds.
    pub idle: Duration,
    /// How long requests in flight are waited for when the server stops. 20 seconds.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            connections: 512,
            reviews: 256,
            workers: thread::available_parallelism().map_or(1, NonZeroUsize::get).min(4),
            body: 32 * MIB,
            bytes: 96 * MIB,
            object: 32 * MIB,
            handshake: Duration::from_secs(5),
            header: Duration::from_secs(10),
            read: Duration::from_secs(10),
            queue: Duration::from_secs(10),
            request: Duration::from_secs(60),
            idle: Duration::from_secs(120),
            drain: Duration::from_secs(20),
        }
    }
}
