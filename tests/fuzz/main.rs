//! The fuzz targets of `fuzz/` under plain `cargo test`: each seed as it is, and a bounded number of changed seeds.

#![expect(clippy::unwrap_used, reason = "a check fails as a test does")]

mod decode;
mod documents;
mod manifest;
mod stash;

use std::path::PathBuf;
use std::{env, fs};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const CHANGED_SEEDS: u32 = 2_000;

#[test]
fn decode_holds_for_seeds_and_changed_seeds() {
    run("decode", decode::check);
}

#[test]
fn manifest_holds_for_seeds_and_changed_seeds() {
    run("manifest", manifest::check);
}

#[test]
fn documents_hold_for_seeds_and_changed_seeds() {
    run("documents", documents::check);
}

#[test]
fn stash_holds_for_seeds_and_changed_seeds() {
    run("stash", stash::check);
}

fn run(target: &str, check: fn(&[u8])) {
    let seeds = seeds(target);
    for (_, seed) in &seeds {
        check(seed);
    }
    let contents: Vec<Vec<u8>> = seeds.into_iter().map(|(_, seed)| seed).collect();
    // The same inputs on every run: what is new is for the fuzzer to find.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let default = Config::default();
    let config = Config {
        // `PROPTEST_CASES` asks for more.
        cases: if env::var_os("PROPTEST_CASES").is_some() {
            default.cases
        } else {
            CHANGED_SEEDS
        },
        failure_persistence: None,
        ..default
    };
    TestRunner::new_with_rng(config, rng)
        .run(&changed(contents), |input| {
            check(&input);
            Ok(())
        })
        .unwrap();
}

/// Name and contents, in the order of the names.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/seeds")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    seeds.sort();
    seeds
}

#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Remove(Index, usize),
    /// Copies a part of another seed, or of the same, to a place.
    Splice(Index, Index, Index, usize),
    Cut(Index),
}

fn changed(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let place = any::<Index>;
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"\n\r\t -:{}[],\"'#&*!|>%?<~.0\\\0\xef\xff".to_vec())
    ];
    let change = prop_oneof![
        4 => (place(), byte).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (place(), 1..8_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        3 => (place(), place(), place(), 1..40_usize).prop_map(|(seed, from, to, length)| Change::Splice(seed, from, to, length)),
        1 => place().prop_map(Change::Cut),
    ];
    (any::<Index>(), vec(change, 0..6)).prop_map(move |(start, changes)| {
        let mut bytes = start.get(&seeds).clone();
        for change in changes {
            apply(&change, &seeds, &mut bytes);
        }
        bytes
    })
}

fn apply(change: &Change, seeds: &[Vec<u8>], bytes: &mut Vec<u8>) {
    let size = bytes.len() + 1;
    match change {
        Change::Set(at, byte) => {
            let at = at.index(size);
            bytes.splice(at..(at + 1).min(size - 1).max(at), [*byte]);
        }
        Change::Remove(at, length) => {
            let at = at.index(size);
            bytes.drain(at..(at + length).min(size - 1));
        }
        Change::Splice(seed, from, to, length) => {
            let seed = seed.get(seeds);
            let from = from.index(seed.len() + 1);
            let part = seed[from..(from + length).min(seed.len())].to_vec();
            let to = to.index(size);
            bytes.splice(to..to, part);
        }
        Change::Cut(at) => bytes.truncate(at.index(size)),
    }
}
