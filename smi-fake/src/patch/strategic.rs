//! Strategic merge patches, which kubectl sends for built-in kinds.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Value};

use super::{PatchError, json::require_map};
use crate::builtin_schema::merges;

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE_VALUES: &str = "$deleteFromPrimitiveList/";

/// What the strategic merge patch `patch` makes of `object`, an object of a built-in kind with `schema`
/// ([`crate::builtin_schema()`]).
///
/// Lists whose schema has list map keys merge by the first of them, finalizers merge as a set, other lists are
/// replaced. The directives `$patch` (`replace`, `delete`), `$retainKeys`, `$setElementOrder` and
/// `$deleteFromPrimitiveList` are followed.
///
/// # Errors
/// [`PatchError::Malformed`] when `patch` is no map, has a directive that cannot be read, or an item without its merge key.
pub fn strategic(object: &Value, patch: &Value, schema: &JSONSchemaProps) -> Result<Value, PatchError> {
    require_map(patch)?;
    let mut patched = object.clone();
    if let (Value::Object(fields), Value::Object(patch)) = (&mut patched, patch) {
        merge_map(fields, patch, Some(schema))?;
    }
    Ok(patched)
}

fn merge_map(
    fields: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    schema: Option<&JSONSchemaProps>,
) -> Result<(), PatchError> {
    match patch.get(DIRECTIVE) {
        Some(Value::String(directive)) if directive == "replace" => {
            fields.clone_from(patch);
            fields.remove(DIRECTIVE);
            return Ok(());
        }
        Some(Value::String(directive)) if directive == "delete" => {
            fields.clear();
            return Ok(());
        }
        Some(Value::String(directive)) if directive == "merge" => {}
        Some(directive) => return Err(unknown_directive(directive)),
        None => {}
    }
    if let Some(retain) = patch.get(RETAIN) {
        let Some(retain) = retain.as_array() else {
            return Err(malformed("invalid retainKeys: not a list"));
        };
        fields.retain(|name, _| retain.iter().any(|kept| kept == name));
    }
    for (name, value) in patch {
        if name == DIRECTIVE || name == RETAIN || name.starts_with(ORDER) {
            continue;
        }
        if let Some(name) = name.strip_prefix(DELETE_VALUES) {
            let gone = value
                .as_array()
                .ok_or_else(|| malformed("invalid deleteFromPrimitiveList: not a list"))?;
            if let Some(Value::Array(items)) = fields.get_mut(name) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        if value.is_null() {
            fields.remove(name);
            continue;
        }
        let of_field = field_schema(schema, name);
        match (fields.get_mut(name), value) {
            (Some(Value::Object(fields)), Value::Object(patch)) => merge_map(fields, patch, of_field)?,
            (Some(Value::Array(items)), Value::Array(changes)) => {
                let order = patch
                    .get(&format!("{ORDER}{name}"))
                    .and_then(Value::as_array)
                    .unwrap_or(changes);
                merge_list(items, changes, order, name, of_field)?;
            }
            (_, value) => {
                if let Some(value) = cleaned(value) {
                    fields.insert(name.clone(), value);
                }
            }
        }
    }
    for (name, order) in patch {
        if let (Some(name), Value::Array(order)) = (name.strip_prefix(ORDER), order)
            && !patch.contains_key(name)
            && let Some(Value::Array(items)) = fields.get_mut(name)
        {
            let (before, key) = (items.clone(), merge_key(name, field_schema(schema, name)));
            *items = ordered(std::mem::take(items), &before, order, key);
        }
    }
    Ok(())
}

/// `order` names the items in the order that they are to have: the patch's own where it does not say.
fn merge_list(
    items: &mut Vec<Value>,
    patch: &[Value],
    order: &[Value],
    name: &str,
    schema: Option<&JSONSchemaProps>,
) -> Result<(), PatchError> {
    let list_type = schema
        .and_then(|schema| schema.x_kubernetes_list_type.as_deref())
        .unwrap_or_default();
    let Some(key) = merge_key(name, schema) else {
        if merges(name, list_type) {
            let before = items.clone();
            items.extend(patch.iter().filter(|item| !before.contains(item)).cloned());
            *items = ordered(std::mem::take(items), &before, order, None);
        } else {
            *items = patch.iter().filter_map(cleaned).collect();
        }
        return Ok(());
    };
    if patch
        .iter()
        .any(|item| item.get(DIRECTIVE).is_some_and(|directive| directive == "replace"))
    {
        *items = patch
            .iter()
            .filter(|item| item.get(DIRECTIVE).is_none())
            .filter_map(cleaned)
            .collect();
        return Ok(());
    }
    let of_items = match schema.and_then(|schema| schema.items.as_ref()) {
        Some(JSONSchemaPropsOrArray::Schema(schema)) => Some(&**schema),
        _ => None,
    };
    let before = items.clone();
    for item in patch {
        let Some(fields) = item.as_object() else {
            return Err(malformed(&format!("invalid item of {name}: not a map")));
        };
        let value = fields
            .get(key)
            .ok_or_else(|| malformed(&format!("map: {item} does not contain declared merge key: {key}")))?;
        match fields.get(DIRECTIVE) {
            Some(directive) if directive == "delete" => items.retain(|item| item.get(key) != Some(value)),
            Some(directive) if directive != "merge" => return Err(unknown_directive(directive)),
            _ => match items.iter_mut().find(|item| item.get(key) == Some(value)) {
                Some(Value::Object(found)) => merge_map(found, fields, of_items)?,
                _ => items.extend(cleaned(item)),
            },
        }
    }
    *items = ordered(std::mem::take(items), &before, order, Some(key));
    Ok(())
}

/// The items in the order that the patch names; those that it does not name stay where they stood `before` among the
/// others.
fn ordered(items: Vec<Value>, before: &[Value], order: &[Value], key: Option<&str>) -> Vec<Value> {
    let id = |item: &Value| match key {
        Some(key) => item.get(key).cloned().unwrap_or_default(),
        None => item.clone(),
    };
    let place = |item: &Value, among: &[Value]| among.iter().position(|other| id(other) == id(item));
    let (mut named, rest): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| place(item, order).is_some());
    named.sort_by_key(|item| place(item, order));
    let (mut named, mut rest) = (named.into_iter().peekable(), rest.into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let next = match (named.peek(), rest.peek()) {
            // A new item stands nowhere yet: it does not wait for others.
            (Some(one), Some(other)) if place(one, before).is_some_and(|at| place(other, before) < Some(at)) => {
                rest.next()
            }
            (Some(_), _) => named.next(),
            (None, _) => rest.next(),
        };
        match next {
            Some(item) => out.push(item),
            None => return out,
        }
    }
}

