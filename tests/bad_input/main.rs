//! Input that is wrong: a value, or an error that names the document, the line and the field.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]

mod bounds;
mod text;
mod types;
mod values;
mod versions;

use std::{fmt::Display, ops::Range};

use smi_sdk::manifest::{self, Document, ManifestError, ReadOptions};

pub(crate) fn read(text: impl AsRef<[u8]>) -> Vec<Result<Document, ManifestError>> {
    manifest::read(text.as_ref(), "m.yaml").collect()
}

/// Every document: its kind, or its error.
pub(crate) fn shown(text: impl AsRef<[u8]>) -> Vec<String> {
    read(text)
        .into_iter()
        .map(|document| match document {
            Ok(document) => document.object.kind().to_owned(),
            Err(error) => error.to_string(),
        })
        .collect()
}

pub(crate) fn strict_errors(text: &str) -> Vec<String> {
    manifest::read_with(text.as_bytes(), "m.yaml", ReadOptions::default().strict())
        .filter_map(Result::err)
        .map(|error| error.to_string())
        .collect()
}

/// Four lines of an object of this version, and its body.
pub(crate) fn object(api_version: &str, kind: &str, body: &str) -> String {
    format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: a\n{body}\n")
}

/// A TrafficSplit whose only backend, in line 8, has the weight `weight`.
pub(crate) fn split(version: &str, weight: &str) -> String {
    let body = format!("spec:\n  service: web\n  backends:\n  - {{service: b, weight: {weight}}}");
    object(&format!("split.smi-spec.io/{version}"), "TrafficSplit", &body)
}

/// `line` for each number, one after the other.
pub(crate) fn lines<T: Display>(numbers: Range<usize>, line: impl Fn(usize) -> T) -> String {
    let lines: Vec<String> = numbers.map(|number| format!("{}\n", line(number))).collect();
    lines.concat()
}

pub(crate) fn only_error(text: &str) -> String {
    let [error] = <[String; 1]>::try_from(shown(text)).unwrap();
    error
}
