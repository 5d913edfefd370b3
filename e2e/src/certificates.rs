//! The keys and certificates of one cluster, issued when it starts.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::Error;

/// The name in the certificate with which the API server calls aggregated servers.
pub(crate) const FRONT_PROXY: &str = "front-proxy-client";

/// A name in the API server's certificate that says nothing of where it is reached.
pub(crate) const SERVER_NAME: &str = "kubernetes.default.svc";

/// A certificate and its key, as PEM files.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Every PEM file that the API server and its clients need.
#[derive(Debug)]
pub(crate) struct Certificates {
    /// Signs the server's certificate and the clients'.
    pub(crate) ca: PathBuf,
    /// What the API server shows.
    pub(crate) server: Pair,
    /// The user `admin` in the group `system:masters`, which may do everything.
    pub(crate) admin: Pair,
    /// Signs what the API server shows to aggregated servers.
    pub(crate) front_proxy_ca: PathBuf,
    /// What the API server shows to aggregated servers.
    pub(crate) front_proxy: Pair,
    /// Signs and checks service account tokens: the public key and the private one.
    pub(crate) service_account: Pair,
}

impl Certificates {
    /// Issues all of them into `folder`.
    pub(crate) fn issue(folder: &Path) -> Result<Self, Error> {
        let file = |name: &str, pem: String| {
            let path = folder.join(name);
            fs::write(&path, pem).map_err(Error::io(|| format!("write `{}`", path.display())))?;
            Ok::<_, Error>(path)
        };
        let issue = |name: &str, by: &CertifiedIssuer<'_, KeyPair>, params: CertificateParams| {
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, by)?;
            Ok::<_, Error>(Pair {
                certificate: file(&format!("{name}.crt"), certificate.pem())?,
                key: file(&format!("{name}.key"), key.serialize_pem())?,
            })
        };
        let ca = authority("e2e-ca")?;
        let front_proxy_ca = authority("e2e-front-proxy-ca")?;
        let service_account = KeyPair::generate()?;
        Ok(Self {
            ca: file("ca.crt", ca.pem())?,
            server: issue("server", &ca, server()?)?,
            admin: issue("admin", &ca, client("admin", Some("system:masters")))?,
            front_proxy_ca: file("front-proxy-ca.crt", front_proxy_ca.pem())?,
            front_proxy: issue("front-proxy", &front_proxy_ca, client(FRONT_PROXY, None))?,
            service_account: Pair {
                certificate: file("service-account.pub", service_account.public_key_pem())?,
                key: file("service-account.key", service_account.serialize_pem())?,
            },
        })
    }
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn server() -> Result<CertificateParams, rcgen::Error> {
    let names = ["127.0.0.1", "localhost", SERVER_NAME].map(str::to_owned);
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named("kube-apiserver").distinguished_name;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn client(user: &str, group: Option<&str>) -> CertificateParams {
    let mut params = named(user);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    // The default has a name of rcgen's own.
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
