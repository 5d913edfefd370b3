//! A conversion webhook with certificates that it issues to itself, called by a real API server while they change.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use e2e::{Cluster, LIMIT, Response, until};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use smi_sdk::{
    Conversion, CrdOptions,
    webhook::{
        Certificates, Server,
        certificates::{Clock, SelfIssued},
    },
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Outcome,
    installing::{CRDS, crds, install_cleanly},
    start,
};

const SECRET: &str = "smi-webhook-certificates";
const SPLITS: &str = "trafficsplits.split.smi-spec.io";

/// How much later it is for the certificates than for everybody else.
#[derive(Clone, Default)]
struct Later(Arc<Mutex<Duration>>);

impl Later {
    fn clock(&self) -> Clock {
        let later = self.clone();
        Clock::new(move || SystemTime::now() + *later.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn jump(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

/// The cluster with its webhook, and a split that is written at one version and read at another.
struct World {
    cluster: Cluster,
    client: kube::Client,
    secrets: Api<Secret>,
    requests: usize,
}

impl World {
    /// Writes the split at v1alpha2, where a server with other CAs would not be believed, and reads it at v1alpha3.
    async fn request(&mut self) -> Outcome<Response> {
        let weight = self.requests % 100;
        let split = json!({
            "apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplit",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": weight}]},
        });
        let path = "/apis/split.smi-spec.io/v1alpha2/namespaces/default/trafficsplits/web?fieldManager=test&force=true";
        let request = http::Request::patch(path)
            .header("content-type", "application/apply-patch+yaml")
            .body(serde_json::to_vec(&split)?)?;
        let written = Response::to(&self.client, request).await?;
        if !written.is_success() {
            return Ok(written);
        }
        let path = "/apis/split.smi-spec.io/v1alpha3/namespaces/default/trafficsplits/web";
        let read = Response::to(&self.client, http::Request::get(path).body(vec![])?).await?;
        self.requests += 1;
        Ok(read)
    }

    /// Goes on with requests until `condition` holds; an error where one of them fails.
    async fn load_until(&mut self, what: &str, condition: impl AsyncFn(&Self) -> Outcome<bool>) -> Outcome {
        let begun = tokio::time::Instant::now();
        let first = self.requests;
        while self.requests < first + 20 || !condition(self).await? {
            let answer = self.request().await?;
            if !answer.is_success() {
                return Err(format!("until {what}: {} {}", answer.status, answer.message()).into());
            }
            if begun.elapsed() > LIMIT {
                return Err(format!("waited in vain until {what}").into());
            }
        }
        Ok(())
    }

    /// A text of the Secret.
    async fn text(&self, key: &str) -> Outcome<String> {
        let data = self.secrets.get_opt(SECRET).await?.and_then(|secret| secret.data);
        let text = data.and_then(|mut data| data.remove(key));
        Ok(text
            .map(|text| String::from_utf8(text.0))
            .transpose()?
            .unwrap_or_default())
    }

    /// Whether the split's CRD has the CAs of the Secret.
    async fn is_given(&self) -> Outcome<bool> {
        let crd: Value = self.cluster.read(&format!("{CRDS}/{SPLITS}")).await?.json()?;
        let has = &crd["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"];
        let bundle = ByteString(self.text("ca.crt").await?.into_bytes());
        Ok(!bundle.0.is_empty() && *has == serde_json::to_value(bundle)?)
    }

    async fn damage(&self, key: &str) -> Outcome {
        let change = Patch::Merge(json!({"data": {key: ByteString(b"damaged".to_vec())}}));
        self.secrets.patch(SECRET, &PatchParams::default(), &change).await?;
        Ok(())
    }
}

async fn world(later: &Later) -> Outcome<(World, JoinHandle<()>)> {
    let cluster = start("rotating").await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("https://{}/convert", listener.local_addr()?);
    let crds = crds(&CrdOptions {
        conversion: Conversion::webhook_url(url, ""),
        ..CrdOptions::default()
    })?;
    install_cleanly(&cluster, &crds).await?;
    let issuer = SelfIssued::new(cluster.client()?, "default", "smi-webhook")
        .names(["127.0.0.1"])
        .crds([SPLITS])
        .every(Duration::from_millis(100))
        .clock(later.clock());
    let server = Server::new(Certificates::from(issuer)).conversion("/convert", smi_sdk::convert::converters());
    let serving = tokio::spawn(async move {
        drop(server.serve(listener, std::future::pending()).await);
    });
    let client = cluster.client()?;
    let secrets = Api::namespaced(cluster.client()?, "default");
    let world = World {
        cluster,
        client,
        secrets,
        requests: 0,
    };
    Ok((world, serving))
}

#[tokio::test]
async fn an_api_server_goes_on_while_certificate_and_ca_change() {
    let later = Later::default();
    let (mut world, serving) = world(&later).await.unwrap();
    until("the API server knows the webhook", LIMIT, async || {
        let answer = world.request().await;
        Ok(answer.is_ok_and(|answer| answer.is_success()).then_some(()))
    })
    .await
    .unwrap();

    // Another certificate of the same CA.
    let first = (
        world.text("ca.crt").await.unwrap(),
        world.text("tls.crt").await.unwrap(),
    );
    world.damage("tls.crt").await.unwrap();
    world
        .load_until("there is another certificate", async |world| {
            let now = world.text("tls.crt").await?;
            Ok(now.contains("BEGIN") && now != first.1)
        })
        .await
        .unwrap();
    assert_eq!(world.text("ca.crt").await.unwrap(), first.0);

    // Another CA: trusted first, and used once it has settled.
    let second = world.text("tls.crt").await.unwrap();
    world.damage("ca.key").await.unwrap();
    world
        .load_until("both CAs are trusted", async |world| {
            Ok(world.text("ca.crt").await?.len() > first.0.len() && world.is_given().await?)
        })
        .await
        .unwrap();
    assert_eq!(world.text("tls.crt").await.unwrap(), second);
    later.jump(Duration::from_secs(5 * 60 + 1));
    world
        .load_until("the new CA signs", async |world| {
            Ok(world.text("tls.crt").await? != second)
        })
        .await
        .unwrap();
    // Connections of before are gone: the API server has to believe the new certificate.
    world.cluster.restart_apiserver().await.unwrap();
    world.client = world.cluster.client().unwrap();
    world.load_until("twenty more", async |_| Ok(true)).await.unwrap();
    crate::say(&format!("{} splits written and read meanwhile", world.requests));
    serving.abort();
}
