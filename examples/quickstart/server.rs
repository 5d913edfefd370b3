//! The API server: one in this process, or that of a kubeconfig.

use std::{error::Error, io::Write};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use smi_sdk::{
    Conversion, CrdOptions, Serve,
    convert::converters,
    kube::{self},
};
use tempfile::NamedTempFile;

use super::arguments::Cluster;

/// A server in this process that has the CRDs of every kind, serves every version, and converts with our converters.
pub(crate) fn embedded() -> Result<smi_fake::Server, Box<dyn Error>> {
    // Where a real server would call a webhook, this one calls the converters that it is given: nobody asks this URL.
    let conversion = Conversion::webhook_url("https://127.0.0.1/convert", "");
    let crds = smi_sdk::crds(&CrdOptions {
        serve: Serve::All,
        conversion,
        ..CrdOptions::default()
    });
    let server = smi_fake::Server::new(crds).with_converter(converters());
    match server.refused() {
        [] => Ok(server),
        refused => Err(refused.join("; ").into()),
    }
}

/// A cluster of a kubeconfig.
pub(crate) struct Real {
    pub(crate) client: Client,
    /// The name of the context.
    pub(crate) context: String,
    pub(crate) url: String,
}

/// A client of a real cluster.
pub(crate) async fn real(cluster: &Cluster) -> Result<Real, Box<dyn Error>> {
    let kubeconfig = match &cluster.kubeconfig {
        Some(path) => Kubeconfig::read_from(path)?,
        None => Kubeconfig::read()?,
    };
    let context = cluster.context.clone().or_else(|| kubeconfig.current_context.clone());
    let options = KubeConfigOptions {
        context: cluster.context.clone(),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    let url = config.cluster_url.to_string();
    Ok(Real {
        client: Client::try_from(config)?,
        context: context.unwrap_or_default(),
        url: url.trim_end_matches('/').to_owned(),
    })
}

/// Lets the embedded server listen on loopback, and writes the kubeconfig for it. The file is readable for its owner
/// alone, and goes when it is dropped.
pub(crate) async fn kubeconfig(server: &smi_fake::Server) -> Result<NamedTempFile, Box<dyn Error>> {
    let kubeconfig = server.listen().await?.kubeconfig();
    let mut file = tempfile::Builder::new()
        .prefix("smi-quickstart-")
        .suffix(".yaml")
        .tempfile()?;
    file.write_all(smi_sdk::to_yaml(&kubeconfig)?.as_bytes())?;
    file.flush()?;
    Ok(file)
}
