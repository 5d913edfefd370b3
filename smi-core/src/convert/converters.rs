//! Every kind's converter, chosen by the group and kind that a JSON object says.

use std::{fmt, sync::Arc};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::core::{
    Status,
    conversion::{ConversionRequest, ConversionResponse, ConversionReview},
    response::reason,
};
use serde_json::Value;

use super::{ConvertError, Converted, Converter, Hub, Loss, LossReason, error::quoted};
use crate::{crd::CrdOptions, path::FieldPath};

/// The converters of any number of kinds; cheap to clone.
#[derive(Clone, Default)]
pub struct Converters {
    kinds: Vec<Arc<dyn AnyKind>>,
}

impl Converters {
    /// No kinds yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { kinds: Vec::new() }
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
        self
    }

    /// Whether a kind of this group is known.
    pub fn knows_group(&self, group: &str) -> bool {
        self.kinds.iter().any(|kind| kind.group() == group)
    }

    /// Converts an object of any version to `api_version` (`split.smi-spec.io/v1alpha4`); a `List` by its items.
    ///
    /// Objects of other groups than that of `api_version`, and kinds that it does not have, pass through with a loss that
    /// says so.
    ///
    /// # Errors
    /// As [`Converter::convert`], and [`ConvertError::UnknownKind`]. Of a list, the first item's that fails.
    pub fn convert(&self, object: Value, api_version: &str) -> Result<Converted<Value>, ConvertError> {
        let (from, kind) = api_version_and_kind(&object)?;
        if kind.ends_with("List") && object.get("items").is_some_and(Value::is_array) {
            return self.convert_list(object, api_version);
        }
        let (group, _) = split(from);
        let (to_group, version) = split(api_version);
        if group != to_group {
            return Ok(unchanged(object, LossReason::OtherGroup));
        }
        let of_group = || self.kinds.iter().filter(|kind| kind.group() == group);
        let Some(found) = of_group().find(|known| known.kind() == kind) else {
            return Err(ConvertError::UnknownKind {
                group: group.to_owned(),
                kind: kind.to_owned(),
                known: quoted(
                    of_group()
                        .map(|kind| kind.kind())
                        .collect::<Vec<_>>()
                        .iter()
                        .map(AsRef::as_ref),
                ),
            });
        };
        let has = |kind: &Arc<dyn AnyKind>| kind.versions().iter().any(|name| name == version);
        if !has(found) && of_group().any(has) {
            return Ok(unchanged(object, LossReason::KindNotInVersion));
        }
        found.convert(object, version)
    }

    fn convert_list(&self, mut list: Value, api_version: &str) -> Result<Converted<Value>, ConvertError> {
        let mut whole = Converted::exactly(Value::Null);
        if let Some(Value::Array(items)) = list.get_mut("items") {
            for (position, item) in items.iter_mut().enumerate() {
                let converted = self.convert(item.take(), api_version)?;
                *item = converted.object;
                whole.companions.extend(converted.companions);
                let at = FieldPath::root().child("items").index(position);
                whole.losses.extend(converted.losses.into_iter().map(|loss| Loss {
                    path: at.join(&loss.path),
                    ..loss
                }));
            }
        }
        // `v1 List` stays what it is, a `TrafficSplitList` is of the version of its items.
        if let Some(Value::String(says)) = list.get_mut("apiVersion")
            && split(says).0 == split(api_version).0
        {
            api_version.clone_into(says);
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

    /// Answers an API server's `ConversionReview`. One object that cannot be converted fails the whole review, with a
    /// message that names it: that is Kubernetes' rule.
    pub fn review(&self, review: ConversionReview) -> ConversionReview {
        let request = match ConversionRequest::from_review(review) {
            Ok(request) => request,
            Err(error) => {
                return ConversionResponse::invalid(Status::failure(&error.to_string(), reason::BAD_REQUEST))
                    .into_review();
            }
        };
        let converted = request.objects.iter().map(|object| {
            let named = |error: ConvertError| format!("{}: {error}", name(object));
            self.convert(object.clone(), &request.desired_api_version)
                .map_err(named)
        });
        let converted = converted.map(|converted| converted.map(|converted| converted.object));
        let converted: Result<Vec<_>, _> = converted.collect();
        let response = ConversionResponse::for_request(request);
        match converted {
            Ok(objects) => response.success(objects),
            Err(message) => response.failure(Status::failure(&message, reason::INVALID)),
        }
        .into_review()
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
    fn convert(&self, object: Value, version: &str) -> Result<Converted<Value>, ConvertError>;
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

    fn convert(&self, object: Value, version: &str) -> Result<Converted<Value>, ConvertError> {
        self.convert(object, version)
    }

    fn unknown_fields(&self, object: &Value) -> Result<Vec<FieldPath>, ConvertError> {
        self.unknown_fields(object)
    }

    fn crd(&self, options: &CrdOptions) -> Option<CustomResourceDefinition> {
        self.crd(options)
    }
}

fn unchanged(object: Value, reason: LossReason) -> Converted<Value> {
    Converted {
        losses: vec![Loss::new(FieldPath::root(), reason)],
        ..Converted::exactly(object)
    }
}

fn api_version_and_kind(object: &Value) -> Result<(&str, &str), ConvertError> {
    let field = |field| {
        object
            .get(field)
            .and_then(Value::as_str)
            .ok_or(ConvertError::Untyped { field })
    };
    Ok((field("apiVersion")?, field("kind")?))
}

/// The group and the version of an `apiVersion`; the core group is empty.
fn split(api_version: &str) -> (&str, &str) {
    api_version.rsplit_once('/').unwrap_or(("", api_version))
}

/// `TrafficSplit shop/web`, for messages.
fn name(object: &Value) -> String {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, namespace, name) = (text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
    if namespace.is_empty() {
        format!("{kind} {name}")
    } else {
        format!("{kind} {namespace}/{name}")
    }
}
