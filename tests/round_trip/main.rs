//! What is written is read back as it was, whatever the kind, the version and the spelling.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

#[path = "../generate/mod.rs"]
mod generate;

mod corpus;
mod laws;
mod lenient;
