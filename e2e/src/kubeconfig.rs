//! The kubeconfig of a cluster's admin.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};

use crate::{Error, certificates::Certificates};

/// The one name of the context, the cluster and the user.
const NAME: &str = "e2e";

/// The admin's configuration for the server at `address`; it names the files in the cluster's folder.
pub(crate) fn admin(address: SocketAddr, certificates: &Certificates) -> Kubeconfig {
    let path = |path: &Path| Some(path.display().to_string());
    Kubeconfig {
        clusters: vec![NamedCluster {
            name: NAME.to_owned(),
            cluster: Some(Cluster {
                server: Some(format!("https://{address}")),
                certificate_authority: path(&certificates.ca),
                ..Cluster::default()
            }),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: NAME.to_owned(),
            auth_info: Some(AuthInfo {
                client_certificate: path(&certificates.admin.certificate),
                client_key: path(&certificates.admin.key),
                ..AuthInfo::default()
            }),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: NAME.to_owned(),
            context: Some(Context {
                cluster: NAME.to_owned(),
                user: Some(NAME.to_owned()),
                ..Context::default()
            }),
            ..NamedContext::default()
        }],
        current_context: Some(NAME.to_owned()),
        ..Kubeconfig::default()
    }
}

/// Writes it into `folder`, as JSON, which every reader of a kubeconfig takes as the YAML that it is.
pub(crate) fn write(kubeconfig: &Kubeconfig, folder: &Path) -> Result<PathBuf, Error> {
    let path = folder.join("kubeconfig");
    fs::write(&path, serde_json::to_vec_pretty(kubeconfig)?)
        .map_err(Error::io(|| format!("write `{}`", path.display())))?;
    Ok(path)
}
