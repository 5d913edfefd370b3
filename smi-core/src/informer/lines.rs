//! The body of an answer, read into one buffer that is used again.

use std::{error::Error, future::poll_fn, io, pin::Pin, task::Poll, time::Duration};

use futures::{AsyncBufRead, AsyncBufReadExt};
use tokio::time::{Instant, Sleep};

/// How often a server says something at least, beyond the timeout that the watch was asked for.
const MARGIN: Duration = Duration::from_secs(5);

/// How long a server may be silent in the middle of an answer: kube-apiserver gives itself a minute for a list, and a
/// margin.
const SILENCE: Duration = Duration::from_secs(75);

/// The longest pause that a server may ask for: one that asks for a day is taken for one that is wrong.
pub(super) const LONGEST: Duration = Duration::from_secs(300);

/// How long an answer may take to begin. kube's clients wait for a `Retry-After` before they hand the answer on.
const ANSWER: Duration = SILENCE.saturating_add(LONGEST);

/// The longest line: objects end at 3 MiB.
const LINE: usize = 64 << 20;

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
                if begun.len() > LINE {
                    let text = format!("a line of more than `{LINE}` bytes");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, text));
                }
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

/// What begins with `answer`; an error where that takes longer than any server takes. Without it, a connection that is
/// dead and not closed would be waited for without an end, since kube's clients have no such limit of their own.
pub(super) async fn begun<T>(answer: impl Future<Output = T>) -> io::Result<T> {
    within(ANSWER, answer).await
}

async fn within<T>(limit: Duration, answer: impl Future<Output = T>) -> io::Result<T> {
    tokio::time::timeout(limit, answer).await.map_err(|_| {
        let text = format!("nothing in `{}` seconds", limit.as_secs());
        io::Error::new(io::ErrorKind::TimedOut, text)
    })
}

/// Adds the whole body to `buffer`.
///
/// # Errors
/// What happens to the connection, silence included.
pub(super) async fn read_all(body: impl AsyncBufRead + Send, buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut body = std::pin::pin!(body);
    loop {
        let chunk = within(SILENCE, body.fill_buf()).await??;
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

#[cfg(test)]
mod tests {
    use futures::{AsyncReadExt as _, io::BufReader, stream};

    use super::*;

    /// A body of which the first chunks come, and the rest never does.
    fn stalled(chunks: &[&'static str]) -> impl AsyncBufRead + Send + use<> {
        let come: Vec<_> = chunks
            .iter()
            .map(|chunk| Ok::<_, io::Error>(chunk.as_bytes()))
            .collect();
        let come = futures::TryStreamExt::into_async_read(stream::iter(come));
        let never = futures::TryStreamExt::into_async_read(stream::pending::<io::Result<&[u8]>>());
        BufReader::new(come.chain(never))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_an_error_and_not_waited_for() {
        let (begun, mut buffer) = (Instant::now(), Vec::new());
        let error = read_all(stalled(&["{", "\"items\":"]), &mut buffer).await.unwrap_err();
        assert_eq!((error.kind(), begun.elapsed()), (io::ErrorKind::TimedOut, SILENCE));
        assert_eq!(buffer, b"{\"items\":");
    }
}
