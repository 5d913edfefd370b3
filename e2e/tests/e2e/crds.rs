//! Our CRDs on a real server: admitted and established without a word of warning, in every set of options, from nothing
//! and over one another.

use std::path::Path;

use e2e::{Cluster, LIMIT, until};
use futures::future::{join_all, try_join_all};
use http::Method;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use smi_sdk::{Conversion, CrdOptions, Serve, Stored};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use crate::{
    Outcome,
    installing::{self, CRDS, clean, crds, name},
    start,
};

/// The cluster of these tests: one test at a time has it, and finds no CRDs.
async fn alone() -> Outcome<MappedMutexGuard<'static, Cluster>> {
    static CLUSTER: Mutex<Option<Cluster>> = Mutex::const_new(None);
    let mut cluster = CLUSTER.lock().await;
    if cluster.is_none() {
        *cluster = Some(start("crds").await?);
    }
    let cluster = MutexGuard::try_map(cluster, Option::as_mut).map_err(|_| "there is no cluster")?;
    installing::remove_all(&cluster).await?;
    Ok(cluster)
}

/// Every way to have our CRDs, by name.
fn option_sets() -> Outcome<Vec<(&'static str, CrdOptions)>> {
    let stored = |version: &str| CrdOptions {
        stored: Stored::Version(version.to_owned()),
        ..CrdOptions::all_served()
    };
    let converting = |conversion| CrdOptions {
        conversion,
        ..CrdOptions::default()
    };
    let ca = ca_bundle()?;
    let service = Conversion::webhook_service("smi-system", "smi-webhook", ca.clone());
    let url = Conversion::webhook_url("https://127.0.0.1:9443/convert", ca);
    let drafts = CrdOptions {
        serve: Serve::Drafts,
        ..CrdOptions::default()
    };
    Ok(vec![
        ("default", CrdOptions::default()),
        ("drafts", drafts),
        ("all served", CrdOptions::all_served()),
        ("stored at v1alpha1", stored("v1alpha1")),
        ("stored at v1alpha2", stored("v1alpha2")),
        ("webhook by service", converting(service.port(8443).path("/crds"))),
        ("webhook by URL", converting(url)),
    ])
}

/// The server reads the bundle, so it has to be a real one.
fn ca_bundle() -> Outcome<String> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?.pem())
}

#[tokio::test]
async fn every_set_is_admitted_established_and_not_warned_of() {
    let cluster = alone().await.unwrap();
    for (set, options) in option_sets().unwrap() {
        let crds = crds(&options).unwrap();
        installing::install_cleanly(&cluster, &crds).await.unwrap();
        until_served(&cluster, &crds)
            .await
            .unwrap_or_else(|error| panic!("{set}: {error}"));
        installing::remove_all(&cluster).await.unwrap();
    }
}

