//! Makes a clean object of what a client sent: typed, pruned, defaulted, with its unknown fields reported.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::{
    cluster::Target,
    error::{ApiError, FieldError},
    meta, owners,
    request::{Body, FieldValidation},
};

/// Reads bodies for one request, and keeps what the client is to be warned of.
pub(crate) struct Decoder<'d> {
    target: &'d Target,
    validation: FieldValidation,
    pub(crate) warnings: Vec<String>,
}

impl<'d> Decoder<'d> {
    pub(crate) const fn new(target: &'d Target, validation: FieldValidation) -> Self {
        Self {
            target,
            validation,
            warnings: Vec::new(),
        }
    }

    /// The object of a create or an update.
    pub(crate) fn whole(&mut self, body: Body) -> Result<Value, ApiError> {
        let mut object = body.value;
        self.type_meta(&mut object)?;
        let strict = self.unknown(&object, &body.duplicates);
        if !strict.is_empty() {
            return Err(self.unhandled(&format!("strict decoding error: {}", strict.join(", "))));
        }
        let mut object = self.clean(object)?;
        self.owned_once(&mut object, "");
        Ok(object)
    }

    /// The object that `patch` made.
    pub(crate) fn patched(&mut self, mut object: Value) -> Result<Value, ApiError> {
        self.type_meta(&mut object)?;
        let strict = self.unknown(&object, &[]);
        if !strict.is_empty() {
            let why = format!("strict decoding error: {}", strict.join(", "));
            let error = FieldError::invalid("patch", &object.to_string().into(), &why);
            return Err(ApiError::invalid("", "", "", &[error]));
        }
        let mut object = self.clean(object)?;
        self.owned_once(&mut object, " after mutating admission happens");
        Ok(object)
    }

    /// Drops owners that come again, with a warning; `when` says how far the request was.
    fn owned_once(&mut self, object: &mut Value, when: &str) {
        let repeated = owners::deduplicate(object);
        if repeated.is_empty() {
            return;
        }
        let uids = repeated.join(", ");
        let warning = format!(
            ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {uids}"
        );
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Types, prunes and defaults an object.
    fn clean(&self, mut object: Value) -> Result<Value, ApiError> {
        let kind = &self.target.kind;
        if let Some(metadata) = object.get_mut("metadata").filter(|metadata| !metadata.is_null()) {
            let typed: Result<ObjectMeta, _> = serde_json::from_value(metadata.take());
            let typed = typed.map_err(|error| self.unhandled(&error.to_string()))?;
            *metadata = serde_json::to_value(typed).unwrap_or_default();
            // Go writes no empty maps and lists here; an empty list of owners forgets them.
            if let Value::Object(fields) = metadata {
                fields.retain(|name, value| name == "managedFields" || !is_empty(value));
            }
        }
        if let Some(builtin) = kind.builtin {
            return (builtin.coerce)(object).map_err(|why| self.unhandled(&why));
        }
        if let Some(version) = kind.version(&self.target.version) {
            smi_core::schema::prune(&mut object, &version.schema);
            if version.has_defaults {
                smi_core::schema::default(&mut object, &version.schema);
            }
        }
        Ok(object)
    }

    /// Checks `apiVersion` and `kind`; built-in kinds may leave them out.
    fn type_meta(&self, object: &mut Value) -> Result<(), ApiError> {
        let kind = &self.target.kind;
        let unrecognized = |why: &str, object: &Value| {
            let text = object.to_string();
            let start: String = text.chars().take(30).collect();
            let start = if start.len() < text.len() {
                format!("{start} ...")
            } else {
                start
            };
            ApiError::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): {why} ({start})",
                kind.kind
            ))
        };
        if !object.is_object() {
            return Err(unrecognized(
                "couldn't get version/kind; json parse error: not an object",
                object,
            ));
        }
        let expected = self.target.api_version();
        for (field, value) in [("kind", &kind.kind), ("apiVersion", &expected)] {
            if !meta::text(object, &format!("/{field}")).is_empty() {
                continue;
            }
            if kind.builtin.is_none() {
                let name = if field == "kind" { "Kind" } else { field };
                return Err(unrecognized(
                    &format!("Object '{name}' is missing in '{object}'"),
                    object,
                ));
            }
            meta::map_mut(object).insert(field.to_owned(), value.as_str().into());
        }
        let says = meta::text(object, "/apiVersion");
        if says != expected {
            return Err(ApiError::bad_request(format!(
                "the API version in the data ({says}) does not match the expected API version ({expected})"
            )));
        }
        let says = meta::text(object, "/kind");
        if says != kind.kind {
            if kind.builtin.is_some() {
                let why = format!("no kind {says:?} is registered for version {expected:?}");
                return Err(unrecognized(&why, object));
            }
            let error = FieldError::invalid("kind", &says.into(), &format!("must be {}", kind.kind));
            return Err(ApiError::invalid(says, &kind.group, meta::name(object), &[error]));
        }
        Ok(())
    }

    /// What is to be refused: the fields that the kind does not have, if the client is strict; else it is warned.
    fn unknown(&mut self, object: &Value, duplicates: &[String]) -> Vec<String> {
        let Some(version) = self.target.kind.version(&self.target.version) else {
            return Vec::new();
        };
        if self.validation == FieldValidation::Ignore {
            return Vec::new();
        }
        let mut unknown: Vec<_> = smi_core::schema::unknown_fields(object, &version.schema)
            .iter()
            .map(ToString::to_string)
            .collect();
        unknown.sort_by_key(|path| !path.starts_with("metadata."));
        let mut found: Vec<_> = duplicates
            .iter()
            .map(|path| format!("duplicate field {path:?}"))
            .collect();
        found.extend(unknown.iter().map(|path| format!("unknown field {path:?}")));
        if self.validation == FieldValidation::Strict {
            return found;
        }
        for warning in found {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Vec::new()
    }

    fn unhandled(&self, why: &str) -> ApiError {
        let (kind, version) = (&self.target.kind.kind, &self.target.version);
        ApiError::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: {why}"
        ))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
