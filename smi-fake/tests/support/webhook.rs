//! A conversion webhook on loopback, for real API servers; the fake converts by a function.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, sync::mpsc};

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use k8s_openapi::{ByteString, apiextensions_apiserver::pkg::apis::apiextensions::v1::WebhookClientConfig};
use kube::core::conversion::ConversionReview;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

type Answer = dyn Fn(ConversionReview) -> ConversionReview + Send + Sync;

/// Answers reviews by `review` until the process ends, in a thread of its own: CRDs outlive the test that installed them.
pub(crate) fn serve(
    review: impl Fn(ConversionReview) -> ConversionReview + Send + Sync + 'static,
) -> WebhookClientConfig {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(accept(tell, TlsAcceptor::from(Arc::new(config)), Arc::new(review)));
    });
    let address = told.recv().unwrap();
    WebhookClientConfig {
        ca_bundle: Some(ByteString(cert.pem().into())),
        service: None,
        url: Some(format!("https://{address}/convert")),
    }
}

async fn accept(tell: mpsc::Sender<SocketAddr>, acceptor: TlsAcceptor, review: Arc<Answer>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    tell.send(listener.local_addr().unwrap()).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, acceptor.clone(), review.clone()));
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, review: Arc<Answer>) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let service = service_fn(move |request| answer(review.clone(), request));
    // A server that goes away is no failure of a test.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(review: Arc<Answer>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let answer = review(serde_json::from_slice(&body).unwrap());
    let body = serde_json::to_vec(&answer).unwrap();
    let answer = Response::builder().header("content-type", "application/json");
    Ok(answer.body(Full::from(body)).unwrap())
}