#[tokio::test]
async fn every_set_takes_the_place_of_the_default_and_gives_it_back() {
    let cluster = alone().await.unwrap();
    let default = crds(&CrdOptions::default()).unwrap();
    installing::install_cleanly(&cluster, &default).await.unwrap();
    for (set, options) in option_sets().unwrap() {
        let crds = crds(&options).unwrap();
        for (step, crds) in [("to it", &crds), ("back", &default)] {
            let outcome = async {
                if step == "back" {
                    forget_drafts(&cluster, &default).await?;
                }
                replace(&cluster, crds).await?;
                until_served(&cluster, crds).await
            };
            outcome.await.unwrap_or_else(|error| panic!("{set}, {step}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_set_without_drafts_is_refused_while_drafts_may_be_stored() {
    let cluster = alone().await.unwrap();
    let drafts = crds(&CrdOptions::all_served()).unwrap();
    installing::install_cleanly(&cluster, &drafts).await.unwrap();
    let default = crds(&CrdOptions::default()).unwrap();
    let refusal = replace(&cluster, &default).await.unwrap_err().to_string();
    assert!(
        refusal.contains("traffictargets.access.smi-spec.io") && refusal.contains("status.storedVersions"),
        "{refusal}"
    );
}

#[tokio::test]
async fn without_a_conversion_an_object_is_cut_to_the_stored_version() {
    let cluster = alone().await.unwrap();
    let crds = crds(&CrdOptions::all_served()).unwrap();
    installing::install_cleanly(&cluster, &crds).await.unwrap();
    let metadata = json!({"name": "api", "namespace": cluster.namespace("cut").await.unwrap()});
    let written = json!({
        "apiVersion": "specs.smi-spec.io/v1alpha1", "kind": "HTTPRouteGroup", "metadata": metadata,
        "matches": [{"name": "orders"}],
    });
    // Not a word of it: this is why a cluster with old objects needs a webhook, or the old version as the stored one.
    clean(&cluster.create(&written).await.unwrap()).unwrap();
    let read = cluster.get(&written).await.unwrap().json().unwrap();
    assert_eq!(
        (&read["apiVersion"], &read["matches"]),
        (&written["apiVersion"], &Value::Null)
    );
}

#[tokio::test]
async fn kubectl_applies_what_to_yaml_prints_without_a_warning() {
    let cluster = alone().await.unwrap();
    for options in [CrdOptions::default(), CrdOptions::all_served()] {
        let crds = smi_sdk::crds(&options);
        let documents: Vec<_> = crds.iter().map(|crd| smi_sdk::to_yaml(crd).unwrap()).collect();
        let apply = ["apply", "--server-side", "-f", "-"];
        let output = cluster
            .kubectl_with_input(&apply, &documents.join("---\n"))
            .await
            .unwrap();
        assert_eq!((output.success, output.stderr.as_str()), (true, ""));
        assert_eq!(output.stdout.lines().count(), crds.len(), "{}", output.stdout);
    }
}

#[tokio::test]
async fn kubectl_applies_the_committed_files_without_a_warning() {
    let cluster = alone().await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds");
    let apply = ["apply", "-f", folder.to_str().unwrap()];
    for done in ["created", "unchanged"] {
        let output = cluster.kubectl(&apply).await.unwrap();
        assert_eq!((output.success, output.stderr.as_str()), (true, ""));
        let lines: Vec<_> = output.stdout.lines().collect();
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(lines.iter().all(|line| line.ends_with(done)), "{lines:?}");
    }
    until_served(&cluster, &crds(&CrdOptions::default()).unwrap())
        .await
        .unwrap();
}

/// Creates or replaces all of `crds`; an error where the server refuses one or warns of it.
async fn replace(cluster: &Cluster, crds: &[Value]) -> Outcome {
    let replaced = crds.iter().map(async |crd| {
        let response = until("it is replaced", LIMIT, async || {
            let current = cluster.get(crd).await?;
            let response = if current.status == 404 {
                cluster.create(crd).await?
            } else {
                let mut crd = crd.clone();
                crd["metadata"]["resourceVersion"] = current.json()?["metadata"]["resourceVersion"].clone();
                cluster.replace(&crd).await?
            };
            // The server's controllers write the status of a CRD in their own time.
            Ok((response.status != 409).then_some(response))
        });
        clean(&response.await?).map_err(|error| format!("{}: {error}", name(crd)).into())
    });
    // To the end of all: what is still under way after the first refusal would meet the next test's CRDs.
    join_all(replaced).await.into_iter().collect()
}

/// Waits until each of `crds` is established as it is, and serves what it says and nothing else.
async fn until_served(cluster: &Cluster, crds: &[Value]) -> Outcome {
    let served = crds.iter().map(async |crd| {
        let mut established = async || {
            let conditions = cluster.get(crd).await?.json()?["status"]["conditions"].take();
            let conditions = conditions.as_array().into_iter().flatten();
            let mut conditions: Vec<_> = conditions
                .map(|one| format!("{}={}", text(one, "type"), text(one, "status")))
                .collect();
            conditions.sort();
            Ok((conditions == ["Established=True", "NamesAccepted=True"]).then_some(()))
        };
        until(
            &format!("`{}` has only good conditions", name(crd)),
            LIMIT,
            &mut established,
        )
        .await?;
        for version in crd["spec"]["versions"].as_array().into_iter().flatten() {
            let (group, names) = (text(&crd["spec"], "group"), &crd["spec"]["names"]);
            let path = format!(
                "/apis/{group}/{}/{}?limit=1",
                text(version, "name"),
                text(names, "plural")
            );
            let expected = if version["served"] == true { 200 } else { 404 };
            let found = async || Ok((cluster.read(&path).await?.status == expected).then_some(()));
            until(&format!("`{path}` answers with {expected}"), LIMIT, found).await?;
        }
        established()
            .await?
            .ok_or_else(|| format!("`{}` has got another condition", name(crd)).into())
    });
    try_join_all(served).await.map(drop)
}

/// What a migration of the stored objects ends with: the CRDs stop naming versions that `next` does not have. There are
/// no objects here to migrate.
async fn forget_drafts(cluster: &Cluster, next: &[Value]) -> Outcome {
    for crd in next {
        let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
        let stored: Vec<_> = versions
            .filter(|version| version["storage"] == true)
            .map(|version| &version["name"])
            .collect();
        let mut current = cluster.get(crd).await?.json()?;
        for version in current["spec"]["versions"].as_array_mut().into_iter().flatten() {
            version["storage"] = stored.contains(&&version["name"]).into();
        }
        clean(&cluster.replace(&current).await?)?;
        let status = json!({"status": {"storedVersions": stored}}).to_string();
        let subresource = format!("{CRDS}/{}/status", name(crd));
        let merge = "application/merge-patch+json";
        let patched = cluster
            .request(Method::PATCH, &subresource, merge, status.as_bytes())
            .await?;
        clean(&patched)?;
    }
    Ok(())
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
