//! The objects that tests write: our own fixtures, the demo, and real manifests where they are at hand.

use std::{fs, io, path::PathBuf};

use serde_json::Value;
use smi_sdk::manifest::{self, ReadOptions};

use crate::{Outcome, fixtures, installing, kinds, say};

/// An object and where it comes from.
pub(crate) struct Manifest {
    /// `openservicemesh__osm/1.yaml`
    pub(crate) source: String,
    /// As its author wrote it.
    pub(crate) value: Value,
}

/// `../shared/{folder}`, where it is there.
pub(crate) fn beside_the_project(folder: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(folder);
    path.is_dir().then_some(path)
}

/// Every object at hand that a CRD describes and that should be admitted.
pub(crate) fn all() -> Outcome<Vec<Manifest>> {
    let (fixtures, demo, real) = (fixtures::all()?, demo()?, real()?);
    let real_ones = match &real {
        Some(real) => format!("{} of `../shared/corpus`", real.len()),
        None => "none of `../shared/corpus`, which is not there".to_owned(),
    };
    say(&format!(
        "objects: {} of our own, {} of `examples/demo`, {real_ones}",
        fixtures.len(),
        demo.len(),
    ));
    Ok(fixtures
        .into_iter()
        .chain(demo)
        .chain(real.into_iter().flatten())
        .collect())
}

/// The demo's objects, without those that are there to show what an error looks like.
fn demo() -> Outcome<Vec<Manifest>> {
    let folder = root().join("examples/demo");
    let read = manifest::read_paths([&folder], io::empty(), ReadOptions::default());
    let read = read.flatten().map(|document| Manifest {
        source: format!(
            "examples/demo/{} {}",
            document.at.file.rsplit('/').next().unwrap_or_default(),
            installing::name(&document.source.value)
        ),
        value: document.source.value,
    });
    let objects: Vec<_> = read.filter(|one| kinds::of_object(&one.value).is_some()).collect();
    if objects.is_empty() {
        return Err(format!("no object in `{}`", folder.display()).into());
    }
    Ok(objects)
}

/// The objects of real manifests that the index beside them calls valid, or only in want of a value for a placeholder.
/// None where they are not there.
fn real() -> Outcome<Option<Vec<Manifest>>> {
    let Some(folder) = beside_the_project("corpus") else {
        return Ok(None);
    };
    let index = fs::read_to_string(folder.join("index.tsv"))?;
    let mut objects = Vec::new();
    for line in index.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let [file, _, _, _, _, _, note] = columns[..] else {
            return Err(format!("index.tsv: {} columns in `{line}`", columns.len()).into());
        };
        if !note.starts_with("valid") && !note.starts_with("placeholder") {
            continue;
        }
        let text = fs::read(folder.join(file))?;
        for document in manifest::read(&text, file) {
            let value = document?.source.value;
            if kinds::of_object(&value).is_some() {
                objects.push(Manifest {
                    source: file.to_owned(),
                    value,
                });
            }
        }
    }
    Ok(Some(objects))
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
