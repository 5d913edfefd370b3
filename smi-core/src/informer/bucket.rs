//! Shared lists of objects: what a look-up answers with.

use std::{fmt, slice, sync::Arc};

use super::stored::Stored;

/// The most objects of a bucket in one allocation, which a change copies.
const FEW: usize = 32;

/// The most objects in a chunk of a large bucket.
const CHUNK: usize = 128;

/// Objects in the order of namespace and name, shared: cloning copies no object and no list, and a clone stays as it is
/// whatever happens to the store.
pub struct Bucket<S>(Shape<S>);

enum Shape<S> {
    None,
    One(Arc<S>),
    Few(Arc<[Arc<S>]>),
    /// Never empty, and no chunk is. A change copies one chunk and the list of chunks, and only while a reader holds
    /// them.
    Many {
        chunks: Arc<Vec<Chunk<S>>>,
        len: usize,
    },
}

type Chunk<S> = Arc<Vec<Arc<S>>>;

impl<S> Bucket<S> {
    /// No objects.
    pub const fn new() -> Self {
        Self(Shape::None)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Shape::None => 0,
            Shape::One(_) => 1,
            Shape::Few(objects) => objects.len(),
            Shape::Many { len, .. } => *len,
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        matches!(self.0, Shape::None)
    }

    /// The last object.
    pub(super) fn last(&self) -> Option<&Arc<S>> {
        match &self.0 {
            Shape::None => None,
            Shape::One(object) => Some(object),
            Shape::Few(objects) => objects.last(),
            Shape::Many { chunks, .. } => chunks.last()?.last(),
        }
    }

    /// The objects in the order of namespace and name.
    pub fn iter(&self) -> Iter<'_, S> {
        let (chunk, chunks): (&[Arc<S>], &[Chunk<S>]) = match &self.0 {
            Shape::None => (&[], &[]),
            Shape::One(object) => (slice::from_ref(object), &[]),
            Shape::Few(objects) => (objects, &[]),
            Shape::Many { chunks, .. } => (&[], chunks),
        };
        Iter {
            chunk: chunk.iter(),
            chunks: chunks.iter(),
        }
    }
}

impl<S: Stored> Bucket<S> {
    /// Adds an object, in the place of one with the same key.
    pub(super) fn insert(&mut self, object: &Arc<S>) {
        match &mut self.0 {
            Shape::None => self.0 = Shape::One(object.clone()),
            Shape::One(one) if one.key() == object.key() => *one = object.clone(),
            Shape::One(one) => {
                let mut pair = [one.clone(), object.clone()];
                pair.sort_by(|a, b| a.key().cmp(&b.key()));
                self.0 = Shape::Few(Arc::new(pair));
            }
            Shape::Few(few) => match place(few, object.as_ref()) {
                Ok(at) => {
                    let replaced = few.iter().enumerate();
                    *few = replaced
                        .map(|(i, old)| if i == at { object } else { old })
                        .cloned()
                        .collect();
                }
                Err(at) if few.len() < FEW => {
                    *few = few[..at].iter().chain([object]).chain(&few[at..]).cloned().collect();
                }
                Err(at) => {
                    let mut objects = Vec::with_capacity(CHUNK);
                    objects.extend_from_slice(few);
                    objects.insert(at, object.clone());
                    self.0 = Shape::Many {
                        len: objects.len(),
                        chunks: Arc::new(vec![Arc::new(objects)]),
                    };
                }
            },
            Shape::Many { chunks, len } => {
                let chunks = Arc::make_mut(chunks);
                // Lists come in order: a search would look at objects all over the memory for nothing.
                let last = chunks.last().and_then(|chunk| chunk.last());
                let is_after_all = last.is_some_and(|last| last.key() < object.key());
                let at = if is_after_all {
                    chunks.len().saturating_sub(1)
                } else {
                    chunk_of(chunks, object.as_ref())
                };
                let is_last = at + 1 == chunks.len();
                let Some(shared) = chunks.get_mut(at) else { return };
                let chunk = unshared(shared);
                let place = if is_after_all {
                    Err(chunk.len())
                } else {
                    place(chunk, object.as_ref())
                };
                match place {
                    Ok(place) => chunk[place] = object.clone(),
                    Err(place) => {
                        *len += 1;
                        if chunk.len() < CHUNK {
                            chunk.insert(place, object.clone());
                        } else {
                            // Lists come in order, so the last chunk is left full.
                            let middle = if is_last && place == CHUNK { CHUNK } else { CHUNK / 2 };
                            let mut upper = Vec::with_capacity(CHUNK);
                            upper.extend(chunk.drain(middle..));
                            if place < middle {
                                chunk.insert(place, object.clone());
                            } else {
                                upper.insert(place - middle, object.clone());
                            }
                            chunks.insert(at + 1, Arc::new(upper));
                        }
                    }
                }
            }
        }
    }

