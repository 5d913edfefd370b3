//! Events: what they have to say, which the core group asks less of than `events.k8s.io`.

use serde_json::Value;

use crate::{cluster, error::FieldError, kind::Kind, meta, validate};

/// Longest `reportingInstance`, `action` and `reason`, in bytes.
const LONGEST_WORD: usize = 128;
/// Longest `message`, in bytes.
const LONGEST_MESSAGE: usize = 1024;

/// What an update through `events.k8s.io` leaves as it is, by the names of the core group. `series` is left out: it counts.
const FIXED: [&str; 13] = [
    "involvedObject",
    "reason",
    "message",
    "source",
    "firstTimestamp",
    "lastTimestamp",
    "count",
    "type",
    "eventTime",
    "action",
    "related",
    "reportingComponent",
    "reportingInstance",
];

/// What is wrong with an Event that is new, or changed from `old`.
pub(super) fn check(kind: &Kind, old: Option<&Value>, event: &Value) -> Vec<FieldError> {
    let is_new_group = !kind.group.is_empty();
    // Errors name fields as the core group does, whichever the request came by.
    let event = cluster::events(event.clone(), "v1");
    let old = old.map(|old| cluster::events(old.clone(), "v1"));
    let controller = if is_new_group {
        "reportingController"
    } else {
        "reportingComponent"
    };
    let mut errors = Vec::new();
    place(&event, &mut errors);
    if is_there(&event, "eventTime") {
        told(&event, controller, &mut errors);
    }
    match old {
        _ if !is_new_group => {}
        None => {
            series(&event, &mut errors);
            strict(&event, &mut errors);
        }
        Some(old) => {
            if old.get("series") != event.get("series") {
                series(&event, &mut errors);
            }
            for field in FIXED {
                let (before, after) = (old.get(field), event.get(field));
                if before != after {
                    let named = if field == "reportingComponent" {
                        controller
                    } else {
                        field
                    };
                    let value = after.cloned().unwrap_or_default();
                    errors.push(FieldError::invalid(named, &value, "field is immutable"));
                }
            }
        }
    }
    errors
}

fn is_there(event: &Value, field: &str) -> bool {
    event.get(field).is_some_and(|value| !value.is_null())
}

/// An Event lies where that lies which it is about, and in `default` where that lies in no namespace.
fn place(event: &Value, errors: &mut Vec<FieldError>) {
    let (own, about) = (meta::namespace(event), meta::text(event, "/involvedObject/namespace"));
    let fits = match (is_there(event, "eventTime"), about) {
        (false, "") => own == "default",
        (true, "") => matches!(own, "default" | "kube-system"),
        (false, about) => own == about,
        (true, _) => true,
    };
    if !fits {
        let why = "does not match event.namespace";
        errors.push(FieldError::invalid("involvedObject.namespace", &about.into(), why));
    }
}

/// Whoever says when something happened also says who did what.
fn told(event: &Value, controller: &str, errors: &mut Vec<FieldError>) {
    let name = meta::text(event, "/reportingComponent");
    if name.is_empty() {
        errors.push(FieldError::required(controller, ""));
        let why = "name part must be non-empty";
        errors.push(FieldError::invalid(controller, &name.into(), why));
    }
    errors.extend(validate::key_fault(name).map(|why| FieldError::invalid(controller, &name.into(), why)));
    for field in ["reportingInstance", "action", "reason"] {
        let text = meta::text(event, &format!("/{field}"));
        if text.is_empty() {
            errors.push(FieldError::required(field, ""));
        }
        errors.extend(too_long(field, text, LONGEST_WORD));
    }
    errors.extend(too_long("message", meta::text(event, "/message"), LONGEST_MESSAGE));
}

fn too_long(field: &str, text: &str, longest: usize) -> Option<FieldError> {
    let why = format!("can have at most {longest} characters");
    (text.len() > longest).then(|| FieldError::invalid(field, &"".into(), &why))
}

fn series(event: &Value, errors: &mut Vec<FieldError>) {
    let Some(series) = event.get("series").filter(|series| !series.is_null()) else {
        return;
    };
    if series.get("count").and_then(Value::as_i64).unwrap_or_default() < 2 {
        errors.push(FieldError::invalid("series.count", &"".into(), "should be at least 2"));
    }
    if !is_there(series, "lastObservedTime") {
        errors.push(FieldError::required("series.lastObservedTime", ""));
    }
}

/// What `events.k8s.io` asks of a new Event besides.
fn strict(event: &Value, errors: &mut Vec<FieldError>) {
    if !is_there(event, "eventTime") {
        errors.push(FieldError::required("eventTime", ""));
    }
    let of = meta::text(event, "/type");
    if !matches!(of, "Normal" | "Warning") {
        let why = format!("has invalid value: {of}");
        errors.push(FieldError::invalid("type", &"".into(), &why));
    }
    let unset = |field: &str| FieldError::invalid(field, &"".into(), "needs to be unset");
    for field in ["firstTimestamp", "lastTimestamp"] {
        if is_there(event, field) {
            errors.push(unset(field));
        }
    }
    if event.get("count").and_then(Value::as_i64).unwrap_or_default() != 0 {
        errors.push(unset("count"));
    }
    let source = |field: &str| !meta::text(event, &format!("/source/{field}")).is_empty();
    if source("component") || source("host") {
        errors.push(unset("source"));
    }
}
