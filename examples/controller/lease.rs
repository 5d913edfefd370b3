//! Leader election by Lease: of several processes one leads, and another takes over when that one goes or is cut off.
//!
//! Of the libraries for it, `kube-leader-election` is of kube 4; `kube-lease-manager` compares the clocks of machines and
//! writes without a precondition. This is what client-go does, without either: a holder renews by replacing the very
//! version of the Lease that it knows, and gives up before others may take over; others wait until they have seen the
//! same version for its whole duration on a clock of their own.

use std::time::Duration;

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{Api, api::PostParams, core::ObjectMeta};
use smi_sdk::{core::failure, kube};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::failures::Told;

/// What is said where no answer came in time.
const NO_ANSWER: &str = "no answer";

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// How long others wait for a holder that does not renew. A whole number of seconds.
    pub(crate) duration: Duration,
    /// How long a holder leads without having renewed; less than `duration`.
    pub(crate) give_up: Duration,
    /// How long holders and others wait before they ask again.
    pub(crate) retry: Duration,
}

impl Default for Timing {
    /// What Kubernetes' own components take.
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(15),
            give_up: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// One of those that want to lead.
pub(crate) struct Candidate {
    leases: Api<Lease>,
    name: String,
    identity: String,
    timing: Timing,
}

/// The Lease, while it is held.
pub(crate) struct Held<'a> {
    candidate: &'a Candidate,
    /// As it was written last.
    lease: Lease,
    /// When the request was sent that wrote it.
    renewed: Instant,
}

/// A version of the Lease that is somebody else's, and since when nothing newer was seen.
struct Seen {
    version: Option<String>,
    holder: Option<String>,
    since: Instant,
}

impl Candidate {
    /// A candidate for the Lease `name`; `identity` is its alone.
    pub(crate) const fn new(leases: Api<Lease>, name: String, identity: String, timing: Timing) -> Self {
        Self {
            leases,
            name,
            identity,
            timing,
        }
    }

    /// Waits until the Lease is ours.
    pub(crate) async fn acquire(&self) -> Held<'_> {
        let mut seen = None;
        let mut told = Told::default();
        loop {
            // An answer that is late would be a Lease that has been lost meanwhile.
            let asked = Instant::now();
            match timeout(self.timing.give_up, self.try_acquire(&mut seen)).await {
                Ok(Ok(Some(lease))) => {
                    return Held {
                        candidate: self,
                        lease,
                        renewed: asked,
                    };
                }
                Ok(Ok(None)) => told.forget(),
                Ok(Err(error)) => told.warn("cannot ask for the lease", &failure::said(&error)),
                Err(_) => told.warn("cannot ask for the lease", &NO_ANSWER),
            }
            sleep(self.timing.retry).await;
        }
    }

    async fn try_acquire(&self, seen: &mut Option<Seen>) -> Result<Option<Lease>, kube::Error> {
        let Some(mut lease) = self.leases.get_opt(&self.name).await? else {
            let metadata = ObjectMeta {
                name: Some(self.name.clone()),
                ..ObjectMeta::default()
            };
            let spec = Some(self.taken(&LeaseSpec::default()));
            let lease = Lease { metadata, spec };
            return match self.leases.create(&PostParams::default(), &lease).await {
                Err(kube::Error::Api(status)) if status.code == 409 => Ok(None),
                // Not found is the namespace here: that does not mend itself, and somebody has to be told.
                created => created.map(Some),
            };
        };
        let spec = lease.spec.unwrap_or_default();
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        if !holder.is_empty() && holder != self.identity && !self.is_over(&spec, &lease.metadata, seen) {
            return Ok(None);
        }
        lease.spec = Some(self.taken(&spec));
        unless_changed(self.leases.replace(&self.name, &PostParams::default(), &lease).await)
    }

    /// Whether a Lease of somebody else was seen without a change for as long as it lasts.
    fn is_over(&self, spec: &LeaseSpec, metadata: &ObjectMeta, seen: &mut Option<Seen>) -> bool {
        let now = Instant::now();
        match seen {
            Some(seen) if seen.version == metadata.resource_version => {
                let seconds = spec
                    .lease_duration_seconds
                    .and_then(|seconds| u64::try_from(seconds).ok());
                now.duration_since(seen.since) >= seconds.map_or(self.timing.duration, Duration::from_secs)
            }
            _ => {
                let holder = &spec.holder_identity;
                if seen.as_ref().is_none_or(|seen| seen.holder != *holder) {
                    tracing::info!("waiting: `{}` holds the lease", holder.as_deref().unwrap_or_default());
                }
                *seen = Some(Seen {
                    version: metadata.resource_version.clone(),
                    holder: holder.clone(),
                    since: now,
                });
                false
            }
        }
    }

    /// `old`, taken by us.
    fn taken(&self, old: &LeaseSpec) -> LeaseSpec {
        let is_new = old.holder_identity.as_ref() != Some(&self.identity);
        let now = MicroTime(Timestamp::now());
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.timing.duration.as_secs()).ok(),
            acquire_time: if is_new {
                Some(now.clone())
            } else {
                old.acquire_time.clone()
            },
            renew_time: Some(now),
            // Anybody may have written the greatest number there is.
            lease_transitions: Some(
                old.lease_transitions
                    .unwrap_or_default()
                    .saturating_add(i32::from(is_new)),
            ),
            ..old.clone()
        }
    }
}

