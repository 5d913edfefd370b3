//! One object, rewritten.

use futures::{StreamExt as _, stream};
use kube::{
    Client, ResourceExt as _,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use smi_core::key::ObjectKey;

use super::{MANAGER, MigrateError, definition::Definition, loss::lost, retry};

/// An object as the list shows it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) key: ObjectKey,
    pub(super) resource_version: Option<String>,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is stored anew.
    Rewritten,
    /// It was at the storage version already.
    Unchanged,
    /// It was deleted meanwhile.
    Gone,
    /// It could be rewritten.
    Checked,
}

/// Rewrites the objects of one CRD.
pub(super) struct Rewrite<'d> {
    client: &'d Client,
    definition: &'d Definition,
    params: PatchParams,
}

impl<'d> Rewrite<'d> {
    pub(super) fn new(client: &'d Client, definition: &'d Definition, dry_run: bool) -> Self {
        let params = PatchParams {
            dry_run,
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        Self {
            client,
            definition,
            params,
        }
    }

    /// Rewrites objects, `concurrency` at a time, as long as `and_then`, which is told of each, says so.
    pub(super) async fn all(
        &self,
        objects: Vec<Listed>,
        concurrency: usize,
        mut and_then: impl FnMut(ObjectKey, Result<Written, MigrateError>) -> bool,
    ) {
        let requests = objects.into_iter().map(|object| self.one(object));
        let mut written = stream::iter(requests).buffer_unordered(concurrency);
        while let Some((key, written)) = written.next().await {
            if !and_then(key, written) {
                return;
            }
        }
    }

    async fn one(&self, object: Listed) -> (ObjectKey, Result<Written, MigrateError>) {
        let written = match self.keeps_all(&object).await {
            Ok(()) => self.patch(&object).await,
            Err(error) => Err(error),
        };
        let written = match written {
            Err(MigrateError::Kube(kube::Error::Api(status))) if status.is_not_found() => Ok(Written::Gone),
            written => written,
        };
        (object.key, written)
    }

    async fn patch(&self, object: &Listed) -> Result<Written, MigrateError> {
        let (definition, key) = (self.definition, &object.key);
        let api = definition.within(self.client, key.namespace(), &definition.storage_version);
        let nothing = Patch::Merge(json!({}));
        let written = retry::of(retry::of_write, || {
            api.patch_metadata(key.name(), &self.params, &nothing)
        });
        let written = written.await?;
        Ok(if self.params.dry_run {
            Written::Checked
        } else if written.resource_version() == object.resource_version {
            Written::Unchanged
        } else {
            Written::Rewritten
        })
    }

    /// Refuses an object that the API server, which converts by itself, would store with less than it has.
    async fn keeps_all(&self, object: &Listed) -> Result<(), MigrateError> {
        let definition = self.definition;
        if definition.lossy_versions.is_empty() {
            return Ok(());
        }
        let after = self.read(object, &definition.storage_version).await?;
        for version in &definition.lossy_versions {
            let before = self.read(object, version).await?;
            if let Some(path) = lost(&before, &after) {
                let version = definition.storage_version.clone();
                return Err(MigrateError::Loses { path, version });
            }
        }
        Ok(())
    }

    async fn read(&self, object: &Listed, version: &str) -> Result<Value, MigrateError> {
        let api = self.definition.within(self.client, object.key.namespace(), version);
        let read = retry::of(retry::of_read, || api.get(object.key.name()));
        Ok(read.await?.data)
    }
}
