//! Snapshots for the proxies that ask for them, kept up to date.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use kube::Client;
use smi_sdk::{access::ServiceIdentity, kube};
use tokio::{sync::watch, time::Instant};

use super::{
    objects::{Heard, Objects, Touched, destination},
    snapshot::{Content, Snapshot},
};

/// What a subscriber sees: none until every kind is there.
pub(crate) type Latest = Option<Arc<Snapshot>>;

/// The cache. Any number of threads subscribe; one task drives it.
pub(crate) struct Cache {
    objects: Objects,
    accounts: Mutex<HashMap<ServiceIdentity, watch::Sender<Latest>>>,
    /// Why the server failed last, for each kind that has not been heard of since.
    failures: Mutex<BTreeMap<&'static str, String>>,
    /// The last version that was given to a snapshot.
    version: AtomicU64,
}

impl Cache {
    /// The cache, and what keeps it up to date while it is polled.
    ///
    /// Versions count up from `epoch`, which must be greater than every version of the caches before this one: proxies
    /// outlive a cache, and know its versions. The time in nanoseconds is.
    pub(crate) fn start(client: &Client, epoch: u64) -> (Arc<Self>, impl Future<Output = ()> + Send + use<>) {
        let (objects, mut events) = Objects::start(client);
        let mut changes = objects.changes();
        let cache = Arc::new(Self {
            objects,
            accounts: Mutex::default(),
            failures: Mutex::default(),
            version: AtomicU64::new(epoch),
        });
        let this = cache.clone();
        let driver = async move {
            loop {
                tokio::select! {
                    touched = changes.next() => match touched {
                        Some(touched) => this.update(&touched),
                        None => return,
                    },
                    heard = events.next() => match heard {
                        Some(heard) => this.hear(heard),
                        None => return,
                    },
                }
            }
        };
        (cache, driver)
    }

    /// The snapshots of an account: the present one, and from then on always the latest. Who is slow misses those between.
    pub(crate) fn subscribe(&self, account: &ServiceIdentity) -> watch::Receiver<Latest> {
        let mut accounts = self.accounts();
        let sender = accounts
            .entry(account.clone())
            .or_insert_with(|| watch::Sender::new(None));
        self.refresh(account, sender);
        sender.subscribe()
    }

    /// How old the oldest data is that snapshots are made of; none before everything was heard of. A proxy that is told
    /// nothing new cannot know whether that is because nothing is.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        self.objects.age(now)
    }

    /// How long the API server has not answered as it should; none where it does.
    pub(crate) fn failing(&self, now: Instant) -> Option<Duration> {
        self.objects.failing(now)
    }

    /// The kinds for which the API server does not answer as it should, and why.
    pub(crate) fn failures(&self, now: Instant) -> Vec<(&'static str, String)> {
        let failures = lock(&self.failures);
        let failing = self.objects.failing_kinds(now);
        failing
            .filter_map(|kind| Some((kind, failures.get(kind)?.clone())))
            .collect()
    }

    fn hear(&self, heard: Heard) {
        let mut failures = lock(&self.failures);
        match heard.failure {
            Some(why) => failures.insert(heard.kind, why),
            None => failures.remove(heard.kind),
        };
    }

    /// Makes the snapshots anew that a batch of changes can have changed.
    fn update(&self, touched: &Touched) {
        let mut accounts = self.accounts();
        accounts.retain(|_, sender| sender.receiver_count() > 0);
        for (account, sender) in &*accounts {
            if is_touched(account, sender.borrow().as_deref(), touched, &self.objects) {
                self.refresh(account, sender);
            }
        }
    }

    fn refresh(&self, account: &ServiceIdentity, sender: &watch::Sender<Latest>) {
        if !self.objects.are_ready() {
            return;
        }
        let content = Content::of(account, &self.objects);
        sender.send_if_modified(|latest| {
            if latest.as_ref().is_some_and(|latest| latest.content == content) {
                return false;
            }
            let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
            *latest = Some(Arc::new(Snapshot { version, content }));
            true
        });
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<ServiceIdentity, watch::Sender<Latest>>> {
        lock(&self.accounts)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether changes in some namespaces can matter to an account: they are in its own, in that of a target that it had, or
/// in that of one that it has now.
fn is_touched(account: &ServiceIdentity, latest: Option<&Snapshot>, touched: &Touched, objects: &Objects) -> bool {
    let (Touched::Namespaces(namespaces), Some(latest)) = (touched, latest) else {
        return true;
    };
    let mut relevant: BTreeSet<&str> = latest.content.namespaces();
    relevant.insert(account.namespace());
    let is_relevant = |namespace: &String| relevant.contains(namespace.as_str());
    let grants = objects.grants.by(destination, account);
    let has_target = |namespace: &String| grants.iter().any(|grant| grant.key().namespace == namespace);
    namespaces
        .iter()
        .any(|namespace| is_relevant(namespace) || has_target(namespace))
}
