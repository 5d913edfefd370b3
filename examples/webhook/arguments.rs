//! The command line.

use std::{
    error::Error,
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use lexopt::prelude::*;

pub(super) const HELP: &str = "\
Serves the conversion webhook of every SMI kind over HTTPS, at /convert.

Usage: webhook [OPTIONS]

  --certificates DIR    present DIR/tls.crt with the key DIR/tls.key; read again when they change. Needs no cluster
  --self-issued NS/NAME present a certificate that is issued here, for the Service NAME in the namespace NS; its CA is
                        kept in the Secret NS/NAME-certificates and given to the CRDs. The default, for default/smi-webhook
  --host HOST           a further DNS name or address of a certificate that is issued here; the one that --apply names
  --apply               write the CRDs into the cluster, with every version, converted here at https://HOST:PORT/convert
  --listen ADDRESS      where to serve (default: 127.0.0.1:8443)
  --refuse-widening     refuse TCPRoutes with ports at versions that have none, which else say every port there
  --health ADDRESS      serve /healthz, /readyz and /metrics there too, without TLS
  -h, --help            print this
";

/// Where reviews are sent.
pub(super) const PATH: &str = "/convert";

/// Where the certificate comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    Folder(PathBuf),
    SelfIssued { namespace: String, service: String },
}

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(super) source: Source,
    pub(super) host: Option<String>,
    pub(super) apply: bool,
    pub(super) refuse_widening: bool,
    pub(super) listen: SocketAddr,
    pub(super) health: Option<SocketAddr>,
    pub(super) help: bool,
}

impl Arguments {
    /// Reads `arguments`, those after the program's name.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Self, Box<dyn Error>> {
        let (mut folder, mut service, mut listen) = (None, None, None);
        let mut found = Self {
            source: Source::SelfIssued {
                namespace: "default".to_owned(),
                service: "smi-webhook".to_owned(),
            },
            host: None,
            apply: false,
            refuse_widening: false,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
            health: None,
            help: false,
        };
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("certificates") => once("--certificates", &mut folder, parser.value()?.into())?,
                Long("self-issued") => once("--self-issued", &mut service, parser.value()?.string()?)?,
                Long("host") => once("--host", &mut found.host, parser.value()?.string()?)?,
                Long("apply") => found.apply = true,
                Long("refuse-widening") => found.refuse_widening = true,
                Long("listen") => once(
                    "--listen",
                    &mut listen,
                    address("--listen", &parser.value()?.string()?)?,
                )?,
                Long("health") => once(
                    "--health",
                    &mut found.health,
                    address("--health", &parser.value()?.string()?)?,
                )?,
                Short('h') | Long("help") => found.help = true,
                other => return Err(other.unexpected().into()),
            }
        }
        found.listen = listen.unwrap_or(found.listen);
        match (folder, service) {
            (Some(_), Some(_)) => return Err("`--certificates` and `--self-issued` exclude each other".into()),
            (Some(_), None) if found.apply || found.host.is_some() => {
                return Err("`--apply` and `--host` are for certificates that are issued here".into());
            }
            (Some(folder), None) => found.source = Source::Folder(folder),
            (None, Some(text)) => found.source = namespace_and_service(&text)?,
            (None, None) => {}
        }
        Ok(found)
    }

    /// The URL by which an API server reaches the webhook without a Service, when it listens on `address`.
    pub(super) fn url(&self, address: SocketAddr) -> String {
        match &self.host {
            Some(host) => format!("https://{host}:{}{PATH}", address.port()),
            None => format!("https://{address}{PATH}"),
        }
    }

    /// What a certificate is issued for beside the names of the Service.
    pub(super) fn names(&self, address: SocketAddr) -> Vec<String> {
        let mut names: Vec<_> = self.host.clone().into_iter().collect();
        if !address.ip().is_unspecified() {
            names.push(address.ip().to_string());
        }
        names
    }
}

/// Takes the value of an option that has none yet: of two, one would be forgotten without a word.
fn once<T>(option: &str, place: &mut Option<T>, value: T) -> Result<(), String> {
    match place.replace(value) {
        Some(_) => Err(format!("`{option}` is given twice")),
        None => Ok(()),
    }
}

fn address(option: &str, text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{option}` takes an address such as `127.0.0.1:8443`, not `{text}`"))
}

fn namespace_and_service(text: &str) -> Result<Source, String> {
    match text.split_once('/') {
        Some((namespace, service)) if !namespace.is_empty() && !service.is_empty() && !service.contains('/') => {
            Ok(Source::SelfIssued {
                namespace: namespace.to_owned(),
                service: service.to_owned(),
            })
        }
        _ => Err(format!(
            "`--self-issued` takes NAMESPACE/NAME of a Service, not `{text}`"
        )),
    }
}
