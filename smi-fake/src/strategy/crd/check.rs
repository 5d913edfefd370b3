//! Checks what a CRD says, in the words of kube-apiserver.
//!
//! CEL rules are not compiled here: a wrong one fails the objects that it is for. A converter needs no address, for
//! it is in this process.

use serde_json::Value;

use super::{structural, versions};
use crate::{error::FieldError, meta, validate::is_label};

const DNS_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const COLUMN_TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];

/// What is wrong with a CRD whose defaults are filled in.
pub(super) fn check(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (plural, group) = (
        meta::text(object, "/spec/names/plural"),
        meta::text(object, "/spec/group"),
    );
    if meta::name(object) != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", &meta::name(object).into(), why));
    }
    group_and_scope(object, group, &mut errors);
    names(object, &mut errors);
    conversion(object, &mut errors);
    let list: Vec<&Value> = versions(object).collect();
    let (mut stored, mut seen) = (0, Vec::new());
    let mut twice = false;
    for (position, version) in list.iter().enumerate() {
        let at = format!("spec.versions[{position}]");
        let name = meta::text(version, "/name");
        twice |= seen.contains(&name);
        seen.push(name);
        stored += usize::from(version["storage"] == true);
        dns_1035(name, &format!("{at}.name"), &mut errors);
        if version.get("deprecationWarning").is_some_and(Value::is_string) && version["deprecated"] != true {
            let why = "can only be set for deprecated versions";
            errors.push(FieldError::invalid(
                format!("{at}.deprecationWarning"),
                &version["deprecationWarning"],
                why,
            ));
        }
        if version.pointer("/schema/openAPIV3Schema").is_none_or(Value::is_null) {
            errors.push(FieldError::required(format!("{at}.schema.openAPIV3Schema"), ""));
        }
    }
    if let Some(first) = list.first() {
        // The name of the first version is `spec.version` of v1beta1 too.
        dns_1035(meta::text(first, "/name"), "spec.version", &mut errors);
    }
    let all = || object.pointer("/spec/versions").cloned().unwrap_or_default();
    if stored != 1 {
        let why = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid("spec.versions", &all(), why));
    }
    if twice {
        let why = "must contain unique version names";
        errors.push(FieldError::invalid("spec.versions", &all(), why));
    }
    each(&list, "schema", |schema, position| {
        let at = place(position, "spec.validation", ".schema");
        if let Some(schema) = schema.get("openAPIV3Schema").filter(|schema| !schema.is_null()) {
            errors.extend(structural::errors(schema, &format!("{at}.openAPIV3Schema")));
        }
    });
    each(&list, "additionalPrinterColumns", |columns, position| {
        let at = place(position, "spec", "");
        let list = columns.as_array().into_iter().flatten();
        for (column, of) in list.enumerate() {
            printer_column(of, &format!("{at}.additionalPrinterColumns[{column}]"), &mut errors);
        }
    });
    each(&list, "selectableFields", |fields, position| {
        let at = place(position, "spec", "");
        let schema = list[position.unwrap_or_default()].pointer("/schema/openAPIV3Schema");
        let fields = fields.as_array().into_iter().flatten().enumerate();
        for (field, of) in fields {
            let at = format!("{at}.selectableFields[{field}]");
            selectable_field(of, schema.unwrap_or(&Value::Null), &at, &mut errors);
        }
    });
    errors
}

/// Calls `check` with what the versions say of `field`: once and without a position where all say the same, for
/// kube-apiserver then speaks of the field that v1beta1 had for all of them.
fn each(list: &[&Value], field: &str, mut check: impl FnMut(&Value, Option<usize>)) {
    let same = list.windows(2).all(|pair| pair[0].get(field) == pair[1].get(field));
    let told = if same { 1 } else { list.len() };
    for (position, version) in list.iter().take(told).enumerate() {
        if let Some(of) = version.get(field) {
            check(of, (!same).then_some(position));
        }
    }
}

/// `shared` for all versions, or the place in one of them.
fn place(position: Option<usize>, shared: &str, field: &str) -> String {
    position.map_or_else(|| shared.to_owned(), |of| format!("spec.versions[{of}]{field}"))
}

