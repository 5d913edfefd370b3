//! The quickstart example: the table, the count, what could not be read, and its exit codes.
//!
//! Most of this is about the server that the program embeds, and runs on that one wherever it runs. What it does on a
//! cluster that is there already is in `cluster.rs`, on the fake or on a real kube-apiserver through `e2e/run`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../../examples/quickstart/main.rs"]
mod quickstart;
#[expect(dead_code, reason = "other suites need more of it")]
#[path = "../support/mod.rs"]
mod support;

mod applying;
mod arguments;
mod cluster;
mod demo;
mod manifests;
mod program;
mod says;
mod screen;
mod shares;
mod watching;
