//! An in-process Kubernetes API server for tests and demos.
//!
//! ```
//! use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
//! use kube::{
//!     Api,
//!     api::{ApiResource, DynamicObject, GroupVersionKind, PostParams},
//! };
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let crd: CustomResourceDefinition = serde_json::from_value(json!({
//!     "metadata": {"name": "gadgets.example.com"},
//!     "spec": {
//!         "group": "example.com", "scope": "Namespaced", "names": {"plural": "gadgets", "kind": "Gadget"},
//!         "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
//!             "type": "object",
//!             "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer", "maximum": 10}}}},
//!         }}}],
//!     },
//! }))?;
//! let server = smi_fake::Server::new([crd]);
//! let client = server.client();
//!
//! let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Gadget"));
//! let gadgets: Api<DynamicObject> = Api::namespaced_with(client, "default", &resource);
//! let gadget = |size: i64| DynamicObject::new("a", &resource).data(json!({"spec": {"size": size}}));
//! let refused = gadgets.create(&PostParams::default(), &gadget(11)).await.unwrap_err();
//! assert!(refused.to_string().contains("should be less than or equal to 10"));
//! gadgets.create(&PostParams::default(), &gadget(7)).await?;
//! assert_eq!(gadgets.get("a").await?.data["spec"]["size"], 7);
//! # Ok(())
//! # }
//! ```
//!
//! It knows no kind of the Service Mesh Interface: give it CRDs, and it serves them with watches, patches, server-side
//! apply, validation, conversion between versions and the rest of the API conventions, beside the built-in kinds that a
//! mesh needs (Namespace, Service, ServiceAccount, Pod, ConfigMap, Secret, Event, Lease, EndpointSlice, Deployment,
//! PodDisruptionBudget, and the kinds of RBAC; no controllers behind them). It answers as kube-apiserver 1.37 does, down to the words of its errors: the same scripts of
//! kubectl commands run on both (`e2e/tests/e2e/same.rs`).
//!
//! # In process, and for kubectl
//! [`Server::client`] is a [`kube::Client`] that calls the server in process. No sockets, no clock but tokio's: tests run
//! under a paused clock. [`Server::listen`] listens on loopback, and gives a kubeconfig with a token for kubectl and any
//! other client:
//!
//! ```text
//! cargo run -p smi-fake --example listen -- /tmp/kubeconfig crds/*.yaml
//! kubectl --kubeconfig /tmp/kubeconfig get trafficsplits --watch
//! ```
//!
//! # What goes wrong on demand
//! [`Server::faults`]: dropped watches, delays, `410`, `429`, `500`, objects that decode badly, events that come twice.
//! [`Server::compact`] forgets the history, as etcd does.
//!
//! # Limits
//! [`Limits`] bounds objects, history, watches and bodies. At each the server refuses, in words that say so: `403` (as an
//! exceeded quota), `410`, `429`, `413`. All is kept in memory: a TrafficSplit with its field owners takes about 6 KiB.
//!
//! # What it does not do
//! | kube-apiserver | here |
//! | --- | --- |
//! | RBAC, users, impersonation | roles and bindings are kept and mean nothing: whoever has the token may do everything, and `kubectl auth can-i` says so |
//! | admission: webhooks, policies, quotas, and what it adds to Pods (priority, tolerations, tokens) | none, but that a namespace has to be there and not be going |
//! | controllers: Deployments make Pods, namespaces are emptied, owners take their dependents along | none: a deleted namespace stays `Terminating`, `ownerReferences` are kept and mean nothing |
//! | kinds besides those above, such as Node, Job, Endpoints, ResourceQuota, APIService | not served |
//! | discovery shows the reviews of `kubectl auth` (`selfsubjectaccessreviews` and its like) | they are answered, and not shown |
//! | `scale`, `log`, `exec`, `binding`, `eviction`, ServiceAccount tokens | not served; `status` and `finalize` are |
//! | protobuf, YAML, CBOR | bodies of built-in kinds may be protobuf, other than CRDs; any may be YAML; answers are JSON; CBOR gets `415` or `406`, as there |
//! | `/openapi/v2` as protobuf | without paths; with them as JSON |
//! | `/metrics`, aggregated API servers | not served |
//! | validation and defaults of every field of built-in kinds | types, unknown fields, names, labels and the usual mistakes: ports, types and names of Services, keys of ConfigMaps and Secrets, containers and selectors, what Events and Leases have to say. Not: that fields of other kinds do not change later, volumes, probes, quantities |
//! | fields behind feature gates that are off, such as `strategy` of Leases, are dropped | kept |
//! | addresses of Services: unique, also when they are asked for; node ports | counted up from 10.0.0.1; none |
//! | CEL rules of a CRD are compiled and costed when it comes | a bad rule fails the objects that it is for |
//! | a CRD with two stored versions, or a plural in upper case, is refused with every field that this spoils | refused, but with fewer fields |
//! | the schema of a CRD: defaults at the root, `scale` paths, the address of a conversion webhook | not checked; the converter is in this process ([`Server::with_converter`]) |
//! | refusals name bad values as Go prints them, and JSON of wrong types in the words of Go's decoder | JSON, and the words of serde |
//! | OpenAPI descriptions | those of k8s-openapi |
//! | field owners at another version follow their fields when those moved | they are taken for owners at the version of the request |
//! | lists at revision 0 may be old; a list waits for a revision that is to come | lists are new; an unborn revision gets `504` at once |
//! | priority and fairness, time-outs of requests, audit | none |

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
mod owners;
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