impl Held<'_> {
    /// Renews the Lease until it is lost: somebody else has it, or nobody knows for too long. From then on no write may be
    /// sent. One that was sent before may still arrive: this Lease is no fence, as client-go's is none.
    pub(crate) async fn keep(&mut self) {
        let mut told = Told::default();
        loop {
            let deadline = self.renewed + self.candidate.timing.give_up;
            let next = Instant::now() + self.candidate.timing.retry;
            tokio::time::sleep_until(next.min(deadline)).await;
            match timeout_at(deadline, self.renew()).await {
                Ok(Ok(true)) => told.forget(),
                Ok(Ok(false)) | Err(_) => return,
                Ok(Err(error)) => told.warn("cannot renew the lease", &failure::said(&error)),
            }
            if Instant::now() >= self.renewed + self.candidate.timing.give_up {
                return;
            }
        }
    }

    /// Whether the Lease is still ours.
    async fn renew(&mut self) -> Result<bool, kube::Error> {
        let Candidate {
            leases, name, identity, ..
        } = self.candidate;
        let asked = Instant::now();
        let mut lease = self.lease.clone();
        lease.spec = Some(self.candidate.taken(&lease.spec.unwrap_or_default()));
        if let Some(lease) = unless_changed(leases.replace(name, &PostParams::default(), &lease).await)? {
            (self.lease, self.renewed) = (lease, asked);
            return Ok(true);
        }
        // Somebody wrote it: another holder, or kubectl, which is no reason to stop.
        let found = leases.get_opt(name).await?;
        let spec = found.as_ref().and_then(|lease| lease.spec.as_ref());
        let is_ours = spec.is_some_and(|spec| spec.holder_identity.as_ref() == Some(identity));
        if let Some(lease) = found.filter(|_| is_ours) {
            self.lease = lease;
        }
        Ok(is_ours)
    }

    /// Lets another take over at once. Where that fails, others wait as for a holder that vanished.
    pub(crate) async fn release(mut self) {
        let Candidate {
            leases, name, timing, ..
        } = self.candidate;
        if let Some(spec) = &mut self.lease.spec {
            spec.holder_identity = None;
        }
        let params = PostParams::default();
        let mut told = Told::default();
        match timeout(timing.retry, leases.replace(name, &params, &self.lease)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => told.warn("cannot release the lease", &failure::said(&error)),
            Err(_) => told.warn("cannot release the lease", &NO_ANSWER),
        }
    }
}

/// None where somebody else replaced or deleted the Lease first.
fn unless_changed(replaced: Result<Lease, kube::Error>) -> Result<Option<Lease>, kube::Error> {
    match replaced {
        Err(kube::Error::Api(status)) if status.code == 409 || status.code == 404 => Ok(None),
        replaced => replaced.map(Some),
    }
}
