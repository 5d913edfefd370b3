//! An HTTPS server for the conversion webhooks of Kubernetes.
//!
//! It knows no kind: it is given [`Converters`](smi_core::convert::Converters), certificates and a listener, and answers
//! `ConversionReview`s until it is told to stop.
//!
//! | module | owns |
//! | --- | --- |
//! | [`certificates`] | the certificate that the server presents, and how it is kept fresh |
//!
//! # What is served
//!
//! | path | answers |
//! | --- | --- |
//! | that of [`Server::conversion`] | `ConversionReview`s of `apiextensions.k8s.io/v1`, by POST |
//! | `/healthz` | `200` while the process can answer |
//! | `/readyz` | `200` once there is a certificate, `503` before and while the server stops |
//! | `/metrics` | OpenMetrics, for Prometheus |
//!
//! HTTP/1.1 and HTTP/2, whichever the client names in its handshake. API servers name HTTP/1.1 alone, with a connection for
//! each review that they wait for, but to a URL of the loopback. The last three are served without TLS too, at [`Server::health`].
//!
//! # What is refused
//!
//! A review that fails for one of its objects is an answer, `200` with a `Failure` that names the object. What gets no
//! review gets a status and a line of text, and a line in the log (`tracing`, at most 20 lines a second) that says who sent
//! it and why it was refused.
//!
//! | status | for |
//! | --- | --- |
//! | `400` | no ConversionReview of `apiextensions.k8s.io/v1`, or a body that broke off |
//! | `404`, `405`, `415` | another path, method or content type |
//! | `408` | a body that did not come in time ([`Limits::read`]) |
//! | `413` | a body over [`Limits::body`] |
//! | `503`, with `Retry-After` | more than [`Limits::reviews`] in flight, or no memory or worker free within [`Limits::queue`] |
//!
//! API servers try again after such a `503`, up to ten times. A review waits for a while before it is sent away, because
//! one that waits costs a connection, and one that comes again costs its body again.
//!
//! # Memory
//!
//! A review holds its body and its answer, and one object as values: objects are read, converted and written one after
//! another. Bodies and answers of all reviews share [`Limits::bytes`], reserved before the first byte is read. The default
//! bounds are meant to keep a process under 256 MiB. `bench/webhook/run` measures it.

mod activity;
mod answer;
mod body;
mod budget;
pub mod certificates;
mod connection;
mod conversion;
mod error;
mod limits;
mod lines;
mod metrics;
mod object;
mod received;
mod refusal;
mod review;
mod routes;
mod server;
mod shared;
mod streams;

pub use certificates::Certificates;
pub use error::ServeError;
pub use limits::Limits;
pub use review::{NotAReview, review};
pub use server::Server;
