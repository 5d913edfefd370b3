//! What the Secret holds, and what of it is to be renewed: no client, and no time but the one that is given.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use k8s_openapi::ByteString;
use pem::{EncodeConfig, LineEnding, Pem, encode_config};
use rcgen::KeyPair;
use tokio_rustls::rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

use super::{
    authority::{Authority, Signed, Trusted},
    lifetimes::{Lifetimes, is_due, is_pressing},
};
use crate::certificates::pair::Pair;

/// The certificates of the CAs that are trusted, the newest first.
const BUNDLE: &str = "ca.crt";
/// The key of the newest CA. That of an older one is gone: it signs nothing any more.
const AUTHORITY_KEY: &str = "ca.key";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// How many CAs are trusted at most: one that signs, one that did, and room for a Secret that was damaged on the way.
const MOST_TRUSTED: usize = 4;
/// How many names a certificate has at most, with those that other replicas asked for.
const MOST_NAMES: usize = 32;

/// How long a CA is trusted before it signs: the API servers learn of it from the CRDs, other replicas from the Secret.
const SETTLING: Duration = Duration::from_secs(5 * 60);

/// The CAs and the server's certificate.
#[derive(Debug, Default)]
pub(super) struct Material {
    /// The newest first; the first is the one that signs.
    trusted: Vec<Trusted>,
    signs: Option<Authority>,
    served: Option<Served>,
    /// The names of a certificate that is good but for a name that it lacks.
    asked_by_others: Vec<String>,
}

#[derive(Debug)]
struct Served {
    pair: Pair,
    text: Signed,
}

/// What was read, and what is wrong with it, in words for the log.
pub(super) type Read = (Material, Vec<String>);

impl Material {
    /// Reads what the Secret has. What cannot be used is left out: the key of another certificate, what has expired, what no
    /// trusted CA signed, a certificate without one of `names`.
    pub(super) fn read(data: &BTreeMap<String, ByteString>, names: &[String], now: SystemTime) -> Read {
        let mut faults = Vec::new();
        let mut material = Self::default();
        if data.is_empty() {
            return (material, faults);
        }
        let text = |name: &str| data.get(name).map(|text| text.0.as_slice()).unwrap_or_default();

        let found = CertificateDer::pem_slice_iter(text(BUNDLE)).map(|one| match one {
            Ok(certificate) => Trusted::read(certificate),
            Err(error) => Err(error.to_string()),
        });
        for one in found {
            match one {
                Ok(trusted) => material.trusted.push(trusted),
                Err(why) => faults.push(format!("`{BUNDLE}` cannot be read: {why}")),
            }
        }
        match material.signing(text(AUTHORITY_KEY), now) {
            Ok(authority) => material.signs = Some(authority),
            Err(why) => faults.push(why),
        }
        match material.serving(text(CERTIFICATE), text(KEY), names, now) {
            Ok(served) => material.served = Some(served),
            Err(why) => faults.push(why),
        }
        (material, faults)
    }

    fn signing(&self, key: &[u8], now: SystemTime) -> Result<Authority, String> {
        let unread = |why: &dyn std::fmt::Display| format!("`{AUTHORITY_KEY}` cannot be read: {why}");
        let key = std::str::from_utf8(key).map_err(|error| unread(&error))?;
        let key = KeyPair::from_pem(key).map_err(|error| unread(&error))?;
        let newest = self.trusted.first().filter(|newest| newest.is_of(&key));
        let trusted = newest.ok_or_else(|| format!("`{AUTHORITY_KEY}` is not the key of the CA in `{BUNDLE}`"))?;
        if !trusted.validity.contains(now) {
            return Err(format!("the CA in `{BUNDLE}` is not good now"));
        }
        let trusted = trusted.clone();
        Ok(Authority { trusted, key })
    }

    fn serving(&mut self, certificate: &[u8], key: &[u8], names: &[String], now: SystemTime) -> Result<Served, String> {
        let pair = Pair::read(certificate, key).map_err(|error| error.to_string())?;
        let refused = |why| format!("the certificate in `{CERTIFICATE}` does not do: {why}");
        let its_own = names_of(&pair);
        verify(&pair, &self.trusted, &its_own, now).map_err(refused)?;
        if let Err(why) = verify(&pair, &self.trusted, names, now) {
            self.asked_by_others = its_own;
            return Err(refused(why));
        }
        let text = |pem: &[u8]| String::from_utf8_lossy(pem).into_owned();
        let text = Signed {
            certificate: text(certificate),
            key: text(key),
        };
        Ok(Served { pair, text })
    }

