//! Owns [`Position`] and [`Duplicate`]: places in a file.

use std::fmt;
use std::sync::Arc;

use crate::path::FieldPath;

/// A place in a file. Prints as `policy.yaml:14`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The name of the file, as it was given to [`read`](super::read).
    pub file: Arc<str>,
    /// The number of the document within its file, from 1: objects and errors count as they come, each item of a `List`
    /// too; empty documents do not count.
    pub document: usize,
    /// The line within the file, from 1.
    pub line: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A key that occurs more than once in one map. The last value counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicate {
    /// The field with the repeated key.
    pub path: FieldPath,
    /// The line of the repetition.
    pub line: usize,
    /// The line where the key stands first.
    pub first_line: usize,
}
