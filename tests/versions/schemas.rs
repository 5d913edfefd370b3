//! What is converted is admitted by the CRDs of the version that was asked for: ours, and those that others publish.

use std::{cell::Cell, fs, path::Path};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};
use serde_json::Value;
use smi_sdk::{
    convert::Spoke,
    core::{
        document::{self, Options},
        schema::validate,
    },
};

use crate::{
    convert::at,
    generate::{Generate, law::for_all},
    kinds::{CRDS, Law, a_version, for_every_kind, schema},
};

/// For each kind and version; few of them are valid.
const CASES: u32 = 256;

/// Holds `law` for valid objects of every kind and version, converted to any version; says how many there were.
fn for_valid_objects_of_every_kind(law: impl Fn(&Value, &Value)) -> usize {
    struct Valid<'a, F>(F, &'a Cell<usize>);

    impl<F: Fn(&Value, &Value)> Law for Valid<'_, F> {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            let own = schema(&CRDS, &K::group(&()), &K::kind(&()), &K::version(&())).unwrap();
            for_all(CASES, (K::any(), a_version::<K>()), |(object, version)| {
                let readable = object.clone().into_hub().is_ok();
                let object = serde_json::to_value(object).unwrap();
                if readable && validate(&object, None, own).is_empty() {
                    self.1.set(self.1.get() + 1);
                    (self.0)(&object, &at(&object, &version).object);
                }
            });
        }
    }

    let seen = Cell::new(0);
    for_every_kind(Valid(law, &seen));
    seen.get()
}

#[test]
fn what_our_crds_admit_they_admit_at_every_other_version() {
    let seen = for_valid_objects_of_every_kind(|object, converted| {
        let found = validate(converted, None, schema_of(&CRDS, converted).unwrap());
        assert_eq!(found, [], "{converted} of {object}");
    });
    println!("{seen} valid objects");
    assert!(seen > 1000, "{seen}");
}

#[test]
fn what_our_crds_admit_the_crds_of_others_admit_at_every_other_version() {
    let Some(sets) = published() else {
        println!("skipped: ../shared/corpus-crds is not there");
        return;
    };
    let compared = Cell::new(0);
    for_valid_objects_of_every_kind(|object, converted| {
        for (set, crds) in &sets {
            let Some(schema) = schema_of(crds, converted) else {
                continue;
            };
            compared.set(compared.get() + 1);
            let mut found = validate(converted, None, schema);
            found.retain(|violation| !is_known(set, converted, &violation.to_string()));
            assert_eq!(found, [], "{set}: {converted} of {object}");
        }
    });
    println!("{} comparisons with {} sets of CRDs", compared.get(), sets.len());
    assert!(compared.get() > 1000);
}

/// Whether this is one of the differences that `e2e/tests/e2e/peers.rs` lists: each is there without a conversion too.
fn is_known(set: &str, object: &Value, violation: &str) -> bool {
    let (kind, version) = (object["kind"].as_str().unwrap(), object["apiVersion"].as_str().unwrap());
    match (set, kind) {
        // Headers are a map there.
        ("servicemeshinterface__smi-controller-sdk", "HTTPRouteGroup") => violation.contains(".headers"),
        // A binding has to name a scheme and a label there.
        ("servicemeshinterface__smi-controller-sdk", "IdentityBinding") => violation.contains("at least 1 properties"),
        // Only these two kinds of subjects are known there.
        ("servicemeshinterface__smi-controller-sdk", "TrafficTarget") => violation.contains("Unsupported value"),
        // Required there, optional in the specification's text.
        (_, "TrafficTarget") => {
            version.ends_with("/v1alpha1") && violation.contains("destination.port: Required value")
        }
        _ => false,
    }
}

fn schema_of<'a>(crds: &'a [CustomResourceDefinition], object: &Value) -> Option<&'a JSONSchemaProps> {
    let (group, version) = object["apiVersion"].as_str()?.split_once('/')?;
    schema(crds, group, object["kind"].as_str()?, version)
}

/// The CRDs that others publish, by the name of the set; none where they are not beside this repository.
fn published() -> Option<Vec<(String, Vec<CustomResourceDefinition>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus-crds");
    let sets = fs::read_dir(folder).ok()?;
    let read = |folder: fs::DirEntry| {
        let files = fs::read_dir(folder.path()).unwrap();
        let crds = files.flat_map(|file| {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let documents = document::read(&bytes, path.display().to_string(), &Options::default());
            // Patches for kustomize have no versions.
            let values = documents.map(|document| document.unwrap().value);
            let crds = values.filter(|value| value["spec"]["versions"].is_array());
            crds.map(|crd| serde_json::from_value(crd).unwrap()).collect::<Vec<_>>()
        });
        (folder.file_name().to_string_lossy().into_owned(), crds.collect())
    };
    Some(sets.map(|folder| read(folder.unwrap())).collect())
}
