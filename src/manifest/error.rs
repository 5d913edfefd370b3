//! Why a document is no object that can be read.

use std::{fmt, sync::Arc};

use serde_json::Value;
use smi_core::{
    convert::ConvertError,
    decode::DecodeError,
    document::{self, DocumentError, DocumentErrorKind, Position, source::SourceError},
    path::{FieldPath, one_line},
};

/// A document that cannot be read, or a file.
///
/// Prints as `` policy.yaml:14: TrafficSplit `shop/web`: `spec.backends[0].weight`: the weight `33.3` is not a whole number ``.
#[derive(Debug, thiserror::Error)]
#[error("{}{subject}{kind}", Place(at))]
#[non_exhaustive]
pub struct ManifestError {
    /// Where the document is wrong: the line of the field, where one is named. A file that cannot be read has line 0.
    pub at: Position,
    /// The object that the document is about, as far as it can be told.
    pub subject: Subject,
    /// What is wrong with it.
    pub kind: ManifestErrorKind,
}

/// The object that a broken document is about. Fields that the document does not have are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subject {
    /// `split.smi-spec.io/v1alpha4`
    pub api_version: String,
    /// `TrafficSplit`
    pub kind: String,
    /// `shop`
    pub namespace: String,
    /// `web`
    pub name: String,
}

/// What is wrong with a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestErrorKind {
    /// The file cannot be read.
    #[error(transparent)]
    Source(SourceError),
    /// The text is neither YAML nor JSON, is over a limit, or is no map.
    #[error(transparent)]
    Document(DocumentErrorKind),
    /// A field cannot be read, or the kind or the version is not known.
    #[error(transparent)]
    Object(#[from] ConvertError),
    /// A kind of SMI without an `apiVersion`, or with a group of SMI's that has no version behind it.
    #[error("{}: write `apiVersion: {newest}`", Unversioned(says))]
    Unversioned {
        /// What the object says; empty where it says nothing.
        says: String,
        /// The newest `apiVersion` of the kind.
        newest: String,
    },
    /// Strict reading: the object has fields that its version does not have, or keys that are there more than once.
    #[error("{}", Surplus { unknown, repeated })]
    Strict {
        /// The fields that the version does not have.
        unknown: Vec<FieldPath>,
        /// The keys that are there more than once.
        repeated: Vec<FieldPath>,
    },
}

impl ManifestError {
    pub(super) fn of(source: &document::Document, kind: ManifestErrorKind) -> Self {
        let at = kind
            .path()
            .map_or_else(|| source.at.clone(), |path| source.position_of(path));
        Self {
            at,
            subject: Subject::of(&source.value),
            kind,
        }
    }
}

impl ManifestErrorKind {
    /// The field that is wrong; the first one, where there are several.
    pub fn path(&self) -> Option<&FieldPath> {
        match self {
            Self::Object(ConvertError::Decode(DecodeError { path, .. }) | ConvertError::Value { path, .. }) => {
                Some(path)
            }
            Self::Strict { unknown, repeated } => unknown.first().or_else(|| repeated.first()),
            _ => None,
        }
    }
}

impl From<DecodeError> for ManifestErrorKind {
    fn from(error: DecodeError) -> Self {
        Self::Object(error.into())
    }
}

impl From<DocumentError> for ManifestError {
    fn from(error: DocumentError) -> Self {
        Self {
            at: error.at,
            subject: Subject::default(),
            kind: ManifestErrorKind::Document(error.kind),
        }
    }
}

impl From<SourceError> for ManifestError {
    fn from(error: SourceError) -> Self {
        let at = Position {
            file: Arc::from(error.name()),
            document: 0,
            line: 0,
        };
        Self {
            at,
            subject: Subject::default(),
            kind: ManifestErrorKind::Source(error),
        }
    }
}

impl Subject {
    fn of(value: &Value) -> Self {
        let text = |pointer| {
            value
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            api_version: text("/apiVersion"),
            kind: text("/kind"),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        }
    }
}

/// ``TrafficSplit `shop/web`: ``, or nothing where nothing is known.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (
            &*one_line(&self.kind),
            &*one_line(&self.namespace),
            &*one_line(&self.name),
        ) {
            ("", _, _) => Ok(()),
            (kind, _, "") => write!(f, "{kind}: "),
            (kind, "", name) => write!(f, "{kind} `{name}`: "),
            (kind, namespace, name) => write!(f, "{kind} `{namespace}/{name}`: "),
        }
    }
}

/// `file:line: `, or nothing for a file that cannot be read, whose error names it.
struct Place<'a>(&'a Position);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.line == 0 {
            Ok(())
        } else {
            write!(f, "{}: ", self.0)
        }
    }
}

struct Unversioned<'a>(&'a str);

impl fmt::Display for Unversioned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("the object has no `apiVersion`"),
            group => write!(f, "the `apiVersion` `{group}` has no version"),
        }
    }
}

struct Surplus<'a> {
    unknown: &'a [FieldPath],
    repeated: &'a [FieldPath],
}

impl fmt::Display for Surplus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 10;
        let unknown = self.unknown.iter().map(|path| format!("unknown field `{path}`"));
        let repeated = self.repeated.iter().map(|path| format!("duplicate key `{path}`"));
        let shown: Vec<_> = unknown.chain(repeated).take(MOST).collect();
        f.write_str(&shown.join(", "))?;
        match (self.unknown.len() + self.repeated.len()).saturating_sub(MOST) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
