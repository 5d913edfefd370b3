//! The CRDs of every kind.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
pub use smi_core::crd::{Conversion, CrdOptions, Serve, Stored};

/// The CRDs of every SMI kind, as `options` says.
///
/// ```
/// use smi_sdk::{Conversion, CrdOptions};
///
/// for crd in smi_sdk::crds(&CrdOptions::default()) {
///     println!("{}", smi_sdk::to_yaml(&crd)?);
/// }
/// let ca = "-----BEGIN CERTIFICATE-----";
/// let crds = smi_sdk::crds(&CrdOptions {
///     conversion: Conversion::webhook_service("smi-system", "smi-webhook", ca),
///     ..CrdOptions::default()
/// });
/// assert!(crds.iter().flat_map(|crd| &crd.spec.versions).all(|version| version.served));
/// # Ok::<(), smi_sdk::core::yaml::YamlError>(())
/// ```
pub fn crds(options: &CrdOptions) -> Vec<CustomResourceDefinition> {
    [
        smi_access::crd::crds(options),
        smi_specs::crd::crds(options),
        smi_split::crd::crds(options),
    ]
    .concat()
}
