//! Rewrites the stored objects of a cluster at the storage version of their CRDs.
//!
//! ```sh
//! cargo run --example migrate -- --dry-run
//! cargo run --example migrate -- --context staging trafficsplits
//! ```
//!
//! It may be interrupted at any time, and run again.

use std::{
    env,
    error::Error,
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use lexopt::prelude::*;
use smi_sdk::{
    CrdOptions, crds,
    migrate::{Event, StorageVersionMigration},
};

const HELP: &str = "\
Rewrites the stored objects of a cluster at the storage version of their CRDs, and takes the other versions out of
status.storedVersions. May be interrupted at any time, and run again.

Usage: migrate [OPTIONS] [KIND|CRD]...

  KIND               a kind of SMI, such as TrafficSplit or trafficsplits; without any, every kind
  CRD                the name of any CRD, such as trafficsplits.split.smi-spec.io
  --dry-run          write nothing: say what would be rewritten, and what cannot be
  --kubeconfig FILE  the kubeconfig; default: $KUBECONFIG, or ~/.kube/config
  --context NAME     the context of the kubeconfig; default: the current one
  --concurrency N    requests at a time; default: 8
  --json             print the report as JSON
  -h, --help         print this

Ends with 0 where nothing is left to do, with 1 where something is, with 2 where it could not begin.
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(env::args_os().skip(1), &mut io::stdout()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(io::stderr(), "migrate: {error}");
            ExitCode::from(2)
        }
    }
}

/// Does what `arguments` say, those after the program's name; prints to `stdout`, and tells whether nothing is left to do.
pub(crate) async fn run(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    stdout: &mut impl Write,
) -> Result<bool, Box<dyn Error>> {
    let arguments = Arguments::parse(arguments)?;
    if arguments.help {
        write!(stdout, "{HELP}")?;
        return Ok(true);
    }
    let mut migration = StorageVersionMigration::new(arguments.client().await?).dry_run(arguments.dry_run);
    if !arguments.crds.is_empty() {
        migration = migration.crds(arguments.crds);
    }
    if let Some(requests) = arguments.concurrency {
        migration = migration.concurrency(requests);
    }
    // On a terminal one line that is written over and over; in a log only what is done.
    let mut line = io::stderr();
    let is_terminal = line.is_terminal();
    let report = migration.run(|event| {
        // A terminal that is gone is no reason to stop.
        let _ = match event {
            Event::Progress { crd, done, total } if is_terminal => match total {
                Some(total) => write!(line, "\r\x1b[K{crd}: {done} of {total}"),
                None => write!(line, "\r\x1b[K{crd}: {done}"),
            },
            Event::Finished(_) if is_terminal => write!(line, "\r\x1b[K"),
            Event::StartedOver { crd } => writeln!(line, "{crd}: changed meanwhile, once more"),
            _ => Ok(()),
        };
    });
    let report = report.await;
    if arguments.json {
        serde_json::to_writer_pretty(&mut *stdout, &report)?;
        writeln!(stdout)?;
    } else {
        writeln!(stdout, "{report}")?;
    }
    Ok(report.is_complete())
}

/// What the command line says.
#[derive(Default)]
struct Arguments {
    crds: Vec<String>,
    dry_run: bool,
    json: bool,
    help: bool,
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    concurrency: Option<usize>,
}

impl Arguments {
    fn parse(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Self, Box<dyn Error>> {
        let mut found = Self::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("dry-run") => found.dry_run = true,
                Long("json") => found.json = true,
                Long("kubeconfig") => found.kubeconfig = Some(parser.value()?.into()),
                Long("context") => found.context = Some(parser.value()?.string()?),
                Long("concurrency") => found.concurrency = Some(parser.value()?.parse()?),
                Short('h') | Long("help") => found.help = true,
                Value(name) => found.crds.push(crd(name.string()?)?),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(found)
    }

    async fn client(&self) -> Result<Client, Box<dyn Error>> {
        let options = KubeConfigOptions {
            context: self.context.clone(),
            ..KubeConfigOptions::default()
        };
        let config = match &self.kubeconfig {
            Some(path) => Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &options).await?,
            None => Config::from_kubeconfig(&options).await?,
        };
        Ok(Client::try_from(config)?)
    }
}

/// The name of the CRD of a kind of SMI; of any other, which has a dot in it, as it is.
fn crd(word: String) -> Result<String, String> {
    if word.contains('.') {
        return Ok(word);
    }
    let every_kind = crds(&CrdOptions::all_served());
    let found = every_kind.iter().find(|crd| {
        let names = &crd.spec.names;
        [Some(&names.kind), Some(&names.plural), names.singular.as_ref()]
            .iter()
            .flatten()
            .any(|name| name.eq_ignore_ascii_case(&word))
    });
    let name = found.and_then(|crd| crd.metadata.name.clone());
    name.ok_or_else(|| format!("`{word}` is no kind of SMI, and no name of a CRD"))
}
