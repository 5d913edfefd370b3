//! Owns [`Limits`]: how much a server holds and serves before it refuses.

/// The bounds of a [`Server`](crate::Server). Each has a default that no test or demo should meet by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects of all kinds together; creating one more gets `403 Forbidden`, worded as an exceeded quota. 200,000.
    pub objects: usize,
    /// Events that are kept of each resource. A watch or a list from before the oldest gets `410 Gone`. 10,000.
    pub history: usize,
    /// Watches that are open at a time; one more gets `429 Too Many Requests`. 10,000.
    pub watchers: usize,
    /// Bytes of a request's body; a longer one gets `413 Request Entity Too Large`. 3 MiB, as kube-apiserver.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            objects: 200_000,
            history: 10_000,
            watchers: 10_000,
            body: 3 * 1024 * 1024,
        }
    }
}
