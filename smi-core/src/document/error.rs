//! Owns [`DocumentError`]: why a part of a file is no object.

use thiserror::Error;

use super::Position;

/// A document that cannot be read. Prints as `policy.yaml:14: unclosed bracket '['`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{at}: {kind}")]
#[non_exhaustive]
pub struct DocumentError {
    /// Where the text stops being readable.
    pub at: Position,
    /// What is wrong there.
    pub kind: DocumentErrorKind,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DocumentErrorKind {
    /// The text is neither YAML nor JSON.
    #[error("{0}")]
    Syntax(String),
    /// The document is YAML or JSON, but a scalar or a list.
    #[error("a map is expected, not {found}")]
    NotAnObject {
        /// What it is: `a string`.
        found: &'static str,
    },
    /// The `items` of a list are something else than a list.
    #[error("`items`: a list is expected, not {found}")]
    NotItems {
        /// What they are: `a string`.
        found: &'static str,
    },
    /// The bytes are not text.
    #[error("binary data (a NUL byte)")]
    Binary,
    /// The bytes are text in another encoding than UTF-8, or damaged.
    #[error("the text is not UTF-8 (byte `{0:#04x}`)")]
    NotUtf8(u8),
    /// The text starts as UTF-16 and goes on as something else.
    #[error("the text is not valid UTF-16")]
    NotUtf16,
    /// The file is larger than [`Limits::file_bytes`](super::Limits::file_bytes).
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Maps and lists nest deeper than [`Limits::depth`](super::Limits::depth).
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The document has more values than [`Limits::values`](super::Limits::values).
    #[error("more than {limit} values in one document")]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// Aliases copy more than [`Limits::alias_values`](super::Limits::alias_values).
    #[error("aliases copy more than {limit} values")]
    TooManyAliasedValues {
        /// The limit.
        limit: usize,
    },
    /// Aliases copy more than [`Limits::alias_bytes`](super::Limits::alias_bytes).
    #[error("aliases copy more than {limit} bytes of text")]
    TooMuchAliasedText {
        /// The limit.
        limit: usize,
    },
}

/// An error with the line (from 1) within the text that was being read. The reader makes a [`DocumentError`] of it.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) line: usize,
    pub(super) kind: DocumentErrorKind,
}

impl Flaw {
    pub(super) const fn new(line: usize, kind: DocumentErrorKind) -> Self {
        Self { line, kind }
    }

    /// `message` in lower case (unless it starts with an abbreviation) and free of control characters.
    pub(super) fn syntax(line: usize, message: &str) -> Self {
        let mut text = String::with_capacity(message.len());
        let mut characters = message.chars().peekable();
        if let Some(first) = characters.next() {
            let abbreviation = characters.peek().is_some_and(|second| second.is_uppercase());
            text.push(if abbreviation {
                first
            } else {
                first.to_ascii_lowercase()
            });
        }
        text.extend(characters.map(|character| if character.is_control() { ' ' } else { character }));
        if text.is_empty() {
            text.push_str("neither YAML nor JSON");
        }
        Self::new(line, DocumentErrorKind::Syntax(text))
    }
}
