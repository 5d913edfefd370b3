//! The example that runs the webhook: one command, with certificates that it issues to itself.

use std::{env, net::SocketAddr, path::PathBuf, process::Stdio};

use e2e::{Cluster, LIMIT, free_address, until};
use http::Method;
use k8s_openapi::{
    ByteString, api::core::v1::Secret, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{Api, Client};
use serde_json::json;
use smi_sdk::{CrdOptions, convert::converters};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use super::{
    webhook::{self, Health},
    world::{kind, split},
};
use crate::{Outcome, installing::clean, kinds, start};

/// Objects of a review that is in flight when the program is told to stop.
const OBJECTS: usize = 10_000;

/// The running program.
struct Example {
    address: SocketAddr,
    health: Health,
    process: Child,
}

impl Example {
    /// As the README says, on an address of our own.
    fn start(cluster: &Cluster, address: SocketAddr) -> Outcome<Self> {
        let health = free_address()?;
        let log = std::fs::File::create(cluster.folder().join(format!("webhook-{}.log", health.port())))?;
        let process = Command::new(program()?)
            .args([
                "--apply",
                "--listen",
                &address.to_string(),
                "--health",
                &health.to_string(),
            ])
            .env("KUBECONFIG", cluster.kubeconfig())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            address,
            health: Health(health),
            process,
        })
    }

    /// Tells it to stop, as a kubelet does.
    async fn terminate(&self) -> Outcome {
        let id = self.process.id().ok_or("it has ended already")?.to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().await?;
        if told.success() {
            Ok(())
        } else {
            Err(format!("kill: {told}").into())
        }
    }

    /// Waits for its end, which has to be a good one.
    async fn ended(mut self) -> Outcome {
        let status = timeout(LIMIT, self.process.wait()).await??;
        if status.success() {
            Ok(())
        } else {
            Err(format!("it ended with {status}").into())
        }
    }
}

/// Where cargo puts it: beside the folder of this test.
fn program() -> Outcome<PathBuf> {
    let tests = env::current_exe()?;
    let folder = tests
        .parent()
        .and_then(|deps| deps.parent())
        .ok_or("no folder of the target")?;
    let program = folder.join("examples/webhook");
    if program.is_file() {
        Ok(program)
    } else {
        Err("`cargo build -p smi-sdk --example webhook` comes first; `e2e/run` does so".into())
    }
}

/// Waits until every CRD trusts the CA in the Secret; that CA.
async fn until_trusted(client: &Client) -> Outcome<String> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "default");
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let names: Vec<_> = smi_sdk::crds(&CrdOptions::all_served())
        .into_iter()
        .filter_map(|crd| crd.metadata.name)
        .collect();
    let trusted = async || {
        let secret = secrets.get_opt("smi-webhook-certificates").await?;
        let Some(ByteString(ca)) = secret.and_then(|secret| secret.data?.remove("ca.crt")) else {
            return Ok(None);
        };
        for name in &names {
            let conversion = crds
                .get(name)
                .await?
                .spec
                .conversion
                .and_then(|conversion| conversion.webhook);
            let bundle = conversion.and_then(|webhook| webhook.client_config?.ca_bundle);
            if bundle.is_none_or(|ByteString(bundle)| bundle != ca) {
                return Ok(None);
            }
        }
        Ok(Some(String::from_utf8_lossy(&ca).into_owned()))
    };
    Ok(until("every CRD trusts the webhook", LIMIT, trusted).await?)
}

/// Writes a split at v1alpha1 and reads it at every other version.
async fn converts(client: &Client, namespace: &str, name: &str) -> Outcome {
    let written = split("v1alpha1", namespace, name, 3);
    let own = kind(&written)?;
    // A server takes note of its CRDs in its own time.
    let created = async || {
        let created = own.create(client, &written).await.ok();
        Ok(created.filter(|created| ![404, 429, 500, 503].contains(&created.status)))
    };
    clean(&until("the kind is served and converted", LIMIT, created).await?)?;
    for kind in own.versions() {
        let read = kinds::send(client, Method::GET, &kind.path(&written), None).await?;
        clean(&read)?;
        let read = read.json()?;
        let back = converters().convert_served(read.clone(), &own.api_version)?.object;
        assert_eq!(
            (&read["apiVersion"], &back["spec"]),
            (&json!(kind.api_version), &written["spec"])
        );
    }
    Ok(())
}

#[tokio::test]
async fn one_command_serves_a_cluster_and_a_signal_ends_it_when_its_reviews_are_answered() -> Outcome {
    let cluster = start("example").await?;
    let client = cluster.client()?;
    let namespace = cluster.namespace("example").await?;
    let address = free_address()?;
    let example = Example::start(&cluster, address)?;
    example.health.until_ready().await?;
    let ca = until_trusted(&client).await?;
    converts(&client, &namespace, "one").await?;

    let objects: Vec<_> = (0..OBJECTS)
        .map(|at| split("v1alpha1", &namespace, &format!("web-{at}"), 1))
        .collect();
    let review = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "ConversionReview",
        "request": {"uid": "last", "desiredAPIVersion": "split.smi-spec.io/v1alpha4", "objects": objects},
    });
    let caller = webhook::client(example.address, &ca)?;
    let stop = async {
        let in_flight = async || Ok((example.health.counts().await?.in_flight > 0).then_some(()));
        until("the review is in flight", LIMIT, in_flight).await?;
        example.terminate().await
    };
    let (answer, ()) = tokio::try_join!(webhook::ask(&caller, &review), stop)?;
    let answer = answer.json()?;
    assert_eq!(answer["response"]["result"]["status"], "Success");
    assert_eq!(
        answer["response"]["convertedObjects"].as_array().map(Vec::len),
        Some(OBJECTS)
    );
    example.ended().await?;
    let gone = kinds::send(
        &client,
        Method::GET,
        &kind(&objects[0])?.path(&split("v1alpha1", &namespace, "one", 1)),
        None,
    )
    .await?;
    assert_eq!(gone.status, 500, "{}", gone.message());
    assert!(gone.message().contains(&address.to_string()), "{}", gone.message());

    // The next one has the CA of the first.
    let example = Example::start(&cluster, address)?;
    example.health.until_ready().await?;
    assert_eq!(until_trusted(&client).await?, ca);
    converts(&client, &namespace, "two").await?;
    example.terminate().await?;
    example.ended().await
}
