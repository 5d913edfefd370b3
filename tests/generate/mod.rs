//! Generated objects of every kind and version, for tests of laws.
//!
//! [`Generate`] gives a strategy for each type, and `kinds` lists the types: a law is a [`Visitor`] that
//! [`every_kind`] takes to all of them. What is generated is valid and odd in turn: lists empty or long, names from one
//! letter to any text, kinds and methods that nobody knows, quantities in every spelling, metadata as clusters leave it.

use std::fmt::Debug;

use proptest::{collection, prelude::*, strategy::BoxedStrategy};
use serde::{Serialize, de::DeserializeOwned};
use smi_sdk::convert::Spoke;

mod access;
mod kinds;
pub(crate) mod law;
mod metadata;
mod metrics;
mod specs;
mod split;
mod text;

pub(crate) use kinds::every_kind;

/// A type with generated values.
pub(crate) trait Generate: Sized + Clone + Debug + PartialEq {
    /// Any value, valid or odd, that is written and read back as it is.
    fn any() -> BoxedStrategy<Self>;
}

/// What a law does with each kind and version.
pub(crate) trait Visitor {
    /// A kind that has a CRD.
    fn custom_resource<K: Generate + Spoke<Hub: Generate>>(&mut self);

    /// TrafficMetrics, or a list of them; `hub` reads it as the newest version.
    fn metrics<K, H>(&mut self, api_version: &'static str, kind: &'static str, hub: fn(K) -> H)
    where
        K: Generate + Serialize + DeserializeOwned,
        H: PartialEq + Debug + Serialize;
}

/// A list, often empty, at times of several items.
fn list<S: Strategy + 'static>(item: S) -> BoxedStrategy<Vec<S::Value>> {
    collection::vec(item.boxed(), 0..5).boxed()
}

/// A field that may be absent.
fn optional<S: Strategy + 'static>(value: S) -> BoxedStrategy<Option<S::Value>> {
    proptest::option::of(value.boxed()).boxed()
}
