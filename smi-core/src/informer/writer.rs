//! The one writer of a store: events in, a changed store and what is to be told about it out.

use std::{cmp::Ordering, collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use super::{
    changes::Change,
    event::{Event, Item, Signal},
    invalid::{Invalid, OnInvalid},
    state::State,
    store::Shared,
    stored::{Stored, is_same},
    tombstones::Tombstones,
};
use crate::key::{KeyRef, ObjectKey};

/// As much room for events that are not yielded yet is kept.
const FEW: usize = 64;

pub(super) struct Writer<S: Stored> {
    shared: Arc<Shared<S>>,
    on_invalid: OnInvalid,
    /// The list that is coming in. Readers see it when it is complete.
    relist: Option<State<S>>,
    tombstones: Tombstones,
    told: VecDeque<Event<S>>,
}

/// One thing that became different.
struct Difference<S> {
    event: Event<S>,
    /// Whether no subscriber knows the key.
    is_new: bool,
    /// Whether another difference tells subscribers of this key.
    is_told: bool,
}

impl<S> Difference<S> {
    const fn new(event: Event<S>, is_new: bool) -> Self {
        Self {
            event,
            is_new,
            is_told: false,
        }
    }
}

impl<S: Stored> Writer<S> {
    pub(super) fn new(shared: Arc<Shared<S>>, on_invalid: OnInvalid) -> Self {
        Self {
            shared,
            on_invalid,
            relist: None,
            tombstones: Tombstones::default(),
            told: VecDeque::new(),
        }
    }

    /// The next event that was not yielded yet.
    pub(super) fn next(&mut self) -> Option<Event<S>> {
        let event = self.told.pop_front();
        if self.told.is_empty() && self.told.capacity() > FEW {
            // The first list leaves room for as many events as there are objects.
            self.told = VecDeque::new();
        }
        event
    }

    pub(super) fn write(&mut self, signal: Signal<S>, now: Instant) {
        match signal {
            Signal::Failed(error) => {
                self.shared.counters.errors.add();
                self.shared.failed(now);
                self.told.push_back(Event::Failed(error));
                return;
            }
            // It is said before the server is asked.
            Signal::Init => {
                self.relist = Some(self.shared.state().fresh());
                return;
            }
            Signal::Heard => {
                self.shared.heard(now);
                return;
            }
            _ => self.shared.heard(now),
        }
        match (signal, self.relist.take()) {
            (Signal::InitApply(item) | Signal::Apply(item), Some(mut relist)) => {
                self.list(&mut relist, item);
                self.relist = Some(relist);
            }
            (Signal::InitApply(item), None) => {
                let mut relist = self.shared.state().fresh();
                self.list(&mut relist, item);
                self.relist = Some(relist);
            }
            (Signal::Delete { key, resource_version }, Some(mut relist)) => {
                if relist.has_newer(key.by_ref(), &resource_version) {
                    self.shared.counters.stale.add();
                } else {
                    relist.remove(key.by_ref());
                    relist.remove_invalid(key.by_ref());
                }
                self.relist = Some(relist);
            }
            (Signal::InitDone, Some(relist)) => self.replace(relist, false),
            (Signal::Apply(Item::Good(object)), None) => self.apply(&object),
            (Signal::Apply(Item::Bad(invalid)), None) => self.apply_invalid(invalid),
            (Signal::Delete { key, resource_version }, None) => self.delete(&key, &resource_version),
            (Signal::Missing, _) => {
                let empty = self.shared.state().fresh();
                self.replace(empty, true);
            }
            (Signal::InitDone, None) => tracing::debug!("the end of a list that never began"),
            (Signal::Init | Signal::Heard | Signal::Failed(_), _) => {}
        }
    }

    /// One object of a list that is coming in. What is stored already at the same version is kept.
    fn list(&self, relist: &mut State<S>, item: Item<S>) {
        let state = self.shared.state();
        match item {
            Item::Good(object) => {
                let key = object.key();
                if !relist.is_before(key) && relist.has_newer(key, object.resource_version()) {
                    self.shared.counters.stale.add();
                    return;
                }
                let stored = state.get(key).filter(|stored| is_same(stored, &object)).cloned();
                drop(state);
                relist.remove_invalid(key);
                relist.insert(&stored.unwrap_or(object));
            }
            Item::Bad(invalid) => {
                let key = invalid.object.by_ref();
                if relist.has_newer(key, &invalid.resource_version) {
                    self.shared.counters.stale.add();
                    return;
                }
                let last = state.get(key).filter(|last| self.stays(last, &invalid)).cloned();
                let known = state.get_invalid(key).filter(|known| known.is_same(&invalid)).cloned();
                drop(state);
                match last {
                    Some(last) => relist.insert(&last),
                    None => relist.remove(key),
                };
                relist.insert_invalid(known.unwrap_or_else(|| Arc::new(invalid)));
            }
        }
    }

    /// The list is complete: readers see it from now on.
    fn replace(&mut self, relist: State<S>, is_missing: bool) {
        let differences = {
            let state = self.shared.state();
            self.compare(&state, &relist)
        };
        if !is_missing {
            self.shared.counters.relists.add();
        }
        self.tombstones = Tombstones::since(relist.newest());
        let was_missing = self.shared.is_missing();
        self.shared.set_missing(is_missing);
        self.commit(differences, |state| std::mem::replace(state, relist));
        if is_missing && !was_missing {
            self.told.push_back(Event::Missing);
        }
        if self.shared.synced() {
            self.told.push_back(Event::Ready);
        }
    }

    /// What is different between two states, both of which are in the order of their keys.
    fn compare(&self, old: &State<S>, new: &State<S>) -> Vec<Difference<S>> {
        let mut differences = Vec::new();
        let mut olds = old.all().iter().peekable();
        let mut news = new.all().iter().peekable();
        loop {
            let order = match (olds.peek(), news.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.key().cmp(&new.key()),
            };
            let gone = if order.is_le() { olds.next() } else { None };
            let come = if order.is_ge() { news.next() } else { None };
            match (gone, come) {
                (Some(gone), Some(come)) if Arc::ptr_eq(gone, come) => {}
                (_, Some(come)) => {
                    let is_new = gone.is_none() && !self.is_reported(old, come.key());
                    differences.push(Difference::new(Event::Applied(come.clone()), is_new));
                }
                (Some(gone), None) => differences.push(Difference {
                    event: Event::Deleted {
                        key: gone.key().owned(),
                        last: Some(gone.clone()),
                    },
                    is_new: false,
                    is_told: self.on_invalid == OnInvalid::FailClosed && new.get_invalid(gone.key()).is_some(),
                }),
                (None, None) => {}
            }
        }
        for (key, invalid) in new.invalid() {
            if !old
                .get_invalid(key.by_ref())
                .is_some_and(|known| Arc::ptr_eq(known, invalid))
            {
                let is_new = old.get(key.by_ref()).is_none() && !self.is_reported(old, key.by_ref());
                differences.push(Difference::new(Event::Invalid(invalid.clone()), is_new));
            }
        }
        for key in old.invalid().keys() {
            let is_there = |state: &State<S>| state.get(key.by_ref()).is_some();
            if new.get_invalid(key.by_ref()).is_none() && !is_there(new) && !is_there(old) {
                differences.push(self.gone(key.clone(), None, true));
            }
        }
        differences
    }

    /// Whether the last version of an object that could be read is kept: not that of another object of the same name.
    fn stays(&self, last: &S, invalid: &Invalid) -> bool {
        self.on_invalid == OnInvalid::KeepLast && (invalid.uid.is_empty() || invalid.uid == last.uid())
    }

    /// Whether subscribers were told that the object is invalid.
    fn is_reported(&self, state: &State<S>, key: KeyRef<'_>) -> bool {
        self.on_invalid == OnInvalid::FailClosed && state.get_invalid(key).is_some()
    }

    /// The difference that the end of an object makes; `was_invalid` where it could not be read last.
    fn gone(&self, key: ObjectKey, last: Option<Arc<S>>, was_invalid: bool) -> Difference<S> {
        Difference {
            is_new: false,
            is_told: last.is_none() && !(was_invalid && self.on_invalid == OnInvalid::FailClosed),
            event: Event::Deleted { key, last },
        }
    }

    fn apply(&mut self, object: &Arc<S>) {
        let key = object.key();
        let version = object.resource_version();
        let (is_old, is_unknown, is_new) = {
            let state = self.shared.state();
            let stored = state.get(key);
            let is_unknown = stored.is_none() && state.get_invalid(key).is_none();
            let is_old = stored.is_some_and(|stored| is_same(stored, object)) || state.has_newer(key, version);
            (is_old, is_unknown, stored.is_none() && !self.is_reported(&state, key))
        };
        if is_old || is_unknown && self.tombstones.cover(key, version) {
            self.shared.counters.stale.add();
            return;
        }
        let difference = Difference::new(Event::Applied(object.clone()), is_new);
        self.commit(vec![difference], |state| {
            state.remove_invalid(key);
            state.insert(object)
        });
    }

    fn apply_invalid(&mut self, invalid: Invalid) {
        let key = invalid.object.clone();
        let version = &invalid.resource_version;
        let (is_old, is_unknown, stored, is_reported) = {
            let state = self.shared.state();
            let stored = state.get(key.by_ref()).cloned();
            let known = state.get_invalid(key.by_ref());
            let is_old = known.is_some_and(|known| known.is_same(&invalid)) || state.has_newer(key.by_ref(), version);
            (
                is_old,
                stored.is_none() && known.is_none(),
                stored,
                self.is_reported(&state, key.by_ref()),
            )
        };
        if is_old || is_unknown && self.tombstones.cover(key.by_ref(), version) {
            self.shared.counters.stale.add();
            return;
        }
        let invalid = Arc::new(invalid);
        let report = Difference::new(Event::Invalid(invalid.clone()), stored.is_none() && !is_reported);
        let stays = stored.as_ref().is_some_and(|last| self.stays(last, &invalid));
        let mut differences = Vec::with_capacity(2);
        if stored.is_some() && !stays {
            differences.push(Difference {
                is_told: self.on_invalid == OnInvalid::FailClosed,
                ..self.gone(key.clone(), stored, false)
            });
        }
        differences.push(report);
        self.commit(differences, |state| {
            state.insert_invalid(invalid);
            if stays { None } else { state.remove(key.by_ref()) }
        });
    }

    fn delete(&mut self, key: &ObjectKey, version: &str) {
        let (is_old, stored, was_invalid) = {
            let state = self.shared.state();
            let is_old = state.has_newer(key.by_ref(), version);
            let was_invalid = state.get_invalid(key.by_ref()).is_some();
            (is_old, state.get(key.by_ref()).cloned(), was_invalid)
        };
        if is_old {
            self.shared.counters.stale.add();
            return;
        }
        self.tombstones.add(key, version);
        if stored.is_none() && !was_invalid {
            return;
        }
        let difference = self.gone(key.clone(), stored, was_invalid);
        self.commit(vec![difference], |state| {
            state.remove_invalid(key.by_ref());
            state.remove(key.by_ref())
        });
    }

    /// Changes the store, and tells subscribers and the informer's stream.
    fn commit<T>(&mut self, differences: Vec<Difference<S>>, change: impl FnOnce(&mut State<S>) -> T) {
        let on_invalid = self.on_invalid;
        let replaced = self.shared.change(change, || {
            let told = differences.iter().filter(|difference| !difference.is_told);
            told.filter_map(|Difference { event, is_new, .. }| Some((change_of(event, on_invalid)?, *is_new)))
                .collect()
        });
        // Readers do not wait for this: a whole store may end here.
        drop(replaced);
        let counters = &self.shared.counters;
        for Difference { event, .. } in &differences {
            match event {
                Event::Applied(_) => counters.applied.add(),
                Event::Deleted { .. } => counters.deleted.add(),
                Event::Invalid(invalid) => {
                    counters.invalid.add();
                    let Invalid {
                        object,
                        resource_version,
                        error,
                        ..
                    } = &**invalid;
                    tracing::warn!(%object, resource_version, %error, "an object cannot be read");
                }
                _ => {}
            }
        }
        self.told
            .extend(differences.into_iter().map(|difference| difference.event));
    }
}

impl<S: Stored> Drop for Writer<S> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

fn change_of<S>(event: &Event<S>, on_invalid: OnInvalid) -> Option<Change<S>> {
    match event {
        Event::Applied(object) => Some(Change::Applied(object.clone())),
        Event::Deleted { key, .. } => Some(Change::Deleted(key.clone())),
        Event::Invalid(invalid) if on_invalid == OnInvalid::FailClosed => Some(Change::Invalid(invalid.clone())),
        _ => None,
    }
}
