//! The controller example: what it renders, and what it survives. On the fake, or on a real kube-apiserver through
//! `e2e/run`; what needs faults is in `faults.rs` and stays on the fake.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../../examples/controller/main.rs"]
mod controller;
#[expect(dead_code, reason = "other suites need more of it")]
#[path = "../support/mod.rs"]
mod support;

mod bad_splits;
mod faults;
mod leading;
mod log;
mod nginx;
mod rendering;
mod restarts;
mod rights;
mod world;
