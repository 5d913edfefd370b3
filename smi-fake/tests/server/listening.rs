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
