//! The list and the watch of one resource at one version.
//!
//! The states and their errors are those of kube's [`watcher`], which finds the end of each object, copies it, and leaves it
//! to be read once more. Here a page or a line is read once, where it was received: what that leaves beside decoding alone
//! is measured in `bench/informers`. Where it differs: a watch that begins with `410`, and a line that cannot be read, mean
//! a new list at once, and a watch that ends before it said a thing is not asked for again without a pause.

use std::{collections::BTreeMap, sync::Arc, vec};

use futures::AsyncBufRead;
use http::{HeaderValue, header::ACCEPT_ENCODING};
use kube::{
    Client,
    core::{
        Request, Resource, Status,
        params::{ListParams, VersionMatch, WatchParams},
    },
    runtime::watcher::{self, Config, Event, InitialListStrategy, ListSemantic},
};
use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;

use super::{
    event::Decoded,
    lines::{self, Lines},
    reader::Reader,
};
use crate::decode::{
    Strip, excerpt,
    served::{Line, List},
    shaped,
};

/// The annotation of the bookmark that ends a streamed list.
const END_OF_LIST: &str = "k8s.io/initial-events-end";

pub(super) struct Watch<K> {
    client: Client,
    request: Request,
    config: Config,
    strip: Strip,
    reader: Arc<dyn Reader<K>>,
    state: State,
    /// The rest of the page that was read last.
    page: vec::IntoIter<Decoded<K>>,
    /// Kept from page to page.
    buffer: Vec<u8>,
}

/// What happened.
pub(super) enum Step<K> {
    Event(Event<Decoded<K>>),
    /// The server said that nothing has changed: a watch was opened, or got a bookmark.
    Heard,
    /// The server ended a watch that had not said a thing, or a list before its end. To ask again at once would be to ask
    /// without a pause for as long as it does so.
    Ended,
}

/// What comes next when the page is told.
#[derive(Default)]
enum State {
    /// The list.
    #[default]
    Unlisted,
    /// A page of it: the first one, or the one that the token names.
    Page(Option<String>),
    /// The end of the list.
    Paged { version: String },
    /// The watch, from this version on.
    Listed { version: String },
    /// A line of the watch.
    Watching(Watching),
}

struct Watching {
    version: String,
    lines: Lines,
    /// Whether the end of the list is still to come.
    is_list: bool,
    /// Whether nothing has come yet.
    is_new: bool,
}

impl Watching {
    /// What comes next when there are no more lines.
    fn over(self) -> State {
        if self.is_list {
            State::Unlisted
        } else {
            State::Listed { version: self.version }
        }
    }
}

impl<K: Resource> Watch<K> {
    pub(super) fn new(client: Client, url: &str, config: Config, strip: Strip, reader: Arc<dyn Reader<K>>) -> Self {
        Self {
            client,
            request: Request::new(url),
            config,
            strip,
            reader,
            state: State::default(),
            page: Vec::new().into_iter(),
            buffer: Vec::new(),
        }
    }

