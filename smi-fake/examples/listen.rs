//! An API server for kubectl, without a cluster: listens on loopback until Ctrl-C.
//!
//! ```text
//! cargo run -p smi-fake --example listen -- /tmp/kubeconfig crds/*.yaml
//! kubectl --kubeconfig /tmp/kubeconfig api-resources
//! ```

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use smi_core::document::{self, Options};
use smi_fake::Server;
use tempfile::NamedTempFile;

fn crds(paths: impl Iterator<Item = String>) -> Result<Vec<CustomResourceDefinition>, Box<dyn Error>> {
    let mut crds = Vec::new();
    for path in paths {
        let text = fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
        for document in document::read(&text, path.as_str(), &Options::default()) {
            let crd = serde_json::from_value(document?.value);
            crds.push(crd.map_err(|error| format!("{path}: no CRD: {error}"))?);
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

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let Some(kubeconfig) = arguments.next() else {
        let _ = writeln!(io::stderr(), "usage: listen KUBECONFIG [CRD.yaml..]");
        return ExitCode::from(2);
    };
    match run(kubeconfig, arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "listen: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(kubeconfig: String, arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let server = Server::new(crds(arguments)?);
    let mut out = io::stdout();
    for refused in server.refused() {
        writeln!(out, "not served: {refused}")?;
    }
    let listening = server.listen().await?;
    // JSON is YAML too.
    write_secret(
        Path::new(&kubeconfig),
        &serde_json::to_vec_pretty(&listening.kubeconfig())?,
    )
    .map_err(|error| format!("{kubeconfig}: {error}"))?;
    writeln!(
        out,
        "listening on {}: kubectl --kubeconfig {kubeconfig}",
        listening.url()
    )?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}
