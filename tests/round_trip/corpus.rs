//! The law on real objects, each at its own version: those of the corpus beside this repository where there is one, and
//! those of this repository.

use std::{fmt::Debug, fs, path::Path};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use smi_sdk::{
    convert::Spoke,
    core::{
        decode::{self, DecodeError},
        document::{self, Options, source::sources},
    },
    metrics,
};

use crate::generate::{Generate, Visitor, every_kind};

#[test]
fn every_real_object_that_can_be_read_is_written_and_read_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("examples"), root.join("tests/fuzz/seeds")];
    let corpus = root.join("../shared/corpus");
    if corpus.is_dir() {
        folders.push(corpus);
    } else {
        eprintln!("no corpus beside this repository: only the project's own objects are read");
    }

    let mut seen = Seen::default();
    let options = Options::default().keep_lists_of(metrics::GROUP);
    for source in sources(folders, std::io::empty(), options.limits) {
        let source = source.unwrap();
        // What is no document, and what is no object of a version, is for other tests.
        for document in document::read(&source.bytes, source.name, &options).filter_map(Result::ok) {
            every_kind(&mut At {
                value: &document.value,
                place: &document.at,
                seen: &mut seen,
            });
        }
    }
    eprintln!(
        "{} objects written and read back, {} refused",
        seen.held,
        seen.refused.len()
    );
    assert!(seen.held >= 10, "{}", seen.held);
}

#[test]
fn every_object_that_the_corpus_calls_valid_can_be_read_at_its_version() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let Ok(index) = fs::read_to_string(corpus.join("index.tsv")) else {
        eprintln!("no corpus beside this repository: nothing to read");
        return;
    };
    let mut seen = Seen::default();
    for line in index.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let note = columns[6];
        if !note.starts_with("valid") {
            continue;
        }
        let bytes = fs::read(corpus.join(columns[0])).unwrap();
        let options = Options::default().keep_lists_of(metrics::GROUP);
        for document in document::read(&bytes, columns[0], &options) {
            let document = document.unwrap();
            every_kind(&mut At {
                value: &document.value,
                place: &document.at,
                seen: &mut seen,
            });
        }
    }
    assert_eq!(seen.refused, [""; 0]);
    assert!(seen.held > 50, "{}", seen.held);
}

#[derive(Default)]
struct Seen {
    held: usize,
    refused: Vec<String>,
}

/// Takes the value to the type that it says.
struct At<'a> {
    value: &'a Value,
    place: &'a dyn std::fmt::Display,
    seen: &'a mut Seen,
}

impl At<'_> {
    fn says(&self, api_version: &str, kind: &str) -> bool {
        self.value["apiVersion"] == api_version && self.value["kind"] == kind
    }

    fn holds<T>(&mut self, decode: fn(&Value) -> Result<T, DecodeError>)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let place = self.place;
        let object = match decode(self.value) {
            Ok(object) => object,
            Err(error) => return self.seen.refused.push(format!("{place}: {error}")),
        };
        let written = serde_json::to_string(&object).unwrap();
        let again: T = serde_json::from_str(&written).unwrap();
        assert_eq!(again, object, "{place}");
        assert_eq!(serde_json::to_string(&again).unwrap(), written, "{place}");
        self.seen.held += 1;
    }
}

impl Visitor for At<'_> {
    fn custom_resource<K: Generate + Spoke>(&mut self) {
        if self.says(&K::api_version(&()), &K::kind(&())) {
            self.holds(decode::object::<K>);
        }
    }

    fn metrics<K, H>(&mut self, api_version: &'static str, kind: &'static str, _: fn(K) -> H)
    where
        K: Generate + Serialize + DeserializeOwned,
        H: PartialEq + Debug + Serialize,
    {
        if self.says(api_version, kind) {
            self.holds(decode::value::<K>);
        }
    }
}
