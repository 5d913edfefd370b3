//! The server on loopback.

use kube::{
    Client, Config,
    api::ListParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use smi_fake::Listening;

use crate::harness::{create, names, server, status, widgets};

async fn client(kubeconfig: Kubeconfig) -> Client {
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

fn with_token(listening: &Listening, token: &str) -> Kubeconfig {
    let mut kubeconfig = listening.kubeconfig();
    let user = kubeconfig.auth_infos[0].auth_info.as_mut().unwrap();
    user.token = Some(token.to_owned().into());
    kubeconfig
}

#[tokio::test]
async fn a_kubeconfig_opens_the_server_and_nothing_else_does() {
    let server = server();
    let listening = server.listen().await.unwrap();
    assert!(listening.address().ip().is_loopback());
    let outside = client(listening.kubeconfig()).await;
    create(&outside, "a").await;
    let found = widgets(&server.client()).list(&ListParams::default()).await.unwrap();
    assert_eq!(names(&found.items), ["a"], "both are one server");
    let stranger = client(with_token(&listening, "guessed")).await;
    let refused = status(widgets(&stranger).list(&ListParams::default()).await);
    assert_eq!((refused.code, refused.reason.as_str()), (401, "Unauthorized"));
}

#[tokio::test]
async fn what_listens_stops_with_the_server() {
    let server = server();
    let listening = server.listen().await.unwrap();
    let outside = client(listening.kubeconfig()).await;
    create(&outside, "a").await;
    let mut events = crate::harness::watch(&outside, &format!("{}?watch=1", crate::harness::WIDGETS)).await;
    assert!(futures::StreamExt::next(&mut events).await.unwrap().is_ok());
    drop(server);
    while let Some(Ok(_)) = futures::StreamExt::next(&mut events).await {}
    let refused = widgets(&outside).get("a").await;
    assert!(refused.is_err_and(|error| !matches!(error, kube::Error::Api(_))));
}

#[tokio::test]
async fn openapi_v2_is_json_and_what_kubectl_asks_for_and_no_other_protobuf() {
    let server = server();
    let listening = server.listen().await.unwrap();
    let outside = client(listening.kubeconfig()).await;
    let ask = async |accept: &str| {
        let request = http::Request::get("/openapi/v2").header(http::header::ACCEPT, accept);
        let answer = outside.send(request.body(kube::client::Body::empty()).unwrap()).await;
        let (parts, body) = answer.unwrap().into_parts();
        let media_type = parts.headers[http::header::CONTENT_TYPE].to_str().unwrap().to_owned();
        (parts.status.as_u16(), media_type, body.collect_bytes().await.unwrap())
    };
    let (code, media_type, body) = ask("application/com.github.proto-openapi.spec.v2@v1.0+protobuf").await;
    let expected = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    assert_eq!((code, media_type.as_str()), (200, expected));
    // How a document of that kind begins: the field `swagger`.
    assert!(body.starts_with(b"\x0a\x032.0"), "{body:?}");
    let kind = br#""kind":"Widget""#;
    assert!(body.windows(kind.len()).any(|bytes| bytes == kind), "{body:?}");

    let (code, media_type, _) = ask("application/json").await;
    assert_eq!((code, media_type.as_str()), (200, "application/json"));
    let (code, media_type, _) = ask("application/vnd.kubernetes.protobuf").await;
    assert_eq!((code, media_type.as_str()), (406, "application/json"));
}
