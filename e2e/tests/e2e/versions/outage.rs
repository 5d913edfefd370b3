//! The webhook is gone for a while: what needs it fails with words that say so, what does not goes on, and afterwards all
//! is as it should be.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use e2e::{LIMIT, until};
use futures::{StreamExt as _, future::join_all};
use http::Method;
use kube::{ResourceExt as _, api::ListParams};
use smi_sdk::{Clientset, Served, Stored, informers::Lister, split::v1alpha4::TrafficSplit};
use tokio::task::JoinHandle;

use super::world::{World, kind, split};
use crate::{Outcome, installing::clean, kinds};

/// Tasks that write and read at the same time.
const WRITERS: usize = 4;

/// A cluster that stores what is oldest, and a controller's informer of what is newest: all that it reads is converted.
struct Mesh {
    world: World,
    namespace: String,
    lister: Lister<TrafficSplit>,
    splits: Served<TrafficSplit>,
    task: JoinHandle<()>,
}

impl Mesh {
    async fn new(name: &str) -> Outcome<Self> {
        let world = World::new(name, Stored::Version("v1alpha1".to_owned())).await?;
        let namespace = world.cluster.namespace(name).await?;
        let splits = Clientset::new(world.client.clone())
            .traffic_splits()
            .namespaced(&namespace);
        let (lister, events) = splits.informer().start();
        let task = tokio::spawn(events.for_each(|_| std::future::ready(())));
        lister.ready().await?;
        assert_eq!(splits.version().await?, "v1alpha4");
        Ok(Self {
            world,
            namespace,
            lister,
            splits,
            task,
        })
    }

    /// Waits until the informer knows what a list at the newest version gives; the names of that.
    async fn settles(&self) -> Outcome<BTreeSet<String>> {
        until("a list is converted", LIMIT, async || {
            Ok(self.splits.list(&ListParams::default()).await.ok().map(drop))
        })
        .await?;
        let version = |split: &TrafficSplit| (split.name_any(), split.resource_version().unwrap_or_default());
        let listed = self.splits.list(&ListParams::default()).await?;
        let listed: BTreeMap<_, _> = listed.iter().map(version).collect();
        let what = "the informer knows what a list gives";
        until(what, LIMIT, async || {
            let held: BTreeMap<_, _> = self.lister.list(None).iter().map(|split| version(split)).collect();
            Ok((held == listed).then_some(()))
        })
        .await?;
        Ok(listed.into_keys().collect())
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a loop of requests met.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    done: AtomicUsize,
    refused: AtomicUsize,
}

#[tokio::test]
async fn a_webhook_that_is_killed_under_load_is_missed_in_clear_words_and_all_is_well_when_it_is_back() -> Outcome {
    let mut mesh = Mesh::new("outage").await?;
    let load = Load::default();
    let (client, namespace, url) = (
        mesh.world.client.clone(),
        mesh.namespace.clone(),
        mesh.world.webhook.url(),
    );
    // Each writes a split at the newest version, which is stored at the oldest, and reads it again.
    let write = async |writer: usize| -> Outcome<Vec<String>> {
        let mut written = Vec::new();
        for at in 0.. {
            if load.stop.load(Ordering::Acquire) {
                break;
            }
            let name = format!("web-{writer}-{at}");
            let object = split("v1alpha4", &namespace, &name, 1);
            let kind = kind(&object)?;
            let created = kind.create(&client, &object).await?;
            let read = kinds::send(&client, Method::GET, &kind.path(&object), None).await?;
            for response in [&created, &read] {
                if response.is_success() {
                    load.done.fetch_add(1, Ordering::AcqRel);
                } else if response.status == 404 && !created.is_success() {
                    // It was not written: of that the write told.
                } else {
                    assert_eq!(response.status, 500, "{}", response.message());
                    let message = response.message();
                    let says = message.contains("conversion webhook for split.smi-spec.io/") && message.contains(&url);
                    assert!(says, "{message}");
                    load.refused.fetch_add(1, Ordering::AcqRel);
                }
            }
            if created.is_success() {
                written.push(name);
            }
        }
        Ok(written)
    };
    let more = async |count: &AtomicUsize, what: &str| -> Outcome {
        let before = count.load(Ordering::Acquire);
        Ok(until(what, LIMIT, async || {
            Ok((count.load(Ordering::Acquire) > before + 20).then_some(()))
        })
        .await?)
    };
    let disturb = async {
        for _ in 0..2 {
            more(&load.done, "requests are answered").await?;
            mesh.world.webhook.kill().await;
            more(&load.refused, "requests are refused").await?;
            mesh.world.webhook.start_again().await?;
        }
        more(&load.done, "requests are answered again").await?;
        load.stop.store(true, Ordering::Release);
        Outcome::Ok(())
    };
    let (written, disturbed) = tokio::join!(join_all((0..WRITERS).map(write)), disturb);
    disturbed?;
    // A write that was refused may be there all the same: its answer has to be converted too.
    let settled = mesh.settles().await?;
    for name in written.into_iter().collect::<Outcome<Vec<_>>>()?.into_iter().flatten() {
        assert!(settled.contains(&name), "`{name}` is lost");
    }
    Ok(())
}

#[tokio::test]
async fn an_api_server_starts_without_the_webhook_and_a_controller_catches_up_when_it_is_back() -> Outcome {
    let mut mesh = Mesh::new("restart").await?;
    let namespace = mesh.namespace.clone();
    mesh.world.write_split("v1alpha1", &namespace, "before", 1).await?;
    assert_eq!(mesh.settles().await?.len(), 1);

    mesh.world.webhook.kill().await;
    let errors = mesh.lister.stats().errors;
    mesh.world.cluster.restart_apiserver().await?;
    // What is read and written at the stored version needs nobody.
    let written = async || Ok(mesh.world.write_split("v1alpha1", &namespace, "during", 2).await.ok());
    until("the stored version is served", LIMIT, written).await?;
    let before = split("v1alpha1", &namespace, "before", 1);
    clean(&kinds::send(&mesh.world.client, Method::GET, &kind(&before)?.path(&before), None).await?)?;
    let failed = async || Ok((mesh.lister.stats().errors > errors).then_some(()));
    until("the informer meets an error", LIMIT, failed).await?;
    assert!(mesh.lister.get(&namespace, "before").is_some(), "what was known stays");

    mesh.world.webhook.start_again().await?;
    assert_eq!(mesh.settles().await?.len(), 2);
    assert_eq!(
        mesh.lister.get(&namespace, "during").ok_or("not there")?.spec.backends[0].weight,
        2
    );
    Ok(())
}
