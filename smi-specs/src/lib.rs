//! specs.smi-spec.io, the traffic specs of the Service Mesh Interface: what kinds of traffic there are.
//!
//! | kind | v1alpha1 | v1alpha2 | v1alpha3 | v1alpha4 |
//! | --- | --- | --- | --- | --- |
//! | HTTPRouteGroup | [`v1alpha1::HttpRouteGroup`] | [`v1alpha2::HttpRouteGroup`] | [`v1alpha3::HttpRouteGroup`] | [`v1alpha4::HttpRouteGroup`] |
//! | TCPRoute | [`v1alpha1::TcpRoute`] | [`v1alpha2::TcpRoute`] | [`v1alpha3::TcpRoute`] | [`v1alpha4::TcpRoute`] |
//! | UDPRoute | - | - | - | [`v1alpha4::UdpRoute`] |
//!
//! v1alpha4 is the hub: [`convert`] reads every version as it.
//!
//! ```
//! use smi_specs::v1alpha4::{HeaderMatch, HttpMatch, HttpRouteGroup, HttpRouteGroupSpec};
//!
//! let routes = HttpRouteGroup::new("api", HttpRouteGroupSpec {
//!     matches: vec![HttpMatch {
//!         name: "orders".into(),
//!         methods: vec!["GET".into()],
//!         path_regex: Some("/orders".into()),
//!         headers: vec![HeaderMatch::new("x-tenant", "acme|initech")],
//!     }],
//! });
//! assert_eq!(
//!     serde_json::to_value(&routes.spec)?,
//!     serde_json::json!({"matches": [{
//!         "name": "orders", "methods": ["GET"], "pathRegex": "/orders", "headers": [{"x-tenant": "acme|initech"}],
//!     }]}),
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod bounds;
pub mod convert;
pub mod crd;
pub mod headers;
pub mod method;
pub mod v1alpha1;
pub mod v1alpha2;
pub mod v1alpha3;
pub mod v1alpha4;

mod at_root;
mod ports;

/// The API group.
pub const GROUP: &str = "specs.smi-spec.io";
