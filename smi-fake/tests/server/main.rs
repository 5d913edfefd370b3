//! The server through a plain `kube::Client`, with CRDs of its own.
//!
//! What every API server does is tested on a real one too, by `e2e/run`: that keeps this one honest.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod builtins;
mod crd_refusals;
mod crds;
mod events;
mod faults;
mod harness;
mod informer;
mod laws;
mod listening;
mod lists;
mod metadata;
mod namespaces;
mod objects;
mod patches;
mod races;
mod versions;
mod watches;
