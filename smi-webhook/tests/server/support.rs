//! A server that runs, and reviews to send to it.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use smi_webhook::{
    Certificates, Limits, ServeError, Server,
    certificates::{Current, Serving},
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_rustls::rustls::{
    self,
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer},
};

use crate::{client::Client, gate};

/// A certificate of its own authority, and its root.
pub(crate) fn certificate() -> (Serving, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let root = cert.der().clone();
    let key = any_supported_type(&PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap()).unwrap();
    let serving = Serving {
        key: Arc::new(rustls::sign::CertifiedKey::new(vec![root.clone()], key)),
        not_after: SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000),
    };
    (serving, root)
}

/// A server in a task of its own.
pub(crate) struct Running {
    pub(crate) client: Client,
    pub(crate) health: SocketAddr,
    pub(crate) current: Current,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let (serving, root) = certificate();
        let current = Current::default();
        current.set(serving);
        Self::start(limits, current, &root).await
    }

    pub(crate) async fn start(limits: Limits, current: Current, root: &CertificateDer<'static>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::listening(limits, current, root, listener).await
    }

    /// A server that has few bytes of an answer in its socket.
    pub(crate) async fn narrow(limits: Limits) -> Self {
        let (serving, root) = certificate();
        let current = Current::default();
        current.set(serving);
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(4096).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self::listening(limits, current, &root, socket.listen(16).unwrap()).await
    }

    async fn listening(
        limits: Limits,
        current: Current,
        root: &CertificateDer<'static>,
        listener: TcpListener,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let health = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let health_address = health.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = Server::new(Certificates::new(current.clone(), async {}))
            .conversion("/convert", smi_split::convert::converters().and(gate::converters()))
            .limits(limits)
            .health(health);
        let task = tokio::spawn(server.serve(listener, async {
            // A test that forgets its server leaves it running.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        Self {
            client: Client::new(address, root),
            health: health_address,
            current,
            stop,
            task,
        }
    }

    /// Tells the server to stop; what comes back ends when it has.
    pub(crate) fn stop(self) -> JoinHandle<Result<(), ServeError>> {
        self.stop.send(()).unwrap();
        self.task
    }

    /// The server's future is dropped.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    /// The server still answers, whatever it was sent before.
    pub(crate) async fn assert_answers(&self) {
        let answer = self.client.review(&review(&[split("web", 1)], V1ALPHA4)).await.json();
        assert_eq!(answer["response"]["result"]["status"], "Success");
    }
}

pub(crate) const V1ALPHA4: &str = "split.smi-spec.io/v1alpha4";

/// A TrafficSplit v1alpha2.
pub(crate) fn split(name: &str, weight: i64) -> Value {
    json!({
        "apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplit",
        "metadata": {"name": name, "namespace": "shop", "uid": "3a0e0f6b"},
        "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": weight}]},
    })
}

pub(crate) fn review(objects: &[Value], to: &str) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "desiredAPIVersion": to, "objects": objects,
    }})
}

/// The value of a metric, as its line without the value says it.
pub(crate) fn metric(text: &str, line: &str) -> i64 {
    let found = text.lines().find_map(|it| it.strip_prefix(line)?.strip_prefix(' '));
    found
        .unwrap_or_else(|| panic!("no `{line}` in\n{text}"))
        .parse()
        .unwrap()
}
