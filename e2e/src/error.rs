//! What can go wrong around the servers. What a server answers is no error here: see [`Response`](crate::Response).

use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why a cluster did not start, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing says where etcd, kube-apiserver and kubectl are.
    #[error("`SMI_E2E_BIN` is not set: run the tests with `e2e/run`, which builds the programs and sets it")]
    NoPrograms,

    /// A file, a port or a process could not be used.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried, as in "read `/tmp/x`".
        what: String,
        /// What the operating system says.
        source: io::Error,
    },

    /// A key or a certificate could not be made.
    #[error("cannot issue a certificate: {0}")]
    Certificate(#[from] rcgen::Error),

    /// A program ended although it should serve.
    #[error("`{program}` ended ({status}); the end of its log `{log}`:\n{tail}")]
    Ended {
        /// The program's name.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// A condition did not come true in time.
    #[error("waited {} s in vain until {what}", limit.as_secs())]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },

    /// A CRD was told to go and is still there.
    #[error("the CRD `{name}` is still there after {} s: {state}", limit.as_secs())]
    Lingers {
        /// The name of the CRD.
        name: String,
        /// How long it was waited for.
        limit: Duration,
        /// What holds it: `deletionTimestamp`, finalizers and conditions, or the server's last answer.
        state: String,
    },

    /// The kubeconfig cannot be used.
    #[error("cannot use the kubeconfig: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),

    /// A request did not get an answer.
    #[error("a request to the API server failed: {0}")]
    Request(#[from] kube::Error),

    /// A path or a body that is no valid HTTP request.
    #[error("not a valid request: {0}")]
    Http(#[from] http::Error),

    /// Text that should be JSON is not.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),

    /// An object lacks a field that its address needs.
    #[error("the object has no `{0}`")]
    Unaddressed(&'static str),

    /// The server refused a step that the harness needs, such as a namespace for a test.
    #[error("cannot {what}: the server answered {status}: {message}")]
    Refused {
        /// What was tried.
        what: String,
        /// The HTTP status code.
        status: u16,
        /// The server's words.
        message: String,
    },
}

impl Error {
    /// For `map_err` on I/O: `Error::io(|| format!("read `{path}`"))`.
    pub(crate) fn io(what: impl FnOnce() -> String) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what: what(), source }
    }
}
