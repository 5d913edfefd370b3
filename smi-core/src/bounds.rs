//! The largest lists and strings that the CRDs admit.
//!
//! The API server gives CEL rules a cost budget that it works out from these bounds, so every list and string of the
//! CRDs has one. Each is far above what real objects hold, and no CRD that others publish sets any.

/// Characters of an object's name: a DNS-1123 subdomain.
pub const NAME: u32 = 253;

/// Characters of a namespace: a DNS-1123 label.
pub const NAMESPACE: u32 = 63;

/// Characters of a kind, such as `ServiceAccount`.
pub const KIND: u32 = 63;

/// Characters of an API group, with or without a version behind it.
pub const API_GROUP: u32 = 316;

/// The smallest port number.
pub const PORT_MIN: u16 = 1;

/// The largest port number.
pub const PORT_MAX: u16 = 65_535;