    /// The next step; they never end. After an error and after [`Step::Ended`] it goes on from where that makes sense:
    /// whoever asks waits a while first.
    pub(super) async fn next(&mut self) -> watcher::Result<Step<K>> {
        loop {
            if let Some(object) = self.page.next() {
                return Ok(Step::Event(Event::InitApply(object)));
            }
            // An error leaves it at the beginning, if nothing else is said.
            match std::mem::take(&mut self.state) {
                State::Unlisted if self.config.initial_list_strategy == InitialListStrategy::StreamingList => {
                    let lines = self.watch("0", true).await.map_err(watcher::Error::WatchStartFailed)?;
                    self.state = State::Watching(Watching {
                        version: String::new(),
                        lines,
                        is_list: true,
                        is_new: true,
                    });
                    return Ok(Step::Event(Event::Init));
                }
                State::Unlisted => {
                    self.state = State::Page(None);
                    return Ok(Step::Event(Event::Init));
                }
                State::Page(token) => {
                    let list = self.list(token).await.map_err(watcher::Error::InitialListFailed)?;
                    let (version, next) = (list.metadata.resource_version, list.metadata.next);
                    self.state = match (next.is_empty(), version.is_empty()) {
                        (false, _) => State::Page(Some(next)),
                        (true, false) => State::Paged { version },
                        (true, true) => return Err(watcher::Error::NoResourceVersion),
                    };
                    self.page = list.items.into_iter();
                }
                State::Paged { version } => {
                    self.buffer = Vec::new();
                    self.page = Vec::new().into_iter();
                    self.state = State::Listed { version };
                    return Ok(Step::Event(Event::InitDone));
                }
                State::Listed { version } => match self.watch(&version, false).await {
                    Ok(lines) => {
                        self.state = State::Watching(Watching {
                            version,
                            lines,
                            is_list: false,
                            is_new: true,
                        });
                        return Ok(Step::Heard);
                    }
                    Err(error) => {
                        let is_gone = matches!(&error, kube::Error::Api(status) if status.code == 410);
                        if !is_gone {
                            self.state = State::Listed { version };
                        }
                        return Err(watcher::Error::WatchStartFailed(error));
                    }
                },
                State::Watching(mut watching) => {
                    let (reader, strip) = (self.reader.clone(), self.strip);
                    match watching.lines.next(|line| said(line, &*reader, strip)).await {
                        Ok(Some(said)) => return self.hear(said, watching),
                        Ok(None) => {
                            let is_early = watching.is_new || watching.is_list;
                            self.state = watching.over();
                            if is_early {
                                return Ok(Step::Ended);
                            }
                        }
                        Err(error) => {
                            self.state = watching.over();
                            return Err(watcher::Error::WatchFailed(kube::Error::ReadEvents(error)));
                        }
                    }
                }
            }
        }
    }

    /// What a line says, and what comes next. An error leaves it at the beginning, so that a line that cannot be read is
    /// not passed over: what it said is in the list that follows.
    fn hear(&mut self, said: serde_json::Result<Said<K>>, watching: Watching) -> watcher::Result<Step<K>> {
        let is_list = watching.is_list;
        let go_on = |version: Option<String>, is_list| {
            let version = version.unwrap_or(watching.version);
            self.state = State::Watching(Watching {
                version,
                is_list,
                is_new: false,
                lines: watching.lines,
            });
        };
        let said = said.map_err(|error| watcher::Error::WatchFailed(kube::Error::SerdeError(error)))?;
        Ok(Step::Event(match said {
            Said::Applied(object) if is_list => {
                go_on(None, true);
                Event::InitApply(object)
            }
            // The list has the object no more.
            Said::Deleted(object) if is_list => {
                go_on(None, true);
                Event::Delete(object)
            }
            Said::Applied(object) => {
                go_on(Some(version_of(&object)?), false);
                Event::Apply(object)
            }
            Said::Deleted(object) => {
                go_on(Some(version_of(&object)?), false);
                Event::Delete(object)
            }
            Said::Bookmark(bookmark) => {
                let is_end = is_list && bookmark.annotations.contains_key(END_OF_LIST);
                go_on(Some(bookmark.resource_version), is_list && !is_end);
                if !is_end {
                    return Ok(Step::Heard);
                }
                Event::InitDone
            }
            Said::Error(status) => {
                // Gone: the versions since ours are forgotten, and a new list is needed.
                if status.code != 410 {
                    go_on(None, is_list);
                }
                return Err(watcher::Error::WatchError(status));
            }
        }))
    }

