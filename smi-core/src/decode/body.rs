//! Bodies at the root of an object, which need a look of their own.
//!
//! Serde reads what is flattened through a buffer, and in it a list could be a struct again. And a body that may be absent
//! could be one that stands at the root by mistake.

use std::fmt;

use kube::core::object::HasSpec;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, Visitor},
    forward_to_deserialize_any,
};

use super::{DecodeError, said, shaped};
use crate::path::FieldPath;

/// Whether the fields of a `K` stand at the root of the object.
pub(super) fn is_at_root<K: DeserializeOwned>() -> bool {
    matches!(K::deserialize(Probe), Err(Asked::Map))
}

/// Whether objects can be read as a `K` although nothing stands under `spec`; [`check`] is for them.
pub(crate) fn may_be_at_root<K>() -> bool
where
    K: HasSpec<Spec: DeserializeOwned> + DeserializeOwned,
{
    is_at_root::<K>() || matches!(K::Spec::deserialize(Probe), Err(Asked::Option))
}

/// Reads the body of an object, given that the object can be read, where it is the root that is the body. Free of cost
/// for kinds that always have a `spec`.
///
/// # Errors
/// Where it is none.
pub(crate) fn check<K>(text: &str) -> Result<(), DecodeError>
where
    K: HasSpec<Spec: DeserializeOwned> + DeserializeOwned,
{
    #[derive(Deserialize)]
    struct Root {
        #[serde(default)]
        spec: Seen,
    }

    let has_spec = || shaped::text::<Root>(text).is_ok_and(|root| root.spec.0);
    if is_at_root::<K>() || (may_be_at_root::<K>() && !has_spec()) {
        shaped::text::<K::Spec>(text).map_err(|error| said(FieldPath::root(), &error))?;
    }
    Ok(())
}

/// Whether a field is there, `null` or not.
#[derive(Default)]
struct Seen(bool);

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// Tells what a type asks a deserializer for first. What serde derives asks for a struct, and for a map where something is
/// flattened.
struct Probe;

/// What a type asks for.
#[derive(Debug)]
enum Asked {
    Map,
    Option,
    Other,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is nothing to read")
    }
}

impl std::error::Error for Asked {}

impl serde::de::Error for Asked {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }
}

impl<'de> Deserializer<'de> for Probe {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        Err(Asked::Other)
    }

    fn deserialize_map<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        Err(Asked::Map)
    }

    fn deserialize_option<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        Err(Asked::Option)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct struct enum identifier ignored_any
    }
}
