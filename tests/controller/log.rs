//! What the controllers of a test tell the people who run them.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};

use tracing::{Dispatch, Level, subscriber::DefaultGuard};

use crate::support::until;

/// What is told on this thread, where all of a test runs, from its start until it is dropped.
pub(crate) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

/// As long as there is one subscriber only, tracing asks that of the thread which comes by a line first whether anybody wants
/// it, and keeps the answer for all threads: with one test that listens, another that does not would silence it.
static LISTENERS: LazyLock<[Dispatch; 2]> = LazyLock::new(|| {
    let listener = || {
        let subscriber = tracing_subscriber::fmt().with_max_level(Level::INFO);
        Dispatch::new(subscriber.with_writer(io::sink).finish())
    };
    [listener(), listener()]
});

impl Log {
    pub(crate) fn start() -> Self {
        LazyLock::force(&LISTENERS);
        let text = Arc::<Mutex<Vec<u8>>>::default();
        let writer = text.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(Level::INFO)
            .with_writer(move || Writer(writer.clone()))
            .finish();
        Self {
            text,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// All that was told.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }

    /// How many lines have `text` in them.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.text().lines().filter(|line| line.contains(text)).count()
    }

    /// Waits until a line has `text` in it.
    pub(crate) async fn says(&self, text: &str) {
        until(&format!("`{text}` is told"), async || {
            (self.count(text) > 0).then_some(())
        })
        .await;
    }
}

struct Writer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.0.lock().map_err(|_| io::ErrorKind::Other)?;
        text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
