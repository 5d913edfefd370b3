//! Owns [`Stash`]: what an object keeps of its other versions, in an annotation.
//!
//! ```json
//! {"v1alpha2": {"spec.destination.port": {"of": "1b873593cc9e2d51", "value": 8080}}}
//! ```
//!
//! Under each version stand the fields that it says otherwise than the object does now, each with a [`Fingerprint`] of the
//! fields of the object that stand for it. Where one of those was edited the entry no longer holds. The annotation is
//! trusted as the rest of the object is: whoever may write one may write the other.

use std::{collections::BTreeMap, mem};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Fingerprint, Loss, LossReason};
use crate::path::FieldPath;

/// The annotation that holds a [`Stash`].
pub const CONVERSION_DATA: &str = "smi-spec.io/conversion-data";

/// The longest text of the annotation, in bytes.
pub const STASH_MAX: usize = 128 * 1024;

/// What an API server allows for all annotations of an object together, keys and values, in bytes. It refuses a whole list
/// for one object more.
const ANNOTATIONS_MAX: usize = 256 * 1024;

/// What an object keeps of its other versions, by version and field path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stash {
    versions: BTreeMap<String, BTreeMap<String, Entry>>,
}

/// A field as another version says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The fingerprint of the fields that stand for it.
    pub(super) of: String,
    #[serde(flatten)]
    pub(super) kept: Kept,
}

/// What is kept of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kept {
    /// All of it.
    Value(Value),
    /// Of a list the items that the object does not say.
    Items(KeptItems),
}

/// The items of a list that the object does not say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct KeptItems {
    /// The fingerprint of what stands for the list as a whole: whether it was edited at all.
    pub(super) all: String,
    /// Each with its position in the whole list.
    pub(super) at: Vec<(usize, Value)>,
}

impl Stash {
    /// A stash that keeps nothing.
    pub const fn new() -> Self {
        Self {
            versions: BTreeMap::new(),
        }
    }

    /// The annotation's place in an object.
    pub fn path() -> FieldPath {
        FieldPath::root()
            .child("metadata")
            .child("annotations")
            .key(CONVERSION_DATA)
    }

    /// What the object with this metadata keeps; nothing where the annotation is absent or cannot be read.
    pub fn of(metadata: &ObjectMeta) -> Self {
        let text = metadata.annotations.as_ref().and_then(|all| all.get(CONVERSION_DATA));
        text.and_then(|text| Self::read(text)).unwrap_or_default()
    }

    /// The field at `path` of `version` as it was kept, where the fields that `of` adds are still those that stand for it.
    pub fn get<T: DeserializeOwned>(&self, version: &str, path: &str, of: impl FnOnce(&mut Fingerprint)) -> Option<T> {
        let entry = self.versions.get(version)?.get(path)?;
        let mut fingerprint = Fingerprint::default();
        of(&mut fingerprint);
        match &entry.kept {
            Kept::Value(value) if fingerprint.text().as_ref() == Some(&entry.of) => T::deserialize(value).ok(),
            _ => None,
        }
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    fn read(text: &str) -> Option<Self> {
        (text.len() <= STASH_MAX).then(|| serde_json::from_str(text).ok())?
    }

    /// Takes the metadata of an object out, and the stash out of that. What a move may ask for stays: name and namespace.
    /// A stash that cannot be read is dropped, which is a loss.
    pub(super) fn apart(metadata: &mut ObjectMeta) -> (ObjectMeta, Self, Vec<Loss>) {
        let named = ObjectMeta {
            name: metadata.name.clone(),
            namespace: metadata.namespace.clone(),
            ..ObjectMeta::default()
        };
        let mut metadata = mem::replace(metadata, named);
        let text = metadata
            .annotations
            .as_mut()
            .and_then(|all| all.remove(CONVERSION_DATA));
        let Some(text) = text else {
            return (metadata, Self::new(), Vec::new());
        };
        if metadata.annotations.as_ref().is_some_and(BTreeMap::is_empty) {
            metadata.annotations = None;
        }
        let read = Self::read(&text);
        let losses = match read {
            Some(_) => Vec::new(),
            None => vec![Loss::new(Self::path(), LossReason::StashUnreadable)],
        };
        (metadata, read.unwrap_or_default(), losses)
    }

    /// Takes out what is kept of a version.
    pub(super) fn take_version(&mut self, version: &str) -> BTreeMap<String, Entry> {
        self.versions.remove(version).unwrap_or_default()
    }

    /// Puts the stash into the metadata: at first what this conversion `keeps` of `version`, then the rest, as far as there
    /// is room.
    pub(super) fn write(
        self,
        version: &str,
        keeps: BTreeMap<String, Entry>,
        metadata: &mut ObjectMeta,
        losses: &mut Vec<Loss>,
    ) {
        let others = metadata.annotations.iter().flatten();
        let others: usize = others.map(|(key, value)| key.len() + value.len()).sum();
        let mut room = ANNOTATIONS_MAX
            .saturating_sub(others + CONVERSION_DATA.len())
            .min(STASH_MAX);
        room = room.saturating_sub("{}".len());
        let mut written = Self::default();
        let new = keeps.into_iter().map(|(path, entry)| (version.to_owned(), path, entry));
        let old = self.versions.into_iter().flat_map(|(version, entries)| {
            let entries = entries.into_iter();
            entries.map(move |(path, entry)| (version.clone(), path, entry))
        });
        for (version, path, entry) in new.chain(old) {
            let is_new = !written.versions.contains_key(&version);
            // Quotes, colons, commas and braces around them.
            let frame = if is_new {
                text_of(&version).len() + ":{},".len()
            } else {
                0
            };
            let length = frame + text_of(&path).len() + text_of(&entry).len() + ":,".len();
            if length > room {
                losses.push(Loss::new(FieldPath::dotted(&path), LossReason::StashFull));
                continue;
            }
            room -= length;
            written.versions.entry(version).or_default().insert(path, entry);
        }
        if !written.versions.is_empty() {
            let annotations = metadata.annotations.get_or_insert_default();
            annotations.insert(CONVERSION_DATA.to_owned(), text_of(&written));
        }
    }
}

/// JSON values have a text always: their keys are strings.
fn text_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
