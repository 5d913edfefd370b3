//! A cluster whose splits are stored at one version while their CRD stores another.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, future::BoxFuture, stream};
use http::{Request, Response};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    client::Body,
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::{Value, json};
use smi_sdk::{
    Conversion, CrdOptions, Stored,
    migrate::{CrdReport, Event, Outcome, Report, StorageVersionMigration},
};

use crate::support::{Cluster, admitting_anything, cluster_with, conversion, only_on_fake, until};

/// The CRD of the tests.
pub(crate) const SPLITS: &str = "trafficsplits.split.smi-spec.io";

/// Splits that are written at the oldest version, and stored at it until [`World::store_at`].
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    conversion: Conversion,
}

/// The CRD of splits, which stores `version`.
pub(crate) fn crd(version: &str, conversion: &Conversion) -> CustomResourceDefinition {
    let crds = smi_sdk::crds(&CrdOptions {
        stored: Stored::Version(version.to_owned()),
        conversion: conversion.clone(),
        ..CrdOptions::all_served()
    });
    let mut crds = crds.into_iter().filter(|crd| crd.name_any() == SPLITS);
    // Nothing of these tests is about what a version admits.
    admitting_anything(vec![crds.next().unwrap()]).pop().unwrap()
}

impl World {
    /// One with a conversion webhook.
    pub(crate) async fn new(version: &str) -> Self {
        Self::converted_by(conversion(), version).await
    }

    pub(crate) async fn converted_by(conversion: Conversion, version: &str) -> Self {
        let cluster = cluster_with(vec![crd(version, &conversion)]).await;
        Self { cluster, conversion }
    }

    pub(crate) async fn only_on_fake(version: &str) -> Self {
        let conversion = Conversion::webhook_url("https://127.0.0.1/convert", "");
        let cluster = only_on_fake(vec![crd(version, &conversion)]).await;
        Self { cluster, conversion }
    }

    /// With splits of these names.
    pub(crate) async fn with(self, names: impl IntoIterator<Item = String>) -> Self {
        self.create(names, "v1alpha1").await;
        self
    }

    pub(crate) async fn create(&self, names: impl IntoIterator<Item = String>, version: &str) {
        let api = self.splits(version);
        let requests = names.into_iter().map(|name| {
            let (api, split) = (api.clone(), split(&name, version));
            async move { api.create(&PostParams::default(), &split).await.unwrap() }
        });
        stream::iter(requests).buffer_unordered(16).for_each(async |_| {}).await;
    }

    /// Lets the CRD store another version from now on. A server may be behind for a moment.
    pub(crate) async fn store_at(&self, version: &str) {
        self.change(&crd(version, &self.conversion)).await;
    }

    /// Gives the CRD the versions of this one.
    pub(crate) async fn change(&self, crd: &CustomResourceDefinition) {
        let versions = Patch::Merge(json!({"spec": {"versions": crd.spec.versions}}));
        let crds: Api<CustomResourceDefinition> = Api::all(self.cluster.client.clone());
        crds.patch(SPLITS, &PatchParams::default(), &versions).await.unwrap();
    }

