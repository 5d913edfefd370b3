//! What goes into an informer and what comes out.

use std::sync::Arc;

use kube::{
    core::{DeserializeGuard, Resource},
    runtime::watcher,
};

use super::invalid::Invalid;
use crate::{
    convert::ConvertError,
    decode::DecodeError,
    failure,
    key::{KeyRef, ObjectKey},
    path::FieldPath,
};

/// What the stream of an informer yields. Readers of the lister see a change before its event is yielded.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<S> {
    /// The object is new or different.
    Applied(Arc<S>),
    /// The object is gone.
    Deleted {
        /// Namespace and name.
        key: ObjectKey,
        /// How it was last; none where that could not be read.
        last: Option<Arc<S>>,
    },
    /// A version of an object cannot be read; [`OnInvalid`](super::OnInvalid) says what becomes of the object.
    Invalid(Arc<Invalid>),
    /// The first sync is complete; comes once.
    Ready,
    /// The server does not serve the kind, so the store is empty. It is asked again from time to time.
    Missing,
    /// The server did not answer as it should. The informer goes on by itself.
    Failed(InformerError),
}

/// Why an informer does not get on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InformerError {
    /// The list or the watch.
    #[error("{}", watching(.0))]
    Watch(#[from] watcher::Error),
    /// The question which version is served.
    #[error("which versions the server has is not known: {}", failure::said(.0))]
    Discovery(#[source] kube::Error),
}

fn watching(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error) => format!("the list failed: {}", failure::said(error)),
        watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => {
            format!("the watch failed: {}", failure::said(error))
        }
        watcher::Error::WatchError(status) => format!("the watch failed: {}", failure::refused(status)),
        watcher::Error::NoResourceVersion => error.to_string(),
    }
}

/// An object of a stream that the caller brings, which may have failed to decode.
#[derive(Debug)]
pub enum Decoded<K> {
    /// The object.
    Good(K),
    /// What is known of one that cannot be read.
    Bad(Invalid),
}

impl<K> From<K> for Decoded<K> {
    fn from(object: K) -> Self {
        Self::Good(object)
    }
}

impl<K> From<DeserializeGuard<K>> for Decoded<K> {
    fn from(DeserializeGuard(object): DeserializeGuard<K>) -> Self {
        object.map_or_else(
            |invalid| {
                let metadata = &invalid.metadata;
                Self::Bad(Invalid {
                    object: KeyRef::of(metadata).owned(),
                    uid: metadata.uid.clone().unwrap_or_default(),
                    resource_version: metadata.resource_version.clone().unwrap_or_default(),
                    error: ConvertError::Decode(DecodeError::new(FieldPath::root(), invalid.error)),
                })
            },
            Self::Good,
        )
    }
}

/// An item of a stream that can drive an informer: kube's [`watcher::Event`], alone or in a `Result`, of objects, of
/// [`DeserializeGuard`]s or of [`Decoded`].
pub trait Incoming<K>: Send {
    /// The event.
    ///
    /// # Errors
    /// What the stream reports; it goes on afterwards.
    fn into_event(self) -> Result<watcher::Event<Decoded<K>>, watcher::Error>;
}

impl<K, T: Into<Decoded<K>> + Send> Incoming<K> for watcher::Event<T> {
    fn into_event(self) -> Result<watcher::Event<Decoded<K>>, watcher::Error> {
        Ok(match self {
            Self::Apply(object) => watcher::Event::Apply(object.into()),
            Self::Delete(object) => watcher::Event::Delete(object.into()),
            Self::Init => watcher::Event::Init,
            Self::InitApply(object) => watcher::Event::InitApply(object.into()),
            Self::InitDone => watcher::Event::InitDone,
        })
    }
}

impl<K, T: Into<Decoded<K>> + Send> Incoming<K> for Result<watcher::Event<T>, watcher::Error> {
    fn into_event(self) -> Result<watcher::Event<Decoded<K>>, watcher::Error> {
        self?.into_event()
    }
}

/// What the writer of a store is told.
pub(super) enum Signal<S> {
    Init,
    InitApply(Item<S>),
    InitDone,
    Apply(Item<S>),
    Delete {
        key: ObjectKey,
        resource_version: String,
    },
    Missing,
    /// The server said that nothing has changed.
    Heard,
    Failed(InformerError),
}

pub(super) enum Item<S> {
    Good(Arc<S>),
    Bad(Invalid),
}

impl<S> Signal<S> {
    /// The signal of an event that the caller brought.
    pub(super) fn of<K: Resource>(
        event: Result<watcher::Event<Decoded<K>>, watcher::Error>,
        keep: impl FnOnce(K) -> S,
    ) -> Self {
        let item = |decoded| match decoded {
            Decoded::Good(object) => Item::Good(Arc::new(keep(object))),
            Decoded::Bad(invalid) => Item::Bad(invalid),
        };
        match event {
            Ok(watcher::Event::Init) => Self::Init,
            Ok(watcher::Event::InitApply(object)) => Self::InitApply(item(object)),
            Ok(watcher::Event::InitDone) => Self::InitDone,
            Ok(watcher::Event::Apply(object)) => Self::Apply(item(object)),
            Ok(watcher::Event::Delete(Decoded::Good(object))) => Self::Delete {
                key: KeyRef::of(object.meta()).owned(),
                resource_version: object.meta().resource_version.clone().unwrap_or_default(),
            },
            Ok(watcher::Event::Delete(Decoded::Bad(invalid))) => Self::Delete {
                key: invalid.object,
                resource_version: invalid.resource_version,
            },
            Err(error) => Self::Failed(error.into()),
        }
    }
}
