//! Owns [`Release`]: which versions the specification put together.

/// A release of the specification: the version of each group that its readers read together.
///
/// A TrafficTarget and the routes that it names are read at versions of one release, so objects that belong together are
/// converted together:
///
/// ```
/// use serde_json::json;
/// use smi_sdk::{Release, convert::converters};
///
/// let target = json!({
///     "apiVersion": "access.smi-spec.io/v1alpha2", "kind": "TrafficTarget",
///     "metadata": {"name": "orders", "namespace": "shop"},
///     "spec": {
///         "destination": {"kind": "ServiceAccount", "name": "api", "port": 8080},
///         "sources": [{"kind": "ServiceAccount", "name": "web"}],
///         "rules": [{"kind": "HTTPRouteGroup", "name": "api"}],
///     },
/// });
/// let release = Release::named("0.6").unwrap();
/// let set = converters().convert_all(&[target], &release.api_versions());
///
/// // From v1alpha3 on a TCPRoute says the port.
/// let target = set.objects[0].as_ref().unwrap();
/// assert_eq!(target.object["spec"]["rules"][1]["name"], "smi-port-8080");
/// assert_eq!(set.companions[0].object["spec"]["matches"]["ports"], json!([8080]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// What it is called: `0.6`.
    pub name: &'static str,
    /// The `apiVersion` of TrafficTarget.
    pub access: &'static str,
    /// The `apiVersion` of HTTPRouteGroup, TCPRoute and UDPRoute.
    pub specs: &'static str,
    /// The `apiVersion` of TrafficSplit.
    pub split: &'static str,
}

impl Release {
    /// The releases, from the oldest to the newest.
    ///
    /// Source: the release notes of the specification.
    pub const ALL: [Self; 3] = [
        Self {
            name: "0.4",
            access: "access.smi-spec.io/v1alpha1",
            specs: "specs.smi-spec.io/v1alpha2",
            split: "split.smi-spec.io/v1alpha3",
        },
        Self {
            name: "0.5",
            access: "access.smi-spec.io/v1alpha2",
            specs: "specs.smi-spec.io/v1alpha3",
            split: "split.smi-spec.io/v1alpha3",
        },
        Self {
            name: "0.6",
            access: "access.smi-spec.io/v1alpha3",
            specs: "specs.smi-spec.io/v1alpha4",
            split: "split.smi-spec.io/v1alpha4",
        },
    ];

    /// The release of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|release| release.name == name)
    }

    /// The `apiVersion`s of the release, for [`Converters::convert_all`](crate::convert::Converters::convert_all).
    pub const fn api_versions(&self) -> [&'static str; 3] {
        [self.access, self.specs, self.split]
    }
}
