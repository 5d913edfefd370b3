//! The versions of one kind, in one table.

use std::fmt;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

use super::{
    Beside, ConvertError, Converted, Hub, Loss, LossReason, Spoke, error::quoted, metadata, shape, version::Version,
};
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
            ConvertError::Decode(error) => shape::mistaken(&self.versions, version, object)
                .unwrap_or_else(|| ConvertError::Decode(shape::with_fields(version, object, error))),
            error => error,
        })
    }

    /// Reads an object as an API server gives it out. That may be one which its version does not admit: stored at an older
    /// version, and given out at another with nothing changed but `apiVersion`, as a CRD without a conversion webhook has it.
    ///
    /// # Errors
    /// As [`to_hub`](Self::to_hub).
    pub fn to_hub_served(&self, object: &Value) -> Result<Converted<H>, ConvertError> {
        let error = match self.to_hub(object) {
            Err(error @ ConvertError::Decode(_)) => error,
            read => return read,
        };
        let mut mended = object.clone();
        let losses = (self.version_of(object)?.mend)(&mut mended);
        if losses.is_empty() {
            return Err(error);
        }
        let mut converted = self.to_hub(&mended).map_err(|_| error)?;
        converted.losses.splice(0..0, losses);
        Ok(converted)
    }

    /// Reads the JSON text of an object that an API server gave out at `version` as its hub, straight into the types and
    /// without what `strip` leaves out. That the object is of this kind and version is taken for granted; only an object
    /// that cannot be read is looked at again, as [`to_hub_served`](Self::to_hub_served) does.
    ///
    /// # Errors
    /// As [`to_hub`](Self::to_hub).
    pub fn read_served(&self, text: &str, version: &str, strip: Strip) -> Result<Converted<H>, ConvertError> {
        let found = self.find(version)?;
        let error = match (found.read)(text, strip) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        let Ok(object) = serde_json::from_str(text) else {
            return Err(error);
        };
        let mut converted = self.to_hub_served(&object)?;
        strip.apply(&mut converted.object);
        Ok(converted)
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
    /// [`ConvertError::UnknownVersion`].
    pub fn from_hub(&self, hub: H, version: &str) -> Result<Converted<Value>, ConvertError> {
        (self.find(version)?.from_hub)(hub, &())
    }

    /// Converts an object of any version of the kind to `version`. One that is at that version already is read, and stays
    /// as it is. Of the metadata only the annotation that keeps what `version` does not say changes.
    ///
    /// # Errors
    /// As [`to_hub`](Self::to_hub).
    pub fn convert(&self, object: Value, version: &str) -> Result<Converted<Value>, ConvertError> {
        self.convert_from(Source::File, object, version, &())
    }

    pub(super) fn convert_from(
        &self,
        source: Source,
        mut object: Value,
        version: &str,
        beside: &dyn Beside,
    ) -> Result<Converted<Value>, ConvertError> {
        let (from, target) = (self.version_of(&object)?, self.find(version)?);
        let mut losses = Vec::new();
        if source == Source::File {
            let unknown = from.unknown_fields(&object).into_iter();
            losses.extend(unknown.map(|path| Loss::new(path, LossReason::UnknownField)));
        }
        if from.name == target.name {
            drop(self.to_hub(&object)?);
            return Ok(Converted::exactly(object));
        }
        let metadata = metadata::detach(&mut object);
        if let (Some(metadata), Source::File) = (&metadata, source) {
            metadata::check(metadata)?;
        }
        let hub = match source {
            Source::File => self.to_hub(&object)?,
            Source::Cluster => self.to_hub_served(&object)?,
        };
        // Two versions may say the same in words that the hub does not have. Only a person asks.
        let hub_of_lossy = (source == Source::File && !hub.losses.is_empty()).then(|| hub.object.clone());
        let converted = (target.from_hub)(hub.object, beside)?;
        let is_said = hub_of_lossy.is_some_and(|hub| {
            let back = |hub: H| Some((from.from_hub)(hub, &()).ok()?.object);
            let plain = metadata::without_stash(&converted.object);
            let again = (target.to_hub)(&plain).ok().and_then(|hub| back(hub.object));
            again
                .zip(back(hub))
                .is_some_and(|(again, before)| metadata::is_like(&again, &before))
        });
        // Of a stash that cannot be read nobody knows what it said.
        let stays = |loss: &Loss| !is_said || loss.reason == LossReason::StashUnreadable;
        losses.extend(hub.losses.into_iter().filter(stays));
        losses.extend(converted.losses);
        let mut object = converted.object;
        if let Some(metadata) = metadata {
            metadata::attach(&mut object, metadata);
        }
        Ok(Converted {
            object,
            companions: converted.companions,
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

/// Where an object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A person wrote it: what its version does not admit is an error, or a loss.
    File,
    /// An API server gave it out: it says what the cluster holds, and somebody has to live with it.
    Cluster,
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
