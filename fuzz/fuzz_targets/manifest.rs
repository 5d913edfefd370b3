//! Any bytes read as manifests. The body is shared with `tests/fuzz`, where `cargo test` runs it on a bounded
//! number of inputs.
#![no_main]

#[path = "../../tests/fuzz/manifest.rs"]
mod manifest;

libfuzzer_sys::fuzz_target!(|data: &[u8]| manifest::check(data));
