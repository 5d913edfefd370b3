//! An in-process Kubernetes API server for tests and demos.
//!
//! It knows no kind of the Service Mesh Interface: give it CRDs, and it serves them with watches, patches, server-side
//! apply, validation, conversion between versions and the rest of the API conventions, beside the built-in kinds that a
//! mesh needs (Namespace, Service, ServiceAccount, Pod, ConfigMap, Secret, Event, Lease, EndpointSlice, Deployment; no
//! controllers behind them). It answers as kube-apiserver does, down to the words of its errors.
//!
//! - [`Server::client`]: a [`kube::Client`] that calls it in process. No sockets, no clock but tokio's: tests run under
//!   a paused clock.
//! - [`Server::listen`]: on loopback, with a kubeconfig for kubectl.
//! - [`Server::faults`]: dropped watches, delays, `410`, `429`, `500`, objects that decode badly, events that come twice.
//! - [`Limits`]: objects, history, watchers and bodies are bounded.

mod builtin_schema;
mod clock;
mod cluster;
mod convert;
mod discovery;
mod error;
mod faults;
mod ids;
mod kind;
mod limits;
mod listen;
mod meta;
pub mod openapi;
pub mod patch;
mod request;
mod response;
mod review;
mod selector;
mod server;
mod service;
mod storage_error;
mod store;
mod strategy;
pub mod table;
mod validate;
mod verb;
mod view;
mod watch;

pub use builtin_schema::builtin_schema;
pub use clock::Clock;
pub use convert::Convert;
pub use faults::{Fault, FaultId, Faults, Rule};
pub use limits::Limits;
pub use listen::{ListenError, Listening};
pub use server::Server;
