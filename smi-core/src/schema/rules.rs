//! CEL rules (`x-kubernetes-validations`), with transition rules and ratcheting as kube-apiserver does them.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::core::cel::{CompiledSchema, ErrorKind, ValidationError, Validator, compile_schema};
use serde_json::{Map, Value};

use super::{
    Reason, SchemaViolation,
    correlate::{correlated_field, correlated_item},
    print,
};
use crate::path::FieldPath;

/// More schemas than a process uses: beyond, those that were compiled are forgotten.
const KEPT: usize = 256;

/// Adds to `found` what `object` does wrong by the rules of `schema`. They are not asked when what was found already
/// means that they might fail for another reason.
pub(super) fn check(object: &Value, old: Option<&Value>, schema: &JSONSchemaProps, found: &mut Vec<SchemaViolation>) {
    if !has_rules(schema) {
        return;
    }
    let blocking = |violation: &SchemaViolation| {
        matches!(
            violation.reason,
            Reason::NotSupported | Reason::Required | Reason::TooLong | Reason::TooMany | Reason::TypeInvalid
        )
    };
    if found.iter().any(blocking) {
        found.push(SchemaViolation {
            path: FieldPath::root(),
            reason: Reason::Invalid,
            message: "Invalid value: null: some validation rules were not checked because the object was invalid; \
                      correct the existing errors to complete validation"
                .into(),
        });
        return;
    }
    let mut walk = Walk {
        validator: Validator::new(),
        found,
    };
    let place = Place {
        value: object,
        old,
        correlated: old,
        unchanged: false,
        at: FieldPath::root(),
    };
    walk.node(&compiled(schema), &place);
}

/// The rules of a part of a schema and of what is below it.
#[derive(Debug)]
struct Node {
    /// Its own rules alone, not those of its parts; with its parts' types, by which values are read.
    own: Option<CompiledSchema>,
    schema: JSONSchemaProps,
    properties: HashMap<String, Self>,
    rest: Option<Box<Self>>,
    items: Option<Box<Self>>,
    all_of: Vec<Self>,
}

fn compiled(schema: &JSONSchemaProps) -> Arc<Node> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Node>>>> = LazyLock::new(Mutex::default);
    let key = serde_json::to_string(schema).unwrap_or_default();
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(node) = compiled.get(&key) {
        return Arc::clone(node);
    }
    if compiled.len() >= KEPT {
        compiled.clear();
    }
    let node = Arc::new(Node::new(schema, schema));
    compiled.insert(key, Arc::clone(&node));
    node
}

fn has_rules(schema: &JSONSchemaProps) -> bool {
    schema
        .x_kubernetes_validations
        .as_ref()
        .is_some_and(|rules| !rules.is_empty())
        || schema.properties.iter().flatten().any(|(_, schema)| has_rules(schema))
        || schema.all_of.iter().flatten().any(has_rules)
        || matches!(&schema.items, Some(JSONSchemaPropsOrArray::Schema(schema)) if has_rules(schema))
        || matches!(&schema.additional_properties, Some(JSONSchemaPropsOrBool::Schema(schema)) if has_rules(schema))
}

impl Node {
    /// `rules` holds the rules: `schema` itself, or one of its `allOf`.
    fn new(rules: &JSONSchemaProps, schema: &JSONSchemaProps) -> Self {
        let own = rules
            .x_kubernetes_validations
            .as_ref()
            .filter(|own| !own.is_empty())
            .map(|own| {
                let mut json = serde_json::to_value(schema).unwrap_or_default();
                strip(&mut json);
                if let Value::Object(json) = &mut json {
                    json.insert(
                        "x-kubernetes-validations".into(),
                        serde_json::to_value(own).unwrap_or_default(),
                    );
                }
                compile_schema(&json)
            });
        let of = |rules: &JSONSchemaProps, schema: &JSONSchemaProps| has_rules(rules).then(|| Self::new(rules, schema));
        let known = schema.properties.as_ref();
        Self {
            own,
            schema: JSONSchemaProps {
                type_: schema.type_.clone(),
                x_kubernetes_list_type: schema.x_kubernetes_list_type.clone(),
                x_kubernetes_list_map_keys: schema.x_kubernetes_list_map_keys.clone(),
                x_kubernetes_map_type: schema.x_kubernetes_map_type.clone(),
                ..JSONSchemaProps::default()
            },
            properties: rules
                .properties
                .iter()
                .flatten()
                .filter_map(|(name, rules)| Some((name.clone(), of(rules, known?.get(name)?)?)))
                .collect(),
            rest: match (&rules.additional_properties, &schema.additional_properties) {
                (Some(JSONSchemaPropsOrBool::Schema(rules)), Some(JSONSchemaPropsOrBool::Schema(schema))) => {
                    of(rules, schema).map(Box::new)
                }
                _ => None,
            },
            items: match (&rules.items, &schema.items) {
                (Some(JSONSchemaPropsOrArray::Schema(rules)), Some(JSONSchemaPropsOrArray::Schema(schema))) => {
                    of(rules, schema).map(Box::new)
                }
                _ => None,
            },
            all_of: rules
                .all_of
                .iter()
                .flatten()
                .filter_map(|rules| of(rules, schema))
                .collect(),
        }
    }
}

