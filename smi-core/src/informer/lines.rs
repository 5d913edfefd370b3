//! The body of an answer, read into one buffer that is used again.

use std::{error::Error, io, pin::Pin, time::Duration};

use futures::{AsyncBufRead, AsyncBufReadExt};

/// How often a server says something at least, beyond the timeout that the watch was asked for.
const MARGIN: Duration = Duration::from_secs(5);

/// The lines of a watch.
pub(super) struct Lines {
    body: Pin<Box<dyn AsyncBufRead + Send>>,
    line: Vec<u8>,
    /// How long a line may take; none where a dead connection is to be waited for.
    patience: Option<Duration>,
}

impl Lines {
    /// The lines of a watch that was asked to end after `timeout` seconds.
    pub(super) fn new(body: impl AsyncBufRead + Send + 'static, timeout: Option<u32>) -> Self {
        // As kube's watcher does it: 290 seconds is what it asks for when nothing is said.
        let seconds = timeout.unwrap_or(290);
        Self {
            body: Box::pin(body),
            line: Vec::new(),
            patience: (seconds > 0).then(|| Duration::from_secs(seconds.into()) + MARGIN),
        }
    }

    /// The next line without its end; none where the connection ended, was cut, or has been silent for too long.
    ///
    /// # Errors
    /// What else may happen to a connection.
    pub(super) async fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        let read = self.body.read_until(b'\n', &mut self.line);
        let read = match self.patience {
            Some(patience) => match tokio::time::timeout(patience, read).await {
                Ok(read) => read,
                Err(_) => {
                    tracing::debug!(?patience, "a watch is silent: watching anew");
                    return Ok(None);
                }
            },
            None => read.await,
        };
        match read {
            Ok(0) => Ok(None),
            Ok(_) => Ok(self.line.strip_suffix(b"\n")),
            Err(error) if is_cut(&error) => {
                tracing::debug!(%error, "a watch was cut: watching anew");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
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
