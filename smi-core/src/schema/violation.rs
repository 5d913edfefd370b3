//! What a value does wrong by its schema, in the words of kube-apiserver.

use std::fmt;

use serde::Serialize;

use crate::path::FieldPath;

/// One thing that a value does wrong by its schema.
///
/// Prints as a line of kube-apiserver's answer: `spec.service: Required value`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemaViolation {
    /// The field.
    pub path: FieldPath,
    /// The machine-readable reason, as it stands in the causes of a `Status`: `FieldValueInvalid`.
    pub reason: Reason,
    /// What is wrong, without the path: `Invalid value: "x": spec.weight in body must be of type integer: "string"`.
    pub message: String,
}

/// The reasons that kube-apiserver gives in the causes of a `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum Reason {
    /// `FieldValueInvalid`: the value is not what the schema asks for.
    #[serde(rename = "FieldValueInvalid")]
    Invalid,
    /// `FieldValueTypeInvalid`: the value is of another type.
    #[serde(rename = "FieldValueTypeInvalid")]
    TypeInvalid,
    /// `FieldValueRequired`: the field is missing.
    #[serde(rename = "FieldValueRequired")]
    Required,
    /// `FieldValueNotSupported`: the value is none of the enumeration.
    #[serde(rename = "FieldValueNotSupported")]
    NotSupported,
    /// `FieldValueForbidden`: the field may not be set.
    #[serde(rename = "FieldValueForbidden")]
    Forbidden,
    /// `FieldValueTooLong`: the string has too many bytes.
    #[serde(rename = "FieldValueTooLong")]
    TooLong,
    /// `FieldValueTooMany`: the list or the map has too many entries.
    #[serde(rename = "FieldValueTooMany")]
    TooMany,
    /// `FieldValueDuplicate`: the value stands twice in a set.
    #[serde(rename = "FieldValueDuplicate")]
    Duplicate,
}

impl Reason {
    /// The reason as it stands in a `Status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "FieldValueInvalid",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Required => "FieldValueRequired",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::Duplicate => "FieldValueDuplicate",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl SchemaViolation {
    /// The field as it stands in the causes of a `Status`: the path, `<nil>` for the object itself.
    pub fn field(&self) -> String {
        if self.path.is_root() {
            "<nil>".into()
        } else {
            self.path.to_string()
        }
    }
}

impl fmt::Display for SchemaViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field(), self.message)
    }
}
