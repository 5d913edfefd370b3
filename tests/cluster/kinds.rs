//! Every kind through a whole life, by `Served`.

use std::fmt::Debug;

use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams, PatchParams, PostParams},
};
use smi_sdk::{
    Clientset, Served, access::v1alpha4::Subject, clientset::ClientError, convert::Hub, split::v1alpha4::Backend,
};

use crate::{
    samples,
    support::{Cluster, cluster},
};

/// Takes an object of a kind from its creation to its end; `change` makes another of it.
async fn lives<K>(cluster: &Cluster, served: Served<K>, object: K, change: fn(&mut K)) -> Result<(), ClientError>
where
    K: Hub + Clone + PartialEq + Debug,
{
    let served = served.namespaced(&cluster.namespace);
    assert_eq!(served.version().await?, "v1alpha4");
    let name = object.name_any();
    assert!(served.get_opt(&name).await?.is_none());

    let made = served.create(&PostParams::default(), object.clone()).await?;
    assert!(made.uid().is_some());
    assert_eq!(served.get(&name).await?, made);
    assert_eq!(
        served.list(&ListParams::default()).await?.items,
        std::slice::from_ref(&made)
    );

    let mut expected = made.clone();
    change(&mut expected);
    let patched = served.patch(&name, &PostParams::default(), change).await?;
    assert_eq!(same_body(&patched), same_body(&expected));
    assert_eq!(patched.meta().generation, Some(2));

    // What was read before that change cannot replace what it became.
    let refused = served.replace(&PostParams::default(), made.clone()).await.unwrap_err();
    assert!(
        matches!(&refused, ClientError::Kube(kube::Error::Api(status)) if status.is_conflict()),
        "{refused}"
    );
    let mut again = patched;
    again.labels_mut().insert("app".to_owned(), "web".to_owned());
    let replaced = served.replace(&PostParams::default(), again).await?;
    assert_eq!(replaced.labels()["app"], "web");
    let selected = |labels: &'static str| {
        let served = served.clone();
        async move { served.list(&ListParams::default().labels(labels)).await }
    };
    assert_eq!(selected("app=web").await?.items.len(), 1);
    assert_eq!(selected("app!=web").await?.items, []);

    let mut applied = object.clone();
    applied
        .annotations_mut()
        .insert("note".to_owned(), "applied".to_owned());
    let refused = served
        .apply(&PatchParams::apply("tests"), applied.clone())
        .await
        .map(drop);
    assert_owned_by_another(refused);
    applied.meta_mut().name = Some(format!("{name}-applied"));
    let first = served.apply(&PatchParams::apply("tests"), applied.clone()).await?;
    assert_eq!(first.annotations()["note"], "applied");
    let second = served.apply(&PatchParams::apply("tests"), applied).await?;
    assert_eq!(second.resource_version(), first.resource_version(), "nothing is new");

    for name in [name.clone(), format!("{name}-applied")] {
        served.delete(&name, &DeleteParams::default()).await?;
        assert!(served.get_opt(&name).await?.is_none());
    }
    let refused = served.delete(&name, &DeleteParams::default()).await.unwrap_err();
    assert!(
        matches!(&refused, ClientError::Kube(kube::Error::Api(status)) if status.is_not_found()),
        "{refused}"
    );
    Ok(())
}

/// Server-side apply refuses to take what another manager wrote.
fn assert_owned_by_another(refused: Result<(), ClientError>) {
    match refused {
        Err(ClientError::Kube(kube::Error::Api(status))) => {
            assert_eq!(
                (status.code, status.reason.as_str()),
                (409, "Conflict"),
                "{}",
                status.message
            );
        }
        other => panic!("{other:?}"),
    }
}

/// The object without its metadata.
fn same_body<K: Hub>(object: &K) -> serde_json::Value {
    let mut value = serde_json::to_value(object).unwrap();
    value.as_object_mut().unwrap().remove("metadata");
    value
}

#[tokio::test(start_paused = true)]
async fn traffic_targets_live_a_whole_life() {
    let cluster = cluster().await;
    let served = Clientset::new(cluster.client.clone()).traffic_targets();
    let lived = lives(&cluster, served, samples::target("a"), |target| {
        target.spec.destination = Subject::identity_binding("other");
    });
    lived.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn identity_bindings_live_a_whole_life() {
    let cluster = cluster().await;
    let served = Clientset::new(cluster.client.clone()).identity_bindings();
    let lived = lives(&cluster, served, samples::binding("a"), |binding| {
        binding.spec.schemes.service_account = Some("other".into());
    });
    lived.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn http_route_groups_live_a_whole_life() {
    let cluster = cluster().await;
    let served = Clientset::new(cluster.client.clone()).http_route_groups();
    let lived = lives(&cluster, served, samples::route_group("a"), |group| {
        group.spec.matches[0].path_regex = Some("/orders/.*".into());
    });
    lived.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tcp_routes_live_a_whole_life() {
    let cluster = cluster().await;
    let served = Clientset::new(cluster.client.clone()).tcp_routes();
    let lived = lives(&cluster, served, samples::tcp_route("a"), |route| {
        route.spec.matches.ports = vec![1, 2];
    });
    lived.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn udp_routes_live_a_whole_life() {
    let cluster = cluster().await;
    let served = Clientset::new(cluster.client.clone()).udp_routes();
    let lived = lives(&cluster, served, samples::udp_route("a"), |route| {
        route.spec.matches.ports = vec![1, 2];
    });
    lived.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn traffic_splits_live_a_whole_life() {
    let cluster = cluster().await;
    let served = Clientset::new(cluster.client.clone()).traffic_splits();
    let lived = lives(&cluster, served, samples::split("a"), |split| {
        split.spec.backends = vec![Backend::new("web-v2", 7)];
    });
    lived.await.unwrap();
}
