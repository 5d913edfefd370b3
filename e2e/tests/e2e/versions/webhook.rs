//! smi-webhook in this process, at a URL on loopback.

use std::{future::pending, net::SocketAddr, time::Duration};

use e2e::{LIMIT, Response, free_address, until};
use http::Method;
use kube::{Client, Config};
use smi_sdk::{
    convert::converters,
    webhook::{Server, certificates::Folder},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use super::certificates::Leaf;
use crate::{Outcome, kinds};

/// Where it answers reviews.
pub(crate) const PATH: &str = "/convert";

/// Between two looks at the folder: tests do not wait for ten seconds.
const LOOK: Duration = Duration::from_millis(50);

/// A webhook with its certificate in a folder. It can be killed, and then be started again at the same address.
pub(crate) struct Webhook {
    folder: TempDir,
    address: SocketAddr,
    health: Health,
    running: Option<JoinHandle<()>>,
}

/// What a webhook counted since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Reviews that were answered, the failed ones as well.
    pub(crate) reviews: u64,
    /// Objects that were converted.
    pub(crate) objects: u64,
    /// Reviews that are read, wait or are converted now.
    pub(crate) in_flight: u64,
    /// When the certificate ends that it presents, in seconds since 1970.
    pub(crate) not_after: u64,
}

impl Webhook {
    /// Started, and ready.
    pub(crate) async fn start(leaf: &Leaf) -> Outcome<Self> {
        let mut webhook = Self {
            folder: tempfile::tempdir()?,
            address: free_address()?,
            health: Health(free_address()?),
            running: None,
        };
        webhook.present(leaf)?;
        webhook.start_again().await?;
        Ok(webhook)
    }

    /// Starts it after [`kill`](Self::kill).
    pub(crate) async fn start_again(&mut self) -> Outcome {
        let (listener, health) = (
            TcpListener::bind(self.address).await?,
            TcpListener::bind(self.health.0).await?,
        );
        let folder = Folder::new(self.folder.path()).every(LOOK);
        let server = Server::new(folder.into()).conversion(PATH, converters()).health(health);
        self.running = Some(tokio::spawn(async move {
            // It ends by its task alone.
            drop(server.serve(listener, pending()).await);
        }));
        Ok(self.health.until_ready().await?)
    }

    /// Ends it at once, with every connection.
    pub(crate) async fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            drop(running.await);
        }
    }

    /// Puts another certificate into its folder.
    pub(crate) fn present(&self, leaf: &Leaf) -> Outcome {
        leaf.put(self.folder.path())
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is reached without a detour.
    pub(crate) fn url(&self) -> String {
        format!("https://{}{PATH}", self.address)
    }

    pub(crate) async fn counts(&self) -> Outcome<Counts> {
        Ok(self.health.counts().await?)
    }
}

/// The port at which a webhook tells how it is, without TLS.
#[derive(Clone, Copy)]
pub(crate) struct Health(pub(crate) SocketAddr);

impl Health {
    /// Waits until the webhook has a certificate and listens.
    pub(crate) async fn until_ready(self) -> Result<(), e2e::Error> {
        // A program that was just started does not listen yet.
        let ready = async || {
            let readiness = self.observe("/readyz").await;
            Ok(readiness.is_ok_and(|readiness| readiness.is_success()).then_some(()))
        };
        until("the webhook is ready", LIMIT, ready).await
    }

    pub(crate) async fn counts(self) -> Result<Counts, e2e::Error> {
        let text = self.observe("/metrics").await?.body;
        let sum = |name: &str| {
            let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
            let values = text.lines().filter(of_name);
            values
                .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
                .sum()
        };
        Ok(Counts {
            reviews: sum("smi_webhook_reviews_total"),
            objects: sum("smi_webhook_objects_total"),
            in_flight: sum("smi_webhook_reviews_in_flight"),
            not_after: sum("smi_webhook_certificate_not_after_timestamp_seconds"),
        })
    }

    async fn observe(self, path: &str) -> Result<Response, e2e::Error> {
        let url = format!("http://{}", self.0).parse().map_err(http::Error::from)?;
        let client = Client::try_from(Config::new(url))?;
        let request = http::Request::builder()
            .method(Method::GET)
            .uri(path)
            .body(Vec::new())?;
        Response::to(&client, request).await
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

/// A client of the webhook at `address`, which trusts `ca` (PEM).
pub(crate) fn client(address: SocketAddr, ca: &str) -> Outcome<Client> {
    let mut config = Config::new(format!("https://{address}").parse()?);
    config.root_cert = Some(vec![pem_body(ca)?]);
    Ok(Client::try_from(config)?)
}

/// Sends `review`, a ConversionReview.
pub(crate) async fn ask(client: &Client, review: &serde_json::Value) -> Outcome<Response> {
    kinds::send(client, Method::POST, PATH, Some(review)).await
}

/// The bytes of one PEM certificate.
fn pem_body(text: &str) -> Outcome<Vec<u8>> {
    Ok(rustls_pki_types::pem::PemObject::from_pem_slice(text.as_bytes())
        .map(|certificate: rustls_pki_types::CertificateDer<'static>| certificate.to_vec())?)
}
