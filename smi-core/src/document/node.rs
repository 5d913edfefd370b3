//! Owns [`Node`]: a value with the lines of all its parts.

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value;

use super::Duplicate;
use crate::path::{FieldPath, Segment};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) lines: Lines,
}

/// The lines of a value and of its parts, from 1. A field's line is that of its key.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    line: u32,
    parts: Parts,
}

#[derive(Clone, Debug)]
pub(super) enum Parts {
    None,
    /// In the order of the text, a repeated key as often as it occurs: the last one counts.
    Map(Vec<(Box<str>, Lines)>),
    List(Vec<Lines>),
}

impl Lines {
    pub(super) fn new(line: usize, parts: Parts) -> Self {
        Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            parts,
        }
    }

    pub(super) const fn line(&self) -> usize {
        self.line as usize
    }

    /// The same parts, at the line of the key or alias that leads to them.
    pub(super) fn at(self, line: usize) -> Self {
        Self::new(line, self.parts)
    }

    pub(super) fn line_of(&self, path: &FieldPath) -> usize {
        let mut here = self;
        for segment in path {
            match here.part(segment) {
                Some(part) => here = part,
                None => break,
            }
        }
        here.line()
    }

    fn part(&self, segment: &Segment) -> Option<&Self> {
        match (segment, &self.parts) {
            (Segment::Field(name) | Segment::Key(name), Parts::Map(members)) => {
                members.iter().rfind(|(key, _)| **key == **name).map(|(_, part)| part)
            }
            (Segment::Index(index), Parts::List(items)) => items.get(*index),
            _ => None,
        }
    }

    /// The parts by key, of a map.
    pub(super) fn into_members(self) -> HashMap<Box<str>, Self> {
        match self.parts {
            Parts::Map(members) => members.into_iter().collect(),
            Parts::None | Parts::List(_) => HashMap::new(),
        }
    }

    /// The parts in order, of a list.
    pub(super) fn into_items(self) -> Vec<Self> {
        match self.parts {
            Parts::List(items) => items,
            Parts::None | Parts::Map(_) => Vec::new(),
        }
    }

    /// Every repeated key at or below `path`, the path of this value, but not below a member named `except`.
    pub(super) fn duplicates(&self, path: &FieldPath, except: Option<&str>, found: &mut Vec<Duplicate>) {
        match &self.parts {
            Parts::None => {}
            Parts::Map(members) => {
                let mut first = HashMap::with_capacity(members.len());
                for (key, part) in members {
                    let here = path.member(key.to_string());
                    match first.entry(key) {
                        Entry::Vacant(entry) => {
                            entry.insert(part.line());
                        }
                        Entry::Occupied(entry) => {
                            found.push(Duplicate {
                                path: here.clone(),
                                line: part.line(),
                                first_line: *entry.get(),
                            });
                        }
                    }
                    if except != Some(&**key) {
                        part.duplicates(&here, None, found);
                    }
                }
            }
            Parts::List(items) => {
                for (index, part) in items.iter().enumerate() {
                    part.duplicates(&path.index(index), None, found);
                }
            }
        }
    }
}

/// What a value is called in a message.
pub(super) const fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
