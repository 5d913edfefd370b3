//! An API server for kubectl, without a cluster: listens on loopback until Ctrl-C.
//!
//! ```text
//! cargo run -p smi-fake --example listen -- /tmp/kubeconfig crds/*.yaml
//! kubectl --kubeconfig /tmp/kubeconfig api-resources
//! ```

mod arguments;

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use smi_core::document::{self, Options};
use smi_fake::Server;
use tempfile::NamedTempFile;

pub(crate) use arguments::Arguments;
use arguments::HELP;

#[tokio::main]
async fn main() -> ExitCode {
    let mut stdout = io::stdout();
    let (done, code) = match Arguments::parse(env::args_os().skip(1)) {
        Ok(arguments) if arguments.help => (stdout.write_all(HELP.as_bytes()).map_err(Into::into), 1),
        Ok(arguments) => {
            let asked_to_stop = async {
                let _ = tokio::signal::ctrl_c().await;
            };
            (run(&arguments, &mut stdout, asked_to_stop).await, 1)
        }
        Err(error) => (Err(error), 2),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "listen: {error}");
            ExitCode::from(code)
        }
    }
}

/// Serves until `shutdown`, which is asked once the kubeconfig is there.
pub(crate) async fn run(
    arguments: &Arguments,
    stdout: &mut impl Write,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error>> {
    let server = Server::new(crds(&arguments.crds)?);
    for refused in server.refused() {
        writeln!(stdout, "not served: {refused}")?;
    }
    let listening = server.listen().await?;
    let kubeconfig = arguments.kubeconfig.display();
    // JSON is YAML too.
    let content = serde_json::to_vec_pretty(&listening.kubeconfig())?;
    write_secret(&arguments.kubeconfig, &content).map_err(|error| format!("{kubeconfig}: {error}"))?;
    writeln!(
        stdout,
        "listening on {}: kubectl --kubeconfig {kubeconfig}",
        listening.url()
    )?;
    stdout.flush()?;
    shutdown.await;
    Ok(())
}

fn crds(paths: &[PathBuf]) -> Result<Vec<CustomResourceDefinition>, Box<dyn Error>> {
    let mut crds = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        for document in document::read(&text, name.as_str(), &Options::default()) {
            let crd = serde_json::from_value(document?.value);
            crds.push(crd.map_err(|error| format!("{name}: no CRD: {error}"))?);
        }
    }
    Ok(crds)
}

/// Writes a file that nobody else can read, also where a readable one was: its token makes the reader the administrator.
fn write_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(folder.unwrap_or_else(|| Path::new(".")))?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}
