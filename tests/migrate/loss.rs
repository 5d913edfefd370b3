//! CRDs without a webhook, whose API server drops what the storage version does not have.

use kube::{
    Api, ResourceExt,
    api::PostParams,
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::json;
use smi_sdk::{
    CrdOptions, Stored,
    migrate::{MigrateError, Outcome, StorageVersionMigration},
};

use crate::{support::cluster_with, world::only};

const TARGETS: &str = "traffictargets.access.smi-spec.io";

#[tokio::test(start_paused = true)]
async fn an_object_that_would_lose_fields_is_not_rewritten() {
    let stored_at = |version: &str| {
        let crds = smi_sdk::crds(&CrdOptions {
            stored: Stored::Version(version.to_owned()),
            ..CrdOptions::all_served()
        });
        crds.into_iter().find(|crd| crd.name_any() == TARGETS).unwrap()
    };
    let cluster = cluster_with(vec![stored_at("v1alpha1")]).await;
    let kind = GroupVersionKind::gvk("access.smi-spec.io", "v1alpha1", "TrafficTarget");
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client.clone(), &cluster.namespace, &resource);
    let target = DynamicObject::new("orders", &resource).data(json!({
        "destination": {"kind": "ServiceAccount", "name": "api", "namespace": "shop"},
        "sources": [{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}],
        "specs": [{"kind": "HTTPRouteGroup", "name": "api", "matches": ["all"]}],
    }));
    let made = api.create(&PostParams::default(), &target).await.unwrap();
    cluster.change(&stored_at("v1alpha3")).await;

    let migration = StorageVersionMigration::new(cluster.client.clone()).crds([TARGETS]);
    for dry_run in [true, false] {
        let report = only(migration.clone().dry_run(dry_run).run(|_| {}).await);
        let expected = if dry_run { Outcome::DryRun } else { Outcome::Incomplete };
        assert_eq!((report.outcome, report.objects.rewritten), (expected, 0), "{report}");
        let failure = &report.failed[0];
        assert_eq!(failure.object.name(), "orders");
        assert!(matches!(failure.error, MigrateError::Loses { .. }), "{report}");
        assert_eq!(
            failure.error.to_string(),
            "`destination` would be lost: `v1alpha3` has no such field, and the CRD no conversion webhook"
        );
    }
    let there = api.get("orders").await.unwrap();
    assert_eq!(there, made);
}
