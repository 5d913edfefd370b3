//! What the server logs, for tests that read it.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::sync::Notify;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that is logged on this thread.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<(Mutex<Vec<u8>>, Notify)>);

impl Log {
    /// A log, and what keeps it going.
    pub(crate) fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// Until there is a line that holds `text`.
    pub(crate) async fn line(&self, text: &str) {
        while self.lines(text).is_empty() {
            self.0.1.notified().await;
        }
    }

    /// The lines so far that hold `text`.
    pub(crate) fn lines(&self, text: &str) -> Vec<String> {
        let bytes = self.0.0.lock().unwrap();
        let lines = str::from_utf8(&bytes).unwrap().lines();
        lines.filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .0
            .lock()
            .map_err(|_| io::ErrorKind::Other)?
            .extend_from_slice(bytes);
        self.0.1.notify_one();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
