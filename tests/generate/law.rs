//! Running a law on generated values.

use std::env;

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRunner},
};

/// Holds `law` for `cases` values, or as many as `PROPTEST_CASES` asks for; a failure shows the smallest value that it finds.
pub(crate) fn for_all<S: Strategy>(cases: u32, strategy: S, law: impl Fn(S::Value)) {
    let default = Config::default();
    let asked_for = env::var_os("PROPTEST_CASES").is_some();
    exactly(if asked_for { default.cases } else { cases }, strategy, law);
}

/// As [`for_all`], whatever `PROPTEST_CASES` says.
pub(crate) fn exactly<S: Strategy>(cases: u32, strategy: S, law: impl Fn(S::Value)) {
    let config = Config {
        cases,
        failure_persistence: None,
        // The usual one takes a quarter of the time in a debug build.
        rng_algorithm: RngAlgorithm::XorShift,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        law(value);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
