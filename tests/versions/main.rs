//! Version conversion: nothing is lost, and nothing widens.
//!
//! Written from the design, not from the conversions. The laws hold for generated objects of every kind and pair of
//! versions; the table of the design and the defects of other implementations are here as examples.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

#[path = "../generate/mod.rs"]
mod generate;
#[path = "../oracle/mod.rs"]
mod oracle;

mod convert;
mod defects;
mod edit;
mod edits;
mod forms;
mod kinds;
mod policy;
mod release;
mod round_trips;
mod schemas;
mod splitting;
mod stashes;
mod table;
mod trials;
mod widening;
