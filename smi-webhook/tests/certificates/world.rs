//! An API server with CRDs that call a webhook, and replicas of it that issue certificates to themselves.

use std::collections::BTreeMap;

use k8s_openapi::{
    ByteString,
    api::core::v1::{Namespace, Secret},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use smi_fake::Server;
use smi_webhook::certificates::{Certificates, Current, SelfIssued};
use tokio::task::JoinHandle;

use crate::support::{Time, until};

pub(crate) const NAMESPACE: &str = "smi";
pub(crate) const SERVICE: &str = "webhook";
pub(crate) const NAME: &str = "webhook.smi.svc";
pub(crate) const SECRET: &str = "webhook-certificates";
pub(crate) const WIDGETS: &str = "widgets.example.com";
pub(crate) const GADGETS: &str = "gadgets.example.com";

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) time: Time,
}

/// A replica at work; dropped, it ends.
pub(crate) struct Replica {
    pub(crate) current: Current,
    task: JoinHandle<()>,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How widgets and gadgets are converted, without a CA.
pub(crate) fn by_service() -> Value {
    json!({"strategy": "Webhook", "webhook": {
        "conversionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": NAMESPACE, "name": SERVICE, "path": "/convert", "port": 443}},
    }})
}

/// A CRD with two versions.
pub(crate) fn crd(name: &str, conversion: &Value) -> CustomResourceDefinition {
    let (plural, group) = name.split_once('.').unwrap();
    let kind = if plural == "widgets" { "Widget" } else { "Gadget" };
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind}, "conversion": conversion,
            "versions": [
                {"name": "v1", "served": true, "storage": false, "schema": schema},
                {"name": "v2", "served": true, "storage": true, "schema": schema},
            ],
        },
    });
    serde_json::from_value(crd).unwrap()
}

impl World {
    /// With widgets and gadgets, whose webhook is never there.
    pub(crate) async fn new() -> Self {
        let crds = [WIDGETS, GADGETS].map(|name| crd(name, &by_service()));
        Self::with(crds).await
    }

    pub(crate) async fn with(crds: impl IntoIterator<Item = CustomResourceDefinition>) -> Self {
        let down = |_, _: &str| Err("connection refused".to_owned());
        let server = Server::new(crds).with_converter(down);
        assert_eq!(server.refused(), [""; 0]);
        let namespace = serde_json::from_value(json!({"metadata": {"name": NAMESPACE}})).unwrap();
        let namespaces: Api<Namespace> = Api::all(server.client());
        namespaces.create(&PostParams::default(), &namespace).await.unwrap();
        Self {
            server,
            time: Time::new(),
        }
    }

    pub(crate) fn client(&self) -> Client {
        self.server.client()
    }

    /// How a replica is set up.
    pub(crate) fn issuer(&self) -> SelfIssued {
        SelfIssued::new(self.client(), NAMESPACE, SERVICE)
            .crds([WIDGETS, GADGETS])
            .clock(self.time.clock())
    }

    pub(crate) fn replica(&self) -> Replica {
        Replica::new(self.issuer())
    }

    pub(crate) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client(), NAMESPACE)
    }

    /// What the Secret holds.
    pub(crate) async fn data(&self) -> BTreeMap<String, ByteString> {
        let secret = self.secrets().get_opt(SECRET).await.unwrap();
        secret.and_then(|secret| secret.data).unwrap_or_default()
    }

    /// One of its texts; empty where there is none.
    pub(crate) async fn text(&self, key: &str) -> String {
        let data = self.data().await;
        data.get(key)
            .map(|text| String::from_utf8(text.0.clone()).unwrap())
            .unwrap_or_default()
    }

    /// Puts `text` into the Secret, as somebody with a hammer would.
    pub(crate) async fn damage(&self, key: &str, text: &str) {
        let change = Patch::Merge(json!({"data": {key: ByteString(text.into())}}));
        self.secrets()
            .patch(SECRET, &PatchParams::default(), &change)
            .await
            .unwrap();
    }

    pub(crate) async fn delete_secret(&self) {
        self.secrets().delete(SECRET, &DeleteParams::default()).await.unwrap();
    }

    pub(crate) fn crds(&self) -> Api<CustomResourceDefinition> {
        Api::all(self.client())
    }

    /// The CA that a CRD has; empty where it has none.
    pub(crate) async fn ca_of(&self, name: &str) -> String {
        let crd = self.crds().get(name).await.unwrap();
        let webhook = crd.spec.conversion.and_then(|conversion| conversion.webhook);
        let ca = webhook.and_then(|webhook| webhook.client_config?.ca_bundle);
        ca.map(|ca| String::from_utf8(ca.0).unwrap()).unwrap_or_default()
    }

    /// Waits until both CRDs have the CAs of the Secret, and gives them.
    pub(crate) async fn until_given(&self) -> String {
        until("the CRDs have the CA", async || {
            let bundle = self.text("ca.crt").await;
            let has = [self.ca_of(WIDGETS).await, self.ca_of(GADGETS).await];
            (!bundle.is_empty() && has.iter().all(|ca| *ca == bundle)).then_some(bundle)
        })
        .await
    }
}

impl Replica {
    /// A replica with that set-up.
    pub(crate) fn new(issuer: SelfIssued) -> Self {
        let (current, fresh) = Certificates::from(issuer).into_parts();
        Self {
            current,
            task: tokio::spawn(fresh),
        }
    }

    /// Waits until this replica serves the certificate of the Secret, and gives it.
    pub(crate) async fn until_it_serves(&self, world: &World) -> String {
        until("the certificate of the Secret is served", async || {
            let certificate = world.text("tls.crt").await;
            (!certificate.is_empty() && crate::support::shows(&self.current, &certificate)).then_some(certificate)
        })
        .await
    }
}
