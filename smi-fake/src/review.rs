//! What a client may do, and who it is: everything, and the administrator. There is no RBAC here.

use serde_json::{Value, json};

use crate::{meta, request::ResourcePath};

/// The user that every request comes from.
const USER: &str = "smi-fake";
const GROUPS: [&str; 2] = ["system:masters", "system:authenticated"];

/// The kind of review that is created at `path`, for `kubectl auth`.
pub(crate) fn kind(path: &ResourcePath) -> Option<&'static str> {
    match (path.group.as_str(), path.version.as_str(), path.resource.as_str()) {
        ("authorization.k8s.io", "v1", "selfsubjectaccessreviews") => Some("SelfSubjectAccessReview"),
        ("authorization.k8s.io", "v1", "selfsubjectrulesreviews") => Some("SelfSubjectRulesReview"),
        ("authentication.k8s.io", "v1", "selfsubjectreviews") => Some("SelfSubjectReview"),
        _ => None,
    }
}

/// The answer to a review.
pub(crate) fn answer(kind: &str, path: &ResourcePath, mut review: Value) -> Value {
    let status = match kind {
        "SelfSubjectAccessReview" => json!({"allowed": true}),
        "SelfSubjectReview" => json!({"userInfo": {"username": USER, "groups": GROUPS}}),
        _ => json!({
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": false,
        }),
    };
    let fields = meta::map_mut(&mut review);
    fields.insert("kind".to_owned(), kind.into());
    fields.insert(
        "apiVersion".to_owned(),
        format!("{}/{}", path.group, path.version).into(),
    );
    fields.insert("status".to_owned(), status);
    review
}
