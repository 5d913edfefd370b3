//! Clients as API servers are: HTTP/1.1, a connection for each review that they wait for.

use std::{
    error::Error,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};

use crate::objects::{CASES, heavy_review};

type Failure = Box<dyn Error + Send + Sync>;

/// Reviews of `objects` objects, one after another on each of `connections`, for `seconds`.
pub fn sustained(
    address: &str,
    root: &str,
    objects: usize,
    connections: usize,
    seconds: u64,
) -> Result<(), Box<dyn Error>> {
    let connector = connector(root)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for case in &CASES {
        let body = Bytes::from(case.review(0, objects));
        let mut latencies = runtime
            .block_on(async {
                let mut clients = JoinSet::new();
                for _ in 0..connections {
                    let (connector, address, body) = (connector.clone(), address.to_owned(), body.clone());
                    clients.spawn(async move {
                        let mut connection = connect(&connector, &address).await?;
                        review(&mut connection, &body).await?;
                        let (mut latencies, began) = (Vec::new(), Instant::now());
                        while began.elapsed() < Duration::from_secs(seconds) {
                            let began = Instant::now();
                            review(&mut connection, &body).await?;
                            latencies.push(began.elapsed());
                        }
                        Ok::<_, Failure>(latencies)
                    });
                }
                let mut latencies = Vec::new();
                while let Some(client) = clients.join_next().await {
                    latencies.extend(client.map_err(Failure::from)??);
                }
                Ok::<_, Failure>(latencies)
            })
            .map_err(|error| error as Box<dyn Error>)?;
        latencies.sort_unstable();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let what = format!("{}, {objects} a review, {connections} connections", case.name);
        println!(
            "{objects}\t{what}\t{:.0}\tobjects/s",
            (latencies.len() * objects) as f64 / seconds as f64
        );
        println!("{objects}\t{what}, p50\t{:.2}\tms", at(0.5));
        println!("{objects}\t{what}, p99\t{:.2}\tms", at(0.99));
    }
    Ok(())
}

/// Reviews of `bytes` together, one on each of `connections`, all sent at once, `rounds` times. One that is told to come
/// again does.
pub fn flood(address: &str, root: &str, bytes: usize, connections: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let case = &CASES[0];
    let one = case.review(0, 1).len();
    let body = case.review(0, (bytes / connections / one).max(1));
    at_once("flood", address, root, body.into(), connections, rounds)
}

/// As [`flood`], with the objects that take the most memory for their size.
pub fn hostile(
    address: &str,
    root: &str,
    bytes: usize,
    connections: usize,
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let body = heavy_review(bytes / connections);
    at_once("heavy flood", address, root, body.into(), connections, rounds)
}

fn at_once(
    name: &str,
    address: &str,
    root: &str,
    body: Bytes,
    connections: usize,
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let connector = connector(root)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (refused, mut latencies) = runtime
        .block_on(async {
            let (mut refused, mut latencies) = (0, Vec::new());
            for _ in 0..rounds {
                let mut clients = JoinSet::new();
                for _ in 0..connections {
                    let (connector, address, body) = (connector.clone(), address.to_owned(), body.clone());
                    clients.spawn(async move {
                        let began = Instant::now();
                        let mut connection = connect(&connector, &address).await?;
                        let mut refused = 0;
                        while review(&mut connection, &body).await? == StatusCode::SERVICE_UNAVAILABLE {
                            refused += 1;
                            tokio::time::sleep(Duration::from_secs(1)).await;
                        }
                        Ok::<_, Failure>((refused, began.elapsed()))
                    });
                }
                while let Some(client) = clients.join_next().await {
                    let (times, latency) = client.map_err(Failure::from)??;
                    refused += times;
                    latencies.push(latency);
                }
            }
            Ok::<_, Failure>((refused, latencies))
        })
        .map_err(|error| error as Box<dyn Error>)?;
    latencies.sort_unstable();
    let what = format!(
        "{name}, {connections} reviews of {:.2} MB at once",
        body.len() as f64 / 1e6
    );
    println!(
        "{connections}\t{what}, together\t{:.1}\tMB",
        (connections * body.len()) as f64 / 1e6
    );
    println!("{connections}\t{what}, told to come again\t{refused}\treviews");
    println!(
        "{connections}\t{what}, the slowest\t{:.0}\tms",
        latencies.last().map_or(0.0, |it| it.as_secs_f64() * 1e3)
    );
    Ok(())
}

fn connector(root: &str) -> Result<TlsConnector, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(fs::read(root)?))?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn connect(connector: &TlsConnector, address: &str) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// One review, its answer read to the end.
async fn review(connection: &mut SendRequest<Full<Bytes>>, body: &Bytes) -> Result<StatusCode, Failure> {
    connection.ready().await?;
    let request = Request::post("/convert")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(body.clone()))?;
    let response = connection.send_request(request).await?;
    let status = response.status();
    let mut answer = response.into_body();
    while let Some(frame) = answer.frame().await {
        frame?;
    }
    if status == StatusCode::OK || status == StatusCode::SERVICE_UNAVAILABLE {
        Ok(status)
    } else {
        Err(format!("the server answers `{status}`").into())
    }
}
