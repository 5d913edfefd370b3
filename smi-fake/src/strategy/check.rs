//! What kube-apiserver refuses of built-in kinds and their schemas do not say: the mistakes that people make.

use serde_json::Value;

use super::event;
use crate::{error::FieldError, kind::Kind, meta, validate};

const KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const SERVICE_TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// What is wrong with an object that is new, or changed from `old`, and whose defaults are filled in.
pub(crate) fn check(kind: &Kind, old: Option<&Value>, object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if kind.builtin.is_none() {
        return errors;
    }
    match kind.kind.as_str() {
        "ConfigMap" => {
            keys(object, "data", &mut errors);
            keys(object, "binaryData", &mut errors);
        }
        "Secret" => secret(object, &mut errors),
        "Service" => service(object, &mut errors),
        "Pod" => pod(object.get("spec"), "spec", &mut errors),
        "Deployment" => deployment(object, &mut errors),
        "Event" => errors.extend(event::check(kind, old, object)),
        "Lease" => lease(object, &mut errors),
        "RoleBinding" | "ClusterRoleBinding" => role_binding(object, &mut errors),
        _ => {}
    }
    errors
}

fn list<'v>(object: &'v Value, pointer: &str) -> &'v [Value] {
    let list = object.pointer(pointer).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

fn keys(object: &Value, field: &str, errors: &mut Vec<FieldError>) {
    let map = object.get(field).and_then(Value::as_object);
    for key in map.into_iter().flat_map(serde_json::Map::keys) {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if key.is_empty() || !key.bytes().all(fits) {
            errors.push(FieldError::invalid(
                format!("{field}[{key}]"),
                &key.as_str().into(),
                KEY,
            ));
        }
    }
}

fn secret(object: &Value, errors: &mut Vec<FieldError>) {
    keys(object, "data", errors);
    if meta::text(object, "/type") == "kubernetes.io/tls" {
        for key in ["tls.crt", "tls.key"] {
            if object.get("data").and_then(|data| data.get(key)).is_none() {
                errors.push(FieldError::required(format!("data[{key}]"), ""));
            }
        }
    }
}

fn service(object: &Value, errors: &mut Vec<FieldError>) {
    let of = meta::text(object, "/spec/type");
    let ports = list(object, "/spec/ports");
    let is_headless = meta::text(object, "/spec/clusterIP") == "None";
    if ports.is_empty() && !is_headless && of != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    for (position, port) in ports.iter().enumerate() {
        let at = format!("spec.ports[{position}]");
        service_port(port, &at, ports.len() > 1, errors);
        let same = |other: &Value| other["port"] == port["port"] && other["protocol"] == port["protocol"];
        if ports[..position].iter().any(same) {
            // As Go prints the fields that it compares.
            let value = format!(
                r#"{{"Name":"","Protocol":{},"AppProtocol":null,"Port":{},"TargetPort":0,"NodePort":0}}"#,
                port["protocol"], port["port"]
            );
            errors.push(FieldError::new(
                "FieldValueDuplicate",
                at,
                format!("Duplicate value: {value}"),
            ));
        }
    }
    if !SERVICE_TYPES.contains(&of) {
        errors.push(FieldError::not_supported(
            "spec.type",
            &format!("{of:?}"),
            &SERVICE_TYPES,
        ));
    }
    if of == "ExternalName" && meta::text(object, "/spec/externalName").is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    }
}

fn service_port(port: &Value, at: &str, named: bool, errors: &mut Vec<FieldError>) {
    let name = meta::text(port, "/name");
    if name.is_empty() && named {
        errors.push(FieldError::required(format!("{at}.name"), ""));
    } else if !name.is_empty() && !validate::is_label(name) {
        errors.push(FieldError::invalid(format!("{at}.name"), &name.into(), validate::LABEL));
    }
    let protocol = meta::text(port, "/protocol");
    for field in ["port", "targetPort"] {
        let number = port.get(field).and_then(Value::as_i64);
        if let Some(number) = number.filter(|number| !(1..=65535).contains(number)) {
            let why = "must be between 1 and 65535, inclusive";
            errors.push(FieldError::invalid(format!("{at}.{field}"), &number.into(), why));
        }
    }
    if !PROTOCOLS.contains(&protocol) {
        let at = format!("{at}.protocol");
        errors.push(FieldError::not_supported(at, &format!("{protocol:?}"), &PROTOCOLS));
    }
}

fn role_binding(object: &Value, errors: &mut Vec<FieldError>) {
    let role = meta::text(object, "/roleRef/name");
    if role.is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    } else if let Some(why) = validate::path_segment_fault(role) {
        errors.push(FieldError::invalid("roleRef.name", &role.into(), &why));
    }
}

fn lease(object: &Value, errors: &mut Vec<FieldError>) {
    for (field, least, why) in [
        ("leaseDurationSeconds", 1, "must be greater than 0"),
        ("leaseTransitions", 0, "must be greater than or equal to 0"),
    ] {
        let number = object
            .pointer("/spec")
            .and_then(|spec| spec.get(field))
            .and_then(Value::as_i64);
        if let Some(number) = number.filter(|number| *number < least) {
            errors.push(FieldError::invalid(format!("spec.{field}"), &number.into(), why));
        }
    }
}

fn pod(spec: Option<&Value>, at: &str, errors: &mut Vec<FieldError>) {
    let spec = spec.unwrap_or(&Value::Null);
    let containers = list(spec, "/containers");
    if containers.is_empty() {
        errors.push(FieldError::required(format!("{at}.containers"), ""));
    }
    for (position, container) in containers.iter().enumerate() {
        for field in ["name", "image"] {
            let at = format!("{at}.containers[{position}].{field}");
            let text = meta::text(container, &format!("/{field}"));
            if text.is_empty() {
                errors.push(FieldError::required(at, ""));
            } else if field == "name" && !validate::is_label(text) {
                errors.push(FieldError::invalid(at, &text.into(), validate::LABEL));
            }
        }
    }
}

fn deployment(object: &Value, errors: &mut Vec<FieldError>) {
    let matched = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let has_expressions = !list(object, "/spec/selector/matchExpressions").is_empty();
    if matched.is_none_or(serde_json::Map::is_empty) && !has_expressions {
        errors.push(FieldError::required("spec.selector", ""));
    }
    let labels = object.pointer("/spec/template/metadata/labels");
    let lacks = |(key, value): (&String, &Value)| labels.and_then(|labels| labels.get(key)) != Some(value);
    if matched.is_none_or(|matched| matched.iter().any(lacks)) && !has_expressions {
        let why = "`selector` does not match template `labels`";
        let labels = labels.cloned().unwrap_or_default();
        errors.push(FieldError::invalid("spec.template.metadata.labels", &labels, why));
    }
    pod(object.pointer("/spec/template/spec"), "spec.template.spec", errors);
}
