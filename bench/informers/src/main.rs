//! One informer as a whole process; see README.md.

mod measure;
mod update;

use std::{env, error::Error, sync::Arc, time::Instant};

use futures::{StreamExt, pin_mut};
use kube::{
    Api, Client, Config,
    runtime::{reflector, watcher},
};
use measure::{Line, Measured};
use serde::Deserialize;
use smi_sdk::{
    Clientset,
    access::{ServiceIdentity, by, v1alpha3, v1alpha4::TrafficTarget},
    core::key::ObjectKey,
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
        ["list"] => runtime.block_on(ours("list", watcher::Config::default())),
        ["streaming"] => runtime.block_on(ours("streaming", streaming)),
        ["projection"] => runtime.block_on(projection("projection", watcher::Config::default())),
        ["projection-streaming"] => runtime.block_on(projection("projection-streaming", streaming)),
        ["reflector"] => runtime.block_on(kubes()),
        ["decode"] => runtime.block_on(decode()),
        _ => Err("list, streaming, projection, projection-streaming, reflector, decode or update N".into()),
    }
}

fn client() -> Result<Client, Box<dyn Error>> {
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

/// What a policy needs of a TrafficTarget.
struct Rules {
    destination: Option<ServiceIdentity>,
    sources: Box<[ServiceIdentity]>,
    routes: Box<[Route]>,
}

struct Route {
    is_http: bool,
    route: ObjectKey,
    matches: Box<[Box<str>]>,
}

impl Rules {
    fn of(target: TrafficTarget) -> Self {
        let namespace = target.metadata.namespace.as_deref().unwrap_or_default();
        let route = |rule: &v1alpha3::Rule| Route {
            is_http: rule.kind == "HTTPRouteGroup",
            route: ObjectKey::new(namespace, &rule.name),
            matches: rule.matches.iter().map(|name| name.as_str().into()).collect(),
        };
        Self {
            destination: by::destination(&target),
            sources: by::source(&target).into(),
            routes: target.spec.rules.iter().map(route).collect(),
        }
    }

    fn destination(&self) -> Option<ServiceIdentity> {
        self.destination.clone()
    }

    fn read(&self) -> usize {
        let matches = |route: &Route| route.matches.len() + usize::from(route.is_http) + route.route.name().len();
        self.sources.len() + self.routes.iter().map(matches).sum::<usize>()
    }
}

async fn projection(variant: &str, config: watcher::Config) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let informer = Clientset::new(client()?).traffic_targets().informer().config(config);
    let (rules, mut events) = informer.project(Rules::of).index(Rules::destination).start();
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

fn keys<S: Stored>(lister: &Lister<S>, key: impl Fn(&S) -> Option<ServiceIdentity>) -> Vec<ServiceIdentity> {
    let mut keys: Vec<_> = lister.list(None).iter().filter_map(|object| key(object)).collect();
    measure::shuffle(&mut keys);
    keys
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

async fn decode() -> Result<(), Box<dyn Error>> {
    #[derive(Deserialize)]
    struct List {
        items: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        metadata: Metadata,
        spec: smi_sdk::access::v1alpha4::TrafficTargetSpec,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        name: Box<str>,
        namespace: Box<str>,
        uid: Box<str>,
        resource_version: Box<str>,
        labels: Vec1,
    }
    /// Labels without a map.
    struct Vec1(Vec<(Box<str>, Box<str>)>);
    impl<'de> Deserialize<'de> for Vec1 {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Labels;
            impl<'de> serde::de::Visitor<'de> for Labels {
                type Value = Vec1;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("labels")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Vec1, A::Error> {
                    let mut labels = Vec::with_capacity(3);
                    while let Some(entry) = map.next_entry()? {
                        labels.push(entry);
                    }
                    Ok(Vec1(labels))
                }
            }
            deserializer.deserialize_map(Labels)
        }
    }

    let client = client()?;
    let request = http::Request::get("/apis/access.smi-spec.io/v1alpha3/traffictargets").body(Vec::new())?;
    let text = client.request_text(request).await?;
    let before = measure::cpu_ms();
    let start = Instant::now();
    let list: List = serde_json::from_str(&text)?;
    let measured = Measured {
        cpu_ms: measure::cpu_ms() - before,
        ..Measured::now(start)
    };
    let kept = |target: &Target| {
        let Metadata {
            name,
            namespace,
            uid,
            resource_version,
            labels,
        } = &target.metadata;
        name.len() + namespace.len() + uid.len() + resource_version.len() + labels.0.len() + target.spec.rules.len()
    };
    assert!(list.items.iter().map(kept).sum::<usize>() > 0);
    Line {
        client: "serde_json",
        variant: "decode",
        objects: list.items.len(),
        bucket: f64::NAN,
        read: f64::NAN,
    }
    .print(&measured);
    Ok(())
}
