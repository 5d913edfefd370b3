//! One connection: the handshake, HTTP/1.1 or HTTP/2 as the client asks, and the clock that ends it.

use std::{
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http1, server::conn::http2, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    time::{Instant, Sleep, sleep_until, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::Service as _;

use crate::{
    activity::{Activity, InFlight, Overdue},
    limits::Limits,
    received::Received,
    shared::{Peer, Shared},
    streams::Streams,
};

/// The name of HTTP/2 in a TLS handshake.
pub(crate) const HTTP_2: &[u8] = b"h2";
/// The name of HTTP/1.1 in a TLS handshake.
pub(crate) const HTTP_1_1: &[u8] = b"http/1.1";

/// Bytes that the head of a request has at most; a larger one gets `431`.
const HEAD: usize = 64 * 1024;

/// What an HTTP/2 client may send before it is read, of one request and of all of a connection: memory that the budget
/// does not know of. A round trip of 1 ms makes 64 MB/s of it.
const WINDOW: u32 = 64 * 1024;

/// Requests of one HTTP/2 connection at a time.
const STREAMS: u32 = 200;

/// How long an idle connection has to end when it is asked to.
const GRACE: Duration = Duration::from_secs(2);

/// What a client that speaks HTTP without TLS is told.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 37\r\nConnection: close\r\n\r\nthis port speaks HTTPS, and not HTTP\n";

/// What every connection of a listener has.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) shared: Arc<Shared>,
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    /// True from when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Served {
    /// Serves a connection with TLS.
    pub(crate) async fn with_tls(self, stream: TcpStream, acceptor: TlsAcceptor, peer: SocketAddr) {
        let handshake = timeout(self.limits.handshake, handshake(stream, acceptor));
        match handshake.await {
            Ok(Ok(stream)) => {
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
                self.http(stream, is_http2, peer).await;
            }
            Ok(Err((reason, why))) => self.shared.cut(reason, &why, peer),
            Err(_) => self.shared.cut("handshake", "the handshake did not end in time", peer),
        }
    }

    /// Serves a connection without TLS.
    pub(crate) async fn plain(self, stream: TcpStream, peer: SocketAddr) {
        self.http(stream, false, peer).await;
    }

    async fn http<S>(self, stream: S, is_http2: bool, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let activity = Arc::new(Activity::new(Instant::now()));
        let service = {
            let (router, activity) = (self.router, Arc::clone(&activity));
            service_fn(move |request| answer(router.clone(), Arc::clone(&activity), peer, request))
        };
        let ended = if is_http2 {
            let connection = http2::Builder::new(Streams::default())
                .timer(TokioTimer::new())
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(WINDOW)
                .max_concurrent_streams(STREAMS)
                .serve_connection(TokioIo::new(stream), service);
            drive(connection, &activity, &self.limits, self.stopping).await
        } else {
            let stream = Received::new(stream, Arc::clone(&activity));
            let connection = http1::Builder::new()
                // The activity's clock knows an idle connection from one that began to say something.
                .header_read_timeout(None)
                .max_buf_size(HEAD)
                .serve_connection(TokioIo::new(stream), service);
            drive(connection, &activity, &self.limits, self.stopping).await
        };
        if let Err(Cut { reason, why }) = ended {
            self.shared.cut(reason, &why, peer);
        }
    }
}

/// The handshake, or the reason for the metrics and why there is none.
async fn handshake(stream: TcpStream, acceptor: TlsAcceptor) -> Result<TlsStream<TcpStream>, (&'static str, String)> {
    let mut stream = stream;
    let mut first = [0];
    let failed = |error: std::io::Error| ("handshake", format!("no handshake: {error}"));
    let seen = stream.peek(&mut first).await.map_err(failed)?;
    // TLS begins with a byte that no method of HTTP begins with.
    if seen == 1 && first[0].is_ascii_uppercase() {
        // A client that does not read it has learned as much.
        let _ = stream.write_all(PLAIN).await;
        let _ = stream.shutdown().await;
        return Err(("plain_http", "it speaks HTTP without TLS".to_owned()));
    }
    acceptor.accept(stream).await.map_err(failed)
}

async fn answer(
    mut router: Router,
    activity: Arc<Activity>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Held>, std::convert::Infallible> {
    let in_flight = Arc::new(activity.begin(Instant::now()));
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    request.extensions_mut().insert(Arc::clone(&in_flight));
    let response = router.call(request).await?;
    Ok(response.map(|body| Held {
        body,
        _in_flight: in_flight,
    }))
}

/// A connection that was cut, not ended.
struct Cut {
    reason: &'static str,
    why: String,
}

/// Runs a connection to its end: the client's, that of the server, or that of its time.
async fn drive<C>(
    connection: C,
    activity: &Activity,
    limits: &Limits,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Cut>
where
    C: GracefulConnection<Error = hyper::Error>,
{
    let mut connection = pin!(connection);
    let mut clock = pin!(sleep_until(Instant::now()));
    let mut asked_to_end = false;
    let mut idle_until = None;
    loop {
        let next = poll_fn(|cx| {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(Next::Ended(ended));
            }
            // What was just read or answered may have moved the deadline.
            let (deadline, overdue) = activity.deadline(limits);
            let deadline = idle_until.unwrap_or(deadline);
            reset(clock.as_mut(), deadline);
            clock.as_mut().poll(cx).map(|()| Next::Overdue(overdue))
        });
        let next = tokio::select! {
            next = next => next,
            _ = stopping.wait_for(|stopping| *stopping), if !asked_to_end => Next::Stop,
        };
        match next {
            Next::Ended(ended) => return ended.or_else(|error| ended_by(&error)),
            Next::Stop => {
                asked_to_end = true;
                connection.as_mut().graceful_shutdown();
            }
            Next::Overdue(Overdue::Idle) if idle_until.is_none() => {
                idle_until = Some(Instant::now() + GRACE);
                asked_to_end = true;
                connection.as_mut().graceful_shutdown();
            }
            Next::Overdue(overdue) => return cut(overdue),
        }
    }
}

enum Next {
    Ended(hyper::Result<()>),
    Stop,
    Overdue(Overdue),
}

fn reset(clock: Pin<&mut Sleep>, deadline: Instant) {
    if clock.deadline() != deadline {
        clock.reset(deadline);
    }
}

/// A client that goes away is no failure; one that does not speak HTTP is refused.
fn ended_by(error: &hyper::Error) -> Result<(), Cut> {
    if error.is_parse() || error.is_parse_too_large() {
        return Err(Cut {
            reason: "http",
            why: format!("not HTTP: {error}"),
        });
    }
    Ok(())
}

fn cut(overdue: Overdue) -> Result<(), Cut> {
    let (reason, why) = match overdue {
        Overdue::Idle => return Ok(()),
        Overdue::Header => ("slow_header", "the head of a request did not come in time"),
        Overdue::Request => ("slow_request", "a request did not end in time"),
    };
    Err(Cut {
        reason,
        why: why.to_owned(),
    })
}

/// The body of an answer, in flight until it is gone.
struct Held {
    body: Body,
    _in_flight: Arc<InFlight>,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
