//! A certificate of our own making: its CA is kept in a Secret, and given to the CRDs.

mod authority;
mod ca_bundle;
mod lifetimes;
mod material;
mod secret;

use std::time::Duration;

use kube::Client;
use thiserror::Error;

use self::{
    ca_bundle::CaBundle,
    material::Material,
    secret::{SecretError, Store, Write},
};
use super::{
    Certificates, Clock, Current,
    keep::{self, Source},
    pair::Pair,
    said::Said,
};

pub use self::lifetimes::Lifetimes;

/// Who owns what we write: the field manager, and the label of the Secret.
const MANAGER: &str = "smi-webhook";

/// How often a look is begun again because somebody else wrote the Secret.
const TRIES: usize = 5;

/// A certificate that the webhook issues to itself, by a CA that it keeps in a Secret and gives to the CRDs.
///
/// ```
/// use smi_webhook::certificates::{Certificates, SelfIssued};
///
/// # fn example(client: kube::Client) {
/// let certificates: Certificates = SelfIssued::new(client, "smi-system", "smi-webhook")
///     .crds(["trafficsplits.split.smi-spec.io"])
///     .into();
/// # }
/// ```
///
/// # The Secret
/// It is called as the Service with `-certificates` behind, and holds `ca.crt` (the CAs that are trusted, the newest
/// first), `ca.key` (the key of the newest), `tls.crt` and `tls.key`. All replicas serve what it holds, and look again
/// every ten seconds. They need no leader: whoever finds something due writes it, at the resourceVersion that they read,
/// and whoever loses reads what the other wrote.
///
/// - A Secret that is missing is created. Where it is there without data, as in `deploy/`, no right to create Secrets is
///   needed.
/// - One that is damaged (no PEM, a key of another certificate, something expired or missing) is mended, and the log says
///   what was wrong. What can be used of it stays: a good CA signs a new certificate, and a CA without its key is trusted
///   until it expires, beside a new one. Nothing in it is worth more than a new one.
/// - One with data and without the label `app.kubernetes.io/managed-by: smi-webhook` is somebody else's. It is left as it
///   is, with an error, and nothing is served.
/// - To take trust away from a CA whose key was stolen, delete the Secret's data: what is issued then has nothing of the
///   old. Until every replica has looked, requests that they answer fail.
///
/// # Renewal
/// Every certificate is renewed two thirds into its [life](Lifetimes). A new CA is first given to the CRDs beside the old
/// one, and signs five minutes later, when the CRDs that call the webhook have it; an old CA is trusted until it expires.
/// So an API server meets no certificate that it cannot check, whichever replica answers.
///
/// # The CRDs
/// Only `spec.conversion.webhook.clientConfig.caBundle` is applied, under the field manager `smi-webhook`, and only to CRDs
/// whose webhook is called by one of the certificate's names. Write the CRDs without a `caBundle` and `kubectl apply`
/// leaves it there; where it is taken away all the same it is back in ten seconds. A CRD that is missing, or that converts
/// otherwise, is left as it is with a line in the log.
///
/// A CRD goes back to the strategy `None` by `kubectl apply`, `kubectl replace` or a merge patch of
/// `{"spec": {"conversion": {"strategy": "None", "webhook": null}}}`. By `kubectl apply --server-side` it does not: an API
/// server keeps the field that is ours, and then refuses a webhook beside `None`. Rewrite the stored objects at the version
/// that is read before that, and serve no other: under `None` an object is shown as it is stored, and what was kept for
/// another version, such as a port, is not seen by its readers.
///
/// Rights: `get` and `update` of that Secret, `get` and `patch` of those CRDs. Nothing else is read, so that this starts
/// while no object of the CRDs can be read at all.
#[derive(Debug)]
pub struct SelfIssued {
    client: ClientOf,
    namespace: String,
    secret: String,
    names: Vec<String>,
    crds: Vec<String>,
    lifetimes: Lifetimes,
    every: Duration,
    clock: Clock,
}

/// A client, which prints nothing of itself.
struct ClientOf(Client);

