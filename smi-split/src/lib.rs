//! split.smi-spec.io, the traffic split of the Service Mesh Interface: how the traffic of a service is divided.
//!
//! | kind | v1alpha1 | v1alpha2 | v1alpha3 | v1alpha4 |
//! | --- | --- | --- | --- | --- |
//! | TrafficSplit | [`v1alpha1::TrafficSplit`] | [`v1alpha2::TrafficSplit`] | [`v1alpha3::TrafficSplit`] | [`v1alpha4::TrafficSplit`] |
//!
//! v1alpha4 is the hub: [`convert`] reads every version as it.
//!
//! ```
//! use smi_split::v1alpha4::{Backend, TrafficSplit, TrafficSplitSpec};
//!
//! let canary = TrafficSplit::new("web", TrafficSplitSpec {
//!     service: "web".into(),
//!     backends: vec![Backend::new("web-v1", 90), Backend::new("web-v2", 10)],
//!     ..Default::default()
//! });
//! assert_eq!(canary.spec.backends[1].weight, 10);
//! ```

pub mod bounds;
pub mod by;
pub mod convert;
pub mod crd;
pub mod v1alpha1;
pub mod v1alpha2;
pub mod v1alpha3;
pub mod v1alpha4;
pub mod weight;

/// The API group.
pub const GROUP: &str = "split.smi-spec.io";
