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
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use smi_core::document::{self, Options};
use smi_fake::Server;

fn crds(paths: impl Iterator<Item = String>) -> Result<Vec<CustomResourceDefinition>, Box<dyn Error>> {
    let mut crds = Vec::new();
    for path in paths {
        let text = fs::read(&path)?;
        for document in document::read(&text, path.as_str(), &Options::default()) {
            crds.push(serde_json::from_value(document?.value)?);
        }
    }
    Ok(crds)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let kubeconfig = arguments.next().ok_or("usage: listen KUBECONFIG [CRD.yaml..]")?;
    let server = Server::new(crds(arguments)?);
    let mut out = io::stdout();
    for refused in server.refused() {
        writeln!(out, "not served: {refused}")?;
    }
    let listening = server.listen().await?;
    // JSON is YAML too. The file holds the token, which makes its reader the administrator.
    fs::write(&kubeconfig, serde_json::to_vec_pretty(&listening.kubeconfig())?)?;
    writeln!(
        out,
        "listening on {}: kubectl --kubeconfig {kubeconfig}",
        listening.url()
    )?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}
