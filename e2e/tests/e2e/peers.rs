//! What we write, on servers with the CRDs that others publish: accepted under `fieldValidation=Strict`, or refused for
//! a reason that is known.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use futures::{StreamExt as _, stream};
use kube::Client;
use serde_json::Value;
use smi_sdk::{
    CrdOptions,
    core::document::{self, Options},
    specs::headers::HeaderForm,
};

use crate::{
    Outcome,
    installing::{self, clean},
    kinds::{self, Kind},
    manifests::{self, Manifest},
    say, start,
};

/// Requests at the same time.
const AT_ONCE: usize = 8;

const CONTROLLER_SDK: &str = "servicemeshinterface__smi-controller-sdk";
const OSM: &str = "openservicemesh__osm";
const SDK_GO: &str = "servicemeshinterface__smi-sdk-go";
const TRAEFIK: &str = "traefik__mesh";

/// A refusal that is known.
struct Exception {
    reason: &'static str,
    kind: &'static str,
    /// The versions at which each set refuses.
    at: &'static [(&'static str, &'static [&'static str])],
    /// What the server says.
    refusal: &'static str,
    /// Makes the object acceptable; none where the CRD has no room for what it says.
    remedy: Option<fn(&mut Value)>,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        reason: "headers are a map there",
        kind: "HTTPRouteGroup",
        at: &[(CONTROLLER_SDK, &["v1alpha2", "v1alpha3", "v1alpha4"])],
        refusal: ".headers[0].",
        remedy: Some(|object| HeaderForm::Map.apply(object)),
    },
    Exception {
        reason: "ports have no name there, nor in the specification's text",
        kind: "TCPRoute",
        at: &[(OSM, &["v1alpha4"]), (SDK_GO, &["v1alpha4"])],
        refusal: "unknown field \"spec.matches.name\"",
        remedy: Some(|object| remove(object, "/spec/matches", "name")),
    },
    Exception {
        reason: "ports have no name there, nor in the specification's text",
        kind: "UDPRoute",
        at: &[(SDK_GO, &["v1alpha4"])],
        refusal: "unknown field \"spec.matches.name\"",
        remedy: Some(|object| remove(object, "/spec/matches", "name")),
    },
    Exception {
        reason: "the group of a route is not said there, as there is only one",
        kind: "TrafficSplit",
        at: &[
            (OSM, &["v1alpha3", "v1alpha4"]),
            (SDK_GO, &["v1alpha3", "v1alpha4"]),
            (TRAEFIK, &["v1alpha3"]),
        ],
        refusal: "unknown field \"spec.matches[0].apiGroup\"",
        remedy: Some(|object| remove(object, "/spec/matches", "apiGroup")),
    },
    Exception {
        reason: "the port of a source means nothing, and has no place there",
        kind: "TrafficTarget",
        at: &[
            (OSM, &["v1alpha1", "v1alpha2"]),
            (SDK_GO, &["v1alpha1", "v1alpha2"]),
            (TRAEFIK, &["v1alpha2"]),
        ],
        refusal: "sources[0].port\"",
        remedy: Some(|object| {
            remove(object, "/sources", "port");
            remove(object, "/spec/sources", "port");
        }),
    },
    Exception {
        reason: "the port is required there, and optional in the specification's text",
        kind: "TrafficTarget",
        at: &[(OSM, &["v1alpha1"]), (SDK_GO, &["v1alpha1"])],
        refusal: "destination.port: Required value",
        remedy: None,
    },
    Exception {
        reason: "the kind `IdentityBinding` says it there without a group",
        kind: "TrafficTarget",
        at: &[(CONTROLLER_SDK, &["v1alpha4"])],
        refusal: ".group\"",
        remedy: Some(|object| {
            remove(object, "/spec/destination", "group");
            remove(object, "/spec/sources", "group");
        }),
    },
    Exception {
        reason: "a binding has to name a scheme and a label there; without one it binds nobody, or every pod",
        kind: "IdentityBinding",
        at: &[(CONTROLLER_SDK, &["v1alpha4"])],
        refusal: "in body should have at least 1 properties",
        remedy: None,
    },
];

/// A set with files that are no CRDs and cannot be installed: patches for kustomize, which have no versions. Every other
/// file is a CRD that a current server takes.
const PATCHES: (&str, usize) = (CONTROLLER_SDK, 12);

