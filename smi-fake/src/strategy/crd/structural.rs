//! Checks that the schema of a CRD is structural, in the words of kube-apiserver.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use regex::Regex;
use serde_json::{Map, Value};

use crate::{error::FieldError, meta};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const PRESERVES: &str = "x-kubernetes-preserve-unknown-fields";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const LIST_TYPE: &str = "x-kubernetes-list-type";
const MAP_TYPE: &str = "x-kubernetes-map-type";
const MAP_KEYS: &str = "x-kubernetes-list-map-keys";
const RULES: &str = "x-kubernetes-validations";

/// Where a schema stands in another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Field,
    Item,
}

/// What is wrong with `schema`, an `openAPIV3Schema` that stands at `path`.
pub(super) fn errors(schema: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check(schema, Level::Root, path, &mut errors);
    errors
}

fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name) == Some(&Value::Bool(true))
}

fn map<'v>(schema: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    schema.get(name).and_then(Value::as_object).into_iter().flatten()
}

fn check(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    keywords(schema, path, errors);
    type_of(schema, level, path, errors);
    extensions(schema, path, errors);
    list_type(schema, path, errors);
    if level == Level::Root || flag(schema, EMBEDDED) {
        object_meta(schema, path, errors);
    }
    default(schema, path, errors);
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_some() {
        let why = "additionalProperties and properties are mutual exclusive";
        errors.push(FieldError::forbidden(format!("{path}.additionalProperties"), why));
    }
    for (name, property) in map(schema, "properties") {
        check(property, Level::Field, &format!("{path}.properties[{name}]"), errors);
    }
    if let Some(of @ Value::Object(_)) = schema.get("additionalProperties") {
        check(of, Level::Field, &format!("{path}.additionalProperties"), errors);
    }
    match schema.get("items") {
        Some(of @ Value::Object(_)) => check(of, Level::Item, &format!("{path}.items"), errors),
        Some(Value::Array(_)) => {
            let why = "items must be a schema object and not an array";
            errors.push(FieldError::forbidden(format!("{path}.items"), why));
        }
        _ if meta::text(schema, "/type") == "array" => {
            errors.push(FieldError::required(format!("{path}.items"), "must be specified"));
        }
        _ => {}
    }
    let takes_both = flag(schema, INT_OR_STRING);
    junctors(schema, path, takes_both, errors);
}

/// What JSON schema has and Kubernetes does not take.
fn keywords(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for name in [
        "$ref",
        "id",
        "patternProperties",
        "definitions",
        "dependencies",
        "additionalItems",
    ] {
        if schema.get(name).is_some_and(|value| !value.is_null()) {
            let why = format!("{name} is not supported");
            errors.push(FieldError::forbidden(format!("{path}.{name}"), &why));
        }
    }
    if flag(schema, "uniqueItems") {
        let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.push(FieldError::forbidden(format!("{path}.uniqueItems"), why));
    }
    let pattern = meta::text(schema, "/pattern");
    if let Err(error) = Regex::new(pattern) {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        let why = format!("must be a valid regular expression, but isn't: error parsing regexp: {last}");
        errors.push(FieldError::invalid(format!("{path}.pattern"), &pattern.into(), &why));
    }
}

fn type_of(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let (of, at) = (meta::text(schema, "/type"), format!("{path}.type"));
    let any = flag(schema, INT_OR_STRING) || flag(schema, PRESERVES);
    match (level, of) {
        (Level::Root, "") => errors.push(FieldError::required(at, "must not be empty at the root")),
        (Level::Root, of) if of != "object" => {
            errors.push(FieldError::invalid(at, &of.into(), "must be object at the root"));
        }
        (Level::Field, "") if !any => {
            errors.push(FieldError::required(
                at,
                "must not be empty for specified object fields",
            ));
        }
        (Level::Item, "") if !any => {
            errors.push(FieldError::required(at, "must not be empty for specified array items"));
        }
        (_, of) if !of.is_empty() && !TYPES.contains(&of) => {
            errors.push(FieldError::not_supported(at, &format!("{of:?}"), &TYPES));
        }
        _ => {}
    }
    if level == Level::Root && flag(schema, "nullable") {
        let why = "nullable cannot be true at the root";
        errors.push(FieldError::forbidden(format!("{path}.nullable"), why));
    }
}

