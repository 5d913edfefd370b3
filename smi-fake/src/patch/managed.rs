//! `metadata.managedFields`: who manages which fields.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fields::FieldSet;

/// Who manages: entries with the same are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ManagerId {
    pub(super) name: String,
    /// By server-side apply; otherwise by updates and other patches.
    pub(super) applies: bool,
    /// The version of updates; empty for an applier, who has one entry for all versions.
    version: String,
    pub(super) subresource: String,
}

/// What one manages.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) api_version: String,
    pub(super) time: Option<String>,
    pub(super) set: FieldSet,
}

/// Every manager of an object.
pub(super) type Managed = BTreeMap<ManagerId, Entry>;

impl ManagerId {
    pub(super) fn new(name: &str, applies: bool, api_version: &str, subresource: &str) -> Self {
        Self {
            name: name.to_owned(),
            applies,
            version: if applies { String::new() } else { api_version.to_owned() },
            subresource: subresource.to_owned(),
        }
    }

    /// As conflicts name it: `"kubectl-edit" using v1`.
    pub(super) fn print(&self) -> String {
        let mut text = Value::from(self.name.as_str()).to_string();
        if !self.subresource.is_empty() {
            text.push_str(" with subresource ");
            text.push_str(&Value::from(self.subresource.as_str()).to_string());
        }
        if !self.applies {
            text.push_str(" using ");
            text.push_str(&self.version);
        }
        text
    }
}

/// The managers of `object`; none of them where one of the entries cannot be read.
pub(super) fn decode(object: &Value) -> Managed {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries
        .and_then(|entries| entries.iter().map(decode_entry).collect())
        .unwrap_or_default()
}

fn decode_entry(entry: &Value) -> Option<(ManagerId, Entry)> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let applies = match text("operation")? {
        "Apply" => true,
        "Update" => false,
        _ => return None,
    };
    let api_version = text("apiVersion").filter(|version| !version.is_empty())?;
    if text("fieldsType")? != "FieldsV1" {
        return None;
    }
    let id = ManagerId::new(
        text("manager").unwrap_or_default(),
        applies,
        api_version,
        text("subresource").unwrap_or_default(),
    );
    let entry = Entry {
        api_version: api_version.to_owned(),
        time: text("time").map(ToOwned::to_owned),
        set: entry
            .get("fieldsV1")
            .map_or_else(|| Some(FieldSet::default()), FieldSet::decode)?,
    };
    Some((id, entry))
}

/// Writes the managers to `object`: appliers first, then by time and name.
pub(super) fn encode(object: &mut Value, managed: Managed) {
    let mut entries: Vec<(ManagerId, Entry)> = managed.into_iter().collect();
    entries.sort_by(|(one, its), (other, others)| {
        let key = |id: &ManagerId, entry: &Entry| {
            let time = entry.time.clone().unwrap_or_default();
            (
                !id.applies,
                time,
                id.name.clone(),
                entry.api_version.clone(),
                id.subresource.clone(),
            )
        };
        key(one, its).cmp(&key(other, others))
    });
    let entries: Vec<Value> = entries.into_iter().map(|(id, entry)| encode_entry(id, entry)).collect();
    let Some(object) = object.as_object_mut() else { return };
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if let Value::Object(metadata) = metadata {
        if entries.is_empty() {
            metadata.remove("managedFields");
        } else {
            metadata.insert("managedFields".into(), entries.into());
        }
    }
}

fn encode_entry(id: ManagerId, entry: Entry) -> Value {
    let mut fields = Map::new();
    fields.insert("manager".into(), id.name.into());
    fields.insert("operation".into(), if id.applies { "Apply" } else { "Update" }.into());
    fields.insert("apiVersion".into(), entry.api_version.into());
    if let Some(time) = entry.time {
        fields.insert("time".into(), time.into());
    }
    fields.insert("fieldsType".into(), "FieldsV1".into());
    fields.insert("fieldsV1".into(), entry.set.encode());
    if !id.subresource.is_empty() {
        fields.insert("subresource".into(), id.subresource.into());
    }
    Value::Object(fields)
}

/// Whether the request asks for the managers to be forgotten: an empty list, or a list of one empty entry.
pub(super) fn is_reset(object: &Value) -> bool {
    match object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([]) => true,
        Some([entry]) => entry.as_object().is_some_and(Map::is_empty),
        _ => false,
    }
}

/// `object` without `managedFields`, which manage no fields of their own.
pub(super) fn stripped(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.remove("managedFields");
    }
    object
}
