//! A change stream as what kube's queue takes.

use futures::{Stream, StreamExt, stream};
use kube::{
    core::{ObjectMeta, PartialObjectMeta, PartialObjectMetaExt},
    runtime::{
        WatchStreamExt,
        reflector::{ObjectRef, Store, reflector, store},
        watcher,
    },
};
use smi_sdk::{
    core::key::KeyRef,
    informers::{Batch, Change, Changes},
    kube,
    split::v1alpha4::TrafficSplit,
};

/// The name of a split, as an object that kube's queue can hold: splits are in the lister, once.
pub(crate) type Name = PartialObjectMeta<TrafficSplit>;

/// A reference to a split by its name.
pub(crate) type NameRef = ObjectRef<Name>;

/// The names that `changes` know of, as the store that a queue looks them up in, and those of new and different splits,
/// invalid ones too. The store is up to date while the stream is polled.
pub(crate) fn names(
    changes: Changes<TrafficSplit>,
) -> (Store<Name>, impl Stream<Item = Result<NameRef, watcher::Error>> + Send) {
    let (reader, writer) = store();
    let events = changes.flat_map(|batch| stream::iter(events(batch)).map(Ok));
    let names = reflector(writer, events).applied_objects();
    (reader, names.map(|name| Ok(ObjectRef::from_obj(&name?))))
}

fn events(batch: Batch<TrafficSplit>) -> Vec<watcher::Event<Name>> {
    use watcher::Event::{Apply, Delete, Init, InitApply, InitDone};
    match batch {
        Batch::Snapshot { objects, invalid } => {
            let good = objects.iter().map(|split| name(KeyRef::of(&split.metadata)));
            let bad = invalid.iter().map(|invalid| name(invalid.object.by_ref()));
            let names = good.chain(bad).map(InitApply);
            std::iter::once(Init).chain(names).chain([InitDone]).collect()
        }
        Batch::Changes(changes) => {
            let event = |change: &Change<TrafficSplit>| match change {
                Change::Deleted(_) => Delete(name(change.key())),
                // A bad one too: somebody has to be told, and it can be deleted while it is bad.
                Change::Applied(_) | Change::Invalid(_) => Apply(name(change.key())),
            };
            changes.iter().map(event).collect()
        }
    }
}

fn name(key: KeyRef<'_>) -> Name {
    let metadata = ObjectMeta {
        name: Some(key.name.to_owned()),
        namespace: Some(key.namespace.to_owned()),
        ..ObjectMeta::default()
    };
    metadata.into_response_partial()
}

/// The namespace and the name of the split.
pub(crate) fn parts(name: &Name) -> (&str, &str) {
    (
        name.metadata.namespace.as_deref().unwrap_or_default(),
        name.metadata.name.as_deref().unwrap_or_default(),
    )
}
