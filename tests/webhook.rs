//! The webhook example: its command line, and what it serves with either kind of certificate.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]
#![cfg(feature = "client")]

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../examples/webhook/main.rs"]
mod webhook;

use std::{fs, sync::Arc, time::Duration};

use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, client::conn::http1::handshake};
use hyper_util::rt::TokioIo;
use k8s_openapi::{
    api::core::v1::Secret, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{Api, ResourceExt, api::ListParams};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::oneshot};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};
use webhook::Arguments;

/// One review of a TrafficSplit that is to come up, at the address and with the CA that are given.
async fn review(address: &str, ca: &[u8]) -> Result<Value, Box<dyn std::error::Error>> {
    let split = json!({
        "apiVersion": "split.smi-spec.io/v1alpha1", "kind": "TrafficSplit", "metadata": {"name": "web"},
        "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": "500m"}]},
    });
    review_of(&split, "split.smi-spec.io/v1alpha4", address, ca).await
}

async fn review_of(
    object: &Value,
    api_version: &str,
    address: &str,
    ca: &[u8],
) -> Result<Value, Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca) {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("127.0.0.1")?, stream)
        .await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let review = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": {
        "uid": "1", "desiredAPIVersion": api_version, "objects": [object],
    }});
    let request = Request::post("/convert")
        .header(header::HOST, address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(review.to_string())))?;
    let answer = sender.send_request(request).await?.into_body().collect().await?;
    Ok(serde_json::from_slice(&answer.to_bytes())?)
}

fn assert_converted(answer: &Value) {
    assert_eq!(answer["response"]["result"]["status"], "Success", "{answer}");
    let object = &answer["response"]["convertedObjects"][0];
    assert_eq!(object["apiVersion"], "split.smi-spec.io/v1alpha4");
    assert_eq!(object["spec"]["backends"][0]["weight"], 500);
}

/// What the example printed, from when it serves.
struct Printed(Vec<u8>, Option<oneshot::Sender<String>>);

impl std::io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if let Some(sender) = self.1.take() {
            let _ = sender.send(String::from_utf8_lossy(&self.0).into_owned());
        }
        Ok(())
    }
}

/// Runs the example with `arguments` beside `then`, which is given what it printed, and stops it after that.
async fn beside(arguments: &[&str], client: Option<kube::Client>, then: impl AsyncFnOnce(String)) {
    let arguments = Arguments::parse(arguments).unwrap();
    let (sender, printed) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut stdout = Printed(Vec::new(), Some(sender));
    let client = async || client.ok_or_else(|| "no cluster is needed".into());
    let serving = webhook::run(&arguments, client, &mut stdout, async { drop(stopped.await) });
    let using = async {
        then(printed.await.unwrap()).await;
        drop(stop);
    };
    let (served, ()) = tokio::join!(serving, using);
    served.unwrap();
}

fn address(printed: &str) -> &str {
    let found = printed
        .lines()
        .find_map(|line| line.strip_prefix("reviews at https://")?.strip_suffix("/convert"));
    found.unwrap()
}

#[tokio::test]
async fn a_certificate_in_a_folder_is_served_without_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.path().join("tls.crt"), made.cert.pem()).unwrap();
    fs::write(folder.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    let path = folder.path().to_str().unwrap();
    let arguments = [
        "--certificates",
        path,
        "--listen=127.0.0.1:0",
        "--health=127.0.0.1:0",
        "--refuse-widening",
    ];
    beside(&arguments, None, async |printed| {
        let ca = made.cert.pem();
        let answer = loop {
            if let Ok(answer) = review(address(&printed), ca.as_bytes()).await {
                break answer;
            }
        };
        assert_converted(&answer);
        assert!(printed.contains(&format!("--ca-bundle {path}/ca.crt")), "{printed}");
        let route = json!({"apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "TCPRoute", "metadata": {"name": "db"},
            "spec": {"matches": {"ports": [3306]}}});
        let refused = review_of(&route, "specs.smi-spec.io/v1alpha3", address(&printed), ca.as_bytes()).await;
        assert_eq!(refused.unwrap()["response"]["result"]["status"], "Failure");
        let health = printed
            .lines()
            .find_map(|line| line.strip_prefix("health, readiness and metrics at http://"));
        let mut stream = TcpStream::connect(health.unwrap()).await.unwrap();
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer)
            .await
            .unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn one_command_applies_the_crds_and_gives_them_the_ca_of_the_certificate_that_it_issues() {
    let server = smi_fake::Server::new([]);
    let client = server.client();
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "default");
    beside(&["--apply", "--listen=127.0.0.1:0"], Some(client), async |printed| {
        let url = format!("https://{}/convert", address(&printed));
        let authority = loop {
            let found = crds.list(&ListParams::default()).await.unwrap();
            assert_eq!(found.items.len(), 6);
            let given: Option<Vec<_>> = found
                .iter()
                .map(|crd| {
                    let webhook = crd.spec.conversion.as_ref().unwrap().webhook.as_ref().unwrap();
                    let config = webhook.client_config.as_ref().unwrap();
                    assert_eq!(config.url.as_ref(), Some(&url), "{}", crd.name_any());
                    config.ca_bundle.clone()
                })
                .collect();
            if let Some(given) = given {
                break given[0].0.clone();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let answer = loop {
            if let Ok(answer) = review(address(&printed), &authority).await {
                break answer;
            }
        };
        assert_converted(&answer);
        assert!(secrets.get("smi-webhook-certificates").await.unwrap().data.is_some());
    })
    .await;
}

#[test]
fn a_mistake_on_the_command_line_is_refused_in_one_line() {
    for (arguments, why) in [
        (
            &["--listen=here"][..],
            "`--listen` takes an address such as `127.0.0.1:8443`, not `here`",
        ),
        (
            &["--health=8080"],
            "`--health` takes an address such as `127.0.0.1:8443`, not `8080`",
        ),
        (
            &["--self-issued=smi-webhook"],
            "`--self-issued` takes NAMESPACE/NAME of a Service, not `smi-webhook`",
        ),
        (
            &["--self-issued=a/b/c"],
            "`--self-issued` takes NAMESPACE/NAME of a Service, not `a/b/c`",
        ),
        (
            &["--self-issued=a/b", "--certificates=c"],
            "`--certificates` and `--self-issued` exclude each other",
        ),
        (
            &["--apply", "--certificates=c"],
            "`--apply` and `--host` are for certificates that are issued here",
        ),
        (&["--host=a", "--host=b"], "`--host` is given twice"),
        (&["--port=1"], "invalid option '--port'"),
        (&["extra"], "unexpected argument \"extra\""),
    ] {
        assert_eq!(Arguments::parse(arguments).unwrap_err().to_string(), why);
    }
}
