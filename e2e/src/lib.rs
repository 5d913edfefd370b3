//! A real API server for tests: starts etcd and kube-apiserver on loopback, and hands out what a test needs of them.
//!
//! [`Cluster::start`] picks free ports, issues certificates into a temporary folder, starts both programs and waits
//! until the server is ready (about three seconds). The cluster then gives a [`kube::Client`], a kubeconfig,
//! [`kubectl`](Cluster::kubectl), namespaces, and requests whose answers keep their status and their `Warning` headers
//! ([`Response`]). Both programs end, and the folder goes, when the cluster is dropped and also when the process that
//! started it dies in any other way.
//!
//! A [`Proxy`] in front of the server cuts and stalls connections; [`Cluster::config_through`] is the way through it.
//!
//! `e2e/run` builds the programs, says where they are in `SMI_E2E_BIN`, and runs the tests in `tests/e2e`. Those are
//! behind the feature `real`, so that `cargo test --workspace` needs Rust alone. There is no controller manager: nothing
//! collects garbage, and a deleted namespace stays `Terminating`.

mod apiserver;
mod certificates;
mod cluster;
mod crd;
mod error;
mod etcd;
mod folder;
mod guard;
mod kubeconfig;
mod kubectl;
mod object;
mod ports;
mod process;
mod programs;
mod proxy;
mod request;
mod server;
mod wait;

pub use cluster::Cluster;
pub use error::Error;
pub use kubectl::{Kubectl, Output};
pub use ports::free as free_address;
pub use proxy::Proxy;
pub use request::Response;
pub use wait::{LIMIT, until};
