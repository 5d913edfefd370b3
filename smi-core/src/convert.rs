//! Moving an object between the versions of its kind.
//!
//! Each kind has a hub, its newest version, on which everything else works; each older version is a spoke that knows the
//! way to the hub and back. A [`Converter`] lists the versions of one kind, [`Converters`] holds one for each kind and
//! works on JSON values of any version.
//!
//! Nothing is lost on the way: what a version cannot say is kept in an annotation, the [`Stash`], and comes back where the
//! object was not edited. And nothing widens: what cannot be said is left out so that the object grants less.

use kube::core::{CustomResourceExt, Resource, object::HasSpec};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

mod beside;
mod converter;
mod converters;
mod error;
mod fields;
mod fingerprint;
mod loss;
mod metadata;
mod review;
mod set;
mod shape;
mod spoke;
mod stash;
mod version;

pub use beside::Beside;
pub use converter::Converter;
pub use converters::Converters;
pub use error::ConvertError;
pub use fields::{Fields, Items};
pub use fingerprint::Fingerprint;
pub use kube::core::DynamicObject;
pub use loss::{Loss, LossReason};
pub use set::ConvertedSet;
pub use spoke::{Known, Moved, Spoke};
pub use stash::{CONVERSION_DATA, STASH_MAX, Stash};

/// A kind at one version: what `#[derive(CustomResource)]` gives a type that can be written, read and described.
pub trait Versioned:
    Resource<DynamicType = ()>
    + HasSpec<Spec: DeserializeOwned>
    + CustomResourceExt
    + Clone
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl<K> Versioned for K where
    K: Resource<DynamicType = ()>
        + HasSpec<Spec: DeserializeOwned>
        + CustomResourceExt
        + Clone
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// The newest version of a kind.
pub trait Hub: Versioned {
    /// The objects that must stand beside this one so that it means what it says; see [`Converted::companions`].
    ///
    /// # Errors
    /// [`ConvertError::Encode`].
    fn companions(&self) -> Result<Vec<DynamicObject>, ConvertError> {
        Ok(Vec::new())
    }

    /// As [`Spoke::mend`].
    fn mend(_object: &mut Value) -> Vec<Loss> {
        Vec::new()
    }
}

/// A converted object, and what else there is to know about the conversion.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Converted<T> {
    /// The object at the version that was asked for.
    pub object: T,
    /// Objects that must stand beside it so that it means the same: the TCPRoutes that stand for the ports of old
    /// TrafficTargets. For a reader who does not have them the object grants less, never more. A caller with the set of
    /// objects writes them beside it; a conversion webhook cannot.
    pub companions: Vec<DynamicObject>,
    /// What the version that was asked for does not say.
    pub losses: Vec<Loss>,
}

impl<T> Converted<T> {
    /// A conversion that needs no companions and loses nothing.
    pub const fn exactly(object: T) -> Self {
        Self {
            object,
            companions: Vec::new(),
            losses: Vec::new(),
        }
    }

    /// The same conversion with its object replaced by what `f` makes of it.
    ///
    /// # Errors
    /// What `f` returns.
    pub fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Converted<U>, E> {
        Ok(Converted {
            object: f(self.object)?,
            companions: self.companions,
            losses: self.losses,
        })
    }
}
