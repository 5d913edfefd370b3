//! A JSON value as serde reads it, but for one thing: a list is no struct.
//!
//! What serde derives takes `["web-v1", 90]` for `{service: web-v1, weight: 90}`. An API server does not.

use serde::{
    Deserializer,
    de::{
        Error as _, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Value};

/// A value that is read with maps for structs.
#[derive(Clone, Copy)]
pub(super) struct Shaped<'de>(pub(super) &'de Value);

impl<'de> Deserializer<'de> for Shaped<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(Self))),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (name.as_str(), Self(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

impl<'de> IntoDeserializer<'de, Error> for Shaped<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Crate {
        name: Option<String>,
        #[serde(default)]
        bottles: Vec<Bottle>,
        #[serde(default)]
        labels: BTreeMap<String, u8>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Bottle {
        litres: f64,
    }

    #[test]
    fn what_is_well_shaped_is_read_as_serde_json_reads_it() {
        for value in [
            json!({"name": "a", "bottles": [{"litres": 0.5}, {"litres": 1}], "labels": {"x": 1}, "more": [{}]}),
            json!({"name": null}),
            json!({}),
        ] {
            assert_eq!(
                Crate::deserialize(Shaped(&value)).unwrap(),
                serde_json::from_value(value).unwrap()
            );
        }
    }

    #[test]
    fn a_list_is_no_struct_at_any_depth() {
        for value in [json!(["a", [], {}]), json!({"bottles": [[0.5]]})] {
            assert!(serde_json::from_value::<Crate>(value.clone()).is_ok(), "serde takes it");
            let error = Crate::deserialize(Shaped(&value)).unwrap_err().to_string();
            assert!(error.starts_with("invalid type: sequence, expected struct"), "{error}");
        }
    }
}
