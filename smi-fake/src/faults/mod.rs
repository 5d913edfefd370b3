//! Owns [`Faults`]: what goes wrong on demand.

mod rule;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::sync::watch;

pub use self::rule::{Fault, FaultId, Rule};
use crate::{error::GroupResource, meta, store::Key};

/// The faults of a [`Server`](crate::Server): switched on and off while it runs. Cheap to clone.
///
/// ```
/// # async fn example(server: smi_fake::Server) {
/// use smi_fake::{Fault, Rule};
///
/// server.faults().drop_watches();
/// server.faults().add(Rule::new(Fault::TooManyRequests { retry_after: 2 }).verb("list").times(3));
/// let outage = server.faults().add(Rule::new(Fault::InternalError));
/// // ... until
/// server.faults().remove(outage);
/// # }
/// ```
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Grows when the open watches are to be dropped.
    drops: watch::Sender<Drops>,
}

#[derive(Default)]
struct State {
    next: u64,
    rules: Vec<(FaultId, Rule)>,
    corrupted: Vec<Corruption>,
}

type Spoil = Arc<dyn Fn(&mut Value) + Send + Sync>;

struct Corruption {
    resource: String,
    key: Key,
    spoil: Spoil,
}

/// How often watches were dropped, and how often in the middle of their next event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Drops {
    pub(crate) now: u64,
    pub(crate) in_event: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            drops: watch::Sender::new(Drops::default()),
        }))
    }
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault; it stays until it happened as often as it should, or is removed.
    pub fn add(&self, rule: Rule) -> FaultId {
        let mut state = self.lock();
        state.next += 1;
        let id = FaultId(state.next);
        state.rules.push((id, rule));
        id
    }

    /// Removes a fault; one that is gone already is not missed.
    pub fn remove(&self, id: FaultId) {
        self.lock().rules.retain(|(other, _)| *other != id);
    }

    /// Removes every fault, and repairs every corrupted object.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.rules.clear();
        state.corrupted.clear();
    }

    /// Closes every open watch, between two events, as a restarted proxy does.
    pub fn drop_watches(&self) {
        self.0.drops.send_modify(|drops| drops.now += 1);
    }

    /// Breaks every open watch in the middle of the bytes of its next event.
    pub fn drop_watches_in_event(&self) {
        self.0.drops.send_modify(|drops| drops.in_event += 1);
    }

    /// Answers the next `times` watches with `410 Gone`.
    pub fn gone(&self, times: u32) -> FaultId {
        self.add(Rule::new(Fault::Gone).verb("watch").times(times))
    }

    /// Answers the next `times` requests with `429 Too Many Requests` and `Retry-After`, in seconds.
    pub fn too_many_requests(&self, times: u32, retry_after: u32) -> FaultId {
        self.add(Rule::new(Fault::TooManyRequests { retry_after }).times(times))
    }

    /// Answers every request with `500` until the fault is removed.
    pub fn internal_errors(&self) -> FaultId {
        self.add(Rule::new(Fault::InternalError))
    }

    /// Lets every request wait, on tokio's time, until the fault is removed.
    pub fn delay(&self, delay: Duration) -> FaultId {
        self.add(Rule::new(Fault::Delay(delay)))
    }

    /// Makes an object decode badly wherever it is sent from now on: each of its fields but `apiVersion`, `kind`,
    /// `metadata` and `status` becomes the number 0. Where it has none, `spec` does. The stored object stays as it is, and
    /// watches hear of it with its next change.
    pub fn corrupt(&self, resource: &str, namespace: &str, name: &str) {
        self.corrupt_with(resource, namespace, name, |object| {
            let fields = meta::map_mut(object);
            let kept = ["apiVersion", "kind", "metadata", "status"];
            fields.entry("spec").or_insert(Value::Null);
            for (field, value) in fields.iter_mut() {
                if !kept.contains(&field.as_str()) {
                    *value = 0.into();
                }
            }
        });
    }

    /// As [`corrupt`](Self::corrupt), with a damage of the caller's own.
    pub fn corrupt_with(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        spoil: impl Fn(&mut Value) + Send + Sync + 'static,
    ) {
        let key = Key::new(namespace, name);
        self.repair(resource, namespace, name);
        self.lock().corrupted.push(Corruption {
            resource: resource.to_owned(),
            key,
            spoil: Arc::new(spoil),
        });
    }

    /// Sends an object as it is again.
    pub fn repair(&self, resource: &str, namespace: &str, name: &str) {
        let key = Key::new(namespace, name);
        self.lock()
            .corrupted
            .retain(|corruption| corruption.resource != resource || corruption.key != key);
    }

    pub(crate) fn drops(&self) -> watch::Receiver<Drops> {
        self.0.drops.subscribe()
    }

    /// The faults that a request meets, counted as happened.
    pub(crate) fn meet(&self, verb: &str, resource: &str) -> Vec<Fault> {
        let mut state = self.lock();
        let mut met = Vec::new();
        for (_, rule) in &mut state.rules {
            if rule.applies(verb, resource) {
                met.push(rule.happen());
                if met.last().is_some_and(Fault::ends_request) {
                    break;
                }
            }
        }
        state.rules.retain(|(_, rule)| !rule.is_spent());
        met
    }

    /// The object as it is sent.
    pub(crate) fn spoil(&self, of: &GroupResource, object: Arc<Value>) -> Arc<Value> {
        let spoil = {
            let state = self.lock();
            if state.corrupted.is_empty() {
                return object;
            }
            let key = Key::new(meta::namespace(&object), meta::name(&object));
            let found = state
                .corrupted
                .iter()
                .find(|of_one| of_one.resource == of.resource && of_one.key == key);
            found.map(|found| Arc::clone(&found.spoil))
        };
        let Some(spoil) = spoil else { return object };
        let mut spoiled = Value::clone(&object);
        spoil(&mut spoiled);
        Arc::new(spoiled)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Faults")
            .field("rules", &state.rules)
            .field("corrupted", &state.corrupted.len())
            .finish()
    }
}
