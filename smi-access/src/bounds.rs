//! The largest lists and strings of this group's CRDs; the general ones are in [`smi_core::bounds`].

/// Sources of a TrafficTarget.
pub const SOURCES: u32 = 1024;

/// Rules of a TrafficTarget.
pub const RULES: u32 = 256;

/// Matches that one rule names.
pub const RULE_MATCHES: u32 = 256;

/// SPIFFE identities of an IdentityBinding.
pub const SPIFFE_IDS: u32 = 256;

/// Characters of a SPIFFE identity: the limit of the SPIFFE standard.
pub const SPIFFE_ID: u32 = 2048;

/// Labels of an IdentityBinding's pod selector.
pub const LABELS: u32 = 64;