    /// Takes out the object with the key of `object`, if it is there.
    pub(super) fn remove(&mut self, object: &S) {
        match &mut self.0 {
            Shape::None => {}
            Shape::One(one) => {
                if one.key() == object.key() {
                    self.0 = Shape::None;
                }
            }
            Shape::Few(few) => {
                let Ok(at) = place(few, object) else { return };
                if let [one, other] = &**few {
                    self.0 = Shape::One(if at == 0 { other } else { one }.clone());
                } else {
                    *few = few[..at].iter().chain(&few[at + 1..]).cloned().collect();
                }
            }
            Shape::Many { chunks, len } => {
                let at = chunk_of(chunks, object);
                let Some(Ok(place)) = chunks.get(at).map(|chunk| place(chunk, object)) else {
                    return;
                };
                let chunks = Arc::make_mut(chunks);
                let Some(shared) = chunks.get_mut(at) else { return };
                let chunk = unshared(shared);
                chunk.remove(place);
                if chunk.is_empty() {
                    chunks.remove(at);
                }
                *len -= 1;
                if *len <= FEW / 2 {
                    let few: Vec<_> = chunks.iter().flat_map(|chunk| chunk.iter()).cloned().collect();
                    self.0 = Shape::Few(few.into());
                }
            }
        }
    }
}

/// The chunk, copied first where somebody else reads it.
fn unshared<S>(chunk: &mut Chunk<S>) -> &mut Vec<Arc<S>> {
    if Arc::get_mut(chunk).is_none() {
        let mut copy = Vec::with_capacity(CHUNK);
        copy.extend_from_slice(chunk);
        *chunk = Arc::new(copy);
    }
    Arc::make_mut(chunk)
}

/// Where an object with the key of `object` is, or would be.
fn place<S: Stored>(objects: &[Arc<S>], object: &S) -> Result<usize, usize> {
    objects.binary_search_by(|other| other.key().cmp(&object.key()))
}

/// The chunk in which an object with the key of `object` is, or would be.
fn chunk_of<S: Stored>(chunks: &[Chunk<S>], object: &S) -> usize {
    let after = chunks.partition_point(|chunk| chunk.first().is_some_and(|first| first.key() <= object.key()));
    after.saturating_sub(1)
}

impl<S> Clone for Bucket<S> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Shape::None => Shape::None,
            Shape::One(object) => Shape::One(object.clone()),
            Shape::Few(objects) => Shape::Few(objects.clone()),
            Shape::Many { chunks, len } => Shape::Many {
                chunks: chunks.clone(),
                len: *len,
            },
        })
    }
}

impl<S> Default for Bucket<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: fmt::Debug> fmt::Debug for Bucket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a, S> IntoIterator for &'a Bucket<S> {
    type Item = &'a Arc<S>;
    type IntoIter = Iter<'a, S>;

    fn into_iter(self) -> Iter<'a, S> {
        self.iter()
    }
}

impl<S: Stored> FromIterator<Arc<S>> for Bucket<S> {
    fn from_iter<I: IntoIterator<Item = Arc<S>>>(objects: I) -> Self {
        let mut bucket = Self::new();
        for object in objects {
            bucket.insert(&object);
        }
        bucket
    }
}

/// The objects of a [`Bucket`].
pub struct Iter<'a, S> {
    chunk: slice::Iter<'a, Arc<S>>,
    chunks: slice::Iter<'a, Chunk<S>>,
}

impl<'a, S> Iterator for Iter<'a, S> {
    type Item = &'a Arc<S>;

    fn next(&mut self) -> Option<&'a Arc<S>> {
        loop {
            if let Some(object) = self.chunk.next() {
                return Some(object);
            }
            self.chunk = self.chunks.next()?.iter();
        }
    }
}

impl<S> fmt::Debug for Iter<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::ConfigMap;
    use proptest::prelude::*;

    use super::*;

    fn object(name: u16, version: usize) -> Arc<ConfigMap> {
        let mut object = ConfigMap::default();
        object.metadata.name = Some(format!("{name:05}"));
        object.metadata.resource_version = Some(version.to_string());
        Arc::new(object)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
        #[test]
        fn a_bucket_is_a_sorted_map_and_clones_never_change(
            steps in proptest::collection::vec((any::<bool>(), 0..400_u16), 0..1_500),
            ascending in any::<bool>(),
        ) {
            let mut bucket = Bucket::new();
            let mut model = BTreeMap::new();
            let mut clones = Vec::new();
            for (version, (is_insert, name)) in steps.into_iter().enumerate() {
                let name = if ascending && is_insert { u16::try_from(version).unwrap() } else { name };
                let object = object(name, version);
                if is_insert {
                    bucket.insert(&object);
                    model.insert(name, object);
                } else {
                    bucket.remove(&object);
                    model.remove(&name);
                }
                prop_assert_eq!(bucket.len(), model.len());
                prop_assert_eq!(bucket.is_empty(), model.is_empty());
                if version % 100 == 0 {
                    clones.push((bucket.clone(), model.clone()));
                }
            }
            clones.push((bucket, model));
            for (bucket, model) in clones {
                prop_assert!(bucket.iter().map(Arc::as_ptr).eq(model.values().map(Arc::as_ptr)));
            }
        }
    }
}
