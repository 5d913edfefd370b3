//! The command line.

use std::{error::Error, ffi::OsString, path::PathBuf};

use lexopt::prelude::*;
use smi_sdk::{CrdOptions, Serve, Stored, crds};

use super::webhook::Webhook;

pub(super) const HELP: &str = "\
Prints the CRDs of every SMI kind.

Usage: crds [OPTIONS]

  --out DIR              write DIR/PLURAL.GROUP.yaml for each CRD instead of printing one stream
  --serve WHICH          released (default without a webhook): the newest released version; drafts: the newest version, be it a
                         draft; all: every version, drafts included. Without a webhook an API server only rewrites
                         apiVersion between them, and drops what the stored version has no field for
  --stored VERSION       the stored version, such as v1alpha2, of the kinds that have it; default: the newest that is served
  --webhook NS/NAME      convert by the webhook behind this Service, at port 443 and path /convert; serves all versions
  --webhook-port PORT    the port of that Service
  --webhook-path PATH    the path of that Service
  --webhook-url URL      convert by the webhook at this URL; serves all versions
  --ca-bundle FILE       the PEM certificates that sign the webhook's; needed with a webhook
  -h, --help             print this
";

/// What the command line says.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) out: Option<PathBuf>,
    pub(super) help: bool,
    serve: Option<Serve>,
    stored: Option<Stored>,
    webhook: Webhook,
}

impl Arguments {
    /// Reads `arguments`, those after the program's name.
    pub(super) fn parse(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Self, Box<dyn Error>> {
        let mut found = Self::default();
        let webhook = &mut found.webhook;
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("out") => once("--out", &mut found.out, parser.value()?.into())?,
                Long("serve") => once("--serve", &mut found.serve, serve(&parser.value()?.string()?)?)?,
                Long("stored") => once("--stored", &mut found.stored, stored(parser.value()?.string()?)?)?,
                Long("webhook") => once("--webhook", &mut webhook.service, parser.value()?.string()?)?,
                Long("webhook-port") => once("--webhook-port", &mut webhook.port, parser.value()?.string()?)?,
                Long("webhook-path") => once("--webhook-path", &mut webhook.path, parser.value()?.string()?)?,
                Long("webhook-url") => once("--webhook-url", &mut webhook.url, parser.value()?.string()?)?,
                Long("ca-bundle") => once("--ca-bundle", &mut webhook.ca_bundle, parser.value()?.into())?,
                Short('h') | Long("help") => found.help = true,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(found)
    }

    /// The options, with the webhook that was asked for.
    pub(super) fn options(&self) -> Result<CrdOptions, Box<dyn Error>> {
        let mut options = CrdOptions::default();
        if let Some(conversion) = self.webhook.conversion()? {
            if self.serve.is_some_and(|serve| serve != Serve::All) {
                return Err("with a webhook every version is served: `--serve` can only be `all` then".into());
            }
            options.conversion = conversion;
        }
        if let Some(serve) = self.serve {
            options.serve = serve;
        }
        if let Some(stored) = &self.stored {
            options.stored = stored.clone();
        }
        Ok(options)
    }
}

/// Takes the value of an option that has none yet: of two, one would be forgotten without a word.
fn once<T>(option: &str, place: &mut Option<T>, value: T) -> Result<(), String> {
    match place.replace(value) {
        Some(_) => Err(format!("`{option}` is given twice")),
        None => Ok(()),
    }
}

fn serve(word: &str) -> Result<Serve, String> {
    match word {
        "released" => Ok(Serve::Released),
        "drafts" => Ok(Serve::Drafts),
        "all" => Ok(Serve::All),
        other => Err(format!("`--serve` takes `released`, `drafts` or `all`, not `{other}`")),
    }
}

/// The library stores the newest version of a kind that does not have the version that is asked for; a version that no
/// kind has is a slip of the pen.
fn stored(version: String) -> Result<Stored, String> {
    let every_kind = crds(&CrdOptions::all_served());
    if every_kind
        .iter()
        .flat_map(|crd| &crd.spec.versions)
        .any(|known| known.name == version)
    {
        Ok(Stored::Version(version))
    } else {
        Err(format!("no kind has a version `{version}`"))
    }
}