/// A value as it is put where there was none: without nulls and directives; none for what is to be deleted.
fn cleaned(value: &Value) -> Option<Value> {
    match value {
        Value::Object(fields) => {
            if fields.get(DIRECTIVE).is_some_and(|directive| directive == "delete") {
                return None;
            }
            let kept = fields
                .iter()
                .filter(|(name, value)| !value.is_null() && !is_directive(name))
                .filter_map(|(name, value)| Some((name.clone(), cleaned(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => Some(items.iter().filter_map(cleaned).collect()),
        value => Some(value.clone()),
    }
}

fn is_directive(name: &str) -> bool {
    name == DIRECTIVE || name == RETAIN || name.starts_with(ORDER) || name.starts_with(DELETE_VALUES)
}

fn merge_key<'s>(name: &str, schema: Option<&'s JSONSchemaProps>) -> Option<&'s str> {
    let schema = schema.filter(|schema| schema.x_kubernetes_list_type.as_deref() == Some("map"))?;
    let key = schema.x_kubernetes_list_map_keys.as_ref()?.first()?;
    merges(name, "map").then_some(key)
}

fn field_schema<'s>(schema: Option<&'s JSONSchemaProps>, name: &str) -> Option<&'s JSONSchemaProps> {
    let schema = schema?;
    match schema.properties.as_ref().and_then(|known| known.get(name)) {
        Some(known) => Some(known),
        None => match &schema.additional_properties {
            Some(JSONSchemaPropsOrBool::Schema(rest)) => Some(rest),
            _ => None,
        },
    }
}

fn unknown_directive(directive: &Value) -> PatchError {
    malformed(&format!(
        "unknown patch type found: {}",
        directive.as_str().unwrap_or_default()
    ))
}

fn malformed(message: &str) -> PatchError {
    PatchError::Malformed(message.to_owned())
}