fn group_and_scope(object: &Value, group: &str, errors: &mut Vec<FieldError>) {
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    } else if !group.contains('.') {
        let why = "should be a domain with at least one dot";
        errors.push(FieldError::invalid("spec.group", &group.into(), why));
    }
    let approved = "api-approved.kubernetes.io";
    let protected = ["k8s.io", "kubernetes.io"];
    let is_protected = protected
        .iter()
        .any(|domain| group == *domain || group.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')));
    let annotations = object.pointer("/metadata/annotations");
    if is_protected && annotations.and_then(|all| all.get(approved)).is_none() {
        let why = format!(
            "protected groups must have approval annotation {approved:?}, see https://github.com/kubernetes/enhancements/pull/1111"
        );
        errors.push(FieldError::required(format!("metadata.annotations[{approved}]"), &why));
    }
    match meta::text(object, "/spec/scope") {
        "" => errors.push(FieldError::required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        other => {
            let supported = ["Cluster", "Namespaced"];
            errors.push(FieldError::not_supported(
                "spec.scope",
                &format!("{other:?}"),
                &supported,
            ));
        }
    }
    if object.pointer("/spec/preserveUnknownFields") == Some(&Value::Bool(true)) {
        let why =
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", &true.into(), why));
    }
}

fn names(object: &Value, errors: &mut Vec<FieldError>) {
    let name = |field: &str| meta::text(object, &format!("/spec/names/{field}"));
    for field in ["plural", "singular", "kind", "listKind"] {
        let (value, at) = (name(field), format!("spec.names.{field}"));
        if value.is_empty() {
            errors.push(FieldError::required(at, ""));
        } else if field.ends_with("ind") {
            if is_dns_1035(&value.to_lowercase()) {
                continue;
            }
            let why = format!("may have mixed case, but should otherwise match: {DNS_1035}");
            errors.push(FieldError::invalid(at, &value.into(), &why));
        } else {
            dns_1035(value, &at, errors);
        }
    }
    if !name("kind").is_empty() && name("kind") == name("listKind") {
        let why = "kind and listKind may not be the same";
        errors.push(FieldError::invalid("spec.names.listKind", &name("kind").into(), why));
    }
    for list in ["shortNames", "categories"] {
        for (position, of) in meta::texts(object, &format!("/spec/names/{list}")).iter().enumerate() {
            dns_1035(of, &format!("spec.names.{list}[{position}]"), errors);
        }
    }
}

fn conversion(object: &Value, errors: &mut Vec<FieldError>) {
    let strategy = meta::text(object, "/spec/conversion/strategy");
    if !matches!(strategy, "" | "None" | "Webhook") {
        let supported = ["None", "Webhook"];
        let at = "spec.conversion.strategy";
        errors.push(FieldError::not_supported(at, &format!("{strategy:?}"), &supported));
    }
    if strategy != "Webhook" {
        return;
    }
    let at = "spec.conversion.conversionReviewVersions";
    let versions = meta::texts(object, "/spec/conversion/webhook/conversionReviewVersions");
    if versions.is_empty() {
        errors.push(FieldError::required(at, ""));
    } else if !versions
        .iter()
        .any(|version| matches!(version.as_str(), "v1" | "v1beta1"))
    {
        errors.push(FieldError::invalid(
            at,
            &versions.into(),
            "must include at least one of v1, v1beta1",
        ));
    }
}

fn printer_column(column: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let (of, path) = (meta::text(column, "/type"), meta::text(column, "/jsonPath"));
    if !COLUMN_TYPES.contains(&of) {
        let why = format!("must be one of {}", COLUMN_TYPES.join(","));
        errors.push(FieldError::invalid(format!("{at}.type"), &of.into(), &why));
    }
    if path.is_empty() {
        errors.push(FieldError::required(format!("{at}.JSONPath"), ""));
    } else if !path.starts_with('.') {
        let why = "must be a simple json path starting with .";
        errors.push(FieldError::invalid(format!("{at}.JSONPath"), &path.into(), why));
    }
}

/// The field that a selector names has to be in the schema.
fn selectable_field(field: &Value, schema: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let path = meta::text(field, "/jsonPath");
    let mut of = Some(schema);
    for name in path.trim_start_matches('.').split('.') {
        of = of.and_then(|of| of.get("properties")?.get(name));
    }
    let is_plain = of.is_some_and(|of| matches!(meta::text(of, "/type"), "string" | "integer" | "boolean"));
    if !is_plain {
        let why = "is an invalid path: does not refer to a valid field";
        errors.push(FieldError::invalid(format!("{at}.jsonPath"), &path.into(), why));
    }
}

fn is_dns_1035(text: &str) -> bool {
    is_label(text) && text.len() <= 63 && text.starts_with(|first: char| first.is_ascii_lowercase())
}

fn dns_1035(text: &str, at: &str, errors: &mut Vec<FieldError>) {
    if !is_dns_1035(text) {
        errors.push(FieldError::invalid(at, &text.into(), DNS_1035));
    }
}
