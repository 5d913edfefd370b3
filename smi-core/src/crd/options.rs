//! What the CRDs serve and store.

use super::Conversion;

/// What the CRDs serve, store and convert. The default is what the Go SDK publishes: every released version, of which
/// the newest is served and stored, and no conversion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrdOptions {
    /// Which versions are served.
    pub serve: Serve,
    /// Which version is stored.
    pub stored: Stored,
    /// How the API server converts between the versions. With a webhook every version is served, whatever
    /// [`serve`](Self::serve) says.
    pub conversion: Conversion,
}

impl CrdOptions {
    /// Every version is served, drafts included, and the newest stored. For servers that convert by themselves, such as
    /// a test server. Without a conversion a real API server rewrites `apiVersion` and drops, without a word, what the
    /// stored version has no field for: all that an HTTPRouteGroup of v1alpha1 says.
    #[must_use]
    pub fn all_served() -> Self {
        Self {
            serve: Serve::All,
            ..Self::default()
        }
    }

    pub(super) fn serves_all(&self) -> bool {
        self.serve == Serve::All || self.conversion != Conversion::None
    }
}

/// Which versions of a kind its CRD has and serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Serve {
    /// The newest released version is served; the older ones are there, and not served. Drafts, and kinds that are only
    /// drafts, are left out; an API server refuses that while `status.storedVersions` of its CRD names a draft.
    #[default]
    Released,
    /// The newest version is served, be it a draft; the older ones are there, and not served.
    Drafts,
    /// Every version is served, drafts included.
    All,
}

/// Which version of a kind its CRD stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// The newest version that is served.
    #[default]
    Newest,
    /// This version (`v1alpha2`). A kind that does not have it, or whose CRD leaves it out, stores its newest.
    Version(String),
}
