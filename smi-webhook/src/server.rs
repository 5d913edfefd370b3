//! The server: what it serves, and from when until when.

use std::{convert::Infallible, future::pending, net::SocketAddr, sync::Arc, time::Duration};

use smi_core::convert::Converters;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring},
};
use tracing::{error, info};

use crate::{
    Certificates,
    certificates::Current,
    connection::{HTTP_1_1, HTTP_2, Served},
    error::ServeError,
    limits::Limits,
    routes,
    shared::Shared,
};

/// How long a listener rests when it cannot take a connection: a process without a file descriptor left fails at once,
/// again and again.
const REST: Duration = Duration::from_millis(100);

/// Connections of the health port at a time.
const HEALTH_CONNECTIONS: usize = 64;

/// How long a connection of the health port stays without a request: kubelet makes one for each probe, and whoever holds
/// many must not keep it out for long.
const HEALTH_IDLE: Duration = Duration::from_secs(10);

/// An HTTPS server for conversion webhooks.
///
/// ```no_run
/// use smi_core::convert::Converters;
/// use smi_webhook::{Certificates, Server};
/// use tokio::net::TcpListener;
///
/// # async fn run(certificates: Certificates, converters: Converters) -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("0.0.0.0:8443").await?;
/// let shutdown = async { drop(tokio::signal::ctrl_c().await) };
/// Server::new(certificates)
///     .conversion("/convert", converters)
///     .serve(listener, shutdown)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    certificates: Certificates,
    conversions: Vec<(String, Converters)>,
    limits: Limits,
    health: Option<TcpListener>,
}

impl Server {
    /// A server that presents `certificates`, and keeps them fresh while it serves.
    #[must_use]
    pub fn new(certificates: Certificates) -> Self {
        Self {
            certificates,
            conversions: Vec::new(),
            limits: Limits::default(),
            health: None,
        }
    }

    /// Answers the `ConversionReview`s that API servers send to `path`.
    #[must_use]
    pub fn conversion(mut self, path: impl Into<String>, converters: Converters) -> Self {
        self.conversions.push((path.into(), converters));
        self
    }

    /// Other bounds than the default ones.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Serves `/healthz`, `/readyz` and `/metrics` over plain HTTP on `listener` too. Probes there are answered while the
    /// TLS port has all the connections that it takes, or no certificate yet.
    #[must_use]
    pub fn health(mut self, listener: TcpListener) -> Self {
        self.health = Some(listener);
        self
    }

    /// Serves on `listener` until `shutdown` is ready. Then no connection is taken any more, `/readyz` says no, requests
    /// in flight end within [`Limits::drain`], and this returns. All of it happens inside this future: dropped, it takes
    /// every connection along. ([`health`](Self::health) answers until the end.)
    ///
    /// Whoever routes to this server hears of its end later than it does: let `shutdown` wait for that, or a `preStop` of
    /// the Pod.
    ///
    /// The server asks nobody for anything to start. It is ready when it has a certificate; until then handshakes fail.
    ///
    /// # Errors
    /// [`ServeError::Path`], [`ServeError::Tls`] and [`ServeError::Listen`], all before it serves.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let (current, keep_fresh) = self.certificates.into_parts();
        let acceptor = acceptor(current.clone()).map_err(ServeError::Tls)?;
        let shared = Arc::new(Shared::new(self.limits, current));
        let (stop, stopping) = watch::channel(false);
        // Who asks how the server is gets an answer until the last request has ended.
        let (_never, running) = watch::channel(false);
        let served = |router, limits, stopping| Served {
            shared: Arc::clone(&shared),
            router,
            limits,
            stopping,
        };
        let router = routes::all(&shared, self.conversions)?;
        let reviews = served(router, self.limits, stopping);
        let briefly = Limits {
            idle: self.limits.idle.min(HEALTH_IDLE),
            ..self.limits
        };
        let health = self
            .health
            .map(|listener| (listener, served(routes::observed(&shared), briefly, running)));
        let address = listener.local_addr().map_err(ServeError::Listen)?;
        info!(%address, "serving");

        let (mut connections, mut probes) = (JoinSet::new(), JoinSet::new());
        let beside = async {
            let keeping_fresh = async {
                keep_fresh.await;
                pending::<Infallible>().await
            };
            let probing = async {
                match health {
                    Some((listener, served)) => accept(&listener, served, None, HEALTH_CONNECTIONS, &mut probes).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                never = keeping_fresh => never,
                never = probing => never,
            }
        };
        let serving = async {
            tokio::select! {
                () = shutdown => {}
                never = accept(&listener, reviews, Some(acceptor), self.limits.connections, &mut connections) => match never {},
            }
            drop(listener);
            shared.stop();
            stop.send_replace(true);
            info!(connections = connections.len(), "stopping");
            if timeout(self.limits.drain, ended(&mut connections)).await.is_err() {
                info!(connections = connections.len(), "cut off: they did not end in time");
            }
        };
        tokio::select! {
            () = serving => Ok(()),
            never = beside => match never {},
        }
    }
}

/// Takes connections, for ever.
async fn accept(
    listener: &TcpListener,
    served: Served,
    acceptor: Option<TlsAcceptor>,
    most: usize,
    connections: &mut JoinSet<()>,
) -> Infallible {
    let permits = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    loop {
        while let Some(ended) = connections.try_join_next() {
            report(ended);
        }
        let (stream, peer) = match listener.accept().await {
            Ok(taken) => taken,
            Err(why) => {
                error!(%why, "cannot take a connection");
                sleep(REST).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
            served
                .shared
                .cut("connections", &format!("`{most}` are open already"), peer);
            continue;
        };
        // Answers are written whole: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(served.clone(), stream, acceptor.clone(), peer, permit));
    }
}

async fn serve(
    served: Served,
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    peer: SocketAddr,
    _permit: OwnedSemaphorePermit,
) {
    let shared = Arc::clone(&served.shared);
    let _open = shared.open();
    match acceptor {
        Some(acceptor) => served.with_tls(stream, acceptor, peer).await,
        None => served.plain(stream, peer).await,
    }
}

async fn ended(connections: &mut JoinSet<()>) {
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(why) = ended
        && why.is_panic()
    {
        error!("a connection panicked");
    }
}

fn acceptor(current: Current) -> Result<TlsAcceptor, tokio_rustls::rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(current));
    config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1_1.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
