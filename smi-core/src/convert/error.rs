//! Why an object could not be converted.

use crate::{
    decode::{DecodeError, excerpt},
    path::FieldPath,
};

/// Why an object could not be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A field of the object cannot be read at the object's version.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The object says one version, and has the shape of another.
    #[error("the object says `{says}`, which has {says_shape}, but it has the shape of `{fits}`: {fits_shape}")]
    Shape {
        /// The version in the object's `apiVersion`.
        says: String,
        /// The fields of that version.
        says_shape: String,
        /// The newest version that the object would be right at.
        fits: String,
        /// The fields of that one.
        fits_shape: String,
    },
    /// `apiVersion` or `kind` is missing or no string.
    #[error("the object has no `{field}`")]
    Untyped {
        /// Which of the two.
        field: &'static str,
    },
    /// The group is known, the kind is not.
    #[error("`{group}` has no kind `{}`{}", excerpt(kind), only(known))]
    UnknownKind {
        /// The group.
        group: String,
        /// The kind that it does not have.
        kind: String,
        /// The kinds that it has, in backticks; empty where it has none.
        known: String,
    },
    /// The kind is known, the version is not.
    #[error("`{kind}` has no version `{}` in `{group}`, only {known}", excerpt(version))]
    UnknownVersion {
        /// The group.
        group: String,
        /// The kind.
        kind: String,
        /// The version that it does not have.
        version: String,
        /// The versions that it has.
        known: String,
    },
    /// A value that no version could mean.
    #[error("`{path}`: {message}")]
    Value {
        /// The field that holds it.
        path: FieldPath,
        /// What is wrong with it.
        message: String,
    },
    /// The converted object could not be written as JSON.
    #[error("the converted object cannot be written: {0}")]
    Encode(String),
}

fn only(known: &str) -> String {
    if known.is_empty() {
        " that is converted here".to_owned()
    } else {
        format!(", only {known}")
    }
}

/// `a`, `b` and `c` in backticks, for messages.
pub(crate) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
