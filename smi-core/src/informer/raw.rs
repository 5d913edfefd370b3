//! An object as kube's watcher hands it on: its text, unread, so that a bad object is a value and no error.

use std::{borrow::Cow, fmt, sync::OnceLock};

use kube::core::{ApiResource, DynamicResourceScope, ObjectMeta, Resource};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use serde_json::{Value, value::RawValue};

use super::invalid::Invalid;
use crate::{
    convert::ConvertError,
    key::{KeyRef, ObjectKey},
};

#[derive(Clone, Debug)]
pub(super) struct RawObject {
    text: Box<RawValue>,
    /// Read when kube asks for it, which it does for single changes, not for lists.
    head: OnceLock<Box<ObjectMeta>>,
}

impl RawObject {
    pub(super) fn text(&self) -> &str {
        self.text.get()
    }

    /// Key and resource version.
    pub(super) fn identity(&self) -> (ObjectKey, String) {
        let head = self.meta();
        (
            KeyRef::of(head).owned(),
            head.resource_version.clone().unwrap_or_default(),
        )
    }

    pub(super) fn invalid(&self, error: ConvertError) -> Invalid {
        let (object, resource_version) = self.identity();
        Invalid {
            object,
            uid: self.meta().uid.clone().unwrap_or_default(),
            resource_version,
            error,
        }
    }
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self {
            text: Box::deserialize(Text(deserializer))?,
            head: OnceLock::new(),
        })
    }
}

/// Gives `RawValue` the text of JSON that serde holds in a buffer too, which is where it is when a watch event has its
/// `object` before its `type`.
struct Text<T>(T);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Text<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Text((name, visitor)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Text<(&'static str, V)> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.1.expecting(f)
    }

    /// The text, as `serde_json` gives it.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.1.visit_map(map)
    }

    /// What was read already.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let Self((name, visitor)) = self;
        let text = Value::deserialize(deserializer)?.to_string();
        visitor.visit_map(MapDeserializer::new(std::iter::once((name, text))))
    }
}

/// The part of the metadata that says which object it is, as far as it can be read.
fn head(text: &str) -> Box<ObjectMeta> {
    #[derive(Default, Deserialize)]
    struct Object {
        metadata: Head,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        name: Option<String>,
        namespace: Option<String>,
        uid: Option<String>,
        resource_version: Option<String>,
    }
    let Object { metadata: head } = serde_json::from_str(text).unwrap_or_else(|_| {
        let object: Value = serde_json::from_str(text).unwrap_or_default();
        let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
        Object {
            metadata: Head {
                name: text("name"),
                namespace: text("namespace"),
                uid: text("uid"),
                resource_version: text("resourceVersion"),
            },
        }
    });
    Box::new(ObjectMeta {
        name: head.name,
        namespace: head.namespace,
        uid: head.uid,
        resource_version: head.resource_version,
        ..ObjectMeta::default()
    })
}

impl Resource for RawObject {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        resource.kind.as_str().into()
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        resource.group.as_str().into()
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        resource.version.as_str().into()
    }

    fn api_version(resource: &ApiResource) -> Cow<'_, str> {
        resource.api_version.as_str().into()
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        resource.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        self.head.get_or_init(|| head(self.text.get()))
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        let head = self.head.take().unwrap_or_else(|| head(self.text.get()));
        self.head.get_or_init(|| head);
        self.head.get_mut().expect("it was set on the line above")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_type_and_object_in_an_event_does_not_matter() {
        use kube::core::WatchEvent;
        for text in [
            r#"{"type":"ADDED","object":{"metadata":{"name":"a"},"x":[1,null]}}"#,
            r#"{"object":{"metadata":{"name":"a"},"x":[1,null]},"type":"ADDED"}"#,
        ] {
            let WatchEvent::Added(object) = serde_json::from_str::<WatchEvent<RawObject>>(text).unwrap() else {
                panic!("{text}")
            };
            assert_eq!(object.text(), r#"{"metadata":{"name":"a"},"x":[1,null]}"#);
        }
    }

    #[test]
    fn any_json_is_an_object_and_says_which_as_far_as_it_can() {
        for (text, key, version) in [
            (
                r#"{"metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"spec":3}"#,
                "n/a",
                "7",
            ),
            (
                r#"{"metadata":{"name":"a","namespace":"n","resourceVersion":7,"uid":{}}}"#,
                "n/a",
                "",
            ),
            (r#"{"metadata":[]}"#, "", ""),
            ("null", "", ""),
        ] {
            let mut object: RawObject = serde_json::from_str(text).unwrap();
            let (found, resource_version) = object.identity();
            assert_eq!(
                (found.to_string().as_str(), resource_version.as_str()),
                (key, version),
                "{text}"
            );
            assert_eq!(object.meta_mut().name.is_some(), !key.is_empty());
        }
    }
}
