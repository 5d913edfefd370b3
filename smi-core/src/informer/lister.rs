//! The reading side of an informer.

use std::{any::type_name, fmt, hash::Hash, sync::Arc, time::Duration};

use kube::core::{Resource, Selector, SelectorExt};
use tokio::time::Instant;

use super::{
    bucket::Bucket,
    changes::Changes,
    counters::Stats,
    invalid::Invalid,
    store::{Phase, Shared},
    stored::Stored,
};
use crate::key::KeyRef;

/// Reads what an informer holds; cheap to clone, and usable from any thread.
///
/// Every call sees a whole state of the store: of a relist either nothing or all. Several calls may see several states;
/// for one state of all objects take [`list`](Self::list) of every namespace.
pub struct Lister<S> {
    shared: Arc<Shared<S>>,
}

/// The informer's stream ended or was dropped before the first sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the informer ended before it had synced")]
pub struct NeverReady;

impl<S: Stored> Lister<S> {
    pub(super) const fn new(shared: Arc<Shared<S>>) -> Self {
        Self { shared }
    }

    /// Waits for the first sync: all objects are there, or the server is known not to serve the kind. Somebody has to poll
    /// the informer's stream meanwhile.
    ///
    /// # Errors
    /// [`NeverReady`].
    pub async fn ready(&self) -> Result<(), NeverReady> {
        let mut phase = self.shared.phase();
        let phase = phase.wait_for(|phase| *phase != Phase::Syncing).await;
        match phase.as_deref() {
            Ok(Phase::Synced | Phase::Closed(true)) => Ok(()),
            _ => Err(NeverReady),
        }
    }

    /// Whether [`ready`](Self::ready) would not wait.
    pub fn is_ready(&self) -> bool {
        self.shared.is_synced()
    }

    /// Whether the server is known not to serve the kind. Then the store is empty; it fills when the server does.
    pub fn is_missing(&self) -> bool {
        self.shared.is_missing()
    }

    /// The object `name` in `namespace`, which is empty where the kind has none.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<S>> {
        self.shared.state().get(KeyRef { namespace, name }).cloned()
    }

    /// The objects of a namespace, or of all.
    pub fn list(&self, namespace: Option<&str>) -> Bucket<S> {
        let state = self.shared.state();
        namespace.map_or_else(|| state.all().clone(), |namespace| state.namespace(namespace))
    }

    /// The objects for which the function of an index gives `key`.
    ///
    /// The function names the index: `lister.by(by::destination, &key)`. Without
    /// [`Informer::index`](super::Informer::index) of the same function the answer is the same, but every object is looked
    /// at.
    pub fn by<F, I>(&self, function: F, key: &I::Item) -> Bucket<S>
    where
        F: Fn(&S::Value) -> I + Copy + Send + Sync + 'static,
        I: IntoIterator<Item: Hash + Eq + Send + Sync + 'static>,
    {
        if let Some(bucket) = self.shared.state().by::<F, I::Item>(key) {
            return bucket;
        }
        tracing::debug!(function = type_name::<F>(), "no such index: every object is looked at");
        let all = self.list(None);
        let has_key = |object: &&Arc<S>| function(object.value()).into_iter().any(|found| found == *key);
        all.iter().filter(has_key).cloned().collect()
    }

    /// The objects that cannot be read, in the order of their keys.
    pub fn invalid(&self) -> Vec<Arc<Invalid>> {
        self.shared.state().invalid().values().cloned().collect()
    }

    /// How long ago the server last said something, `now` being the present; none before it first did.
    ///
    /// Data is never older than this. In a quiet cluster a server says once a minute or so that nothing has changed, and a
    /// stream that the caller brings says nothing of it; [`failing`](Self::failing) tells a quiet server from one that is
    /// out of reach.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.shared.last_heard()?))
    }

    /// How long there have been nothing but errors; none where the server answers.
    pub fn failing(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.shared.failing_since()?))
    }

    /// What happens from now on: first a snapshot, as soon as there is one, then batches.
    pub fn subscribe(&self) -> Changes<S> {
        Changes::new(self.shared.clone())
    }

    /// Counters and gauges.
    pub fn stats(&self) -> Stats {
        let counters = &self.shared.counters;
        Stats {
            applied: counters.applied.get(),
            deleted: counters.deleted.get(),
            invalid: counters.invalid.get(),
            stale: counters.stale.get(),
            relists: counters.relists.get(),
            errors: counters.errors.get(),
            objects: self.shared.state().all().len(),
            subscribers: self.shared.subscriber_count(),
            lag: self.shared.lag(),
        }
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> &Shared<S> {
        &self.shared
    }
}

impl<S: Stored + Resource> Lister<S> {
    /// The objects of a namespace, or of all, whose labels fit.
    pub fn select(&self, namespace: Option<&str>, selector: &Selector) -> Vec<Arc<S>> {
        let listed = self.list(namespace);
        let none = std::collections::BTreeMap::new();
        let fits = |object: &&Arc<S>| selector.matches(object.meta().labels.as_ref().unwrap_or(&none));
        listed.iter().filter(fits).cloned().collect()
    }
}

impl<S> Clone for Lister<S> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<S: Stored> fmt::Debug for Lister<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lister")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
