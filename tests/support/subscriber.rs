//! What a subscriber of splits knows: its batches, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use futures::{FutureExt as _, StreamExt as _};
use kube::ResourceExt as _;
use smi_sdk::{
    informers::{Batch, Change, Changes, Lister},
    split::v1alpha4::TrafficSplit,
};

/// A subscriber that looks when it is told to.
pub(crate) struct Subscriber {
    changes: Changes<TrafficSplit>,
    /// The names of the splits, each with what its first backend weighs.
    pub(crate) good: BTreeMap<String, u32>,
    /// The names of those that cannot be read.
    pub(crate) bad: BTreeSet<String>,
}

impl Subscriber {
    pub(crate) fn new(lister: &Lister<TrafficSplit>) -> Self {
        Self {
            changes: lister.subscribe(),
            good: BTreeMap::new(),
            bad: BTreeSet::new(),
        }
    }

    /// Lets it look, and says how many batches there were.
    pub(crate) fn catch_up(&mut self) -> usize {
        let mut batches = 0;
        while let Some(Some(batch)) = self.changes.next().now_or_never() {
            batches += 1;
            self.take(batch);
        }
        batches
    }

    fn take(&mut self, batch: Batch<TrafficSplit>) {
        match batch {
            Batch::Snapshot { objects, invalid } => {
                self.good = objects.iter().map(|split| weight(split)).collect();
                self.bad = invalid.iter().map(|invalid| invalid.object.name().to_owned()).collect();
            }
            Batch::Changes(changes) => {
                for change in changes {
                    let name = change.key().name.to_owned();
                    self.good.remove(&name);
                    self.bad.remove(&name);
                    match change {
                        Change::Applied(split) => self.good.extend([weight(&split)]),
                        Change::Invalid(_) => drop(self.bad.insert(name)),
                        Change::Deleted(_) => {}
                    }
                }
            }
        }
    }
}

/// Name and weight of a split.
pub(crate) fn weight(split: &TrafficSplit) -> (String, u32) {
    let first = split.spec.backends.first();
    (split.name_any(), first.map_or(0, |backend| backend.weight))
}
