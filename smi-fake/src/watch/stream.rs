//! Owns [`Watch`]: the state of an open watch, and the bytes that it sends.
//!
//! A watch keeps no queue of events: it reads the history of its resource from where it is. One that is never read
//! costs nothing, and learns that it is too late when the history is shorter than it is behind.

use std::{collections::VecDeque, io, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};
use tokio::{
    sync::watch::Receiver,
    time::{Instant, sleep_until},
};

use super::encode::{self, Encoder};
use crate::{
    cluster::Watcher,
    error::ApiError,
    faults::{Drops, Fault},
    request::ListOptions,
    store::Event,
};

/// How often an idle watch hears of the newest revision, when it asked to.
const BOOKMARKS: Duration = Duration::from_secs(60);
/// Before a watch ends it hears of the newest revision once more.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);
/// How long a watch lasts that does not say.
const LIFETIME: Duration = Duration::from_secs(45 * 60);
/// No watch lasts longer: a client may ask for more seconds than a clock can count.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How many events are encoded at a time.
const BATCH: usize = 256;

/// Where a watch begins.
pub(super) struct Start {
    cursor: u64,
    first: Vec<Bytes>,
    ends: bool,
}

impl Start {
    pub(super) const fn at(cursor: u64, first: Vec<Bytes>) -> Self {
        Self {
            cursor,
            first,
            ends: false,
        }
    }

    /// A watch that says why it ends, and ends.
    pub(super) fn failed(error: &ApiError) -> Self {
        Self {
            cursor: 0,
            first: vec![encode::error(error)],
            ends: true,
        }
    }
}

/// An open watch.
#[expect(clippy::struct_excessive_bools, reason = "independent switches, most of them faults")]
pub(crate) struct Watch {
    encoder: Encoder,
    _watcher: Watcher,
    pending: VecDeque<Bytes>,
    /// Everything up to this revision is sent or pending.
    cursor: u64,
    epoch: u64,
    changed: Receiver<u64>,
    drops: Receiver<Drops>,
    seen: Drops,
    /// The next event breaks off in its middle.
    breaks: bool,
    ends: bool,
    broken: bool,
    bookmarks: bool,
    next_bookmark: Instant,
    deadline: Instant,
    duplicates: bool,
    old: bool,
    last: Option<Bytes>,
}

impl Watch {
    #[expect(clippy::too_many_arguments, reason = "the parts that `open` reads under one lock")]
    pub(super) fn new(
        encoder: Encoder,
        watcher: Watcher,
        start: Start,
        changed: Receiver<u64>,
        drops: Receiver<Drops>,
        epoch: u64,
        options: &ListOptions,
        faults: &[Fault],
    ) -> Self {
        let now = Instant::now();
        let lifetime = options.timeout.unwrap_or(LIFETIME).min(LONGEST);
        let last_bookmark = lifetime.checked_sub(LAST_BOOKMARK).filter(|left| !left.is_zero());
        let seen = *drops.borrow();
        Self {
            encoder,
            _watcher: watcher,
            pending: start.first.into(),
            cursor: start.cursor,
            epoch,
            changed,
            drops,
            seen,
            breaks: false,
            ends: start.ends,
            broken: false,
            bookmarks: options.bookmarks,
            next_bookmark: now + last_bookmark.map_or(BOOKMARKS, |last| last.min(BOOKMARKS)),
            deadline: now + lifetime,
            duplicates: faults.contains(&Fault::DuplicateEvents),
            old: faults.contains(&Fault::OldEvents),
            last: None,
        }
    }

    /// The next bytes; none at the end.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if self.broken {
                return None;
            }
            self.changed.mark_unchanged();
            if self.dropped() {
                return None;
            }
            if let Some(line) = self.pending.pop_front() {
                return Some(self.send(line));
            }
            if self.ends {
                return None;
            }
            if self.read() {
                continue;
            }
            self.wait().await;
        }
    }

    /// Whether a fault closes the watch here.
    fn dropped(&mut self) -> bool {
        let drops = *self.drops.borrow_and_update();
        let dropped = drops.now != self.seen.now;
        self.breaks |= drops.in_event != self.seen.in_event;
        self.seen = drops;
        dropped
    }

    fn send(&mut self, line: Bytes) -> io::Result<Bytes> {
        if !self.breaks {
            return Ok(line);
        }
        // The half goes out first, then the connection breaks.
        self.breaks = false;
        if line.len() > 1 && !self.ends {
            self.ends = true;
            self.pending.clear();
            self.pending.push_back(Bytes::new());
            self.breaks = true;
            return Ok(line.slice(..line.len() / 2));
        }
        self.broken = true;
        Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "the watch was broken by a fault",
        ))
    }

    /// Reads what happened since; whether there is anything to do then.
    fn read(&mut self) -> bool {
        let (events, revision) = match self.since() {
            Ok(read) => read,
            Err(None) => {
                self.ends = true;
                return true;
            }
            Err(Some(error)) => {
                self.fail(&error);
                return true;
            }
        };
        let whole = events.len() < BATCH;
        for event in &events {
            match self.encoder.event(event) {
                Ok(Some(line)) => self.push(line),
                Ok(None) => {}
                Err(error) => {
                    self.fail(&error);
                    return true;
                }
            }
            self.cursor = event.revision;
        }
        if whole {
            self.cursor = self.cursor.max(revision);
        }
        !self.pending.is_empty() || !whole
    }

    /// The next events, with the revision that they are of. No error: the watch ends without a word.
    fn since(&self) -> Result<(Vec<Event>, u64), Option<ApiError>> {
        let state = self.encoder.cluster.lock();
        let collection = state.store.collection(&self.encoder.target.kind.stored_in);
        let collection = collection
            .filter(|collection| collection.epoch() == self.epoch)
            .ok_or(None)?;
        if self.cursor < collection.compacted() {
            let why = format!("too old resource version: {} ({})", self.cursor, collection.compacted());
            return Err(Some(ApiError::expired(why)));
        }
        let events = collection.since(self.cursor).take(BATCH).cloned().collect();
        Ok((events, state.store.revision()))
    }

    fn push(&mut self, line: Bytes) {
        let before = self.last.replace(line.clone());
        self.pending.push_back(line.clone());
        if self.duplicates {
            self.pending.push_back(line);
        }
        if let Some(before) = before.filter(|_| self.old) {
            self.pending.push_back(before);
        }
    }

    fn fail(&mut self, error: &ApiError) {
        self.pending.push_back(encode::error(error));
        self.ends = true;
    }

    /// Until something happens: an event, a fault, a bookmark's time or the end.
    async fn wait(&mut self) {
        tokio::select! {
            biased;
            // A closed channel means that the resource is gone: the next read finds that.
            _ = self.changed.changed() => {}
            _ = self.drops.changed() => {}
            () = sleep_until(self.deadline) => self.ends = true,
            () = sleep_until(self.next_bookmark), if self.bookmarks => self.bookmark(),
        }
    }

    fn bookmark(&mut self) {
        let line = self.encoder.bookmark(self.cursor, false);
        self.pending.push_back(line);
        let last = self.deadline.checked_sub(LAST_BOOKMARK).unwrap_or(self.deadline);
        let next = self.next_bookmark + BOOKMARKS;
        self.next_bookmark = if self.next_bookmark < last {
            next.min(last)
        } else {
            self.deadline + BOOKMARKS
        };
    }
}

/// The bytes of a watch.
pub(crate) fn bytes(watch: Watch) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(watch, |mut watch| async move {
        let next = watch.next().await?;
        Some((next, watch))
    })
}