#[tokio::test]
async fn what_we_write_is_accepted_by_the_crds_that_others_publish() {
    let cluster = start("peers").await.unwrap();
    let client = cluster.client().unwrap();
    let objects = manifests::all().unwrap().into_iter().map(as_we_write_it);
    let objects: Vec<_> = objects.collect::<Result<_, _>>().unwrap();
    let (sets, refused) = (sets().unwrap(), RefCell::new(BTreeSet::new()));
    let mut problems = Vec::new();
    for (set, crds) in &sets {
        installing::remove_all(&cluster).await.unwrap();
        for (crd, response) in crds.iter().zip(installing::install(&cluster, crds).await.unwrap()) {
            let name = installing::name(crd);
            assert!(response.is_success(), "{set}: {name}: {}", response.message());
        }
        let known = |kind: &Kind| crds.iter().any(|crd| has(crd, kind));
        let objects: Vec<_> = objects.iter().filter(|(kind, _)| known(kind)).collect();
        say(&format!("{set}: {} CRDs, {} objects", crds.len(), objects.len()));
        let outcomes = stream::iter(&objects).map(async |(kind, one)| {
            let outcome = check(&client, set, kind, one, &refused).await;
            outcome.err().map(|error| format!("{set}: {}: {error}", one.source))
        });
        let failed = outcomes.buffer_unordered(AT_ONCE).filter_map(async |problem| problem);
        problems.extend(failed.collect::<Vec<_>>().await);
    }
    problems.extend(not_refused(&sets, &refused.into_inner()));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The position of an exception, a set and a version: a refusal that came.
type Refused = BTreeSet<(usize, String, String)>;

/// Tries the object out, with the remedies of the exceptions that the server's refusals show.
async fn check(client: &Client, set: &str, kind: &Kind, one: &Manifest, refused: &RefCell<Refused>) -> Outcome {
    let mut object = one.value.clone();
    let mut met = BTreeSet::new();
    loop {
        let response = kind.try_out(client, &object).await?;
        let message = response.message();
        let is_known = |exception: &Exception| {
            exception.kind == kind.name
                && message.contains(exception.refusal)
                && exception
                    .at
                    .iter()
                    .any(|(name, versions)| *name == set && versions.contains(&kind.version()))
        };
        let exception = EXCEPTIONS.iter().enumerate().find(|(_, exception)| is_known(exception));
        let Some((at, exception)) = exception.filter(|(at, _)| !response.is_success() && met.insert(*at)) else {
            return Ok(clean(&response)?);
        };
        refused
            .borrow_mut()
            .insert((at, set.to_owned(), kind.version().to_owned()));
        match exception.remedy {
            Some(remedy) => remedy(&mut object),
            None => return Ok(()),
        }
    }
}

/// The exceptions that are none any more, of the sets that are at hand.
fn not_refused(sets: &BTreeMap<String, Vec<Value>>, refused: &Refused) -> Vec<String> {
    let mut gone = Vec::new();
    for (at, exception) in EXCEPTIONS.iter().enumerate() {
        for (set, versions) in exception.at.iter().filter(|(set, _)| sets.contains_key(*set)) {
            for version in *versions {
                if !refused.contains(&(at, (*set).to_owned(), (*version).to_owned())) {
                    gone.push(format!(
                        "{set}: {} {version}: not refused: {}",
                        exception.kind, exception.reason
                    ));
                }
            }
        }
    }
    gone
}

fn as_we_write_it(one: Manifest) -> Outcome<(Kind, Manifest)> {
    let kind = kinds::of_object(&one.value).ok_or("not of a CRD")?;
    let value = kind.rewrite(&kinds::placed(one.value, "default"))?;
    Ok((kind, Manifest { value, ..one }))
}

/// Our own CRDs and those of others, by the name of the set, as far as they are at hand.
fn sets() -> Outcome<BTreeMap<String, Vec<Value>>> {
    let ours = installing::crds(&CrdOptions::all_served())?;
    let mut sets = BTreeMap::from([("ours".to_owned(), ours)]);
    let Some(folder) = manifests::beside_the_project("corpus-crds") else {
        say("CRDs: only our own, as `../shared/corpus-crds` is not there");
        return Ok(sets);
    };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let (crds, others): (Vec<_>, Vec<_>) = documents(&entry.path())?
            .into_iter()
            .partition(|crd| crd["spec"]["versions"].is_array());
        if others.len() != if name == PATCHES.0 { PATCHES.1 } else { 0 } {
            return Err(format!("{name}: {} files without versions", others.len()).into());
        }
        sets.insert(name, crds.into_iter().map(served).collect());
    }
    Ok(sets)
}

fn documents(folder: &Path) -> Outcome<Vec<Value>> {
    let mut documents = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        for document in document::read(&fs::read(&path)?, path.display().to_string(), &Options::default()) {
            documents.push(document?.value);
        }
    }
    Ok(documents)
}

/// The CRD with every version served and nothing to convert them.
fn served(mut crd: Value) -> Value {
    crd["spec"]["conversion"].take();
    for version in crd["spec"]["versions"].as_array_mut().into_iter().flatten() {
        version["served"] = true.into();
    }
    crd
}

fn has(crd: &Value, kind: &Kind) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
    let mut names = versions.map(|version| format!("{}/{}", text(&crd["spec"]["group"]), text(&version["name"])));
    crd["spec"]["names"]["kind"] == kind.name && names.any(|name| name == kind.api_version)
}

/// Removes a field from the map at `pointer`, or from every map in the list there.
fn remove(object: &mut Value, pointer: &str, field: &str) {
    match object.pointer_mut(pointer) {
        Some(Value::Array(items)) => items.iter_mut().for_each(|item| remove(item, "", field)),
        Some(Value::Object(fields)) => drop(fields.remove(field)),
        _ => {}
    }
}
