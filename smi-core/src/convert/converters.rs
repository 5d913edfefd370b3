//! Every kind's converter, chosen by the group and kind that a JSON object says.

use std::{fmt, sync::Arc};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

use super::{Beside, ConvertError, Converted, Converter, Hub, Loss, LossReason, converter::Source, error::quoted};
use crate::{crd::CrdOptions, path::FieldPath};

/// The converters of any number of kinds; cheap to clone.
#[derive(Clone, Default)]
pub struct Converters {
    kinds: Vec<Arc<dyn AnyKind>>,
    pub(super) refuses_widening: bool,
}

impl Converters {
    /// No kinds yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            kinds: Vec::new(),
            refuses_widening: false,
        }
    }

    /// Adds a kind.
    #[must_use]
    pub fn with<H: Hub>(mut self, converter: Converter<H>) -> Self {
        self.kinds.push(Arc::new(converter));
        self
    }

    /// Adds the kinds of `others`.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.kinds.extend(others.kinds);
        self.refuses_widening |= others.refuses_widening;
        self
    }

    /// The same, but that [`review`](Self::review) refuses an object that some reader of the converted one may take to allow
    /// what it denies: a TCPRoute with ports at a version without. That is no reader of one release, whose TrafficTargets do
    /// not name such a route; and a review that is refused makes every list that holds the object fail at that version.
    #[must_use]
    pub const fn refuse_widening(mut self) -> Self {
        self.refuses_widening = true;
        self
    }

    /// Converts an object of any version to `api_version` (`split.smi-spec.io/v1alpha4`); a `List` by its items.
    ///
    /// Objects of other groups than that of `api_version`, and kinds that it does not have, pass through with a loss that
    /// says so.
    ///
    /// # Errors
    /// As [`Converter::convert`], and [`ConvertError::UnknownKind`]. Of a list, the first item's that fails.
    pub fn convert(&self, object: Value, api_version: &str) -> Result<Converted<Value>, ConvertError> {
        self.convert_from(Source::File, object, api_version, &())
    }

    /// Converts an object that an API server gave out, as [`convert`](Self::convert) does. It may be one that its version
    /// does not admit: see [`Converter::to_hub_served`].
    ///
    /// # Errors
    /// As [`convert`](Self::convert).
    pub fn convert_served(&self, object: Value, api_version: &str) -> Result<Converted<Value>, ConvertError> {
        self.convert_from(Source::Cluster, object, api_version, &())
    }

    pub(super) fn convert_from(
        &self,
        source: Source,
        object: Value,
        api_version: &str,
        beside: &dyn Beside,
    ) -> Result<Converted<Value>, ConvertError> {
        let (from, kind) = api_version_and_kind(&object)?;
        let (group, _) = split(from);
        let (to_group, version) = split(api_version);
        let each = |item| self.convert_from(source, item, api_version, beside);
        if (group, kind) == ("", "List") {
            return Self::convert_items(object, each);
        }
        if group != to_group {
            return Ok(unchanged(object, LossReason::OtherGroup));
        }
        let item_kind = kind
            .strip_suffix("List")
            .filter(|_| object.get("items").is_some_and(Value::is_array));
        let found = self.find(group, item_kind.unwrap_or(kind))?;
        let has = |kind: &Arc<dyn AnyKind>| kind.versions().iter().any(|name| name == version);
        if !has(found) && self.kinds.iter().filter(|kind| kind.group() == group).any(has) {
            return Ok(unchanged(object, LossReason::KindNotInVersion));
        }
        match item_kind {
            Some(_) if !has(found) => Err(found.unknown_version(version)),
            Some(item_kind) => {
                let item_kind = item_kind.to_owned();
                let mut list = typed_items(object, &item_kind);
                list["apiVersion"] = Value::String(api_version.to_owned());
                Self::convert_items(list, each)
            }
            None => found.convert_from(source, object, version, beside),
        }
    }

    fn find(&self, group: &str, kind: &str) -> Result<&Arc<dyn AnyKind>, ConvertError> {
        let of_group = || self.kinds.iter().filter(|kind| kind.group() == group);
        of_group().find(|known| known.kind() == kind).ok_or_else(|| {
            let known: Vec<_> = of_group().map(|kind| kind.kind()).collect();
            ConvertError::UnknownKind {
                group: group.to_owned(),
                kind: kind.to_owned(),
                known: quoted(known.iter().map(AsRef::as_ref)),
            }
        })
    }

    /// Converts the items of a list, each as `convert` does.
    pub(super) fn convert_items(
        mut list: Value,
        convert: impl Fn(Value) -> Result<Converted<Value>, ConvertError>,
    ) -> Result<Converted<Value>, ConvertError> {
        let mut whole = Converted::exactly(Value::Null);
        if let Some(Value::Array(items)) = list.get_mut("items") {
            for (position, item) in items.iter_mut().enumerate() {
                let converted = convert(item.take())?;
                *item = converted.object;
                whole.companions.extend(converted.companions);
                let at = FieldPath::root().child("items").index(position);
                whole.losses.extend(converted.losses.into_iter().map(|loss| Loss {
                    path: at.join(&loss.path),
                    ..loss
                }));
            }
        }
        whole.object = list;
        Ok(whole)
    }

    /// The fields of `object` that its version does not have.
    ///
    /// # Errors
    /// [`ConvertError::Untyped`], [`ConvertError::UnknownVersion`]; none for kinds that are not known.
    pub fn unknown_fields(&self, object: &Value) -> Result<Vec<FieldPath>, ConvertError> {
        let (api_version, kind) = api_version_and_kind(object)?;
        let known = self
            .kinds
            .iter()
            .find(|known| known.group() == split(api_version).0 && known.kind() == kind);
        known.map_or(Ok(Vec::new()), |known| known.unknown_fields(object))
    }

    /// The CRDs of all kinds that have versions which `options` asks for.
    pub fn crds(&self, options: &CrdOptions) -> Vec<CustomResourceDefinition> {
        self.kinds.iter().filter_map(|kind| kind.crd(options)).collect()
    }
}

