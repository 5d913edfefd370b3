//! What happens during a migration.

use super::{CrdReport, Failure};

/// What happened, for a progress line or a log.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The objects of a CRD are rewritten from now on.
    Started {
        /// The CRD.
        crd: &'a str,
        /// Its `status.storedVersions`.
        stored_versions: &'a [String],
        /// The version at which the objects are rewritten.
        storage_version: &'a str,
    },
    /// One more object is done, one way or the other.
    Progress {
        /// The CRD.
        crd: &'a str,
        /// How many objects are done.
        done: usize,
        /// How many there are; none where the server does not say.
        total: Option<usize>,
    },
    /// An object cannot be rewritten.
    Failed {
        /// The CRD.
        crd: &'a str,
        /// The object, and why.
        failure: &'a Failure,
    },
    /// The CRD changed, and its objects are rewritten once more.
    StartedOver {
        /// The CRD.
        crd: &'a str,
    },
    /// The CRD is done, one way or the other.
    Finished(&'a CrdReport),
}