/// Drops the rules of a schema and of all its parts, and the defaults: values are defaulted already.
fn strip(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("x-kubernetes-validations");
            if fields
                .get("default")
                .is_some_and(|default| !default.get("type").is_some_and(Value::is_string))
            {
                fields.remove("default");
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// A value and where it comes from.
struct Place<'v> {
    value: &'v Value,
    /// What the value was: `oldSelf`.
    old: Option<&'v Value>,
    /// What the value was as far as ratcheting goes.
    correlated: Option<&'v Value>,
    /// Whether the nearest place above of which the old value is known did not change.
    unchanged: bool,
    at: FieldPath,
}

struct Walk<'f> {
    validator: Validator,
    found: &'f mut Vec<SchemaViolation>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, place: &Place<'_>) {
        if place.value.is_null() {
            return;
        }
        if let Some(own) = &node.own {
            self.evaluate(own, node, place);
        }
        for node in &node.all_of {
            let place = Place {
                correlated: None,
                at: place.at.clone(),
                ..*place
            };
            self.node(node, &place);
        }
        let unchanged = place.is_unchanged();
        match place.value {
            Value::Array(items) => {
                let Some(of_items) = &node.items else { return };
                for (position, item) in items.iter().enumerate() {
                    let place = Place {
                        value: item,
                        old: correlated_item(place.old, item, &node.schema),
                        correlated: correlated_item(place.correlated, item, &node.schema),
                        unchanged,
                        at: place.at.index(position),
                    };
                    self.node(of_items, &place);
                }
            }
            Value::Object(fields) => self.fields(node, fields, place, unchanged),
            _ => {}
        }
    }

    fn fields(&mut self, node: &Node, fields: &Map<String, Value>, place: &Place<'_>, unchanged: bool) {
        let atomic = node.schema.x_kubernetes_map_type.as_deref() == Some("atomic");
        for (name, value) in fields {
            let (of_field, at) = match (node.properties.get(name), &node.rest) {
                (Some(known), _) => (known, place.at.child(name.clone())),
                (None, Some(rest)) => (&**rest, place.at.key(name.clone())),
                (None, None) => continue,
            };
            let place = Place {
                value,
                old: if atomic {
                    None
                } else {
                    correlated_field(place.old, name)
                },
                correlated: correlated_field(place.correlated, name),
                unchanged,
                at,
            };
            self.node(of_field, &place);
        }
    }

    fn evaluate(&mut self, own: &CompiledSchema, node: &Node, place: &Place<'_>) {
        let Err(errors) = self.validator.validate_compiled(own, place.value, place.old) else {
            return;
        };
        let type_ = node.schema.type_.as_deref().unwrap_or_default();
        for error in errors {
            let failed = error.kind == ErrorKind::ValidationFailure;
            if failed && place.is_unchanged() && !error.rule.contains("oldSelf") {
                continue;
            }
            self.found.push(violation(&error, own, type_, place));
        }
    }
}

impl Place<'_> {
    fn is_unchanged(&self) -> bool {
        self.correlated.map_or(self.unchanged, |old| old == self.value)
    }
}

fn violation(error: &ValidationError, own: &CompiledSchema, type_: &str, place: &Place<'_>) -> SchemaViolation {
    if error.kind != ErrorKind::ValidationFailure {
        return SchemaViolation {
            path: place.at.clone(),
            reason: Reason::Invalid,
            message: format!("Invalid value: {}: {}", print::quote(type_), not_asked(error, own)),
        };
    }
    let path = error
        .field_path
        .split('.')
        .filter(|step| !step.is_empty())
        .fold(place.at.clone(), |path, step| path.child(step.to_owned()));
    let detail = error.message.trim();
    let value = if matches!(type_, "object" | "array") {
        String::new()
    } else {
        format!(": {}", print::value(place.value))
    };
    let (reason, message) = match error.reason.as_deref() {
        Some("FieldValueForbidden") => (Reason::Forbidden, format!("Forbidden: {detail}")),
        Some("FieldValueRequired") => (Reason::Required, format!("Required value: {detail}")),
        Some("FieldValueDuplicate") => (Reason::Duplicate, format!("Duplicate value{value}")),
        _ => (Reason::Invalid, format!("Invalid value{value}: {detail}")),
    };
    SchemaViolation { path, reason, message }
}

/// Why a rule gave no answer.
fn not_asked(error: &ValidationError, own: &CompiledSchema) -> String {
    use std::error::Error as _;

    let Some(cause) = error.source().map(ToString::to_string) else {
        return error.message.clone();
    };
    let mut letters = cause.chars();
    let cause: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_lowercase)
        .chain(letters)
        .collect();
    let rule = own
        .validations
        .iter()
        .flatten()
        .find(|compiled| compiled.rule.rule == error.rule)
        .and_then(|compiled| compiled.rule.message.as_deref())
        .unwrap_or(&error.rule);
    format!("{cause} evaluating rule: {}", rule.trim())
}
