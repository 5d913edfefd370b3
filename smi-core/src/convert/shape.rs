//! Objects that say one version and have the shape of another.
//!
//! The most frequent structural mistake in real manifests: an old object under a new `apiVersion`, or the other way
//! round. "Field `spec` is missing" does not help its author; naming both shapes does.

use serde_json::Value;

use super::{ConvertError, version::Version};
use crate::{decode::DecodeError, path::FieldPath};

/// The error that names both shapes, where `object`, which cannot be read at `says`, has no body where `says` has it, or
/// fields that `says` does not have, and would be right at another version, or has its body where another version has it
/// and a second mistake in there. Otherwise it is a value that is wrong, and the error that names it is the better one.
pub(super) fn mistaken<H>(versions: &[Version<H>], says: &Version<H>, object: &Value) -> Option<ConvertError> {
    let is_bodiless = says.has_spec() && object.get("spec").is_none();
    if !is_bodiless && says.unknown_fields(object).is_empty() {
        return None;
    }
    let (group, _) = object.get("apiVersion")?.as_str()?.rsplit_once('/')?;
    let others = || versions.iter().rev().filter(|version| version.name != says.name);
    let fits = others()
        .find(|version| version.fits(object, format!("{group}/{}", version.name)))
        .or_else(|| closest(others(), says, object))?;
    Some(ConvertError::Shape {
        says: says.name.clone(),
        says_shape: fields(says),
        fits: fits.name.clone(),
        fits_shape: fields(fits),
    })
}

/// `error`; where it is that the body is missing, with the fields that belong there.
pub(super) fn with_fields<H>(version: &Version<H>, object: &Value, mut error: DecodeError) -> DecodeError {
    let is_bodiless = version.has_spec() && object.get("spec").is_none();
    if is_bodiless && error.path == FieldPath::root().child("spec") {
        error.message = format!("{}: `{}` has {}", error.message, version.name, fields(version));
    }
    error
}

/// Of the `others` that have their body where `object` has it and `says` does not, the first with the fewest unknown
/// fields.
fn closest<'v, H>(
    others: impl Iterator<Item = &'v Version<H>>,
    says: &Version<H>,
    object: &Value,
) -> Option<&'v Version<H>> {
    let has_spec = object.get("spec").is_some();
    if has_spec == says.has_spec() {
        return None;
    }
    let body = if has_spec { object.get("spec")? } else { object };
    let has_any = |version: &Version<H>| version.body().any(|field| body.get(field).is_some());
    others
        .filter(|version| version.has_spec() == has_spec && has_any(version))
        .min_by_key(|version| version.unknown_fields(object).len())
}

/// The fields of a version's body with their place, as in `` `spec.matches` `` or `` `matches` at the root``.
fn fields<H>(version: &Version<H>) -> String {
    let names = |at: &str| {
        let names = version.body().map(|name| format!("`{at}{name}`"));
        names.collect::<Vec<_>>().join(", ")
    };
    match (version.has_spec(), version.body().next()) {
        (true, Some(_)) => names("spec."),
        (true, None) => "an empty `spec`".to_owned(),
        (false, Some(_)) => format!("{} at the root", names("")),
        (false, None) => "no fields but `metadata`".to_owned(),
    }
}
