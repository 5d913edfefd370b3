//! An API server as the source of an informer: which version it serves, the watch of it, and what to do when either is
//! refused.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use kube::{
    Client,
    core::{DynamicObject, Resource, Status},
    runtime::{
        utils::Backoff,
        watcher::{self, DefaultBackoff, InitialListStrategy},
    },
};

use super::{
    event::{InformerError, Signal},
    lines,
    reader::Reader,
    watch::{Step, Watch},
};
use crate::{decode::Strip, discovery};

/// One version at which a kind can be read.
pub(super) struct Readable<K> {
    pub(super) version: String,
    pub(super) reader: Arc<dyn Reader<K>>,
}

/// How often in a row a kind may be served and not be found before that is told: discovery lags behind by some seconds.
const NOT_FOUND: u32 = 3;

/// What to watch, and how.
pub(super) struct Server<K> {
    pub(super) client: Client,
    pub(super) group: String,
    pub(super) kind: String,
    pub(super) plural: String,
    /// From the newest to the oldest.
    pub(super) versions: Vec<Readable<K>>,
    pub(super) namespace: Option<String>,
    pub(super) config: watcher::Config,
    pub(super) strip: Strip,
    /// How often a server that does not serve the kind is asked again.
    pub(super) ask_again: Duration,
}

impl<K: Resource + Send + 'static> Server<K> {
    /// The signals, forever.
    pub(super) fn signals<S: Send + Sync + 'static>(
        self,
        keep: impl Fn(K) -> S + Send + 'static,
    ) -> BoxStream<'static, Signal<S>> {
        let driver = Driver {
            server: self,
            keep,
            watch: None,
            backoff: DefaultBackoff::default(),
            wait: None,
            is_missing: false,
            not_found: 0,
        };
        futures::stream::unfold(driver, |mut driver| async { Some((driver.next().await, driver)) }).boxed()
    }

    /// The newest version of the kind that the server serves.
    async fn served(&self) -> Result<Option<usize>, kube::Error> {
        let versions = self.versions.iter().map(|readable| readable.version.as_str());
        let answer = discovery::served(&self.client, &self.group, &self.plural, versions);
        lines::begun(answer).await.map_err(kube::Error::ReadEvents)?
    }

    /// The watch of one version, which starts with a list.
    fn watch(&self, position: usize) -> Option<Watch<K>> {
        let Readable { version, reader } = self.versions.get(position)?;
        let resource = discovery::resource(&self.group, version, &self.kind, &self.plural);
        let url = DynamicObject::url_path(&resource, self.namespace.as_deref());
        tracing::debug!(version, "watching");
        let (client, config) = (self.client.clone(), self.config.clone());
        Some(Watch::new(client, &url, config, self.strip, reader.clone()))
    }
}

struct Driver<K, F> {
    server: Server<K>,
    keep: F,
    /// The version that is watched, by its position.
    watch: Option<(usize, Watch<K>)>,
    backoff: DefaultBackoff,
    wait: Option<Duration>,
    is_missing: bool,
    /// How often in a row the kind was not found.
    not_found: u32,
}

impl<K: Resource + Send + 'static, F> Driver<K, F> {
    async fn next<S>(&mut self) -> Signal<S>
    where
        F: Fn(K) -> S,
    {
        loop {
            if let Some(wait) = self.wait.take() {
                tokio::time::sleep(wait).await;
            }
            let is_streaming = self.server.config.initial_list_strategy == InitialListStrategy::StreamingList;
            let Some((position, watch)) = &mut self.watch else {
                match self.server.served().await {
                    Ok(Some(position)) => self.watch = self.server.watch(position).map(|watch| (position, watch)),
                    Ok(None) => {
                        self.wait = Some(self.server.ask_again);
                        self.not_found = 0;
                        if !std::mem::replace(&mut self.is_missing, true) {
                            return Signal::Missing;
                        }
                        return Signal::Heard;
                    }
                    Err(error) => {
                        self.wait = self.pause(refusal(&error));
                        return Signal::Failed(InformerError::Discovery(error));
                    }
                }
                continue;
            };
            match watch.next().await {
                Ok(Step::Event(event)) => {
                    use watcher::Event;
                    match event {
                        // It is said before the server is asked.
                        Event::Init => {}
                        Event::InitApply(_) => self.is_missing = false,
                        // Only what gets on takes the growing pauses back: a list may break off for ever.
                        Event::InitDone | Event::Apply(_) | Event::Delete(_) => {
                            self.backoff.reset();
                            self.is_missing = false;
                            self.not_found = 0;
                        }
                    }
                    return Signal::of(Ok(event), &self.keep);
                }
                Ok(Step::Heard) => return Signal::Heard,
                Ok(Step::Ended) => self.wait = self.backoff.next(),
                Err(error) => match code(&error) {
                    Some(404) => {
                        // The kind is no longer served, or not at this version.
                        self.watch = None;
                        self.wait = self.backoff.next();
                        self.not_found += 1;
                        if self.not_found > NOT_FOUND {
                            return Signal::Failed(error.into());
                        }
                    }
                    Some(400 | 422) if is_streaming => {
                        tracing::info!(%error, "the server refuses streaming lists: listing instead");
                        self.server.config.initial_list_strategy = InitialListStrategy::ListWatch;
                        let position = *position;
                        self.watch = self.server.watch(position).map(|watch| (position, watch));
                    }
                    _ => {
                        self.wait = self.pause(status(&error));
                        return Signal::Failed(error.into());
                    }
                },
            }
        }
    }

    /// The pause after a failure: they grow, and none is shorter than the server asks for. kube's own clients wait for a
    /// `Retry-After` by themselves; here it counts for others, which a caller may have built.
    fn pause(&mut self, refusal: Option<&Status>) -> Option<Duration> {
        let details = refusal.and_then(|status| status.details.as_ref());
        let asked = details.map(|details| Duration::from_secs(details.retry_after_seconds.into()));
        self.backoff.next().max(asked.map(|asked| asked.min(lines::LONGEST)))
    }
}

/// The status code with which the server refused a list or a watch.
fn code(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error) => {
            refusal(error).map(|status| status.code)
        }
        _ => None,
    }
}

/// What the server said of a failure, if it did.
fn status(error: &watcher::Error) -> Option<&Status> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => refusal(error),
        watcher::Error::WatchError(status) => Some(&**status),
        watcher::Error::NoResourceVersion => None,
    }
}

fn refusal(error: &kube::Error) -> Option<&Status> {
    match error {
        kube::Error::Api(status) => Some(&**status),
        _ => None,
    }
}
