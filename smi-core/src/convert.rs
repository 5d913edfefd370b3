//! Moving an object between the versions of its kind.
//!
//! Each kind has a hub, its newest version, on which everything else works; each older version is a spoke that knows the
//! way to the hub and back. A [`Converter`] lists the versions of one kind, [`Converters`] holds one for each kind and
//! works on JSON values of any version.
//!
//! Today every version is read as the hub. The way down answers with [`ConvertError::Downward`].

use kube::core::{CustomResourceExt, Resource, object::HasSpec};
use serde::{Serialize, de::DeserializeOwned};

mod converter;
mod converters;
mod error;
mod loss;
mod shape;
mod version;

pub use converter::Converter;
pub use converters::Converters;
pub use error::ConvertError;
pub use kube::core::DynamicObject;
pub use loss::{Loss, LossReason};

/// A kind at one version: what `#[derive(CustomResource)]` gives a type that can be written, read and described.
pub trait Versioned:
    Resource<DynamicType = ()>
    + HasSpec<Spec: DeserializeOwned>
    + CustomResourceExt
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
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// The newest version of a kind.
pub trait Hub: Versioned {}

/// A version of a kind, with the way to the kind's hub and back. A hub is its own spoke.
pub trait Spoke: Versioned {
    /// The newest version of this kind.
    type Hub: Hub;

    /// The object as the hub says it.
    ///
    /// # Errors
    /// Where the object holds a value that no version could mean, such as a negative weight.
    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError>;

    /// The hub's object as this version says it.
    ///
    /// # Errors
    /// [`ConvertError::Downward`] for every version but the hub: the way down is not built yet.
    fn from_hub(hub: Self::Hub) -> Result<Converted<Self>, ConvertError> {
        Err(ConvertError::downward(
            &Self::Hub::api_version(&()),
            &Self::api_version(&()),
            &hub,
        ))
    }
}

impl<H: Hub> Spoke for H {
    type Hub = H;

    fn into_hub(self) -> Result<Converted<H>, ConvertError> {
        Ok(Converted::exactly(self))
    }

    fn from_hub(hub: H) -> Result<Converted<Self>, ConvertError> {
        Ok(Converted::exactly(hub))
    }
}

/// A converted object, and what else there is to know about the conversion.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Converted<T> {
    /// The object at the version that was asked for.
    pub object: T,
    /// Objects that must stand beside it so that it means the same: the TCPRoutes that stand for the ports of old
    /// TrafficTargets. For a reader who does not have them the object grants less, never more.
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
