//! The builder of an informer.

use std::{
    hash::Hash,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, StreamExt, future::ready, stream::BoxStream};
use kube::{Client, core::Resource, runtime::watcher};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::Span;

use super::{
    event::{Decoded, Event, Incoming, Signal},
    index::{AnyIndex, Index},
    invalid::OnInvalid,
    lister::Lister,
    reader::{Converted, Plain},
    server::{Readable, Server},
    state::State,
    store::Shared,
    stored::{Projected, Stored},
    writer::Writer,
};
use crate::{
    convert::{Converter, Hub},
    decode::Strip,
};

/// How often a server that does not serve the kind is asked again, if nothing else is said.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// Signals handled in one poll before others of the same thread get their turn.
const SIGNALS_A_POLL: usize = 256;

/// An informer of the objects of one kind, before it is started. `S` is what it stores: the object, or a projection.
pub struct Informer<K, S = K> {
    source: Source<K>,
    keep: Box<dyn Fn(K) -> S + Send + Sync>,
    strip: Strip,
    on_invalid: OnInvalid,
    indexes: Vec<Box<dyn AnyIndex<S>>>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each informer, and it is moved a handful of times"
)]
enum Source<K> {
    Server(Server<K>),
    Stream {
        events: BoxStream<'static, Incomings<K>>,
        namespace: Option<String>,
    },
}

type Incomings<K> = watcher::Result<watcher::Event<Decoded<K>>>;

impl<K: Resource<DynamicType = ()> + DeserializeOwned + Send + Sync + 'static> Informer<K> {
    /// An informer of the objects that the server of `client` has.
    ///
    /// Objects are read at the version of `K`; see [`versions`](Self::versions) for kinds that know others.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self::from_source(Source::Server(Server {
            client,
            group: K::group(&()).into_owned(),
            kind: K::kind(&()).into_owned(),
            plural: K::plural(&()).into_owned(),
            versions: vec![Readable {
                version: K::version(&()).into_owned(),
                reader: Arc::new(Plain::new()),
            }],
            namespace: None,
            config: watcher::Config::default(),
            strip: Strip::default(),
            ask_again: ASK_AGAIN,
        }))
    }
}

impl<K: Resource + Send + Sync + 'static> Informer<K> {
    /// An informer that a stream of kube's [`watcher::Event`]s drives: the caller's own watcher, or a recording.
    /// It ends when the stream does.
    #[must_use]
    pub fn stream<T: Incoming<K> + 'static>(events: impl Stream<Item = T> + Send + 'static) -> Self {
        Self::from_source(Source::Stream {
            events: events.map(Incoming::into_event).boxed(),
            namespace: None,
        })
    }

    fn from_source(source: Source<K>) -> Self {
        Self {
            source,
            keep: Box::new(|object| object),
            strip: Strip::default(),
            on_invalid: OnInvalid::default(),
            indexes: Vec::new(),
        }
    }

    /// Stores what `project` makes of each object instead of the object, with its key and version. Indexes, look-ups and
    /// the change stream work on that. Comes before [`index`](Self::index).
    #[must_use]
    pub fn project<P: Send + Sync + 'static>(
        self,
        project: impl Fn(K) -> P + Send + Sync + 'static,
    ) -> Informer<K, Projected<P>> {
        Informer {
            source: self.source,
            keep: Box::new(move |object| Projected::new(object, &project)),
            strip: self.strip,
            on_invalid: self.on_invalid,
            indexes: Vec::new(),
        }
    }
}

impl<K: Hub> Informer<K> {
    /// Reads whichever version the server serves, the newest that it and `converter` have. Objects are of the hub version
    /// for everybody behind the informer, which stays with that version until the server no longer serves it. A stream that
    /// the caller brought is as it is.
    #[must_use]
    pub fn versions(mut self, converter: impl Into<Arc<Converter<K>>>) -> Self {
        if let Source::Server(server) = &mut self.source {
            let converter = converter.into();
            let readable = |version: &str| {
                let (converter, version) = (converter.clone(), version.to_owned());
                Readable {
                    version: version.clone(),
                    reader: Arc::new(Converted { converter, version }),
                }
            };
            server.versions = converter.versions().map(readable).collect();
            server.versions.reverse();
        }
        self
    }
}

