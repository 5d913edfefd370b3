//! Checks names, labels and the rest of `metadata` by Kubernetes' rules, in its words.

use serde_json::Value;

use crate::{
    error::FieldError,
    kind::{Kind, Names},
    meta, owners,
};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
pub(crate) const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_KEY: &str = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const NAME_PART: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// What the annotations of an object may take, in bytes of keys and values.
const ANNOTATIONS: usize = 256 * 1024;

/// What is wrong with the metadata of `object`, which is new or changed.
pub(crate) fn metadata(object: &Value, kind: &Kind) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = meta::name(object);
    if name.is_empty() {
        errors.push(FieldError::required(
            "metadata.name",
            "name or generateName is required",
        ));
    } else {
        let rule = kind.builtin.map_or(Names::Subdomain, |builtin| builtin.names);
        errors.extend(name_fault(name, rule).map(|why| FieldError::invalid("metadata.name", &name.into(), &why)));
    }
    for (key, value) in meta::labels(object) {
        let field = "metadata.labels";
        errors.extend(key_fault(&key).map(|why| FieldError::invalid(field, &key.as_str().into(), why)));
        errors.extend(label_value_fault(&value).map(|why| FieldError::invalid(field, &value.as_str().into(), why)));
    }
    annotations(object, &mut errors);
    errors.extend(owners::check(object));
    for finalizer in meta::finalizers(object) {
        if let Some(why) = key_fault(&finalizer) {
            errors.push(FieldError::invalid(
                "metadata.finalizers",
                &finalizer.as_str().into(),
                why,
            ));
        }
    }
    errors
}

fn annotations(object: &Value, errors: &mut Vec<FieldError>) {
    let field = "metadata.annotations";
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let mut size = 0;
    for (key, value) in annotations.into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        if let Some(why) = key_fault(&key.to_lowercase()) {
            errors.push(FieldError::invalid(field, &key.as_str().into(), why));
        }
    }
    if size > ANNOTATIONS {
        errors.push(FieldError::too_long(field, ANNOTATIONS));
    }
}

/// What is wrong with a change of metadata.
pub(crate) fn metadata_update(old: &Value, new: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in [
        "name",
        "namespace",
        "uid",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        let at = |object: &Value| {
            object
                .pointer("/metadata")
                .and_then(|metadata| metadata.get(field))
                .cloned()
        };
        let (before, after) = (at(old), at(new));
        if before != after {
            let value = after.unwrap_or(Value::Null);
            errors.push(FieldError::invalid(
                format!("metadata.{field}"),
                &value,
                "field is immutable",
            ));
        }
    }
    if meta::is_deleting(old) {
        let before = meta::finalizers(old);
        let added: Vec<_> = meta::finalizers(new)
            .into_iter()
            .filter(|name| !before.contains(name))
            .collect();
        if !added.is_empty() {
            let list: Vec<_> = added.iter().map(|name| format!("{name:?}")).collect();
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                list.join(", ")
            );
            errors.push(FieldError::forbidden("metadata.finalizers", &why));
        }
    }
    errors
}

fn name_fault(name: &str, rule: Names) -> Option<String> {
    let (fits, words, longest) = match rule {
        Names::Subdomain => (name.split('.').all(is_label), SUBDOMAIN, 253),
        Names::Label => (is_label(name), LABEL, 63),
        Names::PathSegment => return path_segment_fault(name),
    };
    if name.len() > longest {
        Some(format!("must be no more than {longest} bytes"))
    } else {
        (!fits).then(|| words.to_owned())
    }
}

/// What is wrong with the name of something of RBAC.
pub(crate) fn path_segment_fault(name: &str) -> Option<String> {
    match name {
        "." | ".." => Some(format!("may not be '{name}'")),
        _ => name
            .chars()
            .find(|letter| matches!(letter, '/' | '%'))
            .map(|letter| format!("may not contain '{letter}'")),
    }
}

pub(crate) fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(inner)
        && bytes.last().copied().is_some_and(inner)
        && bytes.iter().all(|byte| inner(*byte) || *byte == b'-')
}

/// What is wrong with the value of a label.
pub(crate) fn label_value_fault(value: &str) -> Option<&'static str> {
    if value.len() > 63 {
        return Some("must be no more than 63 bytes");
    }
    (!value.is_empty() && !is_qualified(value)).then_some(LABEL_VALUE)
}

fn is_qualified(text: &str) -> bool {
    let bytes = text.as_bytes();
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    outer(bytes.first())
        && outer(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// What is wrong with the key of a label or an annotation.
pub(crate) fn key_fault(key: &str) -> Option<&'static str> {
    let (prefix, name) = match key.split('/').collect::<Vec<_>>().as_slice() {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => return Some(LABEL_KEY),
    };
    if prefix.is_some_and(|prefix| !prefix.split('.').all(is_label)) {
        return Some(
            "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        );
    }
    if name.len() > 63 {
        return Some("name part must be no more than 63 bytes");
    }
    (!is_qualified(name)).then_some(NAME_PART)
}
