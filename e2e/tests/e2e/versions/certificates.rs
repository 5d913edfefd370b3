//! A CA, and the certificates that it issues to a webhook on loopback.

use std::{os::unix::fs::symlink, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

use crate::Outcome;

/// What API servers check of a webhook behind the Service `default/smi-webhook`.
const SERVICE_NAME: &str = "smi-webhook.default.svc";

/// A CA of its own key.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, as PEM.
pub(crate) struct Leaf {
    certificate: String,
    key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Outcome<Self> {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Self(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// Its certificate as PEM.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `127.0.0.1`, and the Service of that name, that ends with `year`, by which tests tell one from another.
    pub(crate) fn issue(&self, year: i32) -> Outcome<Leaf> {
        let mut params = CertificateParams::new(["127.0.0.1", SERVICE_NAME].map(str::to_owned))?;
        params.distinguished_name = named("smi-webhook").distinguished_name;
        params.not_after = rcgen::date_time_ymd(year, 12, 31);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        Ok(Leaf {
            certificate: params.signed_by(&key, &self.0)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Leaf {
    /// Puts it into `folder` as kubelet does: the files are links into a folder, and that one is exchanged in one step.
    pub(crate) fn put(&self, folder: &Path) -> Outcome {
        let data = tempfile::Builder::new().prefix("..").tempdir_in(folder)?.keep();
        for (file, text) in [("tls.crt", &self.certificate), ("tls.key", &self.key)] {
            std::fs::write(data.join(file), text)?;
            if !folder.join(file).is_symlink() {
                symlink(Path::new("..data").join(file), folder.join(file))?;
            }
        }
        symlink(data, folder.join("..data_tmp"))?;
        Ok(std::fs::rename(folder.join("..data_tmp"), folder.join("..data"))?)
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
