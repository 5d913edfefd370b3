//! Objects that the server gives out and that cannot be read.

use crate::{convert::ConvertError, informer::stored::is_older, key::ObjectKey};

/// What becomes of the objects that cannot be read. Whichever it is, the others are served, and
/// [`Event::Invalid`](super::Event::Invalid) reports each bad version once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInvalid {
    /// The object is left out, as if it were deleted; subscribers of the change stream see a deletion.
    Drop,
    /// The last version that could be read stays, until it is replaced, deleted or this process starts again.
    KeepLast,
    /// The object is left out, and subscribers of the change stream are told that it is invalid, so that they can refuse
    /// what depends on it.
    #[default]
    FailClosed,
}

/// An object that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Namespace and name; the name is empty where even that cannot be read.
    pub object: ObjectKey,
    /// `metadata.uid`, empty where there is none; for the reference of an Event.
    pub uid: String,
    /// `metadata.resourceVersion`; empty where there is none.
    pub resource_version: String,
    /// What is wrong with it.
    pub error: ConvertError,
}

impl Invalid {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        !other.resource_version.is_empty() && self.resource_version == other.resource_version && self.uid == other.uid
    }

    pub(super) fn is_newer_than(&self, resource_version: &str) -> bool {
        is_older(resource_version, &self.resource_version)
    }
}
