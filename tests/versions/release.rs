//! Versions that a reader reads together.

use serde_json::Value;

/// What a release of the specification puts together: one version of each group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Release {
    pub(crate) name: &'static str,
    pub(crate) access: &'static str,
    pub(crate) specs: &'static str,
    pub(crate) split: &'static str,
}

/// The releases of the design, and at both ends what they leave out: the first versions of all groups, and the newest, one of
/// which is a draft.
pub(crate) const RELEASES: [Release; 5] = [
    Release::new("first", "v1alpha1", "v1alpha1", "v1alpha1"),
    Release::new("0.4", "v1alpha1", "v1alpha2", "v1alpha3"),
    Release::new("0.5", "v1alpha2", "v1alpha3", "v1alpha3"),
    Release::new("0.6", "v1alpha3", "v1alpha4", "v1alpha4"),
    Release::new("newest", "v1alpha4", "v1alpha4", "v1alpha4"),
];

impl Release {
    const fn new(name: &'static str, access: &'static str, specs: &'static str, split: &'static str) -> Self {
        Self {
            name,
            access,
            specs,
            split,
        }
    }

    /// The `apiVersion` at which a reader of this release reads the group of `api_version`.
    pub(crate) fn api_version(&self, api_version: &str) -> String {
        let group = api_version.split('/').next().unwrap();
        let version = match group {
            "access.smi-spec.io" => self.access,
            "specs.smi-spec.io" => self.specs,
            "split.smi-spec.io" => self.split,
            other => panic!("{other}"),
        };
        format!("{group}/{version}")
    }

    /// Whether a reader of this release reads the object.
    pub(crate) fn reads(&self, object: &Value) -> bool {
        let api_version = object["apiVersion"].as_str().unwrap();
        self.api_version(api_version) == api_version
    }
}

/// Every pair of different releases, in both directions.
pub(crate) fn pairs() -> impl Iterator<Item = (Release, Release)> {
    let all = RELEASES.into_iter();
    all.flat_map(|from| RELEASES.into_iter().map(move |to| (from, to)))
        .filter(|(from, to)| from != to)
}
