//! Why a server refuses an object, in the words of its `Status`.

use smi_sdk::{core::path::FieldPath, kube::core::Status};

/// Why the server refuses, and the field that it names first.
pub(crate) fn reason(status: &Status) -> (Option<FieldPath>, String) {
    let causes = status
        .details
        .as_ref()
        .map(|details| details.causes.as_slice())
        .unwrap_or_default();
    let texts: Vec<_> = causes
        .iter()
        .map(|cause| match cause.field.as_str() {
            "" | "<nil>" => cause.message.clone(),
            field => format!("`{field}`: {}", cause.message),
        })
        .collect();
    let path = causes
        .iter()
        .find(|cause| !cause.field.is_empty())
        .map(|cause| path(&cause.field));
    if texts.is_empty() {
        (path, status.message.clone())
    } else {
        (path, texts.join(", "))
    }
}

/// The path that a server spells `spec.backends[1].weight`.
fn path(text: &str) -> FieldPath {
    let mut path = FieldPath::root();
    for step in text.split(['.', '[']).filter(|step| !step.is_empty()) {
        let step = step.trim_end_matches(']');
        path = match step.parse() {
            Ok(position) => path.index(position),
            Err(_) => path.child(step.to_owned()),
        };
    }
    path
}
