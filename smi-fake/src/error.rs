//! Owns [`ApiError`]: the failures that a client sees, as kube-apiserver words them.

use kube::core::response::{Status, StatusCause, StatusDetails, StatusSummary, reason};
use serde_json::{Value, json};

/// A `Status` of failure.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Box<Status>);

/// A resource of a group, as messages name it: `trafficsplits.split.smi-spec.io`, `services`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupResource {
    pub(crate) group: String,
    pub(crate) resource: String,
}

impl std::fmt::Display for GroupResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&qualified(&self.resource, &self.group))
    }
}

/// `Kind.group`, or `Kind` alone in the core group.
pub(crate) fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{group}")
    }
}

impl ApiError {
    pub(crate) fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Status {
            status: Some(StatusSummary::Failure),
            code,
            message: message.into(),
            metadata: None,
            reason: reason.to_owned(),
            details: None,
        }))
    }

    pub(crate) fn not_found(of: &GroupResource, name: &str) -> Self {
        Self::new(404, reason::NOT_FOUND, format!("{of} {name:?} not found")).about(of, name)
    }

    pub(crate) fn already_exists(of: &GroupResource, name: &str) -> Self {
        Self::new(409, reason::ALREADY_EXISTS, format!("{of} {name:?} already exists")).about(of, name)
    }

    pub(crate) fn no_free_name(of: &GroupResource, name: &str) -> Self {
        let message =
            format!("{of} {name:?} already exists, the server was not able to generate a unique name for the object");
        Self::new(409, reason::ALREADY_EXISTS, message)
            .about(of, name)
            .retry_after(1)
    }

    pub(crate) fn conflict(of: &GroupResource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {of} {name:?}: {why}");
        Self::new(409, reason::CONFLICT, message).about(of, name)
    }

    pub(crate) fn modified(of: &GroupResource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(of, name, why)
    }

    pub(crate) fn forbidden(of: &GroupResource, name: &str, why: &str) -> Self {
        let message = if name.is_empty() {
            format!("{of} is forbidden: {why}")
        } else {
            format!("{of} {name:?} is forbidden: {why}")
        };
        Self::new(403, reason::FORBIDDEN, message).about(of, name)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, reason::BAD_REQUEST, message)
    }

    /// What kube-apiserver did not mean to say: a plain error without a reason.
    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(500, reason::UNKNOWN, message)
    }

    pub(crate) fn internal(why: &str) -> Self {
        let mut error = Self::new(500, reason::INTERNAL_ERROR, format!("Internal error occurred: {why}"));
        error.0.details = Some(StatusDetails {
            causes: vec![cause("", why, "")],
            ..no_details()
        });
        error
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, reason::EXPIRED, message)
    }

    pub(crate) fn too_many_requests(message: impl Into<String>, retry_after: u32) -> Self {
        Self::new(429, reason::TOO_MANY_REQUESTS, message).retry_after(retry_after)
    }

    pub(crate) fn unsupported_media_type(accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, reason::UNSUPPORTED_MEDIA_TYPE, message)
    }

    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json";
        Self::new(406, reason::NOT_ACCEPTABLE, message)
    }

    pub(crate) fn body_too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(413, reason::REQUEST_ENTITY_TOO_LARGE, message)
    }

    pub(crate) fn too_large_resource_version(asked: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let mut error = Self::new(504, reason::TIMEOUT, message);
        error.0.details = Some(StatusDetails {
            causes: vec![cause("ResourceVersionTooLarge", "Too large resource version", "")],
            retry_after_seconds: 1,
            ..no_details()
        });
        error
    }

    /// `409` of server-side apply, with what it conflicts with.
    pub(crate) fn apply_conflict(message: String, causes: Vec<Value>) -> Self {
        let mut error = Self::new(409, reason::CONFLICT, message);
        error.0.details = Some(StatusDetails {
            causes: causes
                .into_iter()
                .filter_map(|cause| serde_json::from_value(cause).ok())
                .collect(),
            ..no_details()
        });
        error
    }

    fn about(mut self, of: &GroupResource, name: &str) -> Self {
        self.0.details = Some(StatusDetails {
            name: name.to_owned(),
            group: of.group.clone(),
            kind: of.resource.clone(),
            ..no_details()
        });
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.details.get_or_insert_with(no_details).retry_after_seconds = seconds;
        self
    }

    /// Adds a cause.
    pub(crate) fn because(mut self, reason: &str, message: &str, field: &str) -> Self {
        self.0
            .details
            .get_or_insert_with(no_details)
            .causes
            .push(cause(reason, message, field));
        self
    }

    /// Another message, the rest as it is.
    pub(crate) fn worded(mut self, message: String) -> Self {
        self.0.message = message;
        self
    }

    /// `metadata.continue` of the `Status`: where an expired list can go on.
    pub(crate) fn with_continue(mut self, token: String) -> Self {
        self.0.metadata.get_or_insert_default().continue_ = Some(token);
        self
    }

    pub(crate) fn invalid(kind: &str, group: &str, name: &str, errors: &[FieldError]) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for error in errors {
            let line = error.to_string();
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let list = if let [line] = lines.as_slice() {
            line.clone()
        } else {
            format!("[{}]", lines.join(", "))
        };
        let message = format!("{} {name:?} is invalid: {list}", qualified(kind, group));
        let mut error = Self::new(422, reason::INVALID, message);
        error.0.details = Some(StatusDetails {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            causes: errors
                .iter()
                .map(|error| cause(error.reason, &error.body, &error.field))
                .collect(),
            ..no_details()
        });
        error
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn code(&self) -> u16 {
        self.0.code
    }

    pub(crate) fn is_already_exists(&self) -> bool {
        self.0.reason == reason::ALREADY_EXISTS
    }

    /// Seconds for the `Retry-After` header.
    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        let seconds = self.0.details.as_ref()?.retry_after_seconds;
        (seconds > 0).then_some(seconds)
    }

    /// The `Status` object.
    pub(crate) fn to_value(&self) -> Value {
        let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}});
        if let (Some(status), Ok(Value::Object(fields))) = (status.as_object_mut(), serde_json::to_value(&*self.0)) {
            status.extend(fields);
        }
        status
    }
}

