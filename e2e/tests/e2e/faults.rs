//! Informers behind a bad network, and in front of servers that are killed: the end is what a fresh list gives.
//!
//! On the wall clock; long times and rarer faults are simulated in the facade's `tests/sim`.

use std::{collections::BTreeMap, time::Duration};

use e2e::{Cluster, LIMIT, Proxy, until};
use futures::StreamExt as _;
use kube::{
    Client, ResourceExt as _,
    api::{DeleteParams, ListParams, PostParams},
    runtime::watcher,
};
use smi_sdk::{
    Clientset, CrdOptions, Served,
    clientset::ClientError,
    core::key::ObjectKey,
    informers::Lister,
    split::{
        by,
        v1alpha4::{Backend, TrafficSplit, TrafficSplitSpec},
    },
};
use tokio::task::JoinHandle;

use crate::{
    Outcome, installing, start,
    subscriber::{Subscriber, weight},
};

/// How long a watch lasts, in seconds, so that one that is stalled is given up while a test waits.
const WATCH: u32 = 5;

/// A cluster of its own behind a proxy, with an informer for each way to sync.
struct World {
    cluster: Cluster,
    proxy: Proxy,
    namespace: String,
    /// Not through the proxy.
    splits: Served<TrafficSplit>,
    informers: Vec<Running>,
}

