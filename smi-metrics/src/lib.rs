//! metrics.smi-spec.io, the traffic metrics of the Service Mesh Interface: how much traffic a resource has, how much of
//! it succeeds, and how long it takes, as a whole and for each of its peers.
//!
//! | kind | v1alpha1 | v1alpha2 |
//! | --- | --- | --- |
//! | TrafficMetrics | [`v1alpha1::TrafficMetrics`] | [`v1alpha2::TrafficMetrics`] |
//! | `TrafficMetricsList` | [`v1alpha1::TrafficMetricsList`] | [`v1alpha2::TrafficMetricsList`] |
//!
//! They are no custom resources: nothing stores them, and an aggregated API server computes them when it is asked.
//! v1alpha2 adds the side of an edge and the backend of a split, and takes a v1alpha1 object without loss (`From`).
//!
//! ```
//! use smi_metrics::v1alpha2::{Direction, Edge, Metric, ObjectReference, TrafficMetrics};
//!
//! let metrics = TrafficMetrics {
//!     window: Some("30s".parse()?),
//!     edge: Some(Edge::new(Direction::From)),
//!     metrics: vec![Metric::new(Metric::SUCCESS_COUNT, 120), Metric::new(Metric::FAILURE_COUNT, 3)],
//!     ..TrafficMetrics::new(ObjectReference::new("Deployment", "shop", "web"))
//! };
//! let json = serde_json::to_value(&metrics)?;
//! assert_eq!(json["apiVersion"], "metrics.smi-spec.io/v1alpha2");
//! assert_eq!(json["metrics"][0]["value"], "120");
//! assert_eq!(serde_json::from_value::<TrafficMetrics>(json)?, metrics);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | owns |
//! | --- | --- |
//! | [`duration`] | durations as Go spells them |
//! | [`kind`] | the kinds of resources that metrics are kept for |
//! | [`v1alpha1`], [`v1alpha2`] | the wire types of each version |

pub mod duration;
pub mod kind;
mod metadata;
mod text;
mod type_meta;
pub mod v1alpha1;
pub mod v1alpha2;

#[doc(inline)]
pub use kind::GROUP;
