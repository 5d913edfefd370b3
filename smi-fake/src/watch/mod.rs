//! Watches: the events of a resource as a stream of bytes.

mod encode;
mod stream;

use std::sync::Arc;

pub(crate) use self::stream::{Watch, bytes};
use self::{encode::Encoder, stream::Start};
use crate::{
    cluster::{Cluster, Target},
    error::ApiError,
    faults::Fault,
    request::ListOptions,
    selector::Selection,
    verb,
    view::View,
};

/// Opens a watch. What is wrong with its revision comes as an event, as from kube-apiserver.
pub(crate) fn open(
    cluster: &Arc<Cluster>,
    target: &Target,
    options: &ListOptions,
    view: View,
    faults: &[Fault],
) -> Result<Watch, ApiError> {
    let not_found = || ApiError::not_found(&target.resource(), "");
    let version = target.kind.version(&target.version).ok_or_else(not_found)?;
    let selection = Selection::read(options, &target.kind, version)?.named(&target.name);
    let watcher = cluster.admit_watcher()?;
    // Before anything is read, so that nothing is missed in between.
    let drops = cluster.faults.drops();
    let (changed, epoch) = {
        let state = cluster.lock();
        let changed = state.store.subscribe(&target.kind.stored_in).ok_or_else(not_found)?;
        let epoch = state
            .store
            .collection(&target.kind.stored_in)
            .ok_or_else(not_found)?
            .epoch();
        (changed, epoch)
    };
    let mut encoder = Encoder::new(Arc::clone(cluster), target.clone(), selection, view);
    let mut start = start(cluster, target, options, &mut encoder)?;
    if faults.contains(&Fault::Gone) {
        start = Start::failed(&ApiError::expired("too old resource version: 1 (2)"));
    }
    Ok(Watch::new(
        encoder, watcher, start, changed, drops, epoch, options, faults,
    ))
}

/// Where the events begin, and what comes before them.
fn start(
    cluster: &Arc<Cluster>,
    target: &Target,
    options: &ListOptions,
    encoder: &mut Encoder,
) -> Result<Start, ApiError> {
    let asked = options.resource_version;
    let wants_state = match options.send_initial_events {
        Some(wants) => wants,
        None => asked.is_none_or(|version| version == 0),
    };
    if wants_state {
        let everything = ListOptions {
            label_selector: options.label_selector.clone(),
            field_selector: options.field_selector.clone(),
            ..ListOptions::default()
        };
        let state = verb::list(cluster, target, &everything)?;
        if let Some(asked) = asked.filter(|asked| *asked > state.revision) {
            return Err(ApiError::too_large_resource_version(asked, state.revision));
        }
        let mut first: Vec<_> = state
            .objects
            .iter()
            .map(|object| encoder.object("ADDED", object))
            .collect();
        // Servers with streaming lists take every watch that begins with the state for one.
        if options.bookmarks && cluster.streaming_lists {
            first.push(encoder.bookmark(state.revision, true));
        }
        return Ok(Start::at(state.revision, first));
    }
    let state = cluster.lock();
    let collection = state.store.collection(&target.kind.stored_in);
    let compacted = collection.map(crate::store::Collection::compacted).unwrap_or_default();
    // `sendInitialEvents=false` without a revision starts now.
    let from = asked
        .filter(|version| *version > 0)
        .unwrap_or_else(|| state.store.revision());
    if from < compacted {
        let why = format!("too old resource version: {from} ({compacted})");
        return Ok(Start::failed(&ApiError::expired(why)));
    }
    Ok(Start::at(from, Vec::new()))
}
