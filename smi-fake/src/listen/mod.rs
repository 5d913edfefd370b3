//! Listens on loopback: TLS, a token, HTTP/1.1.

mod kubeconfig;
mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown};
use kube::config::Kubeconfig;
use tokio::{net::TcpListener, sync::watch};
use tokio_rustls::TlsAcceptor;

use self::tls::Certificate;
use crate::{cluster::Cluster, error::ApiError, response, service};

/// How long the listener rests when it cannot take a connection.
const REST: Duration = Duration::from_millis(100);

/// Why a server could not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// No port of the loopback interface could be had.
    #[error("cannot listen on loopback: {0}")]
    Bind(#[source] io::Error),
    /// No certificate could be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[source] rcgen::Error),
    /// The certificate does not suit TLS.
    #[error("cannot serve TLS: {0}")]
    Tls(#[source] tokio_rustls::rustls::Error),
}

/// Ends what listens when it is dropped.
#[derive(Debug)]
pub(crate) struct Stop(watch::Sender<()>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

/// A server that listens. Dropping this does not stop it; dropping the [`Server`](crate::Server) does.
#[derive(Clone, Debug)]
pub struct Listening {
    address: SocketAddr,
    certificate: String,
    token: String,
}

impl Listening {
    /// The address, on loopback.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL: `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The bearer token that requests need.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A kubeconfig with one context, `smi-fake`, for this address, its certificate and its token.
    pub fn kubeconfig(&self) -> Kubeconfig {
        kubeconfig::of(&self.url(), &self.certificate, &self.token)
    }
}

pub(crate) async fn start(cluster: &Arc<Cluster>, stop: &Stop) -> Result<Listening, ListenError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(ListenError::Bind)?;
    let address = listener.local_addr().map_err(ListenError::Bind)?;
    let certificate = Certificate::new().map_err(ListenError::Certificate)?;
    let acceptor = certificate.acceptor().map_err(ListenError::Tls)?;
    let token = cluster.ids.token();
    let front = Front {
        cluster: Arc::clone(cluster),
        expected: format!("Bearer {token}").into(),
    };
    tokio::spawn(accept(listener, acceptor, front, stop.0.subscribe()));
    Ok(Listening {
        address,
        certificate: certificate.pem,
        token,
    })
}

#[derive(Clone)]
struct Front {
    cluster: Arc<Cluster>,
    expected: Arc<str>,
}

/// Takes connections until the server is dropped; then those that are idle end at once, and watches are cut off.
async fn accept(listener: TcpListener, acceptor: TlsAcceptor, front: Front, mut stop: watch::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            (stream, _) = taken(|| listener.accept()) => stream,
            // The sender is gone with the server.
            _ = stop.changed() => break,
        };
        let (acceptor, front, mut stop) = (acceptor.clone(), front.clone(), stop.clone());
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let connection = async {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = service_fn(move |request| answer(front.clone(), request));
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A client that goes away is no failure of ours.
                let _ = watcher.watch(connection).await;
            };
            tokio::select! {
                () = connection => {}
                () = cut_off(&mut stop) => {}
            }
        });
    }
    graceful.shutdown().await;
}

/// The next connection that `accept` gives. What fails may be one that was gone before it was taken, but also a process
/// without a file descriptor left, which fails at once, again and again, until one is given back.
async fn taken<S, F: Future<Output = io::Result<S>>>(mut accept: impl FnMut() -> F) -> S {
    loop {
        match accept().await {
            Ok(stream) => return stream,
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}

/// A moment after the server is dropped, what has not ended by itself ends.
async fn cut_off(stop: &mut watch::Receiver<()>) {
    while stop.changed().await.is_ok() {}
    tokio::time::sleep(Duration::from_millis(200)).await;
}

async fn answer(front: Front, request: Request<Incoming>) -> io::Result<http::Response<response::ResponseBody>> {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if given != Some(&*front.expected) {
        let error = ApiError::new(401, kube::core::response::reason::UNAUTHORIZED, "Unauthorized");
        return Ok(response::error(&error));
    }
    service::serve(front.cluster, request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_listener_without_descriptors_rests_before_it_tries_again() {
        let began = tokio::time::Instant::now();
        let mut left = 3;
        let stream = taken(|| {
            left -= 1;
            std::future::ready(if left > 0 {
                Err(io::Error::other("too many open files"))
            } else {
                Ok("taken")
            })
        });
        assert_eq!(stream.await, "taken");
        assert_eq!(began.elapsed(), 2 * REST);
    }
}
