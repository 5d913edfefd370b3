//! Who asks whom for what.

use std::collections::BTreeMap;

/// A workload.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Identity {
    pub(crate) namespace: String,
    pub(crate) service_account: String,
    /// SPIFFE identities, with `spiffe://` in front.
    pub(crate) spiffe: Vec<String>,
    /// The labels of its pod.
    pub(crate) labels: BTreeMap<String, String>,
}

/// What one workload asks of another.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) source: Identity,
    pub(crate) destination: Identity,
    /// None where it is not known.
    pub(crate) port: Option<u16>,
    pub(crate) protocol: Protocol,
}

/// The protocol, with what policies look at.
#[derive(Clone, Debug)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
    Http(Http),
}

/// The parts of an HTTP request that a match looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Http {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names and values, in order; a name may be there twice.
    pub(crate) headers: Vec<(String, String)>,
}
