//! access.smi-spec.io, the traffic access control of the Service Mesh Interface: who may talk to whom.
//!
//! | kind | v1alpha1 | v1alpha2 | v1alpha3 | v1alpha4 (draft) |
//! | --- | --- | --- | --- | --- |
//! | TrafficTarget | [`v1alpha1::TrafficTarget`] | [`v1alpha2::TrafficTarget`] | [`v1alpha3::TrafficTarget`] | [`v1alpha4::TrafficTarget`] |
//! | IdentityBinding | - | - | - | [`v1alpha4::IdentityBinding`] |
//!
//! v1alpha4 is the hub: [`convert`] reads every version as it. It was never released, so clusters serve v1alpha3 at most.
//!
//! ```
//! use smi_access::v1alpha3::{Rule, Subject, TrafficTarget, TrafficTargetSpec};
//!
//! let target = TrafficTarget::new("orders", TrafficTargetSpec {
//!     destination: Subject::service_account("api"),
//!     sources: vec![Subject::service_account("web")],
//!     rules: vec![Rule { matches: vec!["orders".into()], ..Rule::http_route_group("api") }],
//! });
//! assert_eq!(target.spec.destination.kind, "ServiceAccount");
//! ```

pub mod bounds;
pub mod by;
pub mod convert;
pub mod crd;
pub mod rule;
pub mod subject;
pub mod v1alpha1;
pub mod v1alpha2;
pub mod v1alpha3;
pub mod v1alpha4;

mod identity_binding;
mod service_identity;

pub use service_identity::{NoServiceIdentity, ServiceIdentity};

/// The API group.
pub const GROUP: &str = "access.smi-spec.io";
