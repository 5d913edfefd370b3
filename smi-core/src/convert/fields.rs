//! Owns [`Fields`]: the tables of the fields that a version says and its counterpart does not.

use std::{collections::BTreeMap, fmt, mem};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Fingerprint, Loss,
    stash::{Entry, Kept, KeptItems},
};
use crate::path::FieldPath;

/// The entries of one version, by field path.
type Entries = BTreeMap<String, Entry>;

/// A table of fields of `T` that an object `U`, converted from it, may not say, or not say so that they come back. Each line
/// is one field; `of` adds to the fingerprint what of the `U` stands for it, so that an edit of that lets the field go.
///
/// The lines are worked off as they are written: on the way to the `U` they keep what differs, on the way back they restore
/// what still holds.
pub struct Fields<'a, T, U> {
    work: Work<'a, T>,
    other: &'a U,
}

enum Work<'a, T> {
    /// Keeps the fields in which `original` is not `back`.
    Keep {
        original: &'a mut T,
        back: &'a mut T,
        entries: &'a mut Entries,
        seen: &'a mut Seen,
    },
    /// Takes from `entries` what holds into `object`.
    Restore {
        object: &'a mut T,
        entries: &'a mut Entries,
    },
}

impl<T, U> fmt::Debug for Fields<'_, T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.work {
            Work::Keep { .. } => "Fields to keep",
            Work::Restore { .. } => "Fields to restore",
        })
    }
}

/// A line for a list: what the other object says of its items, and what stands for it.
#[derive(Debug)]
pub struct Items<I, U> {
    /// Whether the other object never says such an item. Where all other items came through, only these are kept, and they
    /// return beside whatever the list became.
    pub unsaid: fn(&I) -> bool,
    /// What stands for such an item; an edit of it lets the item go.
    pub of: fn(&U, &mut Fingerprint),
    /// What stands for the list as a whole, where it did not come through item by item.
    pub of_all: fn(&U, &mut Fingerprint),
    /// Whether an item that was added meanwhile stands where a kept one would.
    pub same: fn(&I, &I) -> bool,
}

impl<'a, T, U> Fields<'a, T, U> {
    pub(super) fn keep_differing(
        original: &'a mut T,
        back: &'a mut T,
        other: &'a U,
        entries: &'a mut Entries,
        seen: &'a mut Seen,
    ) -> Self {
        let work = Work::Keep {
            original,
            back,
            entries,
            seen,
        };
        Self { work, other }
    }

    pub(super) fn restore(object: &'a mut T, other: &'a U, entries: &'a mut Entries) -> Self {
        let work = Work::Restore { object, entries };
        Self { work, other }
    }

