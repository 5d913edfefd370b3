//! The certificate that the server presents, and how it is kept fresh.
//!
//! [`Certificates`] are two things: the [`Current`] certificate, which every handshake asks for, and a future that keeps
//! it fresh. The server polls that future inside its own; nothing runs before it serves, and nothing after.
//!
//! | from | who renews | who gives the CA to the CRDs |
//! | --- | --- | --- |
//! | [`Folder`], [`Certificates::from_dir`] | whoever fills the folder, such as cert-manager by way of a Secret | the same |
//! | `SelfIssued`, feature `self-issued` (on by default) | the webhook | the webhook |
//! | [`Certificates::new`] | a future of yours | you |
//!
//! In every case the next handshake shows the new certificate, and connections stay. What is wrong is said in the log once,
//! not at every look, and what is served stays until there is something better.

mod clock;
mod folder;
mod keep;
mod pair;
mod said;
#[cfg(feature = "self-issued")]
mod self_issued;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use futures::future::BoxFuture;
use tokio_rustls::rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

#[cfg(feature = "self-issued")]
pub use self::self_issued::{Lifetimes, SelfIssued};
pub use self::{clock::Clock, folder::Folder};

/// The certificate that the server presents, and the future that keeps it fresh.
pub struct Certificates {
    current: Current,
    keep_fresh: BoxFuture<'static, ()>,
}

impl Certificates {
    /// Certificates of any origin. `keep_fresh` sets `current` when there is another certificate; it may set the first one
    /// too, and the server is not ready before that. It is polled while the server serves; once it has ended, the
    /// certificate stays as it is.
    pub fn new(current: Current, keep_fresh: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            current,
            keep_fresh: Box::pin(keep_fresh),
        }
    }

    /// The certificate in the files `tls.crt` and `tls.key` of a folder, read again every ten seconds; [`Folder`] says more.
    pub fn from_dir(path: impl Into<PathBuf>) -> Self {
        Folder::new(path).into()
    }

    /// The certificate, and the future that keeps it fresh: for a server other than this crate's.
    pub fn into_parts(self) -> (Current, BoxFuture<'static, ()>) {
        (self.current, self.keep_fresh)
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

/// A certificate with its chain and its key.
#[derive(Debug)]
pub struct Serving {
    /// The certificate, its intermediates and its key, checked to belong together.
    pub key: Arc<CertifiedKey>,
    /// When the certificate ends, or that of the chain that ends first.
    pub not_after: SystemTime,
}

/// The certificate that handshakes are answered with now; cheap to clone, all clones are one. A change reaches the next
/// handshake, and no connection ends for it.
#[derive(Clone, Debug, Default)]
pub struct Current(Arc<RwLock<Option<Arc<Serving>>>>);

impl Current {
    /// The certificate; none before the first was set.
    pub fn get(&self) -> Option<Arc<Serving>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers with `serving` from the next handshake on.
    pub fn set(&self, serving: Serving) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(serving));
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.get().map(|serving| Arc::clone(&serving.key))
    }
}
