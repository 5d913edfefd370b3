//! The largest lists and strings of this group's CRDs; the general ones are in [`smi_core::bounds`].

/// Matches of an HTTPRouteGroup.
pub const MATCHES: u32 = 512;

/// Characters of a match's name.
pub const MATCH_NAME: u32 = 253;

/// Characters of a path's or a header value's regular expression.
pub const REGEX: u32 = 4096;

/// Methods of a match; there are ten known ones.
pub const METHODS: u32 = 16;

/// Headers of a match.
pub const HEADERS: u32 = 64;

/// Ports of a TCPRoute or UDPRoute.
pub const PORTS: u32 = 1024;
