//! The versions of one kind, in one table.

use std::fmt;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

use super::{ConvertError, Converted, Hub, Spoke, error::quoted, shape, version::Version};
#[cfg(feature = "runtime")]
use crate::decode::served::{Line, List};
use crate::{
    crd::{self, CrdOptions},
    decode::Strip,
    path::FieldPath,
};

/// The versions of the kind whose newest version is `H`; each is one line:
///
/// ```text
/// Converter::<v1alpha4::TrafficSplit>::new()
///     .version::<v1alpha1::TrafficSplit>()
///     .version::<v1alpha2::TrafficSplit>()
///     .version::<v1alpha3::TrafficSplit>()
///     .version::<v1alpha4::TrafficSplit>()
/// ```
///
/// The same table gives the reading of any version, the conversion and the CRD.
pub struct Converter<H> {
    versions: Vec<Version<H>>,
}

impl<H: Hub> Converter<H> {
    /// A kind without versions yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { versions: Vec::new() }
    }

    /// Adds a released version. Versions are added from the oldest to the newest, the hub last.
    #[must_use]
    pub fn version<V: Spoke<Hub = H>>(self) -> Self {
        self.with::<V>(false)
    }

    /// Adds a version that was never released: its CRD leaves it out unless drafts or all versions are asked for.
    #[must_use]
    pub fn draft<V: Spoke<Hub = H>>(self) -> Self {
        self.with::<V>(true)
    }

    fn with<V: Spoke<Hub = H>>(mut self, draft: bool) -> Self {
        self.versions.push(Version::of::<V>(draft));
        self
    }

    /// The versions, from the oldest to the newest.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().map(|version| version.name.as_str())
    }

    /// Reads an object of any version of the kind as its hub.
    ///
    /// # Errors
    /// [`ConvertError::UnknownVersion`], [`ConvertError::Decode`], [`ConvertError::Shape`] where the object would be right
    /// at another version, [`ConvertError::Value`] where it holds a value that no version could mean.
    pub fn to_hub(&self, object: &Value) -> Result<Converted<H>, ConvertError> {
        let version = self.version_of(object)?;
        (version.to_hub)(object).map_err(|error| match error {
            ConvertError::Decode(_) => shape::mistaken(&self.versions, version, object).unwrap_or(error),
            error => error,
        })
    }

    /// Reads the JSON text of an object that an API server gave out at `version` as its hub, straight into the types and
    /// without what `strip` leaves out. That the object is of this kind and version is taken for granted; only an object
    /// that cannot be read is looked at again, for an error as [`to_hub`](Self::to_hub) words it.
    ///
    /// # Errors
    /// As [`to_hub`](Self::to_hub).
    pub fn read_served(&self, text: &str, version: &str, strip: Strip) -> Result<Converted<H>, ConvertError> {
        let found = self.find(version)?;
        (found.read)(text, strip).map_err(|error| match serde_json::from_str::<Value>(text) {
            Ok(value) => self.to_hub(&value).err().unwrap_or(error),
            Err(_) => error,
        })
    }

    /// Reads a list that an API server gave out at `version`, without managedFields and the like; none where an object is
    /// bad, and then [`read_served`](Self::read_served) reads each by itself.
    #[cfg(feature = "runtime")]
    pub(crate) fn list_served(&self, text: &str, version: &str) -> Option<List<H>> {
        (self.find(version).ok()?.list)(text)
    }

    /// Reads a line of a watch at `version` as [`list_served`](Self::list_served) reads a list.
    #[cfg(feature = "runtime")]
    pub(crate) fn line_served<'a>(&self, text: &'a str, version: &str) -> Option<Line<'a, H>> {
        (self.find(version).ok()?.line)(text)
    }

    /// Writes a hub object at one of the versions of the kind.
    ///
    /// # Errors
    /// [`ConvertError::UnknownVersion`], and [`ConvertError::Downward`] for every version but the hub.
    pub fn from_hub(&self, hub: H, version: &str) -> Result<Converted<Value>, ConvertError> {
        (self.find(version)?.from_hub)(hub)
    }

    /// Converts an object of any version of the kind to `version`. One that is at that version already is read, and stays
    /// as it is.
    ///
    /// # Errors
    /// As [`to_hub`](Self::to_hub) and [`from_hub`](Self::from_hub).
    pub fn convert(&self, object: Value, version: &str) -> Result<Converted<Value>, ConvertError> {
        let target = self.find(version)?;
        let Converted {
            object: hub,
            mut companions,
            mut losses,
        } = self.to_hub(&object)?;
        if self.version_of(&object)?.name == target.name {
            return Ok(Converted::exactly(object));
        }
        let converted = (target.from_hub)(hub)?;
        companions.extend(converted.companions);
        losses.extend(converted.losses);
        Ok(Converted {
            object: converted.object,
            companions,
            losses,
        })
    }

    /// The fields of `object` that its version does not have, which an API server drops without a word.
    ///
    /// # Errors
    /// [`ConvertError::UnknownVersion`].
    pub fn unknown_fields(&self, object: &Value) -> Result<Vec<FieldPath>, ConvertError> {
        Ok(self.version_of(object)?.unknown_fields(object))
    }

    /// The kind's CRD, with all of its versions that `options` asks for; none where they are all drafts that it does not
    /// ask for.
    pub fn crd(&self, options: &CrdOptions) -> Option<CustomResourceDefinition> {
        crd::merged(
            self.versions.iter().map(|version| (version.crd, version.draft)),
            options,
        )
    }

    fn version_of(&self, object: &Value) -> Result<&Version<H>, ConvertError> {
        let api_version = object.get("apiVersion").and_then(Value::as_str);
        let api_version = api_version.ok_or(ConvertError::Untyped { field: "apiVersion" })?;
        self.find(api_version.rsplit('/').next().unwrap_or_default())
    }

    fn find(&self, name: &str) -> Result<&Version<H>, ConvertError> {
        let found = self.versions.iter().find(|version| version.name == name);
        found.ok_or_else(|| self.unknown_version(name))
    }

    pub(super) fn unknown_version(&self, name: &str) -> ConvertError {
        ConvertError::UnknownVersion {
            group: H::group(&()).into_owned(),
            kind: H::kind(&()).into_owned(),
            version: name.to_owned(),
            known: quoted(self.versions()),
        }
    }
}

impl<H: Hub> Default for Converter<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H> fmt::Debug for Converter<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.versions.iter().map(|version| &version.name))
            .finish()
    }
}
