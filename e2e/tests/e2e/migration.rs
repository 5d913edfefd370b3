//! What a migration of stored objects leaves in etcd, read there.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Config,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use smi_sdk::{
    CrdOptions, Stored,
    migrate::{Outcome, StorageVersionMigration},
};

use crate::{Outcome as Tested, installing::install_cleanly, start};

const SPLITS: &str = "trafficsplits.split.smi-spec.io";

/// The stored splits, as etcd has them, by key.
async fn stored(etcd: &Client) -> Tested<Vec<Value>> {
    let key = |end: char| BASE64_STANDARD.encode(format!("/registry/split.smi-spec.io/trafficsplits{end}"));
    // The character after the slash ends the range.
    let range = json!({"key": key('/'), "range_end": key('0')});
    let request = http::Request::post("/v3/kv/range").body(serde_json::to_vec(&range)?)?;
    let found: Value = etcd.request(request).await?;
    let pairs = found["kvs"].as_array().cloned().unwrap_or_default();
    pairs
        .iter()
        .map(|pair| -> Tested<Value> {
            let value = BASE64_STANDARD.decode(pair["value"].as_str().unwrap_or_default())?;
            Ok(serde_json::from_slice(&value)?)
        })
        .collect()
}

#[tokio::test]
async fn etcd_holds_every_object_at_the_storage_version_and_otherwise_as_it_was() -> Tested {
    let cluster = start("migration").await?;
    let client = cluster.client()?;
    let etcd = Client::try_from(Config::new(format!("http://{}", cluster.etcd_address()).parse()?))?;
    let stored_at = |version: &str| {
        let crds = smi_sdk::crds(&CrdOptions {
            stored: Stored::Version(version.to_owned()),
            ..CrdOptions::all_served()
        });
        crds.into_iter()
            .find(|crd| crd.metadata.name.as_deref() == Some(SPLITS))
    };
    let oldest = serde_json::to_value(stored_at("v1alpha3"))?;
    install_cleanly(&cluster, &[oldest]).await?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("split.smi-spec.io", "v1alpha3", "TrafficSplit"));
    let splits: Api<DynamicObject> = Api::namespaced_with(client.clone(), "default", &resource);
    for number in 0..20 {
        let spec = json!({"service": "web", "backends": [{"service": "web-v1", "weight": number}]});
        let split = DynamicObject::new(&format!("web-{number}"), &resource).data(json!({"spec": spec}));
        splits.create(&PostParams::default(), &split).await?;
    }
    let before = stored(&etcd).await?;
    assert_eq!(before.len(), 20);
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let newest = stored_at("v1alpha4").ok_or("no CRD")?;
    let versions = Patch::Merge(json!({"spec": {"versions": newest.spec.versions}}));
    crds.patch(SPLITS, &PatchParams::default(), &versions).await?;

    let migration = StorageVersionMigration::new(client).crds([SPLITS]);
    let dry = migration.clone().dry_run(true).run(|_| {}).await;
    assert_eq!(dry.crds[0].outcome, Outcome::DryRun, "{dry}");
    assert_eq!(stored(&etcd).await?, before);

    // At once: the server may be behind the change of its CRD, and would store at the old version.
    let report = migration.run(|_| {}).await;
    assert_eq!(report.crds[0].outcome, Outcome::Migrated, "{report}");
    assert_eq!(report.crds[0].objects.rewritten, 20, "{report}");
    let mut expected = before;
    for split in &mut expected {
        assert_eq!(split["apiVersion"], "split.smi-spec.io/v1alpha3");
        split["apiVersion"] = "split.smi-spec.io/v1alpha4".into();
    }
    assert_eq!(stored(&etcd).await?, expected);
    Ok(())
}
