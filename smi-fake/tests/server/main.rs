//! The server through a plain `kube::Client`, with CRDs of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod crds;
mod faults;
mod harness;
mod informer;
mod laws;
mod listening;
mod lists;
mod namespaces;
mod objects;
mod patches;
mod versions;
mod watches;