    /// The field at `path`, kept whole.
    pub fn field<V>(&mut self, path: &'static str, field: fn(&mut T) -> &mut V, of: fn(&U, &mut Fingerprint))
    where
        V: PartialEq + Serialize + DeserializeOwned,
    {
        match &mut self.work {
            Work::Keep {
                original,
                back,
                entries,
                seen,
            } => {
                let value = field(original);
                let differs = value != field(back);
                seen.add(path, differs);
                if differs {
                    entries.extend(whole(value, self.other, of).map(|entry| (path.to_owned(), entry)));
                }
            }
            Work::Restore { object, entries } => {
                let value = holding(entries, path, self.other, of).and_then(|kept| match kept {
                    Kept::Value(value) => serde_json::from_value(value).ok(),
                    Kept::Items(_) => None,
                });
                if let Some(value) = value {
                    *field(object) = value;
                }
            }
        }
    }

    /// The list at `path`.
    pub fn items<I>(&mut self, path: &'static str, list: fn(&mut T) -> &mut Vec<I>, items: &Items<I, U>)
    where
        I: PartialEq + Serialize + DeserializeOwned,
    {
        match &mut self.work {
            Work::Keep {
                original,
                back,
                entries,
                seen,
            } => {
                let (list, back) = (list(original), list(back));
                seen.add(path, list != back);
                if list == back {
                    return;
                }
                let said = list.iter().filter(|item| !(items.unsaid)(item));
                let entry = if said.eq(back.iter()) {
                    unsaid(list, self.other, items)
                } else {
                    whole(list, self.other, items.of_all)
                };
                entries.extend(entry.map(|entry| (path.to_owned(), entry)));
            }
            Work::Restore { object, entries } => {
                let of = match entries.get(path).map(|entry| &entry.kept) {
                    Some(Kept::Items(_)) => items.of,
                    _ => items.of_all,
                };
                match holding(entries, path, self.other, of) {
                    Some(Kept::Value(value)) => {
                        if let Ok(value) = serde_json::from_value(value) {
                            *list(object) = value;
                        }
                    }
                    Some(Kept::Items(kept)) => {
                        let is_edited = fingerprint(self.other, items.of_all).as_ref() != Some(&kept.all);
                        insert(list(object), kept, is_edited, items);
                    }
                    None => {}
                }
            }
        }
    }
}

/// The fields of a table, and whether they come back otherwise than they were.
#[derive(Default)]
pub(super) struct Seen(Vec<(&'static str, bool)>);

impl Seen {
    fn add(&mut self, path: &'static str, differs: bool) {
        self.0.push((path, differs));
    }

    /// Of the losses of a move those that were not made good: nothing is lost where the fields come back by themselves.
    pub(super) fn real(&self, mut losses: Vec<Loss>) -> Vec<Loss> {
        if losses.is_empty() {
            return losses;
        }
        let fields: Vec<(FieldPath, bool)> = self
            .0
            .iter()
            .map(|(path, differs)| (FieldPath::dotted(path), *differs))
            .collect();
        losses.retain(|loss| {
            let mut concerned = fields.iter().filter(|(path, _)| path.overlaps(&loss.path)).peekable();
            concerned.peek().is_none() || concerned.any(|(_, differs)| *differs)
        });
        losses
    }
}

/// Puts the kept items where they were, as far as the list is that long.
fn insert<I: DeserializeOwned, U>(list: &mut Vec<I>, kept: KeptItems, is_edited: bool, items: &Items<I, U>) {
    let read = |(position, value)| Some((position, serde_json::from_value(value).ok()?));
    let Some(kept) = kept.at.into_iter().map(read).collect::<Option<Vec<(usize, I)>>>() else {
        return;
    };
    let mut said = mem::take(list).into_iter();
    for (position, item) in kept {
        let others = || said.as_slice().iter().chain(list.iter());
        let is_replaced = is_edited && others().any(|other| (items.same)(other, &item));
        // What was forged must not become something that the table does not speak of.
        if is_replaced || !(items.unsaid)(&item) {
            continue;
        }
        let before = position.saturating_sub(list.len());
        list.extend(said.by_ref().take(before));
        list.push(item);
    }
    list.extend(said);
}

/// The fingerprint of what `of` adds of `other`.
fn fingerprint<U>(other: &U, of: fn(&U, &mut Fingerprint)) -> Option<String> {
    let mut fingerprint = Fingerprint::default();
    of(other, &mut fingerprint);
    fingerprint.text()
}

/// Takes out what is kept at `path`, where it holds still.
fn holding<U>(entries: &mut Entries, path: &str, other: &U, of: fn(&U, &mut Fingerprint)) -> Option<Kept> {
    let entry = entries.remove(path)?;
    (fingerprint(other, of)? == entry.of).then_some(entry.kept)
}

/// The entry of a field whose value is `value`. Fields of objects have a JSON value always: one without could not be
/// written anyway.
fn whole<V: Serialize, U>(value: &V, other: &U, of: fn(&U, &mut Fingerprint)) -> Option<Entry> {
    Some(Entry {
        of: fingerprint(other, of)?,
        kept: Kept::Value(serde_json::to_value(value).ok()?),
    })
}

/// The entry of those items of `list` that `items` calls unsaid.
fn unsaid<I: Serialize, U>(list: &[I], other: &U, items: &Items<I, U>) -> Option<Entry> {
    let unsaid = list.iter().enumerate().filter(|(_, item)| (items.unsaid)(item));
    let at = unsaid.map(|(position, item)| Some((position, serde_json::to_value(item).ok()?)));
    let kept = KeptItems {
        all: fingerprint(other, items.of_all)?,
        at: at.collect::<Option<_>>()?,
    };
    Some(Entry {
        of: fingerprint(other, items.of)?,
        kept: Kept::Items(kept),
    })
}
