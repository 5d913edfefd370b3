//! The server over real connections on loopback, with TLS and clients of both versions of HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod client;
mod gate;
mod hostile;
mod lifecycle;
mod limits;
mod log;
mod observed;
mod reviews;
mod support;
