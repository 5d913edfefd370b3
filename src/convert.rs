//! Reading any version of any kind as the newest, and writing it as any other.
//!
//! Typed, an object goes to its hub with [`Spoke::into_hub`]; on JSON values [`converters`] does the same for every kind.
//!
//! ```
//! use smi_sdk::{access::{v1alpha1, v1alpha4}, convert::{Converted, Spoke}};
//!
//! let old = v1alpha1::TrafficTarget::new("orders", v1alpha1::TrafficTargetSpec {
//!     destination: v1alpha1::Subject { port: Some(8080), ..v1alpha1::Subject::service_account("api") },
//!     sources: vec![v1alpha1::Subject::service_account("web")],
//!     specs: vec![v1alpha1::Rule::http_route_group("api")],
//! });
//! let Converted { object, companions, losses } = old.into_hub()?;
//! let object: v1alpha4::TrafficTarget = object;
//!
//! // Newer versions have no port: a TCPRoute that stands beside the object says it.
//! assert_eq!(object.spec.rules[1].name, "smi-port-8080");
//! assert_eq!(companions[0].metadata.name.as_deref(), Some("smi-port-8080"));
//! assert_eq!(losses[0].to_string(), "`destination.port`: another field says it now");
//! # Ok::<(), smi_sdk::convert::ConvertError>(())
//! ```

pub use smi_core::convert::{
    Beside, CONVERSION_DATA, ConvertError, Converted, ConvertedSet, Converter, Converters, Fields, Fingerprint, Hub,
    Items, Known, Loss, LossReason, Moved, STASH_MAX, Spoke, Stash,
};

/// The converters of every SMI kind that has a CRD.
///
/// ```
/// let split = serde_json::json!({
///     "apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplit", "metadata": {"name": "web"},
///     "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 1}]},
/// });
/// let converted = smi_sdk::convert::converters().convert(split, "split.smi-spec.io/v1alpha4")?;
/// assert_eq!(converted.object["apiVersion"], "split.smi-spec.io/v1alpha4");
/// # Ok::<(), smi_sdk::convert::ConvertError>(())
/// ```
#[must_use]
pub fn converters() -> Converters {
    smi_access::convert::converters()
        .and(smi_specs::convert::converters())
        .and(smi_split::convert::converters())
}
