//! Waiting, pairs of PEM texts, a clock that jumps, and clients that trust what they are told to.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};
use smi_webhook::certificates::{Clock, Current};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
        time_provider::TimeProvider,
    },
};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Waits until `condition` gives a value; the clock of the tests is paused and runs as fast as they wait.
pub(crate) async fn until<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(300), asking).await;
    answer.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// The time of certificates: it stands still until it is told to jump.
#[derive(Clone, Debug)]
pub(crate) struct Time(Arc<Mutex<SystemTime>>);

impl Time {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(SystemTime::now())))
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::new(move || time.now())
    }

    pub(crate) fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn jump(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

/// A certificate and its key, each as PEM.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Those of a certificate for `127.0.0.1` that signs itself, good until `not_after`.
pub(crate) fn texts_until(year: i32) -> Texts {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    let key = KeyPair::generate().unwrap();
    Texts {
        certificate: params.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

pub(crate) fn texts() -> Texts {
    texts_until(4000)
}

/// Whether `current` shows the certificate of `pem`.
pub(crate) fn shows(current: &Current, pem: &str) -> bool {
    let expected = CertificateDer::from_pem_slice(pem.as_bytes()).ok();
    let serving = current.get();
    expected.is_some() && expected.as_ref() == serving.as_ref().and_then(|serving| serving.key.cert.first())
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let since = self.now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

/// A connection to `address` that trusts `bundle` and checks `name`, at that time.
pub(crate) async fn connect(
    address: SocketAddr,
    bundle: &str,
    name: &str,
    time: &Time,
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for one in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(one.unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_details(Arc::new(ring::default_provider()), Arc::new(time.clone()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// The status line's code of a GET of `path`, over a connection that stays.
pub(crate) async fn get(stream: &mut TlsStream<TcpStream>, path: &str) -> io::Result<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: webhook\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    // The body of what is asked here is short, and comes with its head.
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&buffer[..read]);
    }
    let text = String::from_utf8_lossy(&answer);
    Ok(text.split(' ').nth(1).unwrap().parse().unwrap())
}