fn extensions(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let no = Value::Bool(false);
    if schema.get(PRESERVES) == Some(&no) {
        let at = format!("{path}.{PRESERVES}");
        errors.push(FieldError::invalid(at, &no, "must be true or undefined"));
    }
    let has_properties = map(schema, "properties").next().is_some();
    if flag(schema, EMBEDDED) && !flag(schema, PRESERVES) && !has_properties {
        let why = format!("must not be empty if {EMBEDDED} is true without {PRESERVES}");
        errors.push(FieldError::required(format!("{path}.properties"), &why));
    }
    let map_type = meta::text(schema, &format!("/{MAP_TYPE}"));
    if !matches!(map_type, "" | "atomic" | "granular") {
        let at = format!("{path}.{MAP_TYPE}");
        errors.push(FieldError::not_supported(
            at,
            &format!("{map_type:?}"),
            &["atomic", "granular"],
        ));
    }
    let rules = schema.get(RULES).and_then(Value::as_array).into_iter().flatten();
    for (position, rule) in rules.enumerate() {
        if meta::text(rule, "/rule").trim().is_empty() {
            let at = format!("{path}.{RULES}[{position}].rule");
            errors.push(FieldError::required(at, "rule is not specified"));
        }
    }
}

fn list_type(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let list_type = meta::text(schema, &format!("/{LIST_TYPE}"));
    let keys = meta::texts(schema, &format!("/{MAP_KEYS}"));
    let at = format!("{path}.{LIST_TYPE}");
    if list_type.is_empty() {
        if !keys.is_empty() {
            let why = format!("must be map if {MAP_KEYS} is non-empty");
            errors.push(FieldError::required(at, &why));
        }
        return;
    }
    if !matches!(list_type, "atomic" | "set" | "map") {
        let shown = format!("{list_type:?}");
        errors.push(FieldError::not_supported(at, &shown, &["atomic", "set", "map"]));
        return;
    }
    let of = meta::text(schema, "/type");
    if of != "array" {
        let why = format!("must be array if {LIST_TYPE} is specified");
        errors.push(FieldError::invalid(format!("{path}.type"), &of.into(), &why));
        return;
    }
    let empty = Value::Null;
    let items = schema.get("items").unwrap_or(&empty);
    let item = meta::text(items, "/type");
    if list_type == "set" && matches!(item, "object" | "array") {
        let (field, map_type) = match item {
            "object" => (MAP_TYPE, items.get(MAP_TYPE)),
            _ => (LIST_TYPE, items.get(LIST_TYPE)),
        };
        if map_type.is_none_or(|map_type| map_type != "atomic") {
            let why = format!("must be atomic as item of a list with {LIST_TYPE}=set");
            let at = format!("{path}.items.{field}");
            errors.push(FieldError::invalid(at, map_type.unwrap_or(&empty), &why));
        }
    }
    if list_type != "map" {
        return;
    }
    if keys.is_empty() {
        let why = format!("must not be empty if {LIST_TYPE} is map");
        errors.push(FieldError::required(format!("{path}.{MAP_KEYS}"), &why));
    }
    if item != "object" {
        let why = format!("must be object if parent array's {LIST_TYPE} is map");
        errors.push(FieldError::invalid(format!("{path}.items.type"), &item.into(), &why));
        return;
    }
    let properties = items.get("properties");
    if keys.iter().any(|key| properties.and_then(|of| of.get(key)).is_none()) {
        let at = format!("{path}.{MAP_KEYS}");
        errors.push(FieldError::invalid(
            at,
            &keys.into(),
            "entries must all be names of item properties",
        ));
        return;
    }
    let required = meta::texts(items, "/required");
    for key in keys.iter().filter(|key| !required.contains(key)) {
        if properties.and_then(|of| of.get(key)?.get("default")).is_none() {
            let why = format!("this property is in {MAP_KEYS}, so it must have a default or be a required property");
            let at = format!("{path}.items.properties[{key}].default");
            errors.push(FieldError::required(at, &why));
        }
    }
}

