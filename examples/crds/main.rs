//! Prints the CRDs of every SMI kind as one YAML stream, or writes a file for each.
//!
//! ```sh
//! cargo run --example crds | kubectl apply -f -
//! cargo run --example crds -- --out crds
//! ```

mod arguments;
mod webhook;

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs,
    io::{self, Write},
    process::ExitCode,
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use smi_sdk::{crds, to_yaml};

use arguments::{Arguments, HELP};

fn main() -> ExitCode {
    let mut stdout = io::stdout().lock();
    match run(env::args_os().skip(1), &mut stdout) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "crds: {error}");
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
    let crds = crds(&arguments.options()?);
    let Some(folder) = arguments.out else {
        return print(&crds, stdout);
    };
    fs::create_dir_all(&folder).map_err(|error| format!("`--out {}`: {error}", folder.display()))?;
    let out = folder.display();
    for crd in crds {
        let name = crd.metadata.name.as_deref().ok_or("a CRD without a name")?;
        let file = format!("{name}.yaml");
        fs::write(folder.join(&file), to_yaml(&crd)?).map_err(|error| format!("`--out {out}`: `{file}`: {error}"))?;
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
