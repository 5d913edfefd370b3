//! Any bytes read as documents. The body is shared with `tests/fuzz`, where `cargo test` runs it on a bounded number of
//! inputs.
#![no_main]

#[path = "../../tests/fuzz/documents.rs"]
mod documents;

libfuzzer_sys::fuzz_target!(|data: &[u8]| documents::check(data));