    /// Makes what is missing and renews what is due; what was done, in words for the log. `given`: whether every CRD that
    /// the CAs go to trusts the newest one.
    ///
    /// - A CA that has expired is no longer trusted.
    /// - Two thirds into its life a CA gets a successor, which is trusted beside it.
    /// - The successor signs once it has been trusted for [`SETTLING`] and the CRDs have it: no API server is shown a
    ///   certificate of a CA that it does not know yet.
    /// - Two thirds into its life the server's certificate gets a successor.
    pub(super) fn renew(
        &mut self,
        names: &[String],
        lifetimes: Lifetimes,
        given: bool,
        now: SystemTime,
    ) -> Result<Vec<&'static str>, rcgen::Error> {
        let mut done = Vec::new();
        let before = self.trusted.len();
        self.trusted.retain(|ca| now <= ca.validity.not_after);
        if self.trusted.len() < before {
            done.push("a CA that has expired is no longer trusted");
        }
        let signs = match self.signs.take() {
            Some(authority) if !is_due(authority.trusted.validity, now) => authority,
            last => {
                // What is due now comes from the CA that is known everywhere, while its key is there.
                if let Some(last) = last {
                    self.issue(&last, names, lifetimes, given, now, &mut done)?;
                }
                let authority = Authority::new(now, lifetimes.authority)?;
                self.trusted.insert(0, authority.trusted.clone());
                self.trusted.truncate(MOST_TRUSTED);
                done.push("a CA is made");
                authority
            }
        };
        self.issue(&signs, names, lifetimes, given, now, &mut done)?;
        self.signs = Some(signs);
        Ok(done)
    }

    /// Has `signs` sign a certificate, where another one is due.
    fn issue(
        &mut self,
        signs: &Authority,
        names: &[String],
        lifetimes: Lifetimes,
        given: bool,
        now: SystemTime,
        done: &mut Vec<&'static str>,
    ) -> Result<(), rcgen::Error> {
        if self.wants_another(signs, given, now) {
            let text = signs.sign(&self.names(names), now, lifetimes.certificate)?;
            let pair = Pair::read(text.certificate.as_bytes(), text.key.as_bytes());
            let pair = pair.map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
            self.served = Some(Served { pair, text });
            done.push("a certificate is issued");
        }
        Ok(())
    }

    fn wants_another(&self, signs: &Authority, given: bool, now: SystemTime) -> bool {
        let Some(Served { pair, .. }) = &self.served else {
            return true;
        };
        let is_of_another = verify(pair, [&signs.trusted], &names_of(pair), now).is_err();
        let has_settled = given && now >= signs.trusted.born() + SETTLING;
        (is_due(pair.validity, now) || is_of_another) && (has_settled || is_pressing(pair.validity, now))
    }

    /// The names that a certificate is for: `ours`, and those of one that lacks one of ours. Replicas that were started with
    /// different names would otherwise replace each other's without end.
    fn names(&self, ours: &[String]) -> Vec<String> {
        let others = self.asked_by_others.iter().filter(|name| !ours.contains(name));
        ours.iter().chain(others).take(MOST_NAMES).cloned().collect()
    }

    /// What is served; there after [`renew`](Self::renew).
    pub(super) fn pair(&self) -> Option<&Pair> {
        self.served.as_ref().map(|served| &served.pair)
    }

    /// The certificates of the trusted CAs, as PEM.
    pub(super) fn bundle(&self) -> String {
        self.trusted
            .iter()
            .map(|ca| pem("CERTIFICATE", &ca.certificate))
            .collect()
    }

    /// What the Secret is to hold.
    pub(super) fn data(&self) -> BTreeMap<String, ByteString> {
        let authority = self.signs.as_ref().map(|authority| authority.key.serialize_pem());
        let served = self.served.as_ref().map(|served| served.text.clone());
        let (certificate, key) = served.map(|text| (text.certificate, text.key)).unzip();
        [
            (BUNDLE, Some(self.bundle())),
            (AUTHORITY_KEY, authority),
            (CERTIFICATE, certificate),
            (KEY, key),
        ]
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), ByteString(text?.into_bytes()))))
        .collect()
    }
}

/// Whether a client that trusts `trusted` takes the certificate for each of `names`.
fn verify<'a>(
    pair: &Pair,
    trusted: impl IntoIterator<Item = &'a Trusted>,
    names: &[String],
    now: SystemTime,
) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trusted.into_iter().map(|ca| ca.certificate.clone()));
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()))
        .build()
        .map_err(|error| error.to_string())?;
    let (first, between) = pair.chain().split_first().ok_or("there is none")?;
    let now = UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    if names.is_empty() {
        return Err("it has no name".to_owned());
    }
    for name in names {
        let server = ServerName::try_from(name.as_str()).map_err(|_| format!("`{name}` is no name of a server"))?;
        let taken = verifier.verify_server_cert(first, between, &server, &[], now);
        taken.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The DNS names and addresses that a certificate is for.
fn names_of(pair: &Pair) -> Vec<String> {
    let Some((_, parsed)) = pair
        .chain()
        .first()
        .and_then(|first| parse_x509_certificate(first).ok())
    else {
        return Vec::new();
    };
    let names = parsed.subject_alternative_name().ok().flatten();
    let names = names.into_iter().flat_map(|names| &names.value.general_names);
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes)
                .ok()
                .map(|bytes| IpAddr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes)
                .ok()
                .map(|bytes| IpAddr::from(bytes).to_string()),
        },
        _ => None,
    };
    names.filter_map(name).collect()
}

fn pem(tag: &str, der: &[u8]) -> String {
    encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

#[cfg(test)]
mod tests;
