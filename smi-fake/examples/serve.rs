//! Serves the CRDs of a file, and writes a kubeconfig for kubectl:
//! `cargo run -p smi-fake --example serve -- crds.yaml kubeconfig.yaml`. Ends with its standard input.

use std::{
    env,
    error::Error,
    fs,
    io::{self, Read, Write},
};

use smi_core::document::{Options, read};
use smi_fake::Server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(crds), Some(kubeconfig)) = (arguments.next(), arguments.next()) else {
        return Err("usage: serve CRDS.yaml KUBECONFIG.yaml".into());
    };
    let text = fs::read(&crds)?;
    let mut found = Vec::new();
    for document in read(&text, crds.as_str(), &Options::default()) {
        found.push(serde_json::from_value(document?.value)?);
    }
    let server = Server::new(found);
    let listening = server.listen().await?;
    fs::write(&kubeconfig, serde_json::to_vec(&listening.kubeconfig())?)?;
    let mut out = io::stdout();
    for message in server.refused() {
        writeln!(out, "not served: {message}")?;
    }
    writeln!(
        out,
        "{} serves until this input ends; KUBECONFIG={kubeconfig}",
        listening.url()
    )?;
    tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
