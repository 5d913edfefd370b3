//! Owns documents: YAML and JSON text as JSON values that know their file and lines.
//!
//! [`read`] takes the bytes of one file and iterates over its documents; [`source::sources`] finds and reads the files.
//! Text means what it means to `kubectl apply`: documents are separated by `---`, several JSON values may follow one
//! another, a `List` (and a `TrafficSplitList`, in Lists too) stands for its items, empty documents are skipped, and
//! plain scalars follow the YAML 1.1 rules of Kubernetes' YAML library:
//!
//! - `yes`, `no`, `on`, `off`, `y` and `n` are booleans, `010` is 8, `1_000` is 1000, `2020-01-01` is a string
//! - integers are exact up to 64 bits, a wider or a fractional number is the nearest 64-bit float
//! - a key that is a number or a boolean becomes its text, a null, a map or a list as a key is an error
//! - of a key that occurs twice the last one counts; [`Document::duplicate_keys`] reports it
//! - infinities and NaN are errors, since JSON has none; `!!binary` is an error; other unknown tags make a string
//!
//! Where a document is broken, the iteration yields its error and goes on with the next one. What one document may cost
//! is bounded by [`Limits`].

mod error;
mod json;
mod list;
mod merge;
mod node;
mod options;
mod position;
mod reader;
mod scalar;
pub mod source;
mod split;
#[cfg(test)]
mod tests;
mod yaml;

use serde_json::Value;

use crate::path::FieldPath;

pub use error::{DocumentError, DocumentErrorKind};
pub use options::{Limits, Options};
pub use position::{Duplicate, Position};
pub use reader::{Documents, read};

/// An object as it stands in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Document {
    /// The object. Always a JSON object, of any API group and kind.
    pub value: Value,
    /// Where it starts.
    pub at: Position,
    lines: node::Lines,
    duplicates: Vec<Duplicate>,
}

impl Document {
    /// The line, from 1, of the field at `path`, or of its nearest ancestor where the object has no such field.
    pub fn line_of(&self, path: &FieldPath) -> usize {
        self.lines.line_of(path)
    }

    /// Where the field at `path` is: [`Document::at`] with the line of the field.
    #[must_use]
    pub fn position_of(&self, path: &FieldPath) -> Position {
        Position {
            line: self.line_of(path),
            ..self.at.clone()
        }
    }

    /// The keys that occur more than once in one map of the object, in the order of the text.
    ///
    /// For the first item of a `List`, the keys that occur twice in the List itself come first: they decide which items
    /// there are.
    pub fn duplicate_keys(&self) -> &[Duplicate] {
        &self.duplicates
    }
}
