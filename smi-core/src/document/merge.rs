//! Owns YAML's merge keys: `<<: *base` gives a map the members that it does not have itself.

use granit_parser::Tag;
use serde_json::{Map, Value};

use super::node::{Lines, Node};

/// Whether a key `<<` is a merge key: plain, or tagged as one.
pub(super) fn is_key(plain: bool, tag: Option<&Tag>) -> bool {
    tag.map_or(plain, |tag| {
        tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() == Some("merge")
    })
}

/// Whether a merge key may have the value: a map or a list of maps.
pub(super) fn can_join(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => false,
    }
}

/// Adds the members of a map, or of each map of a list, that are not there yet.
pub(super) fn join(source: Node, values: &mut Map<String, Value>, lines: &mut Vec<(Box<str>, Lines)>) {
    match source.value {
        Value::Object(members) => {
            let mut parts = source.lines.into_members();
            for (key, value) in members {
                if !values.contains_key(&key) {
                    lines.extend(parts.remove_entry(key.as_str()));
                    values.insert(key, value);
                }
            }
        }
        Value::Array(items) => {
            for (value, parts) in items.into_iter().zip(source.lines.into_items()) {
                join(Node { value, lines: parts }, values, lines);
            }
        }
        _ => {}
    }
}
