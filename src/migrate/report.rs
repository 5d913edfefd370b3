//! What a migration came to.

use std::fmt;

use serde::{Serialize, Serializer};
use smi_core::key::ObjectKey;

use super::{Event, MigrateError, definition::Definition, object::Written};

/// What a migration came to; prints for people, and serializes for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The CRDs, in the order in which they were migrated.
    pub crds: Vec<CrdReport>,
}

/// What became of the objects of one CRD.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CrdReport {
    /// The name of the CRD.
    pub crd: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The version at which objects are stored; none where the CRD was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_version: Option<String>,
    /// `status.storedVersions` as it was.
    pub stored_versions: Vec<String>,
    /// How many objects there were.
    pub objects: Counts,
    /// The objects that cannot be rewritten.
    pub failed: Vec<Failure>,
    /// Why it ended before every object was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<MigrateError>,
}

/// How the migration of a CRD ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Outcome {
    /// The CRD is not installed.
    NotInstalled,
    /// Nothing was stored at another version.
    UpToDate,
    /// Every object is stored at the storage version, and `status.storedVersions` says so.
    Migrated,
    /// Every object was seen, and nothing written.
    DryRun,
    /// Some objects are not rewritten, and `status.storedVersions` is as it was.
    Incomplete,
}

/// How many objects of a CRD were seen, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Counts {
    /// Stored anew, by this migration or by somebody else at the same time.
    pub rewritten: usize,
    /// At the storage version already.
    pub unchanged: usize,
    /// Deleted between the list and the write.
    pub gone: usize,
    /// In a dry run: could be rewritten, or are at the storage version already.
    pub checked: usize,
}

/// An object that cannot be rewritten.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// Its namespace and name.
    #[serde(serialize_with = "printed")]
    pub object: ObjectKey,
    /// Why.
    pub error: MigrateError,
}

fn printed<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl Report {
    /// Whether every CRD is done: nothing failed, and of those that are installed nothing is left to do. In a dry run:
    /// whether nothing would fail.
    pub fn is_complete(&self) -> bool {
        self.crds.iter().all(CrdReport::is_complete)
    }
}

impl CrdReport {
    pub(super) fn new(crd: &str) -> Self {
        Self {
            crd: crd.to_owned(),
            outcome: Outcome::Incomplete,
            storage_version: None,
            stored_versions: Vec::new(),
            objects: Counts::default(),
            failed: Vec::new(),
            error: None,
        }
    }

    /// Whether nothing is left to do; in a dry run, whether nothing would fail.
    pub fn is_complete(&self) -> bool {
        self.error.is_none() && self.failed.is_empty()
    }

    /// Begins to count, once more where the CRD changed.
    pub(super) fn begin(&mut self, definition: Option<&Definition>) {
        self.storage_version = definition.map(|definition| definition.storage_version.clone());
        self.stored_versions = definition.map_or_else(Vec::new, |definition| definition.stored_versions.clone());
        self.objects = Counts::default();
        self.failed.clear();
    }

    /// How many objects are done, one way or the other.
    pub(super) const fn seen(&self) -> usize {
        let Counts {
            rewritten,
            unchanged,
            gone,
            checked,
        } = self.objects;
        rewritten + unchanged + gone + checked + self.failed.len()
    }

    pub(super) fn fail(&mut self, failure: Failure, on_event: &mut impl FnMut(Event<'_>)) {
        on_event(Event::Failed {
            crd: &self.crd,
            failure: &failure,
        });
        self.failed.push(failure);
    }
}

impl Counts {
    pub(super) const fn count(&mut self, written: Written) {
        match written {
            Written::Rewritten => self.rewritten += 1,
            Written::Unchanged => self.unchanged += 1,
            Written::Gone => self.gone += 1,
            Written::Checked => self.checked += 1,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, crd) in self.crds.iter().enumerate() {
            if position > 0 {
                writeln!(f)?;
            }
            write!(f, "{crd}")?;
        }
        Ok(())
    }
}

impl fmt::Display for CrdReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.storage_version.as_deref().unwrap_or_default();
        write!(f, "{}: ", self.crd)?;
        match (&self.error, self.outcome) {
            (Some(error), _) => write!(f, "not migrated: {error}")?,
            (None, Outcome::NotInstalled) => f.write_str("not installed")?,
            (None, Outcome::UpToDate) => write!(f, "nothing to do, all is stored at {version}")?,
            (None, Outcome::Migrated) => write!(f, "migrated to {version}: {}", self.objects)?,
            (None, Outcome::DryRun) => write!(
                f,
                "would be migrated from {} to {version}: {}",
                self.others(),
                self.objects
            )?,
            (None, Outcome::Incomplete) => write!(
                f,
                "not all migrated to {version}, and {} stays among the stored versions: {}",
                self.others(),
                self.objects
            )?,
        }
        if !self.failed.is_empty() {
            write!(f, ", {} failed", self.failed.len())?;
        }
        for Failure { object, error } in &self.failed {
            write!(f, "\n  {object}: {error}")?;
        }
        Ok(())
    }
}

impl CrdReport {
    /// The stored versions besides the storage version.
    fn others(&self) -> String {
        let versions = self.stored_versions.iter();
        let others = versions.filter(|version| Some(*version) != self.storage_version.as_ref());
        others.map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rewritten,
            unchanged,
            gone,
            checked,
        } = self;
        if *checked > 0 {
            return write!(f, "{checked} objects are fit for it");
        }
        write!(f, "{rewritten} objects rewritten")?;
        if *unchanged > 0 {
            write!(f, ", {unchanged} were there already")?;
        }
        if *gone > 0 {
            write!(f, ", {gone} deleted meanwhile")?;
        }
        Ok(())
    }
}