impl<K: Resource + Send + Sync + 'static, S: Stored> Informer<K, S> {
    /// Only the objects of one namespace: no others are asked for, and those of a stream that the caller brought are left
    /// out.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        match &mut self.source {
            Source::Server(Server { namespace: only, .. }) | Source::Stream { namespace: only, .. } => {
                *only = Some(namespace.into());
            }
        }
        self
    }

    /// How the server is asked, in the words of kube's watcher: selectors, page size, timeout, and whether the list is
    /// streamed. A server that refuses streaming lists is asked for a list.
    ///
    /// The default, a list of the most recent state and then a watch, never starts with old data; kube asks for a streamed
    /// list of any state that the server has at hand, which may lag behind.
    ///
    /// A stream that the caller brought was asked for already: there this changes nothing.
    #[must_use]
    pub fn config(mut self, config: watcher::Config) -> Self {
        if let Source::Server(server) = &mut self.source {
            server.config = config;
        }
        self
    }

    /// How often a server that does not serve the kind is asked again; 30 seconds otherwise. Of a stream that the caller
    /// brought nobody is asked: there this changes nothing.
    #[must_use]
    pub const fn ask_again(mut self, interval: Duration) -> Self {
        if let Source::Server(server) = &mut self.source {
            server.ask_again = interval;
        }
        self
    }

    /// What of each object's metadata is left out; [`Strip::Bookkeeping`] otherwise.
    #[must_use]
    pub const fn strip(mut self, strip: Strip) -> Self {
        self.strip = strip;
        self
    }

    /// What becomes of objects that cannot be read; [`OnInvalid::FailClosed`] otherwise.
    #[must_use]
    pub const fn on_invalid(mut self, on_invalid: OnInvalid) -> Self {
        self.on_invalid = on_invalid;
        self
    }

    /// Keeps an index from the keys that `function` finds in an object to the objects that have them. Its name is the
    /// function: [`Lister::by`] takes the same. The function must give the same keys for the same object.
    ///
    /// A function pointer or a closure that captures something has no name of its own and does not compile.
    #[must_use]
    pub fn index<F, I>(mut self, function: F) -> Self
    where
        F: Fn(&S::Value) -> I + Copy + Send + Sync + 'static,
        I: IntoIterator<Item: Hash + Eq + Send + Sync + 'static> + 'static,
    {
        const {
            assert!(
                size_of::<F>() == 0,
                "an index is a function item or a closure that captures nothing"
            );
        };
        let index: Box<dyn AnyIndex<S>> = Box::new(Index::<S, F, I::Item>::new(function));
        if self
            .indexes
            .iter()
            .all(|other| (**other).function() != (*index).function())
        {
            self.indexes.push(index);
        }
        self
    }

    /// The lister, and the stream that keeps it up to date while it is polled. Nothing else runs.
    #[must_use = "the stream does nothing unless it is polled"]
    pub fn start(self) -> (Lister<S>, Events<S>) {
        let Self {
            source,
            keep,
            strip,
            on_invalid,
            indexes,
        } = self;
        let (signals, span) = match source {
            Source::Server(server) => {
                let namespace = server.namespace.as_deref().unwrap_or_default();
                let span = tracing::info_span!("informer", kind = server.kind, group = server.group, namespace);
                (Server { strip, ..server }.signals(keep), span)
            }
            Source::Stream { events, namespace } => {
                let span = tracing::info_span!("informer", namespace = namespace.as_deref().unwrap_or_default());
                let events = events.filter(move |event| ready(is_of(event, namespace.as_deref())));
                let signals = events.map(move |event| {
                    Signal::of(event, |mut object: K| {
                        strip.apply(&mut object);
                        keep(object)
                    })
                });
                (signals.boxed(), span)
            }
        };
        let shared = Arc::new(Shared::new(State::new(indexes)));
        let events = Events {
            signals,
            writer: Some(Writer::new(shared.clone(), on_invalid)),
            span,
        };
        (Lister::new(shared), events)
    }
}

/// Whether an event is about an object of `only`, or about no object.
fn is_of<K: Resource>(event: &Incomings<K>, only: Option<&str>) -> bool {
    use watcher::Event::{Apply, Delete, Init, InitApply, InitDone};
    let object = match event {
        Ok(Apply(object) | Delete(object) | InitApply(object)) => object,
        Ok(Init | InitDone) | Err(_) => return true,
    };
    only.is_none_or(|only| match object {
        Decoded::Good(object) => object.meta().namespace.as_deref() == Some(only),
        Decoded::Bad(invalid) => invalid.object.namespace() == only,
    })
}

/// The running informer: polling it keeps the store up to date.
pub struct Events<S: Stored> {
    signals: BoxStream<'static, Signal<S>>,
    writer: Option<Writer<S>>,
    span: Span,
}

impl<S: Stored> Stream for Events<S> {
    type Item = Event<S>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event<S>>> {
        let Self { signals, writer, span } = &mut *self;
        let _entered = span.enter();
        for _ in 0..SIGNALS_A_POLL {
            let Some(writing) = writer else {
                return Poll::Ready(None);
            };
            if let Some(event) = writing.next() {
                return Poll::Ready(Some(event));
            }
            match signals.poll_next_unpin(context) {
                Poll::Ready(Some(signal)) => writing.write(signal, Instant::now()),
                Poll::Ready(None) => *writer = None,
                Poll::Pending => return Poll::Pending,
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: Stored> std::fmt::Debug for Events<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl<K, S> std::fmt::Debug for Informer<K, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Informer")
            .field("strip", &self.strip)
            .field("on_invalid", &self.on_invalid)
            .field("indexes", &self.indexes.len())
            .finish_non_exhaustive()
    }
}
