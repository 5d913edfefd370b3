//! The `kind` and `apiVersion` of objects that are no custom resources: checked on reading, written first.

use std::fmt;

use schemars::Schema;
use serde::{
    Deserializer, Serializer,
    de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor},
    ser::SerializeStruct,
};
use smi_core::decode::excerpt;

/// What the objects of one kind and version say of themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeMeta {
    pub(crate) kind: &'static str,
    pub(crate) api_version: &'static str,
}

/// What an object said of itself. Saying nothing is fine, as the items of a list do.
#[derive(Debug, Default)]
pub(crate) struct Found {
    kind: Option<String>,
    api_version: Option<String>,
}

impl TypeMeta {
    /// Starts an object of `fields` more fields.
    pub(crate) fn write<S: Serializer>(&self, serializer: S, fields: usize) -> Result<S::SerializeStruct, S::Error> {
        let mut object = serializer.serialize_struct(self.kind, fields + 2)?;
        object.serialize_field("kind", self.kind)?;
        object.serialize_field("apiVersion", self.api_version)?;
        Ok(object)
    }
}

impl Found {
    /// `deserializer` without the two fields, which are kept here.
    pub(crate) fn watch<D>(&mut self, deserializer: D) -> Watch<'_, D> {
        Watch {
            inner: deserializer,
            found: self,
        }
    }

    /// Whether the object is what it was read as.
    pub(crate) fn check<E: de::Error>(&self, expected: TypeMeta) -> Result<(), E> {
        let said = |found: &Option<String>| found.clone().filter(|found| !found.is_empty());
        let kind = said(&self.kind).unwrap_or_else(|| expected.kind.to_owned());
        let api_version = said(&self.api_version).unwrap_or_else(|| expected.api_version.to_owned());
        if kind == expected.kind && api_version == expected.api_version {
            return Ok(());
        }
        let TypeMeta {
            kind: expected_kind,
            api_version: expected_version,
        } = expected;
        let (kind, api_version) = (excerpt(&kind), excerpt(&api_version));
        Err(E::custom(format_args!(
            "expected a `{expected_kind}` of `{expected_version}`, found a `{kind}` of `{api_version}`"
        )))
    }
}

/// Adds the two fields to the schema of an object.
pub(crate) fn in_schema(schema: &mut Schema) {
    let properties = schema
        .ensure_object()
        .entry("properties")
        .or_insert_with(|| serde_json::json!({}));
    if let Some(properties) = properties.as_object_mut() {
        for name in ["apiVersion", "kind"] {
            properties.insert(name.to_owned(), serde_json::json!({ "type": "string" }));
        }
    }
}

/// Hands every field of a map on but `kind` and `apiVersion`.
pub(crate) struct Watch<'f, I> {
    inner: I,
    found: &'f mut Found,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watch<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Watch {
            inner: visitor,
            found: self.found,
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watch<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Watch {
            inner: map,
            found: self.found,
        })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Watch<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.inner.next_key::<String>()? {
            match key.as_str() {
                "kind" => self.found.kind = self.inner.next_value()?,
                "apiVersion" => self.found.api_version = self.inner.next_value()?,
                _ => return seed.deserialize(key.into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
}