    async fn list(&mut self, token: Option<String>) -> kube::Result<List<Decoded<K>>> {
        let mut parameters = ListParams {
            label_selector: self.config.label_selector.clone(),
            field_selector: self.config.field_selector.clone(),
            limit: self.config.page_size,
            continue_token: token,
            ..ListParams::default()
        };
        if self.config.list_semantic == ListSemantic::Any {
            parameters.resource_version = Some("0".to_owned());
            parameters.version_match = Some(VersionMatch::NotOlderThan);
        }
        let request = self.request.list(&parameters).map_err(kube::Error::BuildRequest)?;
        let body = send(&self.client, request, "list").await?;
        self.buffer.clear();
        lines::read_all(body, &mut self.buffer)
            .await
            .map_err(kube::Error::ReadEvents)?;
        let text = str::from_utf8(&self.buffer).map_err(serde_json::Error::custom);
        text.and_then(|text| self.reader.list_of_any(text, self.strip))
            .map_err(kube::Error::SerdeError)
    }

    async fn watch(&mut self, version: &str, send_initial_events: bool) -> kube::Result<Lines> {
        let parameters = WatchParams {
            label_selector: self.config.label_selector.clone(),
            field_selector: self.config.field_selector.clone(),
            timeout: self.config.timeout,
            bookmarks: self.config.bookmarks,
            send_initial_events,
        };
        let mut request = self
            .request
            .watch(&parameters, version)
            .map_err(kube::Error::BuildRequest)?;
        // A server of Kubernetes 1.37 compresses each event by itself, and the client reads the first of them only.
        request
            .headers_mut()
            .entry(ACCEPT_ENCODING)
            .or_insert(HeaderValue::from_static("identity"));
        let body = send(&self.client, request, "watch").await?;
        Ok(Lines::new(body, self.config.timeout))
    }
}

/// The body of the answer. `name` is what the client's traces call the request.
async fn send(
    client: &Client,
    mut request: http::Request<Vec<u8>>,
    name: &'static str,
) -> kube::Result<impl AsyncBufRead + Send + use<>> {
    request.extensions_mut().insert(name);
    lines::begun(client.request_stream(request))
        .await
        .map_err(kube::Error::ReadEvents)?
}

/// What a line of a watch says.
enum Said<K> {
    Applied(Decoded<K>),
    Deleted(Decoded<K>),
    Bookmark(Bookmark),
    Error(Box<Status>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bookmark {
    resource_version: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

fn said<K>(line: &[u8], reader: &dyn Reader<K>, strip: Strip) -> serde_json::Result<Said<K>> {
    #[derive(Deserialize)]
    struct Marked {
        metadata: Bookmark,
    }
    let text = str::from_utf8(line).map_err(serde_json::Error::custom)?;
    let good = (strip == Strip::Bookkeeping).then(|| reader.line(text)).flatten();
    if let Some(Line { kind, object }) = good {
        match &*kind {
            "ADDED" | "MODIFIED" => return Ok(Said::Applied(Decoded::Good(object))),
            "DELETED" => return Ok(Said::Deleted(Decoded::Good(object))),
            _ => {}
        }
    }
    let Line { kind, object } = shaped::text::<Line<'_, &RawValue>>(text)?;
    match &*kind {
        "ADDED" | "MODIFIED" => Ok(Said::Applied(reader.any(object.get(), strip))),
        "DELETED" => Ok(Said::Deleted(reader.any(object.get(), strip))),
        "BOOKMARK" => {
            let Marked { metadata } = serde_json::from_str(object.get())?;
            Ok(Said::Bookmark(metadata))
        }
        "ERROR" => Ok(Said::Error(serde_json::from_str(object.get())?)),
        other => Err(serde_json::Error::custom(format_args!(
            "`{}` is no type of a watch event",
            excerpt(other)
        ))),
    }
}

/// The version from which a watch goes on after an event.
fn version_of<K: Resource>(object: &Decoded<K>) -> watcher::Result<String> {
    let version = match object {
        Decoded::Good(object) => object.meta().resource_version.clone().unwrap_or_default(),
        Decoded::Bad(invalid) => invalid.resource_version.clone(),
    };
    if version.is_empty() {
        return Err(watcher::Error::NoResourceVersion);
    }
    Ok(version)
}
