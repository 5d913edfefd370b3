//! Files, folders and standard input.

use std::fs;
use std::path::Path;

use crate::document::source::{Source, SourceError, sources};
use crate::document::{Limits, Options};

fn names(folder: &Path, paths: &[&str]) -> Vec<String> {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| if *path == "-" { path.into() } else { folder.join(path) })
        .collect();
    sources(paths, "kind: Stdin".as_bytes(), Limits::default())
        .map(|source| source.map_or_else(|error| error.to_string(), |source| source.name.to_string()))
        .map(|name| name.replace(&*folder.to_string_lossy(), "."))
        .collect()
}

fn write(folder: &Path, files: &[&str]) {
    for file in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("kind: {file}")).unwrap();
    }
}

#[test]
fn folders_are_walked_in_order() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            "b.yaml",
            "a/z.yml",
            "a/deep/er/x.json",
            "c.JSON",
            "README.md",
            ".hidden.yaml",
            ".git/x.yaml",
            "yaml",
        ],
    );
    assert_eq!(
        names(folder.path(), &[""]),
        ["./a/deep/er/x.json", "./a/z.yml", "./b.yaml", "./c.JSON"]
    );
}

#[test]
fn paths_that_are_given_are_read_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["README.md", ".hidden/x.yaml", "empty/.keep"]);
    assert_eq!(
        names(folder.path(), &["README.md", "-", ".hidden", "empty", "-"]),
        ["./README.md", "stdin", "./.hidden/x.yaml"]
    );
}

#[test]
fn file_that_cannot_be_read_does_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["a.yaml"]);
    assert_eq!(
        names(folder.path(), &["missing", "a.yaml"]),
        ["cannot read `./missing`: no such file or folder", "./a.yaml"]
    );
}

#[test]
fn nothing_is_read_beyond_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["large.yaml", "s.yaml"]);
    let limits = Limits {
        file_bytes: 12,
        ..Limits::default()
    };
    let all: Vec<_> = sources([folder.path().to_owned(), "-".into()], std::io::repeat(b'x'), limits).collect();
    assert!(matches!(all[0], Err(SourceError::TooLarge { limit: 12, .. })));
    assert!(matches!(&all[1], Ok(Source { bytes, .. }) if bytes == b"kind: s.yaml"));
    assert_eq!(
        all[2].as_ref().unwrap_err().to_string(),
        "cannot read `stdin`: larger than 12 bytes"
    );
}

#[test]
fn documents_of_a_source_carry_its_name() {
    let options = Options::default();
    let source = sources(["-"], "a: 1\n---\nb: 2\n".as_bytes(), options.limits)
        .next()
        .unwrap()
        .unwrap();
    let at: Vec<_> = source
        .documents(&options)
        .map(|document| document.unwrap().at.to_string())
        .collect();
    assert_eq!(at, ["stdin:1", "stdin:3"]);
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_and_links_to_folders_are_not() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    // As a ConfigMap is mounted.
    write(folder.path(), &["..data/policy.yaml", "sub/x.yaml"]);
    symlink("..data/policy.yaml", folder.path().join("policy.yaml")).unwrap();
    symlink("..", folder.path().join("sub/loop")).unwrap();
    symlink("nowhere", folder.path().join("dangling.yaml")).unwrap();
    assert_eq!(
        names(folder.path(), &["", "sub/loop"]),
        [
            "cannot read `./dangling.yaml`: no such file or folder",
            "./policy.yaml",
            "./sub/x.yaml",
            "cannot read `./sub/loop/dangling.yaml`: no such file or folder",
            "./sub/loop/policy.yaml",
            "./sub/loop/sub/x.yaml",
        ]
    );
}
