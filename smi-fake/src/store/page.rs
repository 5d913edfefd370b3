//! Lists: the rest of a resource behind a page, as it is now or as it was at an older revision.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Collection, Key};

/// What a `continue` token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Continue {
    v: String,
    /// The revision of the first page; -1: whatever is there when the next page is asked for.
    pub(crate) rv: i64,
    /// The key of the last object of the page before.
    start: String,
}

impl Continue {
    pub(crate) fn new(revision: Option<u64>, after: &Key) -> Self {
        Self {
            v: "meta.k8s.io/v1".to_owned(),
            rv: revision.and_then(|revision| i64::try_from(revision).ok()).unwrap_or(-1),
            start: format!("{}/{}\0", after.namespace, after.name),
        }
    }

    pub(crate) fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    pub(crate) fn decode(token: &str) -> Result<Self, String> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.trim_end_matches('='));
        let bytes = bytes.map_err(|error| error.to_string())?;
        let read: Self = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if read.v != "meta.k8s.io/v1" {
            return Err(format!("server does not recognize this encoded version {:?}", read.v));
        }
        if !read.start.contains('/') {
            return Err("invalid continue key".to_owned());
        }
        Ok(read)
    }

    /// The key after which the next page begins.
    pub(crate) fn after(&self) -> Key {
        let (namespace, name) = self.start.split_once('/').unwrap_or_default();
        Key::new(namespace, name.trim_end_matches('\0'))
    }
}

/// Which part of a resource a list asks for.
pub(crate) struct Range<'r> {
    /// Only this namespace; empty: all.
    pub(crate) namespace: &'r str,
    /// The state of this revision, if it is not the newest.
    pub(crate) at: Option<u64>,
    pub(crate) after: Option<Key>,
}

/// The objects that `range` asks for, in the order of their keys. The revision must not be compacted.
pub(crate) fn range(collection: &Collection, range: &Range<'_>) -> Vec<Arc<Value>> {
    let undone = range
        .at
        .map(|revision| undone(collection, revision))
        .unwrap_or_default();
    let from = match &range.after {
        Some(key) if key.namespace.as_str() >= range.namespace => Bound::Excluded(key.clone()),
        _ => Bound::Included(Key::new(range.namespace, "")),
    };
    let in_namespace = |key: &Key| range.namespace.is_empty() || key.namespace == range.namespace;
    merged(collection, &undone, from)
        .take_while(|(key, _)| in_namespace(key))
        .map(|(_, object)| Arc::clone(object))
        .collect()
}

/// What each object that was written after `revision` was at it.
fn undone(collection: &Collection, revision: u64) -> BTreeMap<Key, Option<Arc<Value>>> {
    let newest_first = collection.since(revision).rev();
    newest_first
        .map(|event| (event.key.clone(), event.previous.clone()))
        .collect()
}

/// The objects with `undone` laid over them, in the order of their keys.
fn merged<'c>(
    collection: &'c Collection,
    undone: &'c BTreeMap<Key, Option<Arc<Value>>>,
    from: Bound<Key>,
) -> impl Iterator<Item = (&'c Key, &'c Arc<Value>)> {
    let mut now = collection.range(from.clone()).peekable();
    let mut then = undone.range((from, Bound::Unbounded)).peekable();
    std::iter::from_fn(move || {
        loop {
            let take_then = match (now.peek(), then.peek()) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some((now, _)), Some((then, _))) => then <= now,
            };
            if !take_then {
                return now.next();
            }
            let (key, object) = then.next()?;
            now.next_if(|(other, _)| *other == key);
            if let Some(object) = object {
                return Some((key, object));
            }
        }
    })
}
