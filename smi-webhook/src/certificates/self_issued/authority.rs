//! A CA of our own: the certificate that others trust, and the key that signs.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

use crate::certificates::pair::Validity;

/// How much earlier than its birth a certificate is good, for the clocks of those who look at it.
const SKEW: Duration = Duration::from_secs(60 * 60);

/// A CA's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trusted {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) validity: Validity,
}

impl Trusted {
    pub(super) fn read(certificate: CertificateDer<'static>) -> Result<Self, String> {
        let validity = Validity::of(&certificate)?;
        Ok(Self { certificate, validity })
    }

    /// When it was made.
    pub(super) fn born(&self) -> SystemTime {
        self.validity.not_before + SKEW
    }

    /// Whether `key` is its key.
    pub(super) fn is_of(&self, key: &KeyPair) -> bool {
        parse_x509_certificate(&self.certificate)
            .is_ok_and(|(_, parsed)| parsed.public_key().raw == key.subject_public_key_info())
    }
}

/// A CA with its key.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) trusted: Trusted,
    pub(super) key: KeyPair,
}

/// A certificate and its key in PEM, as they are kept.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    /// A new one, for `life` from `now` on. Each has a name of its own, so that nobody takes one for another.
    pub(super) fn new(now: SystemTime, life: Duration) -> Result<Self, rcgen::Error> {
        let seconds = since_epoch(now).as_secs();
        let mut params = params(
            &format!("smi-webhook-ca@{seconds}"),
            now,
            now.checked_add(life).unwrap_or(now),
        );
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&key)?.der().clone();
        let trusted = Trusted::read(certificate).map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        Ok(Self { trusted, key })
    }

    /// A server's certificate for `names`, DNS names and addresses, with a new key; for `life` from `now` on, and no longer
    /// than this CA.
    pub(super) fn sign(&self, names: &[String], now: SystemTime, life: Duration) -> Result<Signed, rcgen::Error> {
        let not_after = now
            .checked_add(life)
            .unwrap_or(now)
            .min(self.trusted.validity.not_after);
        let common = names.first().map_or("smi-webhook", String::as_str);
        // At most 64 letters have room; nobody reads it where there are other names.
        let common = common.get(..common.len().min(64)).unwrap_or("smi-webhook");
        let mut params = params(common, now, not_after);
        params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let issuer = Issuer::from_ca_cert_der(&self.trusted.certificate, &self.key)?;
        Ok(Signed {
            certificate: params.signed_by(&key, &issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

fn params(name: &str, now: SystemTime, not_after: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // Beyond the year 9999 no certificate can go: what is later keeps the end that rcgen gives.
    let epoch = date_time_ymd(1970, 1, 1);
    let at = |time: SystemTime| epoch.checked_add(since_epoch(time).try_into().ok()?);
    if let (Some(not_before), Some(not_after)) = (at(now.checked_sub(SKEW).unwrap_or(now)), at(not_after)) {
        params.not_before = not_before;
        params.not_after = not_after;
    }
    params
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
