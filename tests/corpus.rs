//! Manifests that people wrote, as the quickstart example reads them: those of `../shared/corpus` where that folder is
//! there, with their index, else those of the demo.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the helpers of tests fail and print as the tests do"
)]

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use quickstart::{run, table::Screen};
use smi_sdk::manifest::{Document, ManifestError, ReadOptions, read_paths};

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../examples/quickstart/main.rs"]
mod quickstart;

/// What the index says about a file, which holds one object.
struct Row {
    file: String,
    version: String,
    kind: String,
    /// None where the object has lost its name, or is a list.
    name: Option<String>,
    /// A verdict and tags: `invalid; !unknown-field:spec.foo; from=file`.
    note: String,
}

impl Row {
    fn is_invalid(&self) -> bool {
        self.note.starts_with("invalid;")
    }

    fn has_unknown_fields(&self) -> bool {
        self.note.contains("!unknown-field")
    }
}

/// The corpus and its index, where they are there.
fn corpus() -> Option<(PathBuf, Vec<Row>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let Ok(index) = fs::read_to_string(folder.join("index.tsv")) else {
        println!("skipped: ../shared/corpus is not there; the demo mesh stands in");
        return None;
    };
    let row = |line: &str| {
        let [file, _, _, api_version, kind, name, note] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("seven columns are expected: {line}");
        };
        Row {
            file: file.to_owned(),
            version: api_version.rsplit('/').next().unwrap().to_owned(),
            kind: kind.to_owned(),
            name: Some(name.to_owned()).filter(|name| name != "None"),
            note: note.to_owned(),
        }
    };
    Some((folder, index.lines().skip(1).map(row).collect()))
}

fn read_file(folder: &Path, file: &str, options: ReadOptions) -> Result<Document, ManifestError> {
    let mut documents: Vec<_> = read_paths([folder.join(file)], io::empty(), options).collect();
    assert_eq!(documents.len(), 1, "{file} is expected to hold one object");
    documents.remove(0)
}

/// What the quickstart prints, in lines.
struct Printed {
    /// Without its title, and without what was made beside other objects.
    table: Vec<String>,
    replaced: Vec<String>,
    unreadable: Vec<String>,
    refused: Vec<String>,
}

fn printed(folder: &Path) -> Printed {
    let mut stdout = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (arguments, never) = ([OsString::from(folder)], std::future::pending());
    let done = runtime.block_on(run(arguments, io::empty(), &mut stdout, Screen::default(), never));
    done.unwrap();
    let text = String::from_utf8(stdout).unwrap();
    let lines = |part: &str| part.lines().map(str::to_owned).collect::<Vec<_>>();
    let (table, rest) = text.split_once("\n\n").unwrap();
    let part = |title: &str| {
        let part = rest.split_once(title).map_or("", |(_, part)| part);
        lines(part.split("\n\n").next().unwrap())
    };
    Printed {
        table: lines(table)[1..]
            .iter()
            .filter(|line| !line.contains("(made for "))
            .cloned()
            .collect(),
        replaced: part("Replaced by a later object of the same name:\n"),
        unreadable: part("Could not be read:\n"),
        refused: part("Refused by the API server:\n"),
    }
}

#[test]
fn every_object_of_the_corpus_is_named() {
    let Some((folder, index)) = corpus() else {
        let printed = printed(Path::new("examples/demo"));
        assert_eq!((printed.table.len(), printed.unreadable.len()), (20, 1));
        return;
    };
    let Printed {
        table,
        replaced,
        unreadable,
        refused,
    } = printed(&folder);
    let mut in_table: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for line in &table {
        let [kind, version, name] = line.split_whitespace().take(3).collect::<Vec<_>>()[..] else {
            panic!("three columns are expected: {line}");
        };
        let name = name.rsplit('/').next().unwrap();
        *in_table
            .entry((kind.to_owned(), version.to_owned(), name.to_owned()))
            .or_default() += 1;
    }
    for row in &index {
        let place = format!("{}:", folder.join(&row.file).display());
        let errors = unreadable.iter().chain(&refused);
        if let Some(line) = errors.chain(&replaced).find(|line| line.starts_with(&place)) {
            // A placeholder, and headers as a map, can be read; no API server takes the one, and none with this CRD the other.
            let is_refused = |line: &String| line.contains("<NAMESPACE>") || line.contains(".headers`");
            let is_told = replaced.contains(line) || (refused.contains(line) && is_refused(line));
            assert!(row.is_invalid() || is_told, "{}: {line}", row.note);
            assert!(line.contains(&row.kind), "{line}");
            assert!(row.name.as_ref().is_none_or(|name| line.contains(name)), "{line}");
            continue;
        }
        // The name of a list is that of the resource that it is about.
        let key = in_table
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(key, _)| key)
            .find(|(kind, version, name)| {
                *kind == row.kind && *version == row.version && row.name.as_ref().is_none_or(|known| known == name)
            })
            .unwrap_or_else(|| panic!("{} is not named", row.file))
            .clone();
        in_table.entry(key).and_modify(|count| *count -= 1);
    }
    in_table.retain(|_, count| *count > 0);
    assert_eq!(in_table, BTreeMap::new(), "not in the index");
    assert_eq!(
        table.len() + replaced.len() + unreadable.len() + refused.len(),
        index.len()
    );
}

#[test]
fn every_valid_object_of_the_corpus_is_read() {
    let Some((folder, index)) = corpus() else { return };
    for row in index.iter().filter(|row| !row.is_invalid()) {
        if let Err(error) = read_file(&folder, &row.file, ReadOptions::default()) {
            panic!("{error}, but the index says: {}", row.note);
        }
    }
}

#[test]
fn invalid_objects_of_the_corpus_are_refused_with_a_reason() {
    let Some((folder, index)) = corpus() else { return };
    let mut clean = Vec::new();
    let (mut lenient, mut strict) = (0, 0);
    for row in index.iter().filter(|row| row.is_invalid()) {
        let errors = [ReadOptions::default(), ReadOptions::default().strict()]
            .map(|options| read_file(&folder, &row.file, options).err());
        for error in errors.iter().flatten() {
            assert!(error.at.line > 0, "{error}");
            assert!(!error.kind.to_string().is_empty(), "{error}");
        }
        match &errors {
            [Some(_), None] => panic!("{}: strict reading takes what lenient reading refuses", row.file),
            [Some(_), _] => lenient += 1,
            [None, Some(_)] => strict += 1,
            [None, None] => {
                assert!(!row.has_unknown_fields(), "{}: {}", row.file, row.note);
                clean.push(&row.file);
            }
        }
    }
    println!(
        "invalid: {lenient} refused, {strict} more in strict mode, {} not: {clean:?}",
        clean.len()
    );
    // What these say is for validation to refuse: each field of them is one that can be read.
    assert_eq!((lenient, strict), (4, 2));
    assert_eq!(clean, ["servicemeshinterface__smi-spec/1.yaml"]);
}
