//! The webhook that the command line asks for. What an API server would refuse is refused here, before there is a file.

use std::{error::Error, fs, num::NonZeroU16, path::PathBuf};

use http::{Uri, uri::Scheme};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use smi_sdk::Conversion;

/// The options as they were given.
#[derive(Default)]
pub(super) struct Webhook {
    pub(super) service: Option<String>,
    pub(super) port: Option<String>,
    pub(super) path: Option<String>,
    pub(super) url: Option<String>,
    pub(super) ca_bundle: Option<PathBuf>,
}

impl Webhook {
    /// The conversion, where there is a webhook.
    pub(super) fn conversion(&self) -> Result<Option<Conversion>, Box<dyn Error>> {
        self.no_stray()?;
        let mut conversion = match (&self.service, &self.url) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err("`--webhook` and `--webhook-url` exclude each other".into()),
            (None, Some(address)) => {
                url(address)?;
                Conversion::webhook_url(address, self.ca_bundle()?)
            }
            (Some(service), None) => {
                let (namespace, name) = namespace_and_name(service)?;
                Conversion::webhook_service(namespace, name, self.ca_bundle()?)
            }
        };
        if let Some(text) = &self.port {
            conversion = conversion.port(port(text)?);
        }
        if let Some(text) = &self.path {
            conversion = conversion.path(path(text)?);
        }
        Ok(Some(conversion))
    }

    /// An error for an option that does nothing without another.
    fn no_stray(&self) -> Result<(), String> {
        let has_webhook = self.service.is_some() || self.url.is_some();
        let stray = [
            (
                "--ca-bundle",
                self.ca_bundle.is_some() && !has_webhook,
                "`--webhook` or `--webhook-url`",
            ),
            (
                "--webhook-port",
                self.port.is_some() && self.service.is_none(),
                "`--webhook`",
            ),
            (
                "--webhook-path",
                self.path.is_some() && self.service.is_none(),
                "`--webhook`",
            ),
        ];
        match stray.into_iter().find(|(_, is_stray, _)| *is_stray) {
            Some((option, _, needed)) => Err(format!("`{option}` needs {needed}")),
            None => Ok(()),
        }
    }

    fn ca_bundle(&self) -> Result<Vec<u8>, String> {
        let file = self.ca_bundle.as_ref().ok_or("a webhook needs `--ca-bundle FILE`")?;
        let refused = |why: &dyn std::fmt::Display| format!("`--ca-bundle {}`: {why}", file.display());
        let pem = fs::read(file).map_err(|error| refused(&error))?;
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|error| refused(&format!("not PEM: {error}")))?;
        // Every certificate is a sequence, the first byte of which is this.
        if certificates.is_empty() || certificates.iter().any(|one| one.first() != Some(&0x30)) {
            return Err(refused(&"no PEM certificate in it"));
        }
        Ok(pem)
    }
}

fn namespace_and_name(text: &str) -> Result<(&str, &str), String> {
    text.split_once('/')
        .filter(|(namespace, name)| is_label(namespace) && is_label(name))
        .ok_or_else(|| format!("`--webhook` takes NAMESPACE/NAME of a Service, not `{text}`"))
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse::<NonZeroU16>().map(NonZeroU16::get);
    port.map_err(|_| format!("`--webhook-port` takes a number from 1 to 65535, not `{text}`"))
}

/// As an API server checks it: segments of the letters that names are made of.
fn path(text: &str) -> Result<&str, String> {
    let segments = text
        .strip_prefix('/')
        .map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    segments
        .filter(|segments| segments.is_empty() || segments.split('/').all(|one| one.split('.').all(is_label)))
        .map(|_| text)
        .ok_or_else(|| {
            format!("`--webhook-path` takes a path such as `/convert`, of a-z, 0-9, `-` and `.`, not `{text}`")
        })
}

fn url(text: &str) -> Result<(), String> {
    let uri: Option<Uri> = text.parse().ok();
    let is_good = uri.is_some_and(|uri| {
        uri.scheme() == Some(&Scheme::HTTPS)
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
            && !text.contains(['@', '#'])
    });
    if is_good {
        Ok(())
    } else {
        Err(format!(
            "`--webhook-url` takes https://HOST[:PORT]/PATH without user, query or fragment, not `{text}`"
        ))
    }
}

/// Whether `text` is a DNS label, as the names of namespaces and Services are.
fn is_label(text: &str) -> bool {
    let is_inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| is_inner(&byte))
        && !text.starts_with('-')
        && !text.ends_with('-')
}
