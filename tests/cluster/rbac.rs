//! The rights that informers need.

use futures::FutureExt;
use kube::{Client, runtime::watcher::Config};
use smi_sdk::{Clientset, Informers, clientset::ClientError, informers};

use crate::{
    samples,
    support::{Cluster, cluster, follow},
};

/// A client that may do what the role of informers says and nothing else. The fake has no rights at all: there it is
/// the administrator's.
async fn reader(cluster: &Cluster) -> Client {
    let Some(mut config) = cluster.config() else {
        return cluster.client.clone();
    };
    config.auth_info.impersonate = cluster.reader().await;
    Client::try_from(config).unwrap()
}

/// On the fake, which has no RBAC, this shows only that the role names every kind that informers ask for.
#[tokio::test(start_paused = true)]
async fn informers_need_no_more_than_their_role() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    splits.create(samples::split("web")).await.unwrap();
    let reader = reader(&cluster).await;
    for config in [Config::default(), Config::default().streaming_lists()] {
        let (listers, mut events) = Informers::new(reader.clone()).config(config).start();
        follow(&mut events, "every kind is synced", || {
            listers.ready().now_or_never().is_some()
        })
        .await;
        follow(&mut events, "the split is there", || {
            listers.traffic_splits.get(&cluster.namespace, "web").is_some()
        })
        .await;
        assert_eq!(listers.missing(), [""; 0]);
        splits
            .patch("web", |split| split.spec.backends[0].weight += 1)
            .await
            .unwrap();
        let weight = splits.get("web").await.unwrap().spec.backends[0].weight;
        let seen = || {
            listers
                .traffic_splits
                .get(&cluster.namespace, "web")
                .map(|split| split.spec.backends[0].weight)
        };
        follow(&mut events, "the change is seen", || seen() == Some(weight)).await;
        assert_eq!(listers.traffic_splits.stats().errors, 0);
    }

    let role = informers::role("reader");
    let plurals: Vec<_> = role
        .rules
        .iter()
        .flatten()
        .flat_map(|rule| rule.resources.iter().flatten())
        .collect();
    assert_eq!(plurals.len(), 6, "{plurals:?}");
    if cluster.fake().is_none() {
        let served = Clientset::new(reader).traffic_splits().namespaced(&cluster.namespace);
        match served.create(samples::split("other")).await {
            Err(ClientError::Kube(kube::Error::Api(status))) => assert!(status.is_forbidden(), "{status:?}"),
            other => panic!("{other:?}"),
        }
    }
}