/// `apiVersion`, `kind` and `metadata` are what they are in every object.
fn object_meta(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for (field, expected) in [("apiVersion", "string"), ("kind", "string"), ("metadata", "object")] {
        let Some(of) = schema.get("properties").and_then(|properties| properties.get(field)) else {
            continue;
        };
        let found = meta::text(of, "/type");
        if found != expected {
            let at = format!("{path}.properties[{field}].type");
            errors.push(FieldError::invalid(at, &found.into(), &format!("must be {expected}")));
        }
        if field != "metadata" || flag(schema, EMBEDDED) {
            continue;
        }
        let names = |name: &String| matches!(name.as_str(), "name" | "generateName");
        let others = map(of, "properties").any(|(name, _)| !names(name))
            || of
                .as_object()
                .into_iter()
                .flat_map(Map::keys)
                .any(|keyword| !matches!(keyword.as_str(), "type" | "properties" | "default"));
        if others {
            let why =
                "must not specify anything other than name and generateName, but metadata is implicitly specified";
            errors.push(FieldError::forbidden(format!("{path}.properties[metadata]"), why));
        }
    }
}

/// A default has to fit its own schema.
fn default(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let Some(value) = schema.get("default").filter(|value| !value.is_null()) else {
        return;
    };
    let Ok(schema) = serde_json::from_value::<JSONSchemaProps>(schema.clone()) else {
        return;
    };
    for violation in smi_core::schema::validate(value, None, &schema) {
        let inner = violation.path.to_string();
        let dot = if inner.is_empty() || inner.starts_with('[') {
            ""
        } else {
            "."
        };
        let at = format!("{path}.default{dot}{inner}");
        errors.push(FieldError::new(violation.reason.as_str(), at, violation.message));
    }
}

/// Below `allOf` and the like a schema checks values, and says nothing of the form of objects.
fn junctors(schema: &Value, path: &str, takes_both: bool, errors: &mut Vec<FieldError>) {
    for name in ["allOf", "anyOf", "oneOf"] {
        let schemas = schema.get(name).and_then(Value::as_array).into_iter().flatten();
        for (position, of) in schemas.enumerate() {
            let may_type = takes_both && matches!(name, "allOf" | "anyOf");
            nested(of, &format!("{path}.{name}[{position}]"), may_type, errors);
        }
    }
    if let Some(of) = schema.get("not").filter(|of| !of.is_null()) {
        nested(of, &format!("{path}.not"), false, errors);
    }
}

fn nested(schema: &Value, path: &str, may_type: bool, errors: &mut Vec<FieldError>) {
    let forbidden = [
        ("description", "empty"),
        ("type", "empty"),
        ("title", "empty"),
        ("default", "undefined"),
        ("additionalProperties", "undefined"),
        ("nullable", "false"),
        (PRESERVES, "false"),
        (EMBEDDED, "false"),
        (INT_OR_STRING, "false"),
        (LIST_TYPE, "undefined"),
        (MAP_TYPE, "undefined"),
        (MAP_KEYS, "empty"),
        (RULES, "empty"),
    ];
    for (name, what) in forbidden {
        let is_said = schema
            .get(name)
            .is_some_and(|value| !value.is_null() && *value != Value::Bool(false) && *value != "");
        if is_said && !(name == "type" && may_type) {
            let why = format!("must be {what} to be structural");
            errors.push(FieldError::forbidden(format!("{path}.{name}"), &why));
        }
    }
    for (name, property) in map(schema, "properties") {
        nested(property, &format!("{path}.properties[{name}]"), false, errors);
    }
    if let Some(items @ Value::Object(_)) = schema.get("items") {
        nested(items, &format!("{path}.items"), false, errors);
    }
    junctors(schema, path, may_type, errors);
}
