//! The certificates of the webhook: from a folder, and issued to itself, with smi-fake for the Secret and the CRDs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

mod crds;
mod folder;
mod secret;
mod serving;
mod start;
mod support;
mod world;