struct Running {
    name: &'static str,
    lister: Lister<TrafficSplit>,
    subscriber: Subscriber,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl World {
    async fn new(name: &str) -> Outcome<Self> {
        let cluster = start(name).await?;
        installing::install_cleanly(&cluster, &installing::crds(&CrdOptions::default())?).await?;
        let namespace = cluster.namespace(name).await?;
        let proxy = Proxy::start(cluster.apiserver_address()).await?;
        let splits = Clientset::new(cluster.client()?)
            .traffic_splits()
            .namespaced(&namespace);
        let mut world = Self {
            cluster,
            proxy,
            namespace,
            splits,
            informers: Vec::new(),
        };
        world.informers = world.start_informers()?;
        Ok(world)
    }

    /// An informer for each way to sync, which knows nothing yet.
    fn start_informers(&self) -> Outcome<Vec<Running>> {
        let mut informers = Vec::new();
        for (name, config) in [
            ("list and watch", watcher::Config::default().page_size(3)),
            ("streaming list", watcher::Config::default().streaming_lists()),
        ] {
            let client = Client::try_from(self.cluster.config_through(&self.proxy)?)?;
            let informer = Clientset::new(client)
                .traffic_splits()
                .namespaced(&self.namespace)
                .informer();
            let informer = informer.index(by::backend).config(config.timeout(WATCH));
            let (lister, events) = informer.start();
            informers.push(Running {
                name,
                subscriber: Subscriber::new(&lister),
                task: tokio::spawn(events.for_each(|_| std::future::ready(()))),
                lister,
            });
        }
        Ok(informers)
    }

    /// Creates or changes the split `name`, or deletes it where `weight` is 0.
    async fn write(&self, name: &str, weight: u32) -> Outcome {
        if weight == 0 {
            return Ok(self.splits.delete(name, &DeleteParams::default()).await?);
        }
        let patched = self
            .splits
            .patch(name, &PostParams::default(), |split| {
                split.spec.backends[0] = Backend::new(format!("v{weight}"), weight);
            })
            .await;
        match patched {
            Err(ClientError::Kube(kube::Error::Api(status))) if status.is_not_found() => {
                let spec = TrafficSplitSpec {
                    service: "web".into(),
                    backends: vec![Backend::new(format!("v{weight}"), weight)],
                    ..TrafficSplitSpec::default()
                };
                let created = self
                    .splits
                    .create(&PostParams::default(), TrafficSplit::new(name, spec))
                    .await;
                Ok(created.map(drop)?)
            }
            patched => Ok(patched.map(drop)?),
        }
    }

    /// Ten writes: of five splits, one of which goes; they are other ones in each `round`.
    async fn write_some(&self, round: u32) -> Outcome {
        for name in ["a", "b", "c", "d", "e"] {
            self.write(name, round * 10 + 1).await?;
        }
        self.write(["a", "b", "c", "d", "e"][round as usize % 5], 0).await?;
        for name in ["x", "y", "z", "x"] {
            self.write(&format!("{name}{}", round % 3), round * 10 + 2).await?;
        }
        Ok(())
    }

    /// Waits until readers, indexes and subscribers of both informers know what a fresh list gives.
    async fn settles(&mut self) -> Outcome {
        let listed = self.splits.list(&ListParams::default()).await?;
        let version = |split: &TrafficSplit| (split.name_any(), split.resource_version().unwrap_or_default());
        let expected: BTreeMap<_, _> = listed.iter().map(version).collect();
        let weights: BTreeMap<_, _> = listed.iter().map(weight).collect();
        for informer in &mut self.informers {
            let what = format!("`{}` knows what a list gives", informer.name);
            until(&what, LIMIT, async || {
                let held = informer.lister.list(None);
                let held: BTreeMap<_, _> = held.iter().map(|split| version(split)).collect();
                Ok((held == expected).then_some(()))
            })
            .await?;
            let backends = listed.iter().map(|split| split.spec.backends[0].service.clone());
            let mut of_each = BTreeMap::<_, usize>::new();
            for backend in backends {
                *of_each.entry(backend).or_default() += 1;
            }
            for (backend, count) in of_each {
                let found = informer
                    .lister
                    .by(by::backend, &ObjectKey::new(&self.namespace, &backend));
                assert_eq!(found.len(), count, "{}: {backend}", informer.name);
            }
            informer.subscriber.catch_up();
            assert_eq!(informer.subscriber.good, weights, "{}", informer.name);
        }
        Ok(())
    }

    /// Waits until both informers have met an error more than before.
    async fn both_fail(&self, before: &[u64]) -> Outcome {
        for (informer, before) in self.informers.iter().zip(before) {
            let what = format!("`{}` meets an error", informer.name);
            let failed = async || Ok((informer.lister.stats().errors > *before).then_some(()));
            until(&what, LIMIT, failed).await?;
        }
        Ok(())
    }

    fn errors(&self) -> Vec<u64> {
        self.informers
            .iter()
            .map(|informer| informer.lister.stats().errors)
            .collect()
    }
}

#[tokio::test]
async fn connections_that_are_cut_lose_nothing() -> Outcome {
    let mut world = World::new("cut").await?;
    world.write_some(1).await?;
    world.settles().await?;
    // Within records of TLS and within events: one has about 700 bytes.
    for (round, bytes) in (1..).zip([1, 100, 699, 1_500, 4_000]) {
        let before = world.proxy.connections();
        world.proxy.cut_after(bytes);
        world.write_some(round + 1).await?;
        world.settles().await?;
        world.proxy.cut();
        world.write_some(round + 10).await?;
        world.settles().await?;
        assert!(world.proxy.connections() >= before + 2, "both connected again");
    }
    Ok(())
}

#[tokio::test]
async fn connections_that_are_cut_before_the_first_list_is_complete_are_made_again() -> Outcome {
    let mut world = World::new("first").await?;
    world.write_some(1).await?;
    // Within the handshake, what discovery answers, and the list.
    for (round, bytes) in (2..).zip([10, 1_000, 3_000, 5_000, 7_000]) {
        world.proxy.cut_new_after(Some(bytes));
        let before = world.proxy.connections();
        world.informers = world.start_informers()?;
        let cut = async || Ok((world.proxy.connections() >= before + 4).then_some(()));
        until("each has been cut and tries again", LIMIT, cut).await?;
        // An end in the middle of an answer is an error; one between two events of a watch is none.
        assert!(
            bytes > 3_000 || world.errors().iter().any(|errors| *errors > 0),
            "{bytes}"
        );
        world.write_some(round).await?;
        world.proxy.cut_new_after(None);
        world.settles().await?;
    }
    Ok(())
}

#[tokio::test]
async fn connections_that_say_nothing_are_given_up() -> Outcome {
    let mut world = World::new("stall").await?;
    world.write_some(1).await?;
    world.settles().await?;
    // A pause is no loss.
    world.proxy.stall();
    world.write_some(2).await?;
    assert!(
        world
            .informers
            .iter()
            .all(|informer| informer.lister.get(&world.namespace, "y2").is_none())
    );
    world.proxy.go_on();
    world.settles().await?;

    // A network that is gone without a word: nothing is closed, and new connections get nowhere either.
    let (before, errors) = (world.proxy.connections(), world.errors());
    world.proxy.stall();
    world.write_some(3).await?;
    let anew = async || Ok((world.proxy.connections() >= before + 2).then_some(()));
    until("both give up their connection and make another", LIMIT, anew).await?;
    world.both_fail(&errors).await?;
    world.write_some(4).await?;
    world.proxy.go_on();
    world.settles().await
}

#[tokio::test]
async fn a_killed_api_server_is_found_again() -> Outcome {
    let mut world = World::new("kill").await?;
    world.write_some(1).await?;
    world.settles().await?;
    for round in 2..4 {
        let before = world.errors();
        // In the middle of what it was told to write.
        let (namespace, splits) = (world.namespace.clone(), world.splits.clone());
        let writing = tokio::spawn(async move {
            for weight in 1.. {
                let spec = TrafficSplitSpec {
                    service: namespace.clone(),
                    backends: vec![Backend::new("during", weight)],
                    ..TrafficSplitSpec::default()
                };
                let split = TrafficSplit::new(&format!("during-{round}-{weight}"), spec);
                if splits.create(&PostParams::default(), split).await.is_err() {
                    return weight;
                }
            }
            0
        });
        let held = world.informers[0].lister.clone();
        let some = async || Ok(held.get(&world.namespace, &format!("during-{round}-3")).map(drop));
        until("some are written", LIMIT, some).await?;
        world.cluster.kill_apiserver();
        assert!(writing.await? > 3);
        world.both_fail(&before).await?;
        assert!(!world.informers[0].lister.list(None).is_empty(), "what was known stays");
        world.cluster.start_apiserver().await?;
        world.write_some(round).await?;
        world.settles().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_killed_etcd_is_waited_for() -> Outcome {
    let mut world = World::new("etcd").await?;
    world.write_some(1).await?;
    world.settles().await?;
    for round in 2..4 {
        world.cluster.kill_etcd();
        let everything = ListParams::default();
        let refused = world.splits.list(&everything);
        // An API server without its store may wait for long.
        let answered = tokio::time::timeout(Duration::from_secs(3), refused).await;
        assert!(!matches!(answered, Ok(Ok(_))), "there is no store");
        world.cluster.start_etcd()?;
        world.cluster.until_ready().await?;
        world.write_some(round).await?;
        world.settles().await?;
    }
    Ok(())
}
