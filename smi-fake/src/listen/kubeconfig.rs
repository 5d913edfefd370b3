//! Writes the kubeconfig of a listening server.

use base64::{Engine, prelude::BASE64_STANDARD};
use kube::config::Kubeconfig;
use serde_json::json;

/// The name of the cluster, the user and the context.
const NAME: &str = "smi-fake";

pub(super) fn of(url: &str, certificate: &str, token: &str) -> Kubeconfig {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": {
            "server": url, "certificate-authority-data": BASE64_STANDARD.encode(certificate),
        }}],
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME, "namespace": "default"}}],
        "current-context": NAME,
    });
    serde_json::from_value(config).unwrap_or_default()
}