impl std::fmt::Debug for ClientOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl SelfIssued {
    /// For the Service `service` in `namespace`; the Secret is in that namespace.
    pub fn new(client: Client, namespace: &str, service: &str) -> Self {
        Self {
            client: ClientOf(client),
            namespace: namespace.to_owned(),
            secret: format!("{service}-certificates"),
            names: vec![
                format!("{service}.{namespace}.svc"),
                format!("{service}.{namespace}.svc.cluster.local"),
            ],
            crds: Vec::new(),
            lifetimes: Lifetimes::default(),
            every: keep::EVERY,
            clock: Clock::default(),
        }
    }

    /// With another Secret.
    #[must_use]
    pub fn secret(mut self, name: impl Into<String>) -> Self {
        self.secret = name.into();
        self
    }

    /// With more names: DNS names, and addresses such as `127.0.0.1`, by which a webhook with a `url` is called.
    #[must_use]
    pub fn names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names.extend(names.into_iter().map(Into::into));
        self
    }

    /// With CRDs that the CA is given to, by their names (`trafficsplits.split.smi-spec.io`).
    #[must_use]
    pub fn crds(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.crds.extend(names.into_iter().map(Into::into));
        self
    }

    /// With other lifetimes. Below a few hours a certificate has hardly begun when the next one is due: each is good from an
    /// hour before its birth, for clocks that differ.
    #[must_use]
    pub const fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// With another time between two looks at Secret and CRDs.
    #[must_use]
    pub const fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// With another time for issuing, renewing and expiring.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl From<SelfIssued> for Certificates {
    fn from(of: SelfIssued) -> Self {
        let current = Current::default();
        let (every, clock) = (of.every, of.clock.clone());
        Self::new(current.clone(), keep::fresh(Issuing::new(of), current, every, clock))
    }
}

/// The work of [`SelfIssued`].
struct Issuing {
    store: Store,
    ca_bundle: CaBundle,
    names: Vec<String>,
    lifetimes: Lifetimes,
    clock: Clock,
    /// The CAs that every CRD of ours was seen with.
    given: Option<String>,
    faults: Said,
}

impl Issuing {
    fn new(of: SelfIssued) -> Self {
        let ClientOf(client) = of.client;
        Self {
            store: Store::new(client.clone(), &of.namespace, &of.secret),
            ca_bundle: CaBundle::new(client, of.crds, of.names.clone()),
            names: of.names,
            lifetimes: of.lifetimes,
            clock: of.clock,
            given: None,
            faults: Said::default(),
        }
    }

    /// What the Secret holds once everything in it is as it should be.
    async fn agreed(&mut self) -> Result<Material, SelfIssuedError> {
        for _ in 0..TRIES {
            let found = self.store.read().await?;
            let data = found.as_ref().map(secret::data).unwrap_or_default();
            let now = self.clock.now();
            let (mut material, faults) = Material::read(&data, &self.names, now);
            if faults.is_empty() {
                self.faults.is_over("the Secret is as it should be");
            } else {
                self.faults
                    .warn(&format!("the Secret is mended: {}", faults.join("; ")));
            }
            let given = self.given.as_ref() == Some(&material.bundle());
            let done = material.renew(&self.names, self.lifetimes, given, now)?;
            if done.is_empty() && faults.is_empty() {
                return Ok(material);
            }
            if self.store.write(found, material.data()).await? == Write::Done {
                for what in done {
                    tracing::info!("{what}");
                }
                return Ok(material);
            }
        }
        Err(SelfIssuedError::Contended)
    }
}

impl Source for Issuing {
    type Error = SelfIssuedError;

    /// The CRDs come before the certificate, so that a new CA is known before its first certificate is shown. What fails
    /// there is tried again at the next look, and hinders no certificate.
    async fn look(&mut self) -> Result<Pair, SelfIssuedError> {
        let material = self.agreed().await?;
        let bundle = material.bundle();
        self.given = self.ca_bundle.give(&bundle).await.then_some(bundle);
        material.pair().cloned().ok_or(SelfIssuedError::Contended)
    }
}

/// Why there is no certificate of our own.
#[derive(Debug, Error)]
pub(crate) enum SelfIssuedError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("no certificate can be issued: {0}")]
    Issue(#[from] rcgen::Error),
    #[error("the Secret is written by others at every try")]
    Contended,
}
