//! What an informer does with recorded streams and with scripted servers.

mod laws;
mod pressure;
mod script;
mod server;
mod streams;

use futures::{FutureExt, StreamExt, channel::mpsc};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::watcher;

use super::{Decoded, Event, Events, Informer, Invalid, Lister, ObjectKey, OnInvalid, Stored};
use crate::{convert::ConvertError, decode::DecodeError, path::FieldPath};

/// A ConfigMap whose label `tier` is what the index [`tier`] finds.
fn object(name: &str, version: u64, tier: &str) -> ConfigMap {
    let mut object = ConfigMap::default();
    object.metadata.name = Some(name.to_owned());
    object.metadata.namespace = Some("shop".to_owned());
    object.metadata.uid = Some(format!("uid-{name}"));
    object.metadata.resource_version = Some(version.to_string());
    object.metadata.labels = Some([("tier".to_owned(), tier.to_owned())].into());
    object
}

fn bad(name: &str, version: u64) -> Decoded<ConfigMap> {
    Decoded::Bad(Invalid {
        object: ObjectKey::new("shop", name),
        uid: format!("uid-{name}"),
        resource_version: version.to_string(),
        error: ConvertError::Decode(DecodeError::new(FieldPath::root().child("data"), "a map is expected")),
    })
}

fn tier(object: &ConfigMap) -> Option<String> {
    object.metadata.labels.as_ref()?.get("tier").cloned()
}

/// Every character of the tier: an index with several keys an object.
fn letters(object: &ConfigMap) -> Vec<char> {
    tier(object).unwrap_or_default().chars().collect()
}

/// An informer whose stream is fed by hand.
struct Fed {
    feed: mpsc::UnboundedSender<watcher::Event<Decoded<ConfigMap>>>,
    lister: Lister<ConfigMap>,
    events: Events<ConfigMap>,
}

impl Fed {
    fn new(on_invalid: OnInvalid) -> Self {
        let (feed, given) = mpsc::unbounded();
        let informer = Informer::stream(given)
            .index(tier)
            .index(letters)
            .on_invalid(on_invalid);
        let (lister, events) = informer.start();
        Self { feed, lister, events }
    }

    fn synced(objects: impl IntoIterator<Item = ConfigMap>) -> Self {
        let mut fed = Self::new(OnInvalid::default());
        fed.list(objects.into_iter().map(Decoded::Good));
        fed
    }

    /// Feeds an event and lists what the informer tells about it.
    fn send(&mut self, event: watcher::Event<Decoded<ConfigMap>>) -> Vec<String> {
        self.feed.unbounded_send(event).unwrap();
        told(&mut self.events)
    }

    fn apply(&mut self, object: impl Into<Decoded<ConfigMap>>) -> Vec<String> {
        self.send(watcher::Event::Apply(object.into()))
    }

    fn delete(&mut self, object: impl Into<Decoded<ConfigMap>>) -> Vec<String> {
        self.send(watcher::Event::Delete(object.into()))
    }

    fn list(&mut self, objects: impl IntoIterator<Item = Decoded<ConfigMap>>) -> Vec<String> {
        self.send(watcher::Event::Init);
        for object in objects {
            assert_eq!(self.send(watcher::Event::InitApply(object)), [""; 0]);
        }
        self.send(watcher::Event::InitDone)
    }

    fn names(&self) -> Vec<String> {
        names(&self.lister)
    }
}

fn names<S: Stored>(lister: &Lister<S>) -> Vec<String> {
    lister
        .list(None)
        .iter()
        .map(|object| object.key().name.to_owned())
        .collect()
}

/// What a stream yields without waiting: `+name` applied, `-name` deleted, `!name` invalid.
fn told<S: Stored>(events: &mut Events<S>) -> Vec<String> {
    let mut told = Vec::new();
    // A long recording gives way to others now and then, which is no end.
    for _ in 0..100 {
        while let Some(Some(event)) = events.next().now_or_never() {
            told.push(tell(&event));
        }
    }
    told
}

fn tell<S: Stored>(event: &Event<S>) -> String {
    match event {
        Event::Applied(object) => format!("+{}", object.key().name),
        Event::Deleted { key, .. } => format!("-{}", key.name()),
        Event::Invalid(invalid) => format!("!{}", invalid.object.name()),
        Event::Ready => "ready".to_owned(),
        Event::Missing => "missing".to_owned(),
        Event::Failed(error) => format!("failed: {error}"),
    }
}
