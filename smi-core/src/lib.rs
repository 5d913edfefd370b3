//! What every group of the Service Mesh Interface shares, and no SMI kind.
//!
//! This crate is the floor of `smi-sdk`: the group crates (`smi-specs`, `smi-access`, `smi-split`, `smi-metrics`)
//! build on it, and an application normally depends on the facade `smi-sdk` instead.
//!
//! | module | owns |
//! | --- | --- |
//! | [`bounds`] | the largest lists and strings that the CRDs admit, in one table |
//! | [`convert`] | moving an object between the versions of its kind: [`Hub`](convert::Hub), [`Spoke`](convert::Spoke), [`Converters`](convert::Converters) |
//! | [`crd`] | CRDs merged over the versions of a kind, with what is served, stored and converted |
//! | [`decode`] | JSON values read as typed objects, with the field path in every error |
//! | `discovery` | which version of a kind a server has; feature `client` |
//! | [`document`] | YAML and JSON documents with their positions |
//! | `failure` | what failed between a client and its server, in one line; feature `client` |
//! | `informer` | objects of one kind kept in memory, with indexes and change streams; feature `runtime` |
//! | [`key`] | namespace and name |
//! | [`lenient`] | how the wire types read what clusters really hold |
//! | [`path`] | field paths as Kubernetes prints them |
//! | [`quantity`] | Kubernetes quantities with exact arithmetic |
//! | [`schema`] | structural schemas: pruning, defaults and validation as an API server does them, and unknown fields |
//! | [`yaml`] | stable YAML writing |

pub mod bounds;
pub mod convert;
pub mod crd;
pub mod decode;
#[cfg(feature = "client")]
pub mod discovery;
pub mod document;
#[cfg(feature = "client")]
pub mod failure;
#[cfg(feature = "runtime")]
pub mod informer;
pub mod key;
pub mod lenient;
pub mod path;
pub mod quantity;
pub mod schema;
pub mod yaml;
