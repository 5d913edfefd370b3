//! Objects that say one version and have the shape of another.
//!
//! The most frequent structural mistake in real manifests: an old object under a new `apiVersion`, or the other way
//! round. "Field `spec` is missing" does not help its author; naming both shapes does.

use serde_json::Value;

use super::{ConvertError, version::Version};

/// The error that names both shapes, where `object`, which cannot be read at `says`, has no body where `says` has it, or
/// fields that `says` does not have, and would be right at another version. Otherwise it is a value that is wrong, and the
/// error that names it is the better one.
pub(super) fn mistaken<H>(versions: &[Version<H>], says: &Version<H>, object: &Value) -> Option<ConvertError> {
    let is_bodiless = says.has_spec() && object.get("spec").is_none();
    if !is_bodiless && says.unknown_fields(object).is_empty() {
        return None;
    }
    let (group, _) = object.get("apiVersion")?.as_str()?.rsplit_once('/')?;
    let mut others = versions.iter().rev().filter(|version| version.name != says.name);
    let fits = others.find(|version| version.fits(object, format!("{group}/{}", version.name)))?;
    Some(ConvertError::Shape {
        says: says.name.clone(),
        says_shape: fields(says),
        fits: fits.name.clone(),
        fits_shape: fields(fits),
    })
}

/// The fields of a version's body with their place, as in `` `spec.matches` `` or `` `matches` at the root``.
fn fields<H>(version: &Version<H>) -> String {
    let properties = version.schema().and_then(|schema| schema.properties.as_ref());
    let names = |at: &str, names: Vec<&String>| {
        names
            .iter()
            .map(|name| format!("`{at}{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match properties.map(|properties| (properties.get("spec"), properties)) {
        Some((Some(spec), _)) => match &spec.properties {
            Some(properties) => names("spec.", properties.keys().collect()),
            None => "an empty `spec`".to_owned(),
        },
        Some((None, properties)) => format!("{} at the root", names("", properties.keys().collect())),
        None => "no fields but `metadata`".to_owned(),
    }
}
