//! The headers of a match: an ordered list in Rust, two spellings on the wire.
//!
//! The specification's text shows a map, the published CRDs and the Go SDK take a list of one-key maps. Both are read,
//! and a list item with several keys too; all mean that every header must match. The list is what is written.

use std::{collections::BTreeMap, fmt};

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
    ser::SerializeSeq,
};
use serde_json::Value;
use smi_core::{bounds::NAME, decode::excerpt};

use crate::bounds::{HEADERS, REGEX};

/// A header that a request must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderMatch {
    /// The header's name; compared without case.
    pub name: String,
    /// A regular expression (RE2) that the whole value of the header must match.
    pub value: String,
}

impl HeaderMatch {
    /// A header by its name and the regular expression of its value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// The two spellings of `headers`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderForm {
    /// `[{"user-agent": ".*"}, {"cookie": ".*"}]`: what the Go SDK and the CRDs of OSM, Traefik Mesh and FSM take, and
    /// what this crate writes.
    #[default]
    List,
    /// `{"cookie": ".*", "user-agent": ".*"}`, sorted by name: what the CRDs of smi-controller-sdk and NGINX take.
    Map,
}

impl HeaderForm {
    /// Respells the `headers` of every match in `object`, an HTTPRouteGroup of any version as JSON.
    ///
    /// What is not of the expected shape stays as it is; an object in this form already is not changed.
    pub fn apply(self, object: &mut Value) {
        for matches in ["/matches", "/spec/matches"] {
            let Some(Value::Array(matches)) = object.pointer_mut(matches) else {
                continue;
            };
            for headers in matches.iter_mut().filter_map(|one| one.get_mut("headers")) {
                if let Ok(list) = deserialize(&*headers) {
                    *headers = match self {
                        Self::List => list.into_iter().map(|it| Value::Object(one_key(it))).collect(),
                        Self::Map => {
                            // Sorted here, as serde_json's maps keep their order where somebody asks for that feature.
                            let sorted: BTreeMap<_, _> = list.into_iter().flat_map(one_key).collect();
                            Value::Object(sorted.into_iter().collect())
                        }
                    };
                }
            }
        }
    }
}

fn one_key(header: HeaderMatch) -> serde_json::Map<String, Value> {
    std::iter::once((header.name, Value::String(header.value))).collect()
}

/// Writes the list of one-key maps, in the order of `headers`.
pub(crate) fn serialize<S: Serializer>(headers: &[HeaderMatch], serializer: S) -> Result<S::Ok, S::Error> {
    struct OneKey<'a>(&'a HeaderMatch);

    impl Serialize for OneKey<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(&self.0.name, &self.0.value)])
        }
    }

    let mut list = serializer.serialize_seq(Some(headers.len()))?;
    for header in headers {
        list.serialize_element(&OneKey(header))?;
    }
    list.end()
}

/// Reads either spelling, or `null` as no headers. The names of one map come in their sorted order, as maps have none.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderMatch>, D::Error> {
    let headers = deserializer.deserialize_any(HeadersVisitor)?;
    let mut names: Vec<_> = headers.iter().map(|header| header.name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(de::Error::custom(format_args!(
            "the header `{}` is there more than once",
            excerpt(&pair[0])
        ))),
        None => Ok(headers),
    }
}

/// The schema of the list form; a list item takes any number of keys, as the published CRDs do.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": HEADERS,
        "items": {
            "type": "object",
            "maxProperties": HEADERS,
            "additionalProperties": { "type": "string", "maxLength": REGEX.max(NAME) },
        },
    })
}

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = Vec<HeaderMatch>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of maps, or a map, of header names to regular expressions")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut headers = Vec::new();
        while let Some(OneMap(map)) = list.next_element()? {
            headers.extend(map);
        }
        Ok(headers)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        OneMapVisitor.visit_map(map).map(|OneMap(headers)| headers)
    }
}

struct OneMap(Vec<HeaderMatch>);

impl<'de> Deserialize<'de> for OneMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneMapVisitor)
    }
}

struct OneMapVisitor;

impl<'de> Visitor<'de> for OneMapVisitor {
    type Value = OneMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of header names to regular expressions")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OneMap, A::Error> {
        let mut headers = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, String>()? {
            if headers.contains_key(&name) {
                return Err(de::Error::custom(format_args!(
                    "the header `{}` is there more than once",
                    excerpt(&name)
                )));
            }
            headers.insert(name, value);
        }
        Ok(OneMap(
            headers
                .into_iter()
                .map(|(name, value)| HeaderMatch { name, value })
                .collect(),
        ))
    }
}

#[cfg(test)]
mod tests;
