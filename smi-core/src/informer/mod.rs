//! Informers: the objects of one kind, kept in memory and up to date, with indexes and change streams.
//!
//! An [`Informer`] becomes a [`Lister`], which any number of threads read, and a stream of [`Event`]s, which the caller
//! polls and which does all the work. There are no hidden tasks, clients or statics.
//!
//! - A relist is one change: readers see the old state or the new one.
//! - An object that cannot be read is an [`Invalid`], by itself; all others are served.
//! - After a failure the next try waits, up to half a minute, and as long as a `429` or any other `Status` asks for, up
//!   to five minutes. A server that is silent for 75 seconds in the middle of an answer, or for 375 before it, has failed
//!   too; one that ends each watch at once is asked with the same pauses.
//! - [`Lister::subscribe`] gives a stream of changes that waits for slow readers in bounded memory.
//!
//! ```
//! use futures::StreamExt;
//! use k8s_openapi::api::core::v1::ConfigMap;
//! use kube::runtime::watcher::Event;
//! use smi_core::informer::Informer;
//!
//! fn tier(object: &ConfigMap) -> Option<String> {
//!     object.metadata.labels.as_ref()?.get("tier").cloned()
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let mut object = ConfigMap::default();
//! # object.metadata.name = Some("web".into());
//! # object.metadata.namespace = Some("shop".into());
//! # object.metadata.labels = Some([("tier".to_owned(), "front".to_owned())].into());
//! // From a recording; `Informer::new(client)` asks a server.
//! let recording = futures::stream::iter([Event::Init, Event::InitApply(object), Event::InitDone]);
//! let (configs, events) = Informer::<ConfigMap>::stream(recording).index(tier).start();
//! events.for_each(|event| async move { println!("{event:?}") }).await;
//!
//! configs.ready().await?;
//! assert_eq!(configs.by(tier, &"front".to_owned()).len(), 1);
//! assert!(configs.get("shop", "web").is_some());
//! # Ok::<(), smi_core::informer::NeverReady>(())
//! # }).unwrap();
//! ```

mod bucket;
mod builder;
mod changes;
mod counters;
mod event;
mod index;
mod invalid;
mod lines;
mod lister;
mod raw;
mod rbac;
mod reader;
mod server;
mod state;
mod store;
mod stored;
mod tombstones;
mod watch;
mod writer;

#[cfg(test)]
mod tests;

pub use bucket::{Bucket, Iter};
pub use builder::{Events, Informer};
pub use changes::{Batch, Change, Changes};
pub use counters::Stats;
pub use event::{Decoded, Event, Incoming, InformerError};
pub use invalid::{Invalid, OnInvalid};
pub use lister::{Lister, NeverReady};
pub use rbac::reader_role;
pub use stored::{Projected, Stored};

pub use crate::{
    decode::Strip,
    key::{KeyRef, ObjectKey},
};