impl fmt::Debug for Converters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.kinds.iter().map(|kind| (kind.kind(), kind.versions())))
            .finish()
    }
}

/// A converter whose hub is not known where it is used.
trait AnyKind: Send + Sync {
    fn group(&self) -> String;
    fn kind(&self) -> String;
    fn versions(&self) -> Vec<String>;
    fn convert_from(
        &self,
        source: Source,
        object: Value,
        version: &str,
        beside: &dyn Beside,
    ) -> Result<Converted<Value>, ConvertError>;
    fn unknown_version(&self, version: &str) -> ConvertError;
    fn unknown_fields(&self, object: &Value) -> Result<Vec<FieldPath>, ConvertError>;
    fn crd(&self, options: &CrdOptions) -> Option<CustomResourceDefinition>;
}

impl<H: Hub> AnyKind for Converter<H> {
    fn group(&self) -> String {
        H::group(&()).into_owned()
    }

    fn kind(&self) -> String {
        H::kind(&()).into_owned()
    }

    fn versions(&self) -> Vec<String> {
        self.versions().map(str::to_owned).collect()
    }

    fn convert_from(
        &self,
        source: Source,
        object: Value,
        version: &str,
        beside: &dyn Beside,
    ) -> Result<Converted<Value>, ConvertError> {
        self.convert_from(source, object, version, beside)
    }

    fn unknown_version(&self, version: &str) -> ConvertError {
        self.unknown_version(version)
    }

    fn unknown_fields(&self, object: &Value) -> Result<Vec<FieldPath>, ConvertError> {
        self.unknown_fields(object)
    }

    fn crd(&self, options: &CrdOptions) -> Option<CustomResourceDefinition> {
        self.crd(options)
    }
}

/// The items of a `TrafficSplitList` may leave out what the list says of them.
fn typed_items(mut list: Value, kind: &str) -> Value {
    let api_version = list.get("apiVersion").cloned().unwrap_or_default();
    for item in list
        .get_mut("items")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Value::Object(item) = item {
            item.entry("apiVersion").or_insert_with(|| api_version.clone());
            item.entry("kind").or_insert_with(|| Value::String(kind.to_owned()));
        }
    }
    list
}

fn unchanged(object: Value, reason: LossReason) -> Converted<Value> {
    Converted {
        losses: vec![Loss::new(FieldPath::root(), reason)],
        ..Converted::exactly(object)
    }
}

pub(super) fn api_version_and_kind(object: &Value) -> Result<(&str, &str), ConvertError> {
    let field = |field| {
        object
            .get(field)
            .and_then(Value::as_str)
            .ok_or(ConvertError::Untyped { field })
    };
    Ok((field("apiVersion")?, field("kind")?))
}

/// The group and the version of an `apiVersion`; the core group is empty.
pub(super) fn split(api_version: &str) -> (&str, &str) {
    api_version.rsplit_once('/').unwrap_or(("", api_version))
}
