//! The largest lists and strings of this group's CRDs.

use smi_core::bounds::{NAME, NAMESPACE};

/// Backends of a TrafficSplit.
pub const BACKENDS: u32 = 256;

/// HTTPRouteGroups that a TrafficSplit names.
pub const MATCHES: u32 = 64;

/// Characters of a service: a name, and in the wild also `name.namespace`, `name.namespace.svc.domain` and
/// `namespace/name`.
pub const SERVICE: u32 = NAME + NAMESPACE + 1;
