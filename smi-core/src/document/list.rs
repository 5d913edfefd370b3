//! Owns the taking apart of `List`s.

use serde_json::{Map, Value};

use super::Options;
use super::node::{Lines, Node};

/// The items of a `List` (or `FooList`), or the node itself where it is an object of its own.
///
/// Items of a typed list may leave out their `apiVersion` and `kind`, as the Go types of Kubernetes write them: they
/// get the list's. A `FooList` counts as a list where it has `items` and no name, or is of one of the groups that have
/// no other `*List` ([`Options::lists_of`]).
pub(super) fn items(node: Node, options: &Options) -> Result<Vec<Node>, Node> {
    let Some(list) = List::of(&node.value, options) else {
        return Err(node);
    };
    let types = list.item_types();
    let Value::Object(mut members) = node.value else {
        return Ok(Vec::new());
    };
    let Some(Value::Array(items)) = members.remove("items") else {
        return Ok(Vec::new());
    };
    let lines = node
        .lines
        .into_members()
        .remove("items")
        .map(Lines::into_items)
        .unwrap_or_default();
    Ok(items
        .into_iter()
        .zip(lines)
        .map(|(mut value, lines)| {
            if let (Some((api_version, kind)), Some(item)) = (&types, value.as_object_mut())
                && !item.contains_key("kind")
                && !item.contains_key("apiVersion")
            {
                item.insert("apiVersion".to_owned(), api_version.clone().into());
                item.insert("kind".to_owned(), kind.clone().into());
            }
            Node { value, lines }
        })
        .collect())
}

/// What stands as `items` of a list, where that is no list.
pub(super) fn not_items<'v>(value: &'v Value, options: &Options) -> Option<&'v Value> {
    let members = value.as_object()?;
    let text = |key| members.get(key).and_then(Value::as_str).unwrap_or_default();
    let is_list = text("kind").ends_with("List") && !has_name(members) && !options.keeps_list(text("apiVersion"));
    let items = members.get("items").filter(|_| is_list)?;
    (!items.is_array() && !items.is_null()).then_some(items)
}

/// Whether `value` stands for its items.
pub(super) fn is_list(value: &Value, options: &Options) -> bool {
    List::of(value, options).is_some()
}

struct List<'v> {
    api_version: &'v str,
    /// Of its items; empty where they say it themselves.
    item_kind: &'v str,
}

impl<'v> List<'v> {
    fn of(value: &'v Value, options: &Options) -> Option<Self> {
        let members = value.as_object()?;
        let text = |key| members.get(key).and_then(Value::as_str);
        let (api_version, kind) = (text("apiVersion").unwrap_or_default(), text("kind")?);
        let item_kind = kind.strip_suffix("List")?;
        let is_list = match members.get("items") {
            Some(Value::Array(_)) => item_kind.is_empty() || !has_name(members),
            Some(Value::Null) | None if item_kind.is_empty() => api_version == "v1",
            Some(Value::Null) | None => options.has_only_lists(api_version) && !has_name(members),
            Some(_) => false,
        };
        (is_list && !options.keeps_list(api_version)).then_some(Self { api_version, item_kind })
    }

    fn item_types(&self) -> Option<(String, String)> {
        let typed = !self.item_kind.is_empty() && !self.api_version.is_empty();
        typed.then(|| (self.api_version.to_owned(), self.item_kind.to_owned()))
    }
}

fn has_name(members: &Map<String, Value>) -> bool {
    members
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .is_some()
}
