//! The kinds of identities that a TrafficTarget names. Reading takes any text: an unknown kind stands for nobody.

/// A Kubernetes ServiceAccount.
pub const SERVICE_ACCOUNT: &str = "ServiceAccount";

/// An IdentityBinding of this group; from v1alpha4 on.
pub const IDENTITY_BINDING: &str = "IdentityBinding";

/// The name of the ServiceAccount that stands for a destination which the version of an object cannot say. A
/// TrafficTarget that names it has no rules.
pub const UNREPRESENTABLE: &str = "smi-unrepresentable";
