//! The body of an answer, read into one buffer that is used again.

use std::{error::Error, future::poll_fn, io, pin::Pin, task::Poll, time::Duration};

use futures::{AsyncBufRead, AsyncBufReadExt};
use tokio::time::{Instant, Sleep};

/// How often a server says something at least, beyond the timeout that the watch was asked for.
const MARGIN: Duration = Duration::from_secs(5);

/// The lines of a watch.
pub(super) struct Lines {
    body: Pin<Box<dyn AsyncBufRead + Send>>,
    /// The beginning of a line whose end is not here yet.
    begun: Vec<u8>,
    /// How long a silence may be; none where a dead connection is to be waited for.
    patience: Option<Duration>,
    /// Set once for many lines: it is looked at in silence only.
    alarm: Pin<Box<Sleep>>,
}

impl Lines {
    /// The lines of a watch that was asked to end after `timeout` seconds.
    pub(super) fn new(body: impl AsyncBufRead + Send + 'static, timeout: Option<u32>) -> Self {
        // As kube's watcher does it: 290 seconds is what it asks for when nothing is said.
        let seconds = timeout.unwrap_or(290);
        let patience = (seconds > 0).then(|| Duration::from_secs(seconds.into()) + MARGIN);
        Self {
            body: Box::pin(body),
            begun: Vec::new(),
            patience,
            alarm: Box::pin(tokio::time::sleep(patience.unwrap_or_default())),
        }
    }

    /// What `read` makes of the next line, which it is given without its end; none where the connection ended, was cut, or
    /// has been silent for too long.
    ///
    /// # Errors
    /// What else may happen to a connection.
    pub(super) async fn next<T>(&mut self, read: impl FnOnce(&[u8]) -> T) -> io::Result<Option<T>> {
        loop {
            let Self {
                body,
                begun,
                patience,
                alarm,
            } = self;
            let Some(filled) = unless_silent(body.fill_buf(), *patience, alarm).await else {
                tracing::debug!(?patience, "a watch is silent: watching anew");
                return Ok(None);
            };
            let chunk = match filled {
                Ok(chunk) => chunk,
                Err(error) if is_cut(&error) => {
                    tracing::debug!(%error, "a watch was cut: watching anew");
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                // What was begun is no line.
                return Ok(None);
            }
            let Some(end) = memchr::memchr(b'\n', chunk) else {
                begun.extend_from_slice(chunk);
                let length = chunk.len();
                body.consume_unpin(length);
                continue;
            };
            let line = chunk.get(..end).unwrap_or_default();
            let made = if begun.is_empty() {
                read(line)
            } else {
                begun.extend_from_slice(line);
                let made = read(begun);
                begun.clear();
                made
            };
            body.consume_unpin(end + 1);
            return Ok(Some(made));
        }
    }
}

/// What `future` gives; none where that takes longer than `patience`.
async fn unless_silent<F: Future>(
    future: F,
    patience: Option<Duration>,
    alarm: &mut Pin<Box<Sleep>>,
) -> Option<F::Output> {
    let Some(patience) = patience else {
        return Some(future.await);
    };
    let mut future = std::pin::pin!(future);
    // Known once there is silence.
    let mut deadline = None;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + patience);
        loop {
            // It may have been set for a silence that is over.
            match alarm.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if Instant::now() >= deadline => return Poll::Ready(None),
                Poll::Ready(()) => alarm.as_mut().reset(deadline),
            }
        }
    })
    .await
}

/// Adds the whole body to `buffer`.
pub(super) async fn read_all(body: impl AsyncBufRead + Send, buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut body = std::pin::pin!(body);
    loop {
        let chunk = body.fill_buf().await?;
        let length = chunk.len();
        if length == 0 {
            return Ok(());
        }
        buffer.extend_from_slice(chunk);
        body.consume_unpin(length);
    }
}

/// Whether the connection ended in the middle of the body, which servers and what stands between do to long watches.
fn is_cut(error: &io::Error) -> bool {
    if error.to_string().contains("unexpected EOF during chunk") {
        return true;
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    // No chain of causes is that long, unless it is a circle.
    for _ in 0..16 {
        let Some(error) = cause else { return false };
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof) {
            return true;
        }
        cause = error.source();
    }
    false
}
