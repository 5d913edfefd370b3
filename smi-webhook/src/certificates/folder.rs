//! A certificate in a folder, as kubelet mounts a Secret.

use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

use super::{
    Certificates, Clock, Current,
    keep::{self, Source},
    pair::{Pair, PairError},
};

const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// The certificate in the files `tls.crt` and `tls.key` of a folder: who renews it is not our matter, but that every
/// handshake sees the newest is. A Secret of type `kubernetes.io/tls`, as cert-manager makes them, is mounted so.
///
/// A pair that cannot be read, or whose key is that of another certificate, is not served: the one before it stays, and
/// the log says why. One that has expired is served all the same, as what the folder says, and the log warns.
///
/// The files are read again from time to time instead of being watched: kubelet changes them by turning the link `..data`
/// to another folder, which a watch of the files does not see, and network file systems tell of no change at all. To read
/// two small files costs less than a watch that is right.
///
/// ```
/// use std::time::Duration;
/// use smi_webhook::certificates::{Certificates, Folder};
///
/// let certificates: Certificates = Folder::new("/var/run/certificates").every(Duration::from_secs(60)).into();
/// ```
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    every: Duration,
    clock: Clock,
}

impl Folder {
    /// The folder at `path`, read every ten seconds.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            every: keep::EVERY,
            clock: Clock::default(),
        }
    }

    /// With another time between two looks.
    #[must_use]
    pub const fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// With another time for what has expired.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    async fn file(&self, name: &str) -> Result<Vec<u8>, FolderError> {
        let path = self.path.join(name);
        match tokio::fs::read(&path).await {
            Ok(text) => Ok(text),
            Err(source) => Err(FolderError::File { path, source }),
        }
    }
}

impl Source for Folder {
    type Error = FolderError;

    /// Where the files are exchanged between the two reads they do not belong together, and the next look finds the new.
    async fn look(&mut self) -> Result<Pair, FolderError> {
        let (certificate, key) = (self.file(CERTIFICATE).await?, self.file(KEY).await?);
        Pair::read(&certificate, &key).map_err(|source| FolderError::Pair {
            path: self.path.clone(),
            source,
        })
    }
}

impl From<Folder> for Certificates {
    fn from(folder: Folder) -> Self {
        let current = Current::default();
        let (every, clock) = (folder.every, folder.clock.clone());
        Self::new(current.clone(), keep::fresh(folder, current, every, clock))
    }
}

/// Why a folder gives no certificate.
#[derive(Debug, Error)]
pub(crate) enum FolderError {
    #[error("cannot read `{}`: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the certificate in `{}` is not served: {source}", path.display())]
    Pair { path: PathBuf, source: PairError },
}
