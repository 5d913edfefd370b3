//! Reads bodies: bounded, as JSON or YAML, with the keys that stand twice.

use std::fmt;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::ApiError;

/// Reads at most `limit` bytes.
pub(crate) async fn read_body<B>(body: B, limit: usize) -> Result<Bytes, ApiError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let read = Limited::new(body, limit).collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            ApiError::body_too_large(limit)
        } else {
            ApiError::bad_request(format!("the body could not be read: {error}"))
        }
    })
}

/// A body that was read.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) value: Value,
    /// The paths of keys that stand twice; the last one of each counts.
    pub(crate) duplicates: Vec<String>,
}

impl Body {
    /// `bytes` as JSON, which YAML is a superset of.
    pub(crate) fn parse(bytes: &[u8], yaml: bool) -> Result<Self, String> {
        let json = Self::json(bytes);
        if !yaml || json.is_ok() {
            return json;
        }
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let source =
            smi_core::document::read(text.as_bytes(), "request body", &smi_core::document::Options::default()).next();
        match source {
            Some(Ok(document)) => Ok(Self {
                value: document.value,
                duplicates: Vec::new(),
            }),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("empty document".to_owned()),
        }
    }

    fn json(bytes: &[u8]) -> Result<Self, String> {
        let mut duplicates = Vec::new();
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let watcher = Watcher {
            path: String::new(),
            duplicates: &mut duplicates,
        };
        let value = watcher.deserialize(&mut reader).map_err(|error| error.to_string())?;
        reader.end().map_err(|error| error.to_string())?;
        Ok(Self { value, duplicates })
    }
}

/// Builds a `Value`, and notes the keys that stand twice.
struct Watcher<'d> {
    path: String,
    duplicates: &'d mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Watcher<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Watcher<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let item = Watcher {
                path: format!("{}[{}]", self.path, list.len()),
                duplicates: self.duplicates,
            };
            match items.next_element_seed(item)? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = if self.path.is_empty() {
                key.clone()
            } else {
                format!("{}.{key}", self.path)
            };
            if map.contains_key(&key) {
                self.duplicates.push(path.clone());
            }
            let value = Watcher {
                path,
                duplicates: self.duplicates,
            };
            let value = entries.next_value_seed(value)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_stand_twice_are_named_and_the_last_counts() {
        let body = Body::parse(br#"{"a": [{"b": 1, "b": 2}], "c": null, "a2": -1.5, "c": true}"#, false).unwrap();
        assert_eq!(body.duplicates, ["a[0].b", "c"]);
        assert_eq!(body.value, serde_json::json!({"a": [{"b": 2}], "a2": -1.5, "c": true}));
    }

    #[test]
    fn rubbish_after_the_object_is_an_error() {
        assert!(Body::parse(b"{} x", false).is_err());
        assert!(Body::parse(b"", false).is_err());
    }
}
