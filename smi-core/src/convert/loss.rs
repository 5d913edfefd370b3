//! What a conversion could not say.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::path::FieldPath;

/// A field of the original that the converted object does not say, or says in another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The field, as the original calls it.
    pub path: FieldPath,
    /// What became of it.
    pub reason: LossReason,
    /// Whether some reader of the converted object may allow what the original denies.
    pub widens: bool,
}

impl Loss {
    /// A loss that widens nothing.
    pub const fn new(path: FieldPath, reason: LossReason) -> Self {
        Self {
            path,
            reason,
            widens: false,
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "`{}`: ", self.path)?;
        }
        self.reason.fmt(f)?;
        if self.widens { f.write_str(" (widens)") } else { Ok(()) }
    }
}

/// What became of a field that the target version cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossReason {
    /// The target version has no such field; what it said is left out.
    NoSuchField,
    /// The target version does not know this kind; what named it is left out.
    NoSuchKind,
    /// It would grant something to somebody whom the converted object cannot name, and is left out.
    Withdrawn,
    /// Another field of the converted object, or a companion, says it now.
    Replaced,
    /// The number is the same in proportion to the others, and spelled otherwise.
    Respelled,
    /// The number does not fit, and is near the one that it stands for.
    Rounded,
    /// The target version does not have the object's kind; the object is passed on as it is.
    KindNotInVersion,
    /// The object's version has no such field: an API server drops it, and a reader does not see it.
    UnknownField,
    /// The key is there more than once: the last one counts.
    DuplicateKey,
    /// Another object of the set needs this one's name for something else, so it says less.
    Narrowed,
    /// It had to be kept for the way back, and the annotation or all annotations together would have become too long.
    StashFull,
    /// What the annotation keeps cannot be read, and is dropped.
    StashUnreadable,
    /// The object is of another group than the one that was asked for; it is passed on as it is.
    OtherGroup,
}

impl LossReason {
    /// A stable word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSuchField => "no-such-field",
            Self::NoSuchKind => "no-such-kind",
            Self::Withdrawn => "withdrawn",
            Self::Replaced => "replaced",
            Self::Respelled => "respelled",
            Self::Rounded => "rounded",
            Self::KindNotInVersion => "kind-not-in-version",
            Self::UnknownField => "unknown-field",
            Self::DuplicateKey => "duplicate-key",
            Self::Narrowed => "narrowed",
            Self::StashFull => "stash-full",
            Self::StashUnreadable => "stash-unreadable",
            Self::OtherGroup => "other-group",
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchField => "the target version has no such field",
            Self::NoSuchKind => "the target version does not know this kind",
            Self::Withdrawn => "left out, so that the object grants nothing",
            Self::Replaced => "another field says it now",
            Self::Respelled => "the same in proportion, spelled otherwise",
            Self::Rounded => "does not fit, and was rounded",
            Self::KindNotInVersion => "the target version does not have this kind, the object stays as it is",
            Self::UnknownField => "the object's version has no such field",
            Self::DuplicateKey => "there more than once, the last one counts",
            Self::Narrowed => "says less, as another object needs one of this name",
            Self::StashFull => "not kept for the way back: the annotations would be too long",
            Self::StashUnreadable => "cannot be read, and is dropped",
            Self::OtherGroup => "not of the group that was asked for, the object stays as it is",
        })
    }
}

impl Serialize for LossReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
