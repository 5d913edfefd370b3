//! Regular expressions, each compiled once. Tests use those that mean the same in RE2 and in Rust.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use regex::Regex;

/// The expressions that were asked for; none where one is invalid.
#[derive(Default)]
pub(crate) struct Regexes {
    compiled: RefCell<HashMap<String, Option<Rc<Regex>>>>,
}

impl Regexes {
    /// Whether `expression` matches from the start of `text`; what follows does not matter.
    pub(crate) fn matches_start(&self, expression: &str, text: &str) -> bool {
        self.is_match(&format!(r"\A(?:{expression})"), expression, text)
    }

    /// Whether `expression` matches the whole of `text`.
    pub(crate) fn matches_whole(&self, expression: &str, text: &str) -> bool {
        self.is_match(&format!(r"\A(?:{expression})\z"), expression, text)
    }

    /// An expression that is invalid by itself stays so, whatever is put around it.
    fn is_match(&self, anchored: &str, expression: &str, text: &str) -> bool {
        let compile = |anchored: &str| {
            let valid = Regex::new(expression).ok()?;
            drop(valid);
            Regex::new(anchored).ok().map(Rc::new)
        };
        let mut compiled = self.compiled.borrow_mut();
        if !compiled.contains_key(anchored) {
            let regex = compile(anchored);
            compiled.insert(anchored.to_owned(), regex);
        }
        compiled[anchored].as_ref().is_some_and(|regex| regex.is_match(text))
    }
}
