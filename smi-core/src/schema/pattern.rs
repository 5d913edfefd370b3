//! Regular expressions of schemas, compiled once.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use regex::Regex;

/// More patterns than any CRD has: beyond, those that were compiled are forgotten.
const KEPT: usize = 1024;

/// Whether `text` has a match of `pattern`. One that cannot be compiled matches nothing, as in kube-apiserver.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<Regex>>>> = LazyLock::new(Mutex::default);
    let found = {
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = compiled.get(pattern) {
            found.clone()
        } else {
            if compiled.len() >= KEPT {
                compiled.clear();
            }
            compiled
                .entry(pattern.to_owned())
                .or_insert_with(|| Regex::new(pattern).ok())
                .clone()
        }
    };
    found.is_some_and(|regex| regex.is_match(text))
}
