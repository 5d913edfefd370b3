//! Any JSON read as every kind at every version. The body is shared with `tests/fuzz`, where `cargo test` runs it on a bounded
//! number of inputs.
#![no_main]

#[path = "../../tests/fuzz/decode.rs"]
mod decode;

libfuzzer_sys::fuzz_target!(|data: &[u8]| decode::check(data));
