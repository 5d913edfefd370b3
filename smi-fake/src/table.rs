//! Tables, as `kubectl get` asks for them, and objects without their content.

mod age;
mod builtin;
mod path;

use std::sync::LazyLock;

use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceColumnDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde_json::{Map, Value, json};

use path::ColumnPath;

/// What `?includeObject=` asks for: what a row of a table says of its object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// Nothing but the cells.
    None,
    /// Its metadata, the default.
    #[default]
    Metadata,
    /// The whole object.
    Object,
}

/// The columns of a kind.
#[derive(Clone, Debug)]
pub struct Columns {
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    definition: Value,
    cell: Cell,
}

/// What stands in a column.
#[derive(Clone, Debug)]
enum Cell {
    /// The first value at a path, as a type; nothing for a path that cannot be read.
    Path(Option<ColumnPath>, String),
    /// What a built-in kind shows. The time is in seconds since 1970.
    Of(fn(&Value, i64) -> Value),
}

impl Columns {
    /// The columns of a version of a CRD: `Name`, then its `additionalPrinterColumns`; `Age` where it has none.
    ///
    /// Of a path with several results the first is shown, as by kube-apiserver.
    pub fn of_crd(columns: Option<&[CustomResourceColumnDefinition]>) -> Self {
        let age = CustomResourceColumnDefinition {
            name: "Age".into(),
            type_: "date".into(),
            json_path: ".metadata.creationTimestamp".into(),
            description: Some(described("creationTimestamp")),
            ..CustomResourceColumnDefinition::default()
        };
        let columns = columns.filter(|columns| !columns.is_empty());
        let of_column = |column: &CustomResourceColumnDefinition| {
            let path = &column.json_path;
            let generic = || format!("Custom resource definition column (in JSONPath format): {path}");
            Column {
                definition: json!({
                    "name": column.name,
                    "type": column.type_,
                    "format": column.format.as_deref().unwrap_or_default(),
                    "description": column.description.clone().filter(|text| !text.is_empty()).unwrap_or_else(generic),
                    "priority": column.priority.unwrap_or_default(),
                }),
                cell: Cell::Path(ColumnPath::parse(path), column.type_.clone()),
            }
        };
        let mut all = vec![name_column()];
        all.extend(columns.unwrap_or(&[age]).iter().map(of_column));
        Self { columns: all }
    }

    /// The columns of a built-in kind, as kubectl users know them; `Name` and `Age` where nothing more is known.
    pub fn of_kind(group: &str, kind: &str) -> Self {
        let column = |(name, priority, cell): &(&str, i32, fn(&Value, i64) -> Value)| match *name {
            "Name" => Column {
                definition: json!({
                    "name": "Name", "type": "string", "format": "name",
                    "description": described("name"), "priority": priority,
                }),
                cell: Cell::Of(*cell),
            },
            name => Column {
                definition: json!({
                    "name": name, "type": "string", "format": "", "description": "", "priority": priority,
                }),
                cell: Cell::Of(*cell),
            },
        };
        Self {
            columns: builtin::columns(group, kind).iter().map(column).collect(),
        }
    }
}

fn name_column() -> Column {
    Column {
        definition: json!({
            "name": "Name", "type": "string", "format": "name", "description": described("name"), "priority": 0,
        }),
        cell: Cell::Of(builtin::name),
    }
}

/// What the API says of a field of ObjectMeta.
fn described(field: &str) -> String {
    static METADATA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(ObjectMeta).to_value());
    let text = METADATA.pointer(&format!("/properties/{field}/description"));
    text.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The `Table` (meta.k8s.io/v1) of `object`: a list (what has `items`) with a row for each item, or a single object.
///
/// `now` is in seconds since 1970: ages are told from it. In a watch the real server sends `columnDefinitions` with the
/// first event alone, and `null` after that.
pub fn table(columns: &Columns, object: &Value, include: IncludeObject, now: i64) -> Value {
    let metadata = object.get("metadata");
    let mut of_list = Map::new();
    let row = |object: &Value| {
        let cells: Vec<Value> = columns
            .columns
            .iter()
            .map(|column| column.cell.show(object, now))
            .collect();
        let object = match include {
            IncludeObject::None => Value::Null,
            IncludeObject::Metadata => partial_object_metadata(object),
            IncludeObject::Object => object.clone(),
        };
        json!({"cells": cells, "object": object})
    };
    let items = object.get("items").and_then(Value::as_array);
    for name in ["resourceVersion", "continue", "remainingItemCount"] {
        if let Some(value) = metadata.and_then(|metadata| metadata.get(name)) {
            of_list.insert(name.to_owned(), value.clone());
        }
    }
    let rows: Vec<Value> = match items {
        Some(items) => items.iter().map(row).collect(),
        None => vec![row(object)],
    };
    let definitions: Vec<&Value> = columns.columns.iter().map(|column| &column.definition).collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": of_list,
        "columnDefinitions": definitions,
        "rows": rows,
    })
}

/// `object` as `PartialObjectMetadata` (meta.k8s.io/v1): its metadata alone. A list (what has `items`) becomes a
/// `PartialObjectMetadataList`.
pub fn partial_object_metadata(object: &Value) -> Value {
    let metadata = object.get("metadata").cloned().unwrap_or_else(|| json!({}));
    match object.get("items").and_then(Value::as_array) {
        Some(items) => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": items.iter().map(partial_object_metadata).collect::<Vec<_>>(),
        }),
        None => json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}),
    }
}

impl Cell {
    fn show(&self, object: &Value, now: i64) -> Value {
        match self {
            Self::Of(show) => show(object, now),
            Self::Path(None, _) => Value::Null,
            Self::Path(Some(path), type_) => path
                .first(object)
                .map_or(Value::Null, |value| shown_as(value, type_, now)),
        }
    }
}

/// A value in a column of a type; nothing where it is of another.
fn shown_as(value: &Value, type_: &str, now: i64) -> Value {
    match (type_, value) {
        (_, Value::Null) => Value::Null,
        ("string", Value::String(text)) => text.as_str().into(),
        ("string", Value::Object(_) | Value::Array(_)) => as_go_json(value).into(),
        ("string", value) => value.to_string().into(),
        ("integer", Value::Number(number)) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the real server cuts numbers in the same way"
            )]
            let cut = |float: f64| float as i64;
            number
                .as_i64()
                .or_else(|| number.as_f64().map(cut))
                .map_or(Value::Null, Value::from)
        }
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(text)) => age::since(text, now).unwrap_or_else(|| "<invalid>".into()).into(),
        _ => Value::Null,
    }
}

/// JSON as Go writes it: what HTML would read is escaped.
fn as_go_json(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests;
