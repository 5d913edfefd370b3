//! Namespaces, as a server without controllers has them.

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, PostParams},
};
use serde_json::json;

use crate::harness::{client, names, send, status};

#[tokio::test(start_paused = true)]
async fn a_new_cluster_has_its_namespaces() {
    let namespaces: Api<Namespace> = Api::all(client().await);
    let found = namespaces.list(&ListParams::default()).await.unwrap();
    let expected = ["default", "kube-node-lease", "kube-public", "kube-system"];
    let mut found = found.items;
    // A real server that runs for longer has those of other tests.
    found.retain(|namespace| expected.contains(&namespace.name_any().as_str()));
    assert_eq!(names(&found), expected);
    assert_eq!(found[0].labels()["kubernetes.io/metadata.name"], "default");
    let refused = status(namespaces.delete("default", &DeleteParams::default()).await);
    assert_eq!(
        refused.message,
        "namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deleted_namespace_takes_nothing_new_and_goes_when_it_is_finalized() {
    let client = client().await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": "shop"}})).unwrap();
    let made = namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    assert_eq!(made.status.unwrap().phase.as_deref(), Some("Active"));
    let dying = namespaces
        .delete("shop", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .unwrap();
    assert_eq!(dying.status.unwrap().phase.as_deref(), Some("Terminating"));
    let map = json!({"metadata": {"name": "m"}});
    let refused = status(send(&client, "POST", "/api/v1/namespaces/shop/configmaps", &map).await);
    assert_eq!(
        refused.message,
        "configmaps \"m\" is forbidden: unable to create new content in namespace shop because it is being terminated"
    );
    assert_eq!(refused.details.unwrap().causes[0].reason, "NamespaceTerminating");
    let finalize = json!({"metadata": {"name": "shop"}, "spec": {"finalizers": []}});
    send(&client, "PUT", "/api/v1/namespaces/shop/finalize", &finalize)
        .await
        .unwrap();
    assert!(namespaces.get_opt("shop").await.unwrap().is_none());
}
