//! Which old value a new one comes from. What can be told and did not change may stay bad on update (ratcheting).

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::{Map, Value};

/// The old value of the field `name`.
pub(super) fn correlated_field<'v>(old: Option<&'v Value>, name: &str) -> Option<&'v Value> {
    old?.as_object()?.get(name)
}

/// The old value of `item` of a list: known by its keys, and so in lists of type `map` alone.
pub(super) fn correlated_item<'v>(old: Option<&'v Value>, item: &Value, list: &JSONSchemaProps) -> Option<&'v Value> {
    if list.x_kubernetes_list_type.as_deref() != Some("map") {
        return None;
    }
    let keys = list.x_kubernetes_list_map_keys.as_deref()?;
    let item = item.as_object()?;
    old?.as_array()?
        .iter()
        .find(|old| old.as_object().is_some_and(|old| same_keys(old, item, keys)))
}

fn same_keys(one: &Map<String, Value>, other: &Map<String, Value>, keys: &[String]) -> bool {
    keys.iter().all(|key| one.get(key) == other.get(key))
}
