//! What a migration needs to know of a CRD.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion,
};
use kube::{Api, Client, ResourceExt, api::ApiResource, core::DynamicObject};
use ring::digest::{SHA256, digest};
use smi_core::discovery;

use super::{MigrateError, retry};

/// How long discovery is waited for, in looks and the pause between two: a server catches up within a second.
const LOOKS: usize = 40;
const PAUSE: Duration = Duration::from_millis(250);

/// A CRD as it was when a migration began.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    uid: Option<String>,
    generation: Option<i64>,
    group: String,
    kind: String,
    plural: String,
    is_namespaced: bool,
    pub(super) storage_version: String,
    is_storage_served: bool,
    pub(super) stored_versions: Vec<String>,
    served_versions: Vec<String>,
    /// The stored versions from which fields may be dropped by an API server that converts by itself.
    pub(super) lossy_versions: Vec<String>,
}

impl Definition {
    pub(super) fn of(crd: &CustomResourceDefinition) -> Result<Self, MigrateError> {
        let (spec, status) = (&crd.spec, crd.status.as_ref());
        let storage = spec.versions.iter().find(|version| version.storage);
        let storage = storage.ok_or(MigrateError::NoStorageVersion)?;
        let stored_versions = status
            .and_then(|status| status.stored_versions.clone())
            .unwrap_or_default();
        let served = spec.versions.iter().filter(|version| version.served);
        let has_webhook = spec
            .conversion
            .as_ref()
            .is_some_and(|conversion| conversion.strategy == "Webhook");
        let is_lossy = |name: &&String| {
            let version = spec.versions.iter().find(|version| version.name == **name);
            !has_webhook && version.is_none_or(|version| !has_same_schema(version, storage))
        };
        Ok(Self {
            name: crd.name_any(),
            uid: crd.uid(),
            generation: crd.metadata.generation,
            group: spec.group.clone(),
            kind: spec.names.kind.clone(),
            plural: spec.names.plural.clone(),
            is_namespaced: spec.scope == "Namespaced",
            storage_version: storage.name.clone(),
            is_storage_served: storage.served,
            lossy_versions: stored_versions.iter().filter(is_lossy).cloned().collect(),
            stored_versions,
            served_versions: served.map(|version| version.name.clone()).collect(),
        })
    }

    /// Whether nothing can be stored at another version.
    pub(super) fn is_up_to_date(&self) -> bool {
        self.stored_versions == [self.storage_version.as_str()]
    }

    /// Whether `now` is the same CRD with the same spec. A changed spec may have had another storage version in between.
    pub(super) fn is_still(&self, now: &CustomResourceDefinition) -> bool {
        (now.uid(), now.metadata.generation) == (self.uid.clone(), self.generation)
    }

    /// Objects are written at the storage version only: at another they would be converted twice.
    pub(super) fn check_served(&self) -> Result<(), MigrateError> {
        let not_served = |version: &str| MigrateError::NotServed {
            version: version.to_owned(),
        };
        if !self.is_storage_served {
            return Err(not_served(&self.storage_version));
        }
        match self
            .lossy_versions
            .iter()
            .find(|version| !self.served_versions.contains(version))
        {
            Some(version) => Err(not_served(version)),
            None => Ok(()),
        }
    }

    /// The other served versions at which an object may be read that cannot be at the storage version: first those that are
    /// stored, which need no conversion.
    pub(super) fn other_versions(&self) -> impl Iterator<Item = &str> {
        let is_stored = |version: &&String| self.stored_versions.contains(version);
        let (stored, others) = (self.served_versions.iter(), self.served_versions.iter());
        let all = stored
            .filter(is_stored)
            .chain(others.filter(move |version| !is_stored(version)));
        all.map(String::as_str)
            .filter(|version| *version != self.storage_version)
    }

    /// Waits until discovery says that this version is stored; where it says nothing of it, or for long another, until
    /// time has shown that a server that lags behind would have caught up.
    pub(super) async fn until_discovered(&self, client: &Client) -> Result<(), MigrateError> {
        let at = format!("{}/{}", self.group, self.storage_version);
        let expected = storage_version_hash(&self.group, &self.storage_version, &self.kind);
        for _ in 0..LOOKS {
            let found = match retry::of(retry::of_read, || client.list_api_group_resources(&at)).await {
                Err(kube::Error::Api(status)) if status.is_not_found() => None,
                found => Some(found?),
            };
            let resources = found.into_iter().flat_map(|list| list.resources);
            let mut resources = resources.filter(|resource| resource.name == self.plural);
            if let Some(resource) = resources.next()
                && resource.storage_version_hash.is_none_or(|hash| hash == expected)
            {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// kube's `Api` of all objects at a version.
    pub(super) fn all(&self, client: &Client, version: &str) -> Api<DynamicObject> {
        Api::all_with(client.clone(), &self.resource(version))
    }

    /// kube's `Api` of the objects of a namespace, or of a kind that has none, at a version.
    pub(super) fn within(&self, client: &Client, namespace: &str, version: &str) -> Api<DynamicObject> {
        if self.is_namespaced {
            Api::namespaced_with(client.clone(), namespace, &self.resource(version))
        } else {
            self.all(client, version)
        }
    }

    fn resource(&self, version: &str) -> ApiResource {
        discovery::resource(&self.group, version, &self.kind, &self.plural)
    }
}

/// What discovery says of the version that a kind is stored at: Kubernetes' own function of it.
fn storage_version_hash(group: &str, version: &str, kind: &str) -> String {
    let digest = digest(&SHA256, format!("{group}/{version}/{kind}").as_bytes());
    BASE64_STANDARD.encode(digest.as_ref().get(..8).unwrap_or_default())
}

/// Whether what is read at either version has the same fields. Schemas that differ in their words only count as others,
/// which costs time alone.
fn has_same_schema(a: &CustomResourceDefinitionVersion, b: &CustomResourceDefinitionVersion) -> bool {
    a.schema == b.schema && a.subresources == b.subresources
}
