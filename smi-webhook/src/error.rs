//! Why a server could not serve.

use std::io;

use tokio_rustls::rustls;

/// Why a server could not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// TLS cannot be set up.
    #[error("cannot serve TLS: {0}")]
    Tls(#[source] rustls::Error),
    /// A path does not begin with a slash, holds more than letters, digits, `-`, `.`, `_`, `~` and slashes, or is there
    /// already.
    #[error("nothing can be served at `{0}`: it is no plain path, or taken")]
    Path(String),
    /// The listener has no address.
    #[error("cannot listen: {0}")]
    Listen(#[source] io::Error),
}
