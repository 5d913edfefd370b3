//! Informers under faults and over long times, on the fake server alone and under a paused clock: hours take milliseconds.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![cfg(feature = "runtime")]

mod bad_objects;
mod crds;
mod day;
mod faults;
mod history;
mod readers;
mod step;
#[path = "../support/subscriber.rs"]
mod subscriber;
mod world;
