//! Any text as the annotation that keeps what a version does not say. The body is shared with `tests/fuzz`, where `cargo test`
//! runs it on a bounded number of inputs.
#![no_main]

#[path = "../../tests/fuzz/stash.rs"]
mod stash;

libfuzzer_sys::fuzz_target!(|data: &[u8]| stash::check(data));
