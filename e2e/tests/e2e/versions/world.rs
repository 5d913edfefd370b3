//! A cluster whose CRDs serve every version and convert by a webhook, both of one test's own.

use e2e::Cluster;
use http::Method;
use kube::Client;
use serde_json::{Value, json};
use smi_sdk::{Conversion, CrdOptions, Stored};

use super::{certificates::Authority, webhook::Webhook};
use crate::{
    Outcome, installing,
    installing::clean,
    kinds::{self, Kind},
    start,
};

/// The CA of the first certificate, and the year with which that one ends.
pub(crate) const FIRST_YEAR: i32 = 2101;

/// How CRDs call the webhook.
pub(crate) enum Call {
    /// On loopback, which API servers speak HTTP/2 to.
    Url(String),
    /// Behind the Service `default/smi-webhook`, at this port; API servers speak HTTP/1.1 to it.
    Service(u16),
}

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) client: Client,
    pub(crate) webhook: Webhook,
    /// What CRDs call the webhook by.
    pub(crate) call: Call,
    pub(crate) authority: Authority,
}

impl World {
    /// No CRDs yet.
    pub(crate) async fn bare(name: &str) -> Outcome<Self> {
        let authority = Authority::new(&format!("{name} CA"))?;
        let leaf = authority.issue(FIRST_YEAR)?;
        let (cluster, webhook) = tokio::join!(start(name), Webhook::start(&leaf));
        let (cluster, webhook) = (cluster?, webhook?);
        Ok(Self {
            client: cluster.client()?,
            cluster,
            call: Call::Url(webhook.url()),
            webhook,
            authority,
        })
    }

    /// With every kind, stored at `stored`.
    pub(crate) async fn new(name: &str, stored: Stored) -> Outcome<Self> {
        let world = Self::bare(name).await?;
        world.install(stored).await?;
        Ok(world)
    }

    /// Brings every kind, stored at `stored`, in place of the CRDs and objects that are there.
    pub(crate) async fn install(&self, stored: Stored) -> Outcome {
        installing::remove_all(&self.cluster).await?;
        installing::install_cleanly(&self.cluster, &installing::crds(&self.options(stored))?).await
    }

    /// What the CRDs serve and call.
    pub(crate) fn options(&self, stored: Stored) -> CrdOptions {
        CrdOptions {
            stored,
            conversion: self.conversion(&self.authority.pem()),
            ..CrdOptions::all_served()
        }
    }

    fn conversion(&self, bundle: &str) -> Conversion {
        match &self.call {
            Call::Url(url) => Conversion::webhook_url(url, bundle),
            Call::Service(port) => Conversion::webhook_service("default", "smi-webhook", bundle).port(*port),
        }
    }

    /// Lets CRDs call what listens on loopback at `port` by the Service `default/smi-webhook`. There are no endpoints
    /// without a controller manager: the Service is another name for the address.
    pub(crate) async fn call_by_service(&mut self, port: u16) -> Outcome {
        let service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "smi-webhook", "namespace": "default"},
            "spec": {"type": "ExternalName", "externalName": "127.0.0.1"},
        });
        let created = self.cluster.create(&service).await?;
        if !created.is_success() {
            return Err(created.message().into());
        }
        self.call = Call::Service(port);
        Ok(())
    }

    /// Gives `bundle` to every CRD, and nothing else.
    pub(crate) async fn trust(&self, bundle: &str) -> Outcome {
        let crds = smi_sdk::crds(&CrdOptions {
            conversion: self.conversion(bundle),
            ..CrdOptions::all_served()
        });
        for crd in crds {
            let path = format!(
                "{}/{}",
                installing::CRDS,
                crd.metadata.name.as_deref().unwrap_or_default()
            );
            let clause = json!({"spec": {"conversion": crd.spec.conversion}}).to_string();
            let merge = "application/merge-patch+json";
            clean(
                &self
                    .cluster
                    .request(Method::PATCH, &path, merge, clause.as_bytes())
                    .await?,
            )?;
        }
        Ok(())
    }

    /// Writes a split with one backend at a version, in `namespace`.
    pub(crate) async fn write_split(&self, version: &str, namespace: &str, name: &str, weight: i64) -> Outcome {
        let object = split(version, namespace, name, weight);
        clean(&kind(&object)?.create(&self.client, &object).await?)?;
        Ok(())
    }
}

/// A split with one backend.
pub(crate) fn split(version: &str, namespace: &str, name: &str, weight: i64) -> Value {
    json!({
        "apiVersion": format!("split.smi-spec.io/{version}"),
        "kind": "TrafficSplit",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": weight}]},
    })
}

/// The kind and version that `object` says.
pub(crate) fn kind(object: &Value) -> Outcome<Kind> {
    Ok(kinds::of_object(object).ok_or("not of a CRD")?)
}
