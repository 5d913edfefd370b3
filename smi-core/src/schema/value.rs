//! What a value does wrong by the value validations of its schema: types, bounds, enumerations, formats, combinations.
//!
//! The order of the checks and the words follow kube-openapi's validators, which kube-apiserver runs on custom resources.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Value};

use super::{
    Reason, SchemaViolation,
    correlate::{correlated_field, correlated_item},
    format, number, pattern,
    print::{self, quote},
};
use crate::path::FieldPath;

/// The violations of a part of a schema, and how many of its checks were passed: of the alternatives of `anyOf` the one
/// with the most is told.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) violations: Vec<SchemaViolation>,
    passed: usize,
}

impl Outcome {
    pub(super) fn add(&mut self, path: &FieldPath, reason: Reason, message: String) {
        self.push(SchemaViolation {
            path: path.clone(),
            reason,
            message,
        });
    }

    /// A violation of which kube-apiserver does not say the field, but in the message.
    pub(super) fn add_nowhere(&mut self, message: &str) {
        self.add(
            &FieldPath::root(),
            Reason::Invalid,
            format!("Invalid value: \"\": {message}"),
        );
    }

    pub(super) fn invalid(&mut self, path: &FieldPath, value: &Value, message: &str) {
        self.add(
            path,
            Reason::Invalid,
            format!("Invalid value: {}: {message}", print::value(value)),
        );
    }

    /// `found` is the name of the type that was found.
    fn wrong_type(&mut self, path: &FieldPath, expected: &str, found: &str) {
        let found = quote(found);
        let message = format!("Invalid value: {found}: {path} in body must be of type {expected}: {found}");
        self.add(path, Reason::TypeInvalid, message);
    }

    fn push(&mut self, violation: SchemaViolation) {
        if !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }

    fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        for violation in other.violations {
            self.push(violation);
        }
    }
}

/// Validates `value`. `old` is the value that it had before the update, where it can be told which that is: what did not
/// change may stay bad.
pub(super) fn value(value: &Value, old: Option<&Value>, schema: &JSONSchemaProps, at: &FieldPath) -> Outcome {
    let outcome = checks(value, old, schema, at);
    if !outcome.violations.is_empty() && old == Some(value) {
        return Outcome::default();
    }
    outcome
}

fn checks(value: &Value, old: Option<&Value>, schema: &JSONSchemaProps, at: &FieldPath) -> Outcome {
    let mut outcome = Outcome::default();
    let format = format::supported(schema);
    check_type(value, schema, format, at, &mut outcome);
    if value.is_null() {
        check_enum(value, schema, at, &mut outcome);
        return outcome;
    }
    combinations(value, old, schema, at, &mut outcome);
    match value {
        Value::String(text) => {
            check_string(text, schema, at, &mut outcome);
            if let Some(format) = format
                && format::known(format)
            {
                outcome.passed += 1;
                if !format::fits(format, text) {
                    outcome.wrong_type(at, format, text);
                }
            }
        }
        Value::Number(number) => number::check(number, schema, at, &mut outcome),
        Value::Array(items) => check_list(items, old, schema, at, &mut outcome),
        Value::Object(_) | Value::Bool(_) | Value::Null => {}
    }
    check_enum(value, schema, at, &mut outcome);
    outcome.passed += 3;
    if let Value::Object(fields) = value {
        check_fields(fields, old, schema, at, &mut outcome);
        outcome.passed += 1;
    }
    outcome
}

/// The types that a schema admits; several for an int-or-string.
fn types(schema: &JSONSchemaProps) -> Vec<&str> {
    if schema.x_kubernetes_int_or_string == Some(true) {
        vec!["integer", "string"]
    } else {
        schema
            .type_
            .as_deref()
            .into_iter()
            .filter(|name| !name.is_empty())
            .collect()
    }
}