const fn no_details() -> StatusDetails {
    StatusDetails {
        name: String::new(),
        group: String::new(),
        kind: String::new(),
        uid: String::new(),
        causes: Vec::new(),
        retry_after_seconds: 0,
    }
}

fn cause(reason: &str, message: &str, field: &str) -> StatusCause {
    StatusCause {
        reason: reason.to_owned(),
        message: message.to_owned(),
        field: field.to_owned(),
    }
}

/// One field that is wrong, of an `Invalid` status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    reason: &'static str,
    body: String,
    field: String,
}

impl FieldError {
    pub(crate) fn new(reason: &'static str, field: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            reason,
            body: body.into(),
            field: field.into(),
        }
    }

    /// `value` as it is written in JSON.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self::new("FieldValueInvalid", field, format!("Invalid value: {value}: {why}"))
    }

    pub(crate) fn required(field: impl Into<String>, why: &str) -> Self {
        let colon = if why.is_empty() { "" } else { ": " };
        Self::new("FieldValueRequired", field, format!("Required value{colon}{why}"))
    }

    /// `longest` is in bytes.
    pub(crate) fn too_long(field: impl Into<String>, longest: usize) -> Self {
        let body = format!("Too long: may not be more than {longest} bytes");
        Self::new("FieldValueTooLong", field, body)
    }

    pub(crate) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self::new("FieldValueForbidden", field, format!("Forbidden: {why}"))
    }

    /// `value` and `supported` as they are to be printed, quotes included.
    pub(crate) fn not_supported(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
        let body = format!("Unsupported value: {value}: supported values: {}", supported.join(", "));
        Self::new("FieldValueNotSupported", field, body)
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.body)
    }
}
