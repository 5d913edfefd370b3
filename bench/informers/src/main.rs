//! One informer as a whole process; see README.md.

mod churn;
mod floor;
mod measure;
mod projection;
mod recorded;
mod relist;
mod subscribers;
mod update;

use std::{env, error::Error, sync::Arc, time::Instant};

use futures::{StreamExt, pin_mut};
use kube::{
    Api, Client, Config,
    runtime::{reflector, watcher},
};
use measure::{Line, Measured};
use projection::{Names, Rules};
use smi_sdk::{
    Clientset,
    access::{by, v1alpha3},
    informers::{Event, Events, Lister, Stored},
};

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let arguments: Vec<String> = env::args().skip(1).collect();
    let streaming = watcher::Config::default().streaming_lists();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["update", objects] => {
            update::run(objects.parse()?);
            Ok(())
        }
        ["relist", objects] => {
            relist::run(objects.parse()?);
            Ok(())
        }
        ["subscribers", objects] => {
            subscribers::run(objects.parse()?);
            Ok(())
        }
        ["list"] => runtime.block_on(ours("list", watcher::Config::default())),
        ["streaming"] => runtime.block_on(ours("streaming", streaming)),
        ["projection"] => runtime.block_on(projection("projection", watcher::Config::default())),
        ["projection-streaming"] => runtime.block_on(projection("projection-streaming", streaming)),
        ["reflector"] => runtime.block_on(kubes()),
        ["churn", updates] => runtime.block_on(churn::run(updates.parse()?)),
        ["decode"] => runtime.block_on(floor::run()),
        _ => Err("see README.md for the arguments".into()),
    }
}

pub fn client() -> Result<Client, Box<dyn Error>> {
    Ok(Client::try_from(Config::new(env::var("SMI_SERVER")?.parse()?))?)
}

async fn ours(variant: &str, config: watcher::Config) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let informer = Clientset::new(client()?)
        .traffic_targets()
        .informer()
        .config(config)
        .index(by::destination);
    let (targets, mut events) = informer.start();
    synced(&mut events).await;
    let measured = Measured::now(start);
    let keys = keys(&targets, |target| by::destination(target));
    let (bucket, read) = lookups(
        &keys,
        |key| targets.by(by::destination, key),
        |target| target.spec.rules.len(),
    );
    Line {
        client: "smi-rs",
        variant,
        objects: targets.list(None).len(),
        bucket,
        read,
    }
    .print(&measured);
    Ok(())
}

async fn projection(variant: &str, config: watcher::Config) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let informer = Clientset::new(client()?).traffic_targets().informer().config(config);
    let names = Names::default();
    let rules = informer.project(move |target| Rules::of(&target, &names));
    let (rules, mut events) = rules.index(Rules::destination).start();
    synced(&mut events).await;
    let measured = Measured::now(start);
    let keys = keys(&rules, |rules| rules.destination());
    let (bucket, read) = lookups(&keys, |key| rules.by(Rules::destination, key), |rules| rules.read());
    Line {
        client: "smi-rs",
        variant,
        objects: rules.list(None).len(),
        bucket,
        read,
    }
    .print(&measured);
    Ok(())
}

async fn synced<S: Stored>(events: &mut Events<S>) {
    while let Some(event) = events.next().await {
        match event {
            Event::Ready => return,
            Event::Failed(error) => eprintln!("{error}"),
            _ => {}
        }
    }
}

/// A key for each object, in random order. They are made in that order, so that a look-up need not wait for its own key.
fn keys<S: Stored, K: Clone>(lister: &Lister<S>, key: impl Fn(&S) -> Option<K>) -> Vec<K> {
    let mut keys: Vec<_> = lister.list(None).iter().filter_map(|object| key(object)).collect();
    measure::shuffle(&mut keys);
    keys.to_vec()
}

/// Nanoseconds of one look-up: the bucket, and the bucket with every object read.
fn lookups<K, S>(
    keys: &[K],
    by: impl Fn(&K) -> smi_sdk::informers::Bucket<S>,
    read: impl Fn(&S) -> usize,
) -> (f64, f64) {
    let bucket = measure::each(keys, |key| by(key).len());
    let read = measure::each(keys, |key| by(key).iter().map(|object| read(object)).sum());
    (bucket, read)
}

async fn kubes() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let api: Api<v1alpha3::TrafficTarget> = Api::all(client()?);
    let (reader, writer) = reflector::store();
    let events = reflector(writer, watcher(api, watcher::Config::default()));
    pin_mut!(events);
    while let Some(event) = events.next().await {
        if matches!(event?, watcher::Event::InitDone) {
            break;
        }
    }
    let measured = Measured::now(start);
    let objects: Vec<Arc<_>> = reader.state();
    Line {
        client: "kube",
        variant: "reflector",
        objects: objects.len(),
        bucket: f64::NAN,
        read: f64::NAN,
    }
    .print(&measured);
    Ok(())
}