fn check_type(value: &Value, schema: &JSONSchemaProps, format: Option<&str>, at: &FieldPath, outcome: &mut Outcome) {
    let types = types(schema);
    if types.is_empty() && format.is_none() {
        return;
    }
    outcome.passed += 1;
    let (found, found_format) = match value {
        Value::Null => {
            if !types.is_empty() && schema.nullable != Some(true) {
                outcome.wrong_type(at, &types.join(","), "null");
            }
            return;
        }
        Value::Bool(_) => ("boolean", ""),
        Value::Number(number) if number.as_i64().is_some() => ("integer", "int64"),
        Value::Number(_) => ("number", "float64"),
        Value::String(_) => ("string", ""),
        Value::Array(_) => ("array", ""),
        Value::Object(_) => ("object", ""),
    };
    let numeric = types.contains(&"integer") || types.contains(&"number");
    let fits = types.contains(&found)
        || (found == "integer" && types.contains(&"number"))
        || (found == "number" && types.contains(&"integer") && number::is_integral(value));
    match (value, format) {
        (Value::String(_) | Value::Array(_), Some(_)) if !numeric => {}
        (Value::String(_) | Value::Array(_), _) | (_, None) if !fits => outcome.wrong_type(at, &types.join(","), found),
        (_, Some(format)) if !fits && format != found_format => outcome.wrong_type(at, format, found_format),
        (_, Some(_)) if !fits => outcome.wrong_type(at, &types.join(","), found),
        _ => {}
    }
}

fn check_string(text: &str, schema: &JSONSchemaProps, at: &FieldPath, outcome: &mut Outcome) {
    outcome.passed += 1;
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let bad = |message: String| {
        (
            Reason::Invalid,
            format!("Invalid value: {}: {at} in body {message}", quote(text)),
        )
    };
    let found = if let Some(most) = schema.max_length.filter(|most| length > *most) {
        let unit = if most == 1 { "byte" } else { "bytes" };
        Some((Reason::TooLong, format!("Too long: may not be more than {most} {unit}")))
    } else if let Some(least) = schema.min_length.filter(|least| length < *least) {
        Some(bad(format!("should be at least {least} chars long")))
    } else {
        match schema.pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
            Some(pattern) if !pattern::matches(pattern, text) => Some(bad(format!("should match '{pattern}'"))),
            _ => None,
        }
    };
    if let Some((reason, message)) = found {
        outcome.add(at, reason, message);
    }
}

fn check_enum(value: &Value, schema: &JSONSchemaProps, at: &FieldPath, outcome: &mut Outcome) {
    let Some(allowed) = schema.enum_.as_ref().filter(|allowed| !allowed.is_empty()) else {
        return;
    };
    if allowed.iter().any(|allowed| number::equal(&allowed.0, value)) {
        return;
    }
    let supported: Vec<String> = allowed
        .iter()
        .map(|allowed| allowed.0.as_str().map_or_else(|| quote(&allowed.0.to_string()), quote))
        .collect();
    let message = format!(
        "Unsupported value: {}: supported values: {}",
        print::value(value),
        supported.join(", ")
    );
    outcome.add(at, Reason::NotSupported, message);
}

fn check_list(items: &[Value], old: Option<&Value>, schema: &JSONSchemaProps, at: &FieldPath, outcome: &mut Outcome) {
    if let Some(JSONSchemaPropsOrArray::Schema(of_items)) = &schema.items {
        for (position, item) in items.iter().enumerate() {
            let old = correlated_item(old, item, schema);
            outcome.merge(value(item, old, of_items, &at.index(position)));
        }
    }
    let size = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if let Some(least) = schema.min_items.filter(|least| size < *least) {
        outcome.invalid(
            at,
            &size.into(),
            &format!("{at} in body should have at least {least} items"),
        );
    }
    if let Some(most) = schema.max_items.filter(|most| size > *most) {
        outcome.add(at, Reason::TooMany, too_many(size, most));
    }
    if schema.unique_items == Some(true) && (1..items.len()).any(|later| items[..later].contains(&items[later])) {
        outcome.invalid(at, &"".into(), &format!("{at} in body shouldn't contain duplicates"));
    }
    outcome.passed += 2;
}