    /// The splits of the test's namespace at a version.
    pub(crate) fn splits(&self, version: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.cluster.client.clone(), &self.cluster.namespace, &resource(version))
    }

    /// All splits at a version, as they are without their `resourceVersion`.
    pub(crate) async fn content(&self, version: &str) -> BTreeMap<String, DynamicObject> {
        let splits = self.splits(version).list(&ListParams::default()).await.unwrap().items;
        let without = |mut split: DynamicObject| {
            split.metadata.resource_version = None;
            (split.name_any(), split)
        };
        splits.into_iter().map(without).collect()
    }

    /// Deletes splits that cannot be converted. A real server does so only where it stores the version that they have; as
    /// long as they are there, their CRD cannot go.
    pub(crate) async fn delete(&self, names: &[&str]) {
        self.store_at("v1alpha1").await;
        let splits = self.splits("v1alpha1");
        for name in names {
            until(&format!("`{name}` is gone"), async || {
                match splits.delete(name, &DeleteParams::default()).await {
                    Err(kube::Error::Api(status)) if status.code == 500 => None,
                    deleted => deleted.map(drop).ok(),
                }
            })
            .await;
        }
    }

    /// The `resourceVersion` of each split.
    pub(crate) async fn revisions(&self) -> BTreeMap<String, String> {
        let splits = self.splits("v1alpha4").list_metadata(&ListParams::default()).await;
        let splits = splits.unwrap().items;
        let each = splits.iter();
        each.map(|split| (split.name_any(), split.resource_version().unwrap()))
            .collect()
    }

    pub(crate) async fn crd(&self) -> CustomResourceDefinition {
        Api::all(self.cluster.client.clone()).get(SPLITS).await.unwrap()
    }

    pub(crate) async fn stored_versions(&self) -> Vec<String> {
        self.crd().await.status.unwrap().stored_versions.unwrap()
    }

    /// A migration of splits.
    pub(crate) fn migration(&self) -> StorageVersionMigration {
        of_splits(self.cluster.client.clone())
    }

    /// Migrates to the end.
    pub(crate) async fn migrate(&self) -> CrdReport {
        only(self.migration().run(|_| {}).await)
    }

    /// Migrates until nothing is left to do, and says how that went.
    pub(crate) async fn finish(&self) -> CrdReport {
        let report = self.migrate().await;
        assert_eq!(
            (report.outcome, report.is_complete()),
            (Outcome::Migrated, true),
            "{report}"
        );
        assert_eq!(self.stored_versions().await, [report.storage_version.clone().unwrap()]);
        report
    }

    /// A client of the same server; `meet` is called in front of each request, and may answer it instead of the server.
    pub(crate) fn client_that(
        &self,
        meet: impl Fn(&Request<Body>) -> BoxFuture<'static, Option<Response<Body>>> + Send + Sync + 'static,
    ) -> Client {
        let (inner, meet) = (self.cluster.client.clone(), Arc::new(meet));
        let service = tower::service_fn(move |request: Request<Body>| {
            let (inner, meet) = (inner.clone(), meet.clone());
            async move {
                match meet(&request).await {
                    Some(answer) => Ok(answer),
                    None => inner.send(request).await,
                }
            }
        });
        Client::new(service, "default")
    }
}

/// A migration of splits by way of a client.
pub(crate) fn of_splits(client: Client) -> StorageVersionMigration {
    StorageVersionMigration::new(client).crds([SPLITS])
}

/// Runs a migration until `stop` says so of an event, and drops it there; whether it came that far.
pub(crate) async fn run_until(
    migration: &StorageVersionMigration,
    mut stop: impl FnMut(Event<'_>) -> bool + Send,
) -> bool {
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    let running = migration.run(|event| {
        if stop(event)
            && let Some(tell) = tell.take()
        {
            tell.send(()).unwrap();
        }
    });
    tokio::select! {
        biased;
        stopped = told => stopped.is_ok(),
        _ = running => false,
    }
}

/// The report of the only CRD.
pub(crate) fn only(mut report: Report) -> CrdReport {
    assert_eq!(report.crds.len(), 1);
    report.crds.pop().unwrap()
}

pub(crate) fn names(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("web-{number:04}"))
}

/// A split at any version; the oldest has quantities as weights.
pub(crate) fn split(name: &str, version: &str) -> DynamicObject {
    let weight = if version == "v1alpha1" {
        json!("500m")
    } else {
        json!(500)
    };
    with_weight(name, version, &weight)
}

/// A split that no other version can say, since weights are not negative.
pub(crate) fn bad(name: &str) -> DynamicObject {
    with_weight(name, "v1alpha1", &json!("-1"))
}

fn with_weight(name: &str, version: &str, weight: &Value) -> DynamicObject {
    let backends = json!([{"service": name, "weight": weight}, {"service": "old", "weight": 1}]);
    let spec = json!({"service": "web", "backends": backends});
    let mut split = DynamicObject::new(name, &resource(version)).data(json!({"spec": spec}));
    split.labels_mut().insert("app".to_owned(), name.to_owned());
    split
        .annotations_mut()
        .insert("example.com/note".to_owned(), "kept".to_owned());
    split
}

pub(crate) fn resource(version: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("split.smi-spec.io", version, "TrafficSplit"))
}
