//! Prints the CRDs of every SMI kind as one YAML stream, or writes a file for each.
//!
//! ```sh
//! cargo run --example crds | kubectl apply -f -
//! cargo run --example crds -- --out crds
//! ```

use std::{
    error::Error,
    fs,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use lexopt::prelude::*;
use smi_sdk::{Conversion, CrdOptions, Serve, Stored, crds, to_yaml};

const HELP: &str = "\
Prints the CRDs of every SMI kind.

Usage: crds [OPTIONS]

  --out DIR              write DIR/PLURAL.GROUP.yaml for each CRD instead of printing one stream
  --serve WHICH          released (default): the newest released version; drafts: the newest version, be it a
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

#[derive(Default)]
struct Arguments {
    out: Option<PathBuf>,
    options: CrdOptions,
    service: Option<String>,
    port: Option<u16>,
    path: Option<String>,
    url: Option<String>,
    ca_bundle: Option<PathBuf>,
    help: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "crds: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    let mut stdout = io::stdout().lock();
    if arguments.help {
        return Ok(stdout.write_all(HELP.as_bytes())?);
    }
    let crds = crds(&arguments.options()?);
    let Some(folder) = arguments.out else {
        return print(&crds, &mut stdout);
    };
    fs::create_dir_all(&folder)?;
    for crd in crds {
        let name = crd.metadata.name.as_deref().ok_or("a CRD without a name")?;
        fs::write(folder.join(format!("{name}.yaml")), to_yaml(&crd)?)?;
    }
    Ok(())
}

/// Prints one stream; a reader that has seen enough is no error.
fn print(crds: &[CustomResourceDefinition], stdout: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for crd in crds {
        match write!(stdout, "---\n{}", to_yaml(crd)?) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(())
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut arguments = Arguments::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("out") => arguments.out = Some(parser.value()?.into()),
            Long("serve") => arguments.options.serve = serve(&parser.value()?.string()?)?,
            Long("stored") => arguments.options.stored = stored(parser.value()?.string()?)?,
            Long("webhook") => arguments.service = Some(parser.value()?.string()?),
            Long("webhook-port") => arguments.port = Some(parser.value()?.parse()?),
            Long("webhook-path") => arguments.path = Some(parser.value()?.string()?),
            Long("webhook-url") => arguments.url = Some(parser.value()?.string()?),
            Long("ca-bundle") => arguments.ca_bundle = Some(parser.value()?.into()),
            Short('h') | Long("help") => arguments.help = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(arguments)
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

impl Arguments {
    fn options(&self) -> Result<CrdOptions, Box<dyn Error>> {
        let ca_bundle = || {
            let file = self.ca_bundle.as_ref().ok_or("a webhook needs `--ca-bundle FILE`")?;
            Ok::<_, Box<dyn Error>>(fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?)
        };
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
        if let Some((option, _, needed)) = stray.into_iter().find(|(_, is_stray, _)| *is_stray) {
            return Err(format!("`{option}` needs {needed}").into());
        }
        let mut conversion = match (&self.service, &self.url) {
            (None, None) => return Ok(self.options.clone()),
            (Some(_), Some(_)) => return Err("`--webhook` and `--webhook-url` exclude each other".into()),
            (None, Some(url)) => Conversion::webhook_url(url, ca_bundle()?),
            (Some(service), None) => {
                let (namespace, name) = service.split_once('/').ok_or("`--webhook` takes NAMESPACE/NAME")?;
                Conversion::webhook_service(namespace, name, ca_bundle()?)
            }
        };
        if let Some(port) = self.port {
            conversion = conversion.port(port);
        }
        if let Some(path) = &self.path {
            conversion = conversion.path(path);
        }
        Ok(CrdOptions {
            conversion,
            ..self.options.clone()
        })
    }
}
