//! A Rust SDK for the [Service Mesh Interface](https://github.com/servicemeshinterface/smi-spec): its kinds in every
//! version as `kube` types, their CRDs, manifests read with file and line, and every version read as the newest.
//!
//! ```
//! use smi_sdk::manifest::{Document, Object};
//!
//! let text = "\
//! apiVersion: split.smi-spec.io/v1alpha1
//! kind: TrafficSplit
//! metadata: {name: web, namespace: shop}
//! spec:
//!   service: web
//!   backends:
//!   - {service: web-v1, weight: 1}
//!   - {service: web-v2, weight: 500m}
//! ";
//! for document in smi_sdk::manifest::read(text.as_bytes(), "split.yaml") {
//!     match document {
//!         Ok(Document { object: Object::TrafficSplit(split), at, .. }) => {
//!             // Whichever version the file says, this is the newest: weights are whole numbers now.
//!             assert_eq!(split.spec.backends[0].weight, 1000);
//!             assert_eq!(split.spec.backends[1].weight, 500);
//!             assert_eq!(at.to_string(), "split.yaml:1");
//!         }
//!         Ok(_) => {}
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! ```
//!
//! # Modules
//!
//! | module | owns |
//! | --- | --- |
//! | [`access`] | access.smi-spec.io: TrafficTarget, IdentityBinding |
//! | [`specs`] | specs.smi-spec.io: HTTPRouteGroup, TCPRoute, UDPRoute |
//! | [`split`] | split.smi-spec.io: TrafficSplit |
//! | [`metrics`] | metrics.smi-spec.io: TrafficMetrics |
//! | `clientset` | objects of any kind read and written at the version that a cluster serves; feature `client` |
//! | [`convert`] | reading any version as the newest, typed and on JSON values |
//! | [`crd`] | CRDs, with what they serve, store and convert; [`crds`] makes all of them |
//! | `informers` | every object of a cluster in memory and up to date; feature `runtime` |
//! | [`manifest`] | files, folders and text as typed objects |
//! | `webhook` | the HTTPS server for conversion webhooks; feature `webhook` |
//! | `migrate` | stored objects rewritten at the version that their CRD stores; feature `client` |
//! | [`core`] | what the groups share: documents, field paths, quantities, schemas |
//!
//! Types of one version are in a module of that name, such as [`split::v1alpha4`]; there is no `latest`.
//!
//! # Examples
//!
//! `cargo run --example NAME`, in a checkout:
//!
//! | example | shows |
//! | --- | --- |
//! | `quickstart` | manifests on an API server in process, or a cluster, and what the listers hold; `--watch` follows changes |
//! | `controller` | a controller on a lister: kube's queue, finalizers, Events, leader election, graceful stop, bad objects |
//! | `cache` | all objects for a proxy's control plane: projections, change streams, versioned snapshots, the age of the data |
//! | `migrate` | the stored objects of a cluster, rewritten at the storage version of their CRDs |
//! | `crds` | the CRDs, with what they serve, store and convert |
//! | `webhook` | the conversion webhook: one command for a cluster at hand, or certificates from a folder |
//!
//! # Features
//!
//! | feature | default | opens |
//! | --- | --- | --- |
//! | `client` | yes | `Clientset`, `migrate`; `kube::Client` and `kube::Api`, with rustls |
//! | `runtime` | yes | `Informers`; `kube::runtime`: watchers, reflectors, controllers |
//! | `webhook` | no | `webhook`: the HTTPS server for conversion webhooks |
//!
//! Without features this crate is types, manifests, CRDs and conversion; it compiles neither tokio nor hyper.
//! `k8s-openapi` needs to know your Kubernetes version: `cargo add k8s-openapi --features v1_37`.

#[cfg(feature = "client")]
pub mod clientset;
pub mod convert;
pub mod crd;
#[cfg(feature = "runtime")]
pub mod informers;
pub mod manifest;
#[cfg(feature = "client")]
pub mod migrate;
mod release;

#[cfg(feature = "client")]
#[doc(inline)]
pub use clientset::{Clientset, Served};
#[doc(inline)]
pub use crd::crds;
#[cfg(feature = "runtime")]
#[doc(inline)]
pub use informers::Informers;
pub use release::Release;
#[doc(inline)]
pub use smi_core::{
    self as core,
    crd::{Conversion, CrdOptions, Serve, Stored},
    yaml::to_yaml,
};
#[doc(inline)]
pub use {kube, smi_access as access, smi_metrics as metrics, smi_specs as specs, smi_split as split};

#[cfg(feature = "webhook")]
#[doc(inline)]
pub use smi_webhook as webhook;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
