//! A certificate with its chain and its key, checked to belong together.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use thiserror::Error;
use tokio_rustls::rustls::{
    Error as TlsError, InconsistentKeys,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use x509_parser::{parse_x509_certificate, time::ASN1Time};

use super::Serving;

/// Why a certificate and a key cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum PairError {
    /// There is no certificate in the text.
    #[error("`tls.crt` holds no PEM certificate")]
    NoCertificate,
    /// The text is no PEM, or what is in it no certificate; what the reader says.
    #[error("`tls.crt` cannot be read: {0}")]
    Certificate(String),
    /// The text is no PEM, or what is in it no key that TLS knows; what the reader says.
    #[error("`tls.key` cannot be read: {0}")]
    Key(String),
    /// The key is that of another certificate.
    #[error("`tls.key` is not the key of the certificate in `tls.crt`")]
    Mismatch,
}

/// What a pair's PEM text holds: `tls.crt` begins with the server's own certificate and goes on with those between it and
/// the CA; `tls.key` is the key of the first.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) key: Arc<CertifiedKey>,
    /// That of the server's own certificate.
    pub(crate) validity: Validity,
    /// When the first certificate of the chain ends.
    pub(crate) not_after: SystemTime,
}

impl Pair {
    pub(crate) fn read(certificates: &[u8], key: &[u8]) -> Result<Self, PairError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<_, _>>()
            .map_err(|error| PairError::Certificate(error.to_string()))?;
        let read = chain.iter().map(Validity::of);
        let validities: Vec<_> = read.collect::<Result<_, _>>().map_err(PairError::Certificate)?;
        let validity = *validities.first().ok_or(PairError::NoCertificate)?;
        let ends = validities.iter().map(|validity| validity.not_after);

        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| PairError::Key(error.to_string()))?;
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => PairError::Mismatch,
            TlsError::InvalidCertificate(_) => PairError::Certificate(error.to_string()),
            other => PairError::Key(other.to_string()),
        })?;
        Ok(Self {
            key: Arc::new(key),
            validity,
            not_after: ends.min().unwrap_or(validity.not_after),
        })
    }

    /// The chain, the server's own certificate first; never empty.
    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.key.cert
    }

    pub(crate) fn serving(&self) -> Serving {
        Serving {
            key: Arc::clone(&self.key),
            not_after: self.not_after,
        }
    }
}

/// From when to when a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
}

impl Validity {
    /// That of a certificate; in the error what the reader says.
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Result<Self, String> {
        let (_, parsed) = parse_x509_certificate(certificate).map_err(|error| error.to_string())?;
        let validity = parsed.validity();
        Ok(Self {
            not_before: time(validity.not_before),
            not_after: time(validity.not_after),
        })
    }

    pub(crate) fn contains(&self, now: SystemTime) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }
}

/// A time before 1970 is taken for 1970: it is as long ago for a certificate.
fn time(time: ASN1Time) -> SystemTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
    // Four digits of a year at most, so that every platform has it.
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
