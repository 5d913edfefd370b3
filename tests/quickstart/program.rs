//! The program, run in this process.

use std::{
    error::Error,
    ffi::OsString,
    io,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use smi_sdk::split::v1alpha4::{Backend, TrafficSplit, TrafficSplitSpec};
use tokio::sync::Notify;

use crate::quickstart::{run, table::Screen};

pub(crate) const DEMO: &str = "examples/demo";

/// The exit code and the text that `arguments` lead to.
pub(crate) fn quickstart_on(screen: Screen, arguments: &[&str], stdin: &str) -> (u8, String) {
    let mut stdout = Vec::new();
    let code = run_to(arguments, stdin, &mut stdout, screen).unwrap();
    (code, String::from_utf8(stdout).unwrap())
}

/// Runs the program to its end.
pub(crate) fn run_to(
    arguments: &[&str],
    stdin: &str,
    out: &mut impl io::Write,
    screen: Screen,
) -> Result<u8, Box<dyn Error>> {
    let arguments = arguments.iter().map(OsString::from);
    let never = std::future::pending();
    runtime().block_on(run(arguments, stdin.as_bytes(), out, screen, never))
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) fn quickstart(arguments: &[&str], stdin: &str) -> (u8, String) {
    quickstart_on(Screen::default(), arguments, stdin)
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What a running program has printed so far.
#[derive(Clone, Default)]
pub(crate) struct Screenful(Arc<(Mutex<Vec<u8>>, Notify)>);

impl Screenful {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().clone()).unwrap()
    }

    /// Waits until `text` was printed.
    pub(crate) async fn shows(&self, text: &str) {
        let shown = async {
            while !self.text().contains(text) {
                self.0.1.notified().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), shown).await;
        assert!(waited.is_ok(), "`{text}` is not in:\n{}", self.text());
    }
}

impl io::Write for Screenful {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.0.0.lock().map_err(|_| io::ErrorKind::Other)?;
        text.extend_from_slice(bytes);
        self.0.1.notify_one();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn split(name: &str, weight: u32) -> TrafficSplit {
    let spec = TrafficSplitSpec {
        service: "web".into(),
        backends: vec![Backend::new("web-v1", weight)],
        ..Default::default()
    };
    TrafficSplit::new(name, spec)
}
