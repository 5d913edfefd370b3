//! The rights that informers need.

use futures::{FutureExt, StreamExt};
use kube::{Client, api::PostParams, runtime::watcher::Config};
use smi_fake::{Fault, Rule};
use smi_sdk::{
    Clientset, Informers,
    clientset::ClientError,
    informers::{self, Event},
};

use crate::{
    samples,
    support::{Cluster, cluster, follow, in_time},
};

/// A client that may do what the role of informers says, without the verb `lacks`, and nothing else. The fake has no
/// rights at all: there it is the administrator's, and requests of that verb fail.
async fn reader(cluster: &Cluster, lacks: Option<&str>) -> Client {
    let Some(mut config) = cluster.config() else {
        let faults = cluster.fake().unwrap().faults();
        faults.clear();
        if let Some(verb) = lacks {
            faults.add(Rule::new(Fault::InternalError).verb(verb).resource("trafficsplits"));
        }
        return cluster.client.clone();
    };
    config.auth_info.impersonate = cluster.reader(lacks).await;
    Client::try_from(config).unwrap()
}

#[tokio::test(start_paused = true)]
async fn informers_need_each_verb_of_their_role() {
    let cluster = cluster().await;
    let role = informers::role("reader");
    for rule in role.rules.iter().flatten() {
        assert_eq!(rule.verbs, ["list", "watch"]);
    }
    let written = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    for verb in ["list", "watch"] {
        let splits = Clientset::new(reader(&cluster, Some(verb)).await).traffic_splits();
        let (lister, mut events) = splits.namespaced(&cluster.namespace).informer().start();
        let mut fails = async || {
            in_time(&format!("it fails without `{verb}`"), async {
                loop {
                    if let Event::Failed(error) = events.next().await.unwrap() {
                        return error.to_string();
                    }
                }
            })
            .await
        };
        let refusal = fails().await;
        assert_eq!(lister.is_ready(), verb != "list", "{refusal}");
        if cluster.fake().is_none() {
            assert!(refusal.contains(&format!("cannot {verb} resource")), "{refusal}");
        }
        // It tries again, and still knows nothing of this.
        let later = format!("without-{verb}");
        written
            .create(&PostParams::default(), samples::split(&later))
            .await
            .unwrap();
        fails().await;
        assert!(lister.get(&cluster.namespace, &later).is_none());
    }
}

/// On the fake, which has no RBAC, this shows only that the role names every kind that informers ask for.
#[tokio::test(start_paused = true)]
async fn informers_need_no_more_than_their_role() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    splits
        .create(&PostParams::default(), samples::split("web"))
        .await
        .unwrap();
    let reader = reader(&cluster, None).await;
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
            .patch("web", &PostParams::default(), |split| {
                split.spec.backends[0].weight += 1;
            })
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
        match served.create(&PostParams::default(), samples::split("other")).await {
            Err(ClientError::Kube(kube::Error::Api(status))) => assert!(status.is_forbidden(), "{status:?}"),
            other => panic!("{other:?}"),
        }
    }
}
