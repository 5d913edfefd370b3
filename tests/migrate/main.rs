//! Migrations of stored objects: nothing is lost, whatever interrupts them, and `status.storedVersions` is trimmed at the end
//! only. On the fake, or on a real kube-apiserver through `e2e/run`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../../examples/migrate.rs"]
mod program;
#[expect(dead_code, reason = "other suites need more of it")]
#[path = "../support/mod.rs"]
mod support;

mod changes;
mod example;
mod failures;
mod faults;
mod interrupted;
mod loss;
mod outcomes;
mod rbac;
mod world;
