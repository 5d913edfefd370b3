//! The clientset and the informers on an API server: the fake by default, a real kube-apiserver through `e2e/run`. What
//! fails on one of the two only is a fault of the fake, or of ours.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![cfg(feature = "runtime")]

#[expect(dead_code, reason = "other suites need more of it")]
#[path = "../support/mod.rs"]
mod support;

mod bad_objects;
mod clientset;
mod conversion;
mod informers;
mod kinds;
mod old_clusters;
mod rbac;
mod samples;
mod versions;
