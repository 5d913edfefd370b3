//! Owns [`Rule`]: one fault, the requests that it meets, and how often.

use std::time::Duration;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The answer comes later, on tokio's time.
    Delay(Duration),
    /// `410`: as a `Status` for a list, as an event of a watch.
    Gone,
    /// `429` with a `Retry-After` header, in seconds.
    TooManyRequests {
        /// The seconds.
        retry_after: u32,
    },
    /// `500`.
    InternalError,
    /// The connection breaks before there is an answer.
    Disconnect,
    /// Every event of a watch comes twice.
    DuplicateEvents,
    /// After every event of a watch comes the one before it once more.
    OldEvents,
}

impl Fault {
    pub(crate) const fn ends_request(&self) -> bool {
        matches!(
            self,
            Self::Gone | Self::TooManyRequests { .. } | Self::InternalError | Self::Disconnect
        )
    }
}

/// The name of a fault that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FaultId(pub(crate) u64);

/// A fault, for some requests, some times.
#[derive(Clone, Debug)]
#[must_use]
pub struct Rule {
    fault: Fault,
    verb: Option<String>,
    resource: Option<String>,
    after: u32,
    left: Option<u32>,
}

impl Rule {
    /// A fault that every request meets, for ever.
    pub const fn new(fault: Fault) -> Self {
        Self {
            fault,
            verb: None,
            resource: None,
            after: 0,
            left: None,
        }
    }

    /// Only requests of this verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. Requests
    /// that are about no resource (discovery, `/version`) are `get`.
    pub fn verb(mut self, verb: &str) -> Self {
        self.verb = Some(verb.to_owned());
        self
    }

    /// Only requests about this resource, named by its plural: `trafficsplits`.
    pub fn resource(mut self, plural: &str) -> Self {
        self.resource = Some(plural.to_owned());
        self
    }

    /// Only this many times.
    pub const fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }

    /// Lets this many requests pass first: the second page of a list.
    pub const fn after(mut self, requests: u32) -> Self {
        self.after = requests;
        self
    }

    /// Whether a request meets the fault; counts those that still pass.
    pub(super) fn applies(&mut self, verb: &str, resource: &str) -> bool {
        let matches = self.verb.as_ref().is_none_or(|of| of == verb)
            && self.resource.as_ref().is_none_or(|of| of == resource)
            && !self.is_spent();
        if matches && self.after > 0 {
            self.after -= 1;
            return false;
        }
        matches
    }

    pub(super) const fn happen(&mut self) -> Fault {
        if let Some(left) = self.left.as_mut() {
            *left = left.saturating_sub(1);
        }
        self.fault
    }

    pub(super) const fn is_spent(&self) -> bool {
        matches!(self.left, Some(0))
    }
}
