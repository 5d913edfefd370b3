//! Writes the manifests of the conversion webhook: the CRDs, and what runs it.
//!
//! ```sh
//! cargo run --example deploy -- --image registry.example/smi-webhook:1 --out ../mine
//! kubectl apply -f ../mine/webhook.yaml
//! kubectl -n smi-system rollout status deployment/smi-webhook
//! kubectl apply -f ../mine/crds.yaml
//! ```
//!
//! The CRDs last: from then on objects are read through the webhook, which does not need them to start.

mod arguments;
mod install;
mod manifests;

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs,
    io::{self, Write},
    process::ExitCode,
};

use smi_sdk::core::yaml::YamlError;

use arguments::{Arguments, HELP};
pub(crate) use install::Install;

/// What the files begin with.
const HEADER: &str = "# Written by `cargo run --example deploy`: change examples/deploy, and write it again.\n";

fn main() -> ExitCode {
    let mut stdout = io::stdout().lock();
    match run(env::args_os().skip(1), &mut stdout) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "deploy: {error}");
            ExitCode::from(2)
        }
    }
}

/// Does what `arguments` say, those after the program's name; prints to `stdout`.
pub(crate) fn run(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    stdout: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(arguments)?;
    if arguments.help {
        return Ok(stdout.write_all(HELP.as_bytes())?);
    }
    let files = files(&arguments.install)?;
    let Some(folder) = arguments.out else {
        for (_, text) in files {
            match stdout.write_all(text.as_bytes()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        }
        return Ok(());
    };
    let out = folder.display();
    fs::create_dir_all(&folder).map_err(|error| format!("`--out {out}`: {error}"))?;
    for (file, text) in files {
        fs::write(folder.join(file), text).map_err(|error| format!("`--out {out}`: `{file}`: {error}"))?;
    }
    Ok(())
}

/// The files and what is in them.
pub(crate) fn files(install: &Install) -> Result<[(&'static str, String); 2], YamlError> {
    let text = |documents: Vec<Result<String, YamlError>>| {
        let mut text = HEADER.to_owned();
        for document in documents {
            text.push_str("---\n");
            text.push_str(&document?);
        }
        Ok(text)
    };
    let crds = install.crds().iter().map(smi_sdk::to_yaml).collect();
    let webhook = manifests::all(install).iter().map(smi_sdk::to_yaml).collect();
    Ok([("crds.yaml", text(crds)?), ("webhook.yaml", text(webhook)?)])
}
