//! JSON text read as an object without the parts that nobody needs in memory: they are skipped, not built.
//!
//! `managedFields` and kubectl's last-applied annotation are more than half of a typical object.

use std::fmt;

use kube::core::Resource;
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
        value::BorrowedStrDeserializer,
    },
    forward_to_deserialize_any,
};

use super::{DecodeError, said, shaped::Shaped};
use crate::path::FieldPath;

/// The annotation in which `kubectl apply` keeps the whole object once more.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What of an object's metadata is left out when it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strip {
    /// `managedFields` and the [`LAST_APPLIED`] annotation.
    #[default]
    Bookkeeping,
    /// Nothing.
    Nothing,
}

impl Strip {
    /// Reads the JSON text of an object. Unlike `serde_json`, it takes no list for a struct: neither does an API server.
    ///
    /// # Errors
    /// Where a field cannot be read, or the object has no name.
    pub fn read<K: Resource + DeserializeOwned>(self, text: &str) -> Result<K, DecodeError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let read = match self {
            Self::Bookkeeping => K::deserialize(Stripped::object(Shaped(&mut json))),
            Self::Nothing => K::deserialize(Shaped(&mut json)),
        };
        let read = read.and_then(|object| json.end().map(|()| object));
        self.finish(read.map_err(|error| located::<K>(text, &error))?)
    }

    /// What reading leaves to do once the object is there.
    pub(super) fn finish<K: Resource>(self, mut object: K) -> Result<K, DecodeError> {
        let metadata = object.meta_mut();
        if metadata.name.as_deref().is_none_or(str::is_empty) {
            let path = FieldPath::root().child("metadata").child("name");
            return Err(DecodeError::new(path, "the object has no name"));
        }
        if self == Self::Bookkeeping
            && metadata
                .annotations
                .as_ref()
                .is_some_and(std::collections::BTreeMap::is_empty)
        {
            metadata.annotations = None;
        }
        Ok(object)
    }

    /// Takes the same parts out of an object that was read whole.
    pub fn apply(self, object: &mut impl Resource) {
        if self == Self::Nothing {
            return;
        }
        let metadata = object.meta_mut();
        metadata.managed_fields = None;
        if let Some(annotations) = &mut metadata.annotations {
            annotations.remove(LAST_APPLIED);
            if annotations.is_empty() {
                metadata.annotations = None;
            }
        }
    }
}

/// The error with its path, found in a second pass that only bad objects pay for.
fn located<K: DeserializeOwned>(text: &str, error: &serde_json::Error) -> DecodeError {
    match serde_path_to_error::deserialize::<_, K>(Shaped(&mut serde_json::Deserializer::from_str(text))) {
        Err(located) => said(located.path().into(), located.inner()),
        Ok(_) => said(FieldPath::root(), error),
    }
}

/// Where in the object a map stands.
#[derive(Clone, Copy)]
enum Part {
    Object,
    Metadata,
    Annotations,
}

impl Part {
    fn skips(self, key: &str) -> bool {
        match self {
            Self::Object => false,
            Self::Metadata => key == "managedFields",
            Self::Annotations => key == LAST_APPLIED,
        }
    }

    fn child(self, key: &str) -> Option<Self> {
        match (self, key) {
            (Self::Object, "metadata") => Some(Self::Metadata),
            (Self::Metadata, "annotations") => Some(Self::Annotations),
            _ => None,
        }
    }
}

/// A deserializer, a visitor or a seed that stands at a [`Part`].
pub(super) struct Stripped<T> {
    inner: T,
    part: Part,
}

impl<T> Stripped<T> {
    /// Stands at an object; `inner` is [`Shaped`], which nothing here is by itself.
    pub(super) const fn object(inner: T) -> Self {
        Self {
            inner,
            part: Part::Object,
        }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Stripped<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(Stripped {
            inner: visitor,
            part: self.part,
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_option(Stripped {
            inner: visitor,
            part: self.part,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Stripped {
            inner: visitor,
            part: self.part,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let part = self.part;
        self.inner
            .deserialize_struct(name, fields, Stripped { inner: visitor, part })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Stripped<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Stripped {
            inner: deserializer,
            part: self.part,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(StrippedMap {
            map,
            part: self.part,
            child: None,
        })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Stripped<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Stripped {
            inner: deserializer,
            part: self.part,
        })
    }
}

/// A map whose skipped keys are passed over.
struct StrippedMap<A> {
    map: A,
    part: Part,
    child: Option<Part>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for StrippedMap<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<Key<'de>>()? {
            let text = match &key {
                Key::Borrowed(text) => text,
                Key::Owned(text) => text.as_str(),
            };
            if self.part.skips(text) {
                self.map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.child = self.part.child(text);
            return match key {
                Key::Borrowed(text) => seed.deserialize(BorrowedStrDeserializer::new(text)).map(Some),
                Key::Owned(text) => seed.deserialize(text.into_deserializer()).map(Some),
            };
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        match self.child.take() {
            Some(part) => self.map.next_value_seed(Stripped { inner: seed, part }),
            None => self.map.next_value_seed(seed),
        }
    }
}

/// A key, borrowed from the text wherever it has no escapes.
enum Key<'de> {
    Borrowed(&'de str),
    Owned(String),
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use serde_json::json;

    use super::*;

    fn text() -> String {
        json!({
            "metadata": {
                "name": "a", "namespace": "shop", "resourceVersion": "7",
                "annotations": {LAST_APPLIED: "{\"data\":{}}", "note": "keep"},
                "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}}],
                "labels": {"managedFields": "a label of that name stays"},
            },
            "data": {"managedFields": "so does data"},
        })
        .to_string()
    }

    #[test]
    fn reading_skips_exactly_what_taking_out_removes() {
        let read: ConfigMap = Strip::Bookkeeping.read(&text()).unwrap();
        let mut whole: ConfigMap = Strip::Nothing.read(&text()).unwrap();
        assert!(whole.metadata.managed_fields.is_some());
        Strip::Bookkeeping.apply(&mut whole);
        assert_eq!(read, whole);
        assert_eq!(read.metadata.annotations.unwrap().len(), 1);
        assert_eq!(read.data.unwrap()["managedFields"], "so does data");
    }

    #[test]
    fn errors_name_the_field_and_nameless_objects_are_errors() {
        let error = Strip::Bookkeeping
            .read::<ConfigMap>(r#"{"metadata": {"name": "a"}, "data": {"port": 8080}}"#)
            .unwrap_err();
        assert!(error.to_string().starts_with("`data"), "{error}");
        for text in [
            r#"{"metadata": {}}"#,
            r#"{"metadata": []}"#,
            "[]",
            "null",
            r#"{"metadata": {"name": ""}}"#,
        ] {
            assert!(Strip::Bookkeeping.read::<ConfigMap>(text).is_err(), "{text}");
        }
    }
}
