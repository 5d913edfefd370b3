//! The names and ports that the manifests share.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use smi_sdk::{Conversion, CrdOptions};

/// The port of the Service; API servers call it.
pub(super) const SERVICE_PORT: u16 = 443;
/// The port that the webhook listens on, which needs no privilege.
pub(super) const HTTPS_PORT: u16 = 8443;
/// The port that kubelet's probes and Prometheus ask, without TLS.
pub(super) const HEALTH_PORT: u16 = 8080;
/// Where reviews are sent.
const PATH: &str = "/convert";

/// One installation.
pub(crate) struct Install {
    pub(crate) namespace: String,
    /// Of the Service, the Deployment, the ServiceAccount, the roles.
    pub(crate) name: String,
    pub(crate) image: String,
}

impl Default for Install {
    fn default() -> Self {
        Self {
            namespace: "smi-system".to_owned(),
            name: "smi-webhook".to_owned(),
            image: concat!("smi-webhook:", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl Install {
    /// The CRDs of every kind, converted by the webhook. They come without a CA: the webhook gives them its own.
    pub(super) fn crds(&self) -> Vec<CustomResourceDefinition> {
        let conversion = Conversion::webhook_service(&self.namespace, &self.name, "")
            .port(SERVICE_PORT)
            .path(PATH);
        smi_sdk::crds(&CrdOptions {
            conversion,
            ..CrdOptions::default()
        })
    }

    /// Their names.
    pub(super) fn crd_names(&self) -> Vec<String> {
        let crds = self.crds().into_iter();
        crds.filter_map(|crd| crd.metadata.name).collect()
    }

    /// The Secret that holds the CA and the certificate, called as `SelfIssued` calls it.
    pub(crate) fn secret(&self) -> String {
        format!("{}-certificates", self.name)
    }
}
