//! The cache example: what snapshots hold, when they change, and what they survive. On the fake, or on a real
//! kube-apiserver through `e2e/run`; what needs faults is in `faults.rs` and stays on the fake.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../../examples/cache/main.rs"]
mod cache;
#[expect(dead_code, reason = "other suites need more of it")]
#[path = "../support/mod.rs"]
mod support;

mod arguments;
mod content;
mod faults;
mod health;
mod versions;
mod world;