fn check_fields(
    fields: &Map<String, Value>,
    old: Option<&Value>,
    schema: &JSONSchemaProps,
    at: &FieldPath,
    outcome: &mut Outcome,
) {
    let size = i64::try_from(fields.len()).unwrap_or(i64::MAX);
    if let Some(least) = schema.min_properties.filter(|least| size < *least) {
        let message = format!("{at} in body should have at least {least} properties");
        outcome.invalid(at, &size.into(), &message);
    }
    if let Some(most) = schema.max_properties.filter(|most| size > *most) {
        outcome.add(at, Reason::TooMany, too_many(size, most));
    }
    for (name, field) in fields {
        let known = schema.properties.as_ref().and_then(|known| known.get(name));
        let of_field = match (known, &schema.additional_properties) {
            (Some(known), _) => known,
            (None, Some(JSONSchemaPropsOrBool::Schema(rest))) => &**rest,
            (None, Some(JSONSchemaPropsOrBool::Bool(false))) => {
                let message = format!("{at}.{name} in body is a forbidden property");
                outcome.invalid(at, &name.as_str().into(), &message);
                continue;
            }
            (None, _) => continue,
        };
        let old = if at.is_root() && matches!(name.as_str(), "apiVersion" | "kind") {
            None
        } else {
            correlated_field(old, name)
        };
        outcome.merge(value(field, old, of_field, &at.child(name.clone())));
    }
    for name in schema
        .required
        .iter()
        .flatten()
        .filter(|name| !fields.contains_key(*name))
    {
        outcome.add(&at.child(name.clone()), Reason::Required, "Required value".into());
    }
}

fn too_many(size: i64, most: i64) -> String {
    let unit = if most == 1 { "item" } else { "items" };
    format!("Too many: {size}: must have at most {most} {unit}")
}

/// `anyOf`, `oneOf`, `allOf` and `not`.
fn combinations(of: &Value, old: Option<&Value>, schema: &JSONSchemaProps, at: &FieldPath, outcome: &mut Outcome) {
    let quoted = quote(&at.to_string());
    let valid = |outcome: &Outcome| outcome.violations.is_empty();
    let try_each = |schemas: &[JSONSchemaProps]| -> Vec<Outcome> {
        schemas.iter().map(|schema| checks(of, old, schema, at)).collect()
    };
    if let Some(schemas) = schema.any_of.as_deref().filter(|schemas| !schemas.is_empty()) {
        let mut tried = try_each(schemas);
        if let Some(first) = tried.iter().position(valid) {
            outcome.merge(tried.swap_remove(first));
        } else {
            outcome.add_nowhere(&format!("{quoted} must validate at least one schema (anyOf)"));
            outcome.merge(best(tried));
        }
    }
    if let Some(schemas) = schema.one_of.as_deref().filter(|schemas| !schemas.is_empty()) {
        let mut tried = try_each(schemas);
        let count = tried.iter().filter(|tried| valid(tried)).count();
        match (count, tried.iter().position(valid)) {
            (1, Some(only)) => outcome.merge(tried.swap_remove(only)),
            (count, found) => {
                let found_text = match found {
                    None => "Found none valid".to_owned(),
                    Some(_) => format!("Found {count} valid alternatives"),
                };
                outcome.add_nowhere(&format!(
                    "{quoted} must validate one and only one schema (oneOf). {found_text}"
                ));
                if found.is_none() {
                    outcome.merge(best(tried));
                }
            }
        }
    }
    if let Some(schemas) = schema.all_of.as_deref().filter(|schemas| !schemas.is_empty()) {
        let tried = try_each(schemas);
        let count = tried.iter().filter(|tried| valid(tried)).count();
        for tried in tried {
            outcome.merge(tried);
        }
        if count != schemas.len() {
            let none = if count == 0 { ". None validated" } else { "" };
            outcome.add_nowhere(&format!("{quoted} must validate all the schemas (allOf){none}"));
        }
    }
    if let Some(schema) = &schema.not
        && valid(&checks(of, old, schema, at))
    {
        outcome.add_nowhere(&format!("{quoted} must not validate the schema (not)"));
    }
    outcome.passed += 1;
}

/// The first of those that passed most checks.
fn best(tried: Vec<Outcome>) -> Outcome {
    tried
        .into_iter()
        .reduce(|best, next| if next.passed > best.passed { next } else { best })
        .unwrap_or_default()
}
