//! Objects as their authors wrote them, on a server with our CRDs: kept whole, read back as the same values, and
//! accepted again as we write them.

use futures::{StreamExt as _, stream};
use http::Method;
use kube::Client;
use serde_json::{Value, json};
use smi_sdk::{CrdOptions, Stored};

use crate::{
    Outcome, installing,
    installing::clean,
    kinds,
    manifests::{self, Manifest},
    start,
};

/// Objects that are right by the specification and that our CRDs refuse; what we write for them is accepted.
const EXCEPTIONS: &[Exception] = &[
    // The specification's text shows `headers` as a map, the CRDs of the Go SDK and of the meshes take a list; so do ours.
    Exception {
        source: "servicemeshinterface__smi-controller-sdk/16.yaml",
        refusal: "unknown field \"spec.matches[0].headers.",
    },
];

struct Exception {
    /// The source of the object.
    source: &'static str,
    /// What the server says of it.
    refusal: &'static str,
}

/// Requests at the same time. The server has two cores as well.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn objects_are_kept_whole_read_as_the_same_values_and_accepted_as_we_write_them() {
    let cluster = start("corpus").await.unwrap();
    let client = cluster.client().unwrap();
    let mut objects: Vec<_> = manifests::all().unwrap();
    let mut problems = Vec::new();
    for Exception { source, .. } in EXCEPTIONS {
        let is_known = objects.iter().any(|one| one.source == *source);
        if !is_known && manifests::beside_the_project("corpus").is_some() {
            problems.push(format!("{source}: there is no such object"));
        }
    }
    // Without a conversion an object is cut to the schema of the stored version, so each version has its turn.
    for version in ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"] {
        let options = CrdOptions {
            stored: Stored::Version(version.to_owned()),
            ..CrdOptions::all_served()
        };
        installing::remove_all(&cluster).await.unwrap();
        installing::install_cleanly(&cluster, &installing::crds(&options).unwrap())
            .await
            .unwrap();
        let (now, later): (Vec<_>, Vec<_>) = objects
            .into_iter()
            .partition(|one| kinds::of_object(&one.value).is_some_and(|kind| kind.version() == version));
        assert!(!now.is_empty(), "no object of {version}");
        let outcomes = stream::iter(&now).map(async |one| (one, check(&client, one).await));
        let failed = outcomes
            .buffer_unordered(AT_ONCE)
            .filter_map(async |(one, outcome)| outcome.err().map(|error| format!("{}: {error}", one.source)));
        problems.extend(failed.collect::<Vec<_>>().await);
        objects = later;
    }
    assert!(objects.is_empty());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What `one` says in a form that our CRDs admit: as its author wrote it, or, of an exception, as we write it.
pub(crate) fn admitted(one: &Manifest) -> Outcome<Value> {
    if EXCEPTIONS.iter().any(|exception| exception.source == one.source) {
        return Ok(kinds::of_object(&one.value)
            .ok_or("not of a CRD")?
            .rewrite(&one.value)?);
    }
    Ok(one.value.clone())
}

async fn check(client: &Client, one: &Manifest) -> Outcome {
    let kind = kinds::of_object(&one.value).ok_or("not of a CRD")?;
    let as_written = kinds::placed(one.value.clone(), &namespace(client).await?);
    let created = kind.create(client, &as_written).await?;
    let exception = EXCEPTIONS.iter().find(|exception| exception.source == one.source);
    let Some(exception) = exception else {
        clean(&created)?;
        return kind.read_back(client, &as_written).await;
    };
    if created.is_success() || !created.message().contains(exception.refusal) {
        return Err(format!("no exception any more: {} {}", created.status, created.message()).into());
    }
    let ours = kind.rewrite(&as_written)?;
    clean(&kind.create(client, &ours).await?)?;
    kind.read_back(client, &ours).await
}

/// A namespace for each object: files share names.
pub(crate) async fn namespace(client: &Client) -> Outcome<String> {
    let object = json!({"metadata": {"generateName": "object-"}});
    let created = kinds::send(client, Method::POST, "/api/v1/namespaces", Some(&object)).await?;
    clean(&created)?;
    Ok(installing::name(&created.json()?).to_owned())
}
