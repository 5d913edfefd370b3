//! One object of a review, read without its field owners and written with them.
//!
//! `metadata.managedFields` are half of what an API server sends, a webhook may not change them, and an API server takes
//! its own back whatever a webhook says. So their text is passed on as it came, and never becomes values.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::{Map, Value, value::RawValue};

const METADATA: &str = "metadata";
const MANAGED_FIELDS: &str = "managedFields";

/// An object as a tree, and the text of its field owners beside it.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    pub(crate) value: Value,
    pub(crate) managed: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields { map, managed } = deserializer.deserialize_map(Root)?;
        Ok(Self {
            value: Value::Object(map),
            managed,
        })
    }
}

/// The fields of a map, and the raw ones beside it.
struct Fields<'a> {
    map: Map<String, Value>,
    managed: Option<&'a RawValue>,
}

struct Root;

impl<'de> Visitor<'de> for Root {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let (mut map, mut managed) = (Map::new(), None);
        while let Some(key) = access.next_key::<String>()? {
            if key == METADATA {
                let metadata: Metadata<'_> = access.next_value()?;
                managed = metadata.0.managed;
                map.insert(key, Value::Object(metadata.0.map));
            } else {
                map.insert(key, access.next_value()?);
            }
        }
        Ok(Fields { map, managed })
    }
}

struct Metadata<'a>(Fields<'a>);

impl<'de> Deserialize<'de> for Metadata<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetadataFields).map(Self)
    }
}

struct MetadataFields;

impl<'de> Visitor<'de> for MetadataFields {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the metadata of an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let (mut map, mut managed) = (Map::new(), None);
        while let Some(key) = access.next_key::<String>()? {
            if key == MANAGED_FIELDS {
                managed = Some(access.next_value()?);
            } else {
                map.insert(key, access.next_value()?);
            }
        }
        Ok(Fields { map, managed })
    }
}

/// A converted object with the field owners of the one that it came from.
pub(crate) struct Written<'a> {
    pub(crate) value: &'a Value,
    pub(crate) managed: Option<&'a RawValue>,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Some(managed), Value::Object(fields)) = (self.managed, self.value) else {
            return self.value.serialize(serializer);
        };
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (key, value) in fields {
            match value {
                Value::Object(metadata) if key == METADATA => {
                    map.serialize_entry(key, &WrittenMetadata { metadata, managed })?;
                }
                value => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

struct WrittenMetadata<'a> {
    metadata: &'a Map<String, Value>,
    managed: &'a RawValue,
}

impl Serialize for WrittenMetadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.metadata.len() + 1))?;
        for (key, value) in self.metadata {
            map.serialize_entry(key, value)?;
        }
        map.serialize_entry(MANAGED_FIELDS, self.managed)?;
        map.end()
    }
}

/// What a text may take as a tree, never less: a map takes `MAP` bytes with its first entries, and each entry or item
/// after a comma at most `ENTRY`. Braces and commas in strings are counted too.
pub(crate) fn weight(text: &str) -> usize {
    /// A node of a `BTreeMap<String, Value>`.
    const MAP: usize = 640;
    /// An item of a growing list with a string of its own, or a half-filled node's share.
    const ENTRY: usize = 128;
    let count = |byte: u8| text.bytes().filter(|it| *it == byte).count();
    text.len() + MAP * count(b'{') + ENTRY * (count(b',') + count(b'['))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn field_owners_are_passed_on_as_they_came_and_the_rest_is_a_tree() {
        let text = r#"{"kind":"Gadget","metadata":{"name":"a","managedFields":[ {"f:spec":{"b":1,"a":1.50}}],"uid":"1"},"spec":{"z":1}}"#;
        let object: Object<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(
            object.value,
            json!({"kind": "Gadget", "metadata": {"name": "a", "uid": "1"}, "spec": {"z": 1}})
        );
        let written = Written {
            value: &json!({"kind": "Gadget", "metadata": {"name": "b"}, "spec": {}}),
            managed: object.managed,
        };
        assert_eq!(
            serde_json::to_string(&written).unwrap(),
            r#"{"kind":"Gadget","metadata":{"name":"b","managedFields":[ {"f:spec":{"b":1,"a":1.50}}]},"spec":{}}"#
        );
    }

    #[test]
    fn an_object_without_field_owners_stays_without() {
        let text = r#"{"kind":"Gadget","metadata":{"name":"a"}}"#;
        let object: Object<'_> = serde_json::from_str(text).unwrap();
        assert!(object.managed.is_none());
        let written = Written {
            value: &object.value,
            managed: object.managed,
        };
        assert_eq!(serde_json::to_string(&written).unwrap(), text);
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["null", "5", "[]", r#"{"metadata":null}"#, r#"{"metadata":"x"}"#] {
            assert!(serde_json::from_str::<Object<'_>>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn small_texts_that_make_large_trees_weigh_much() {
        let maps = format!("[{}]", vec![r#"{"":0}"#; 1000].join(","));
        assert!(weight(&maps) > 640 * 1000);
        let numbers = format!("[{}]", vec!["0"; 1000].join(","));
        assert!(weight(&numbers) > 96 * 1000);
    }
}
