//! What reading documents promises, on text that works, text that does not, and any text.

mod bad_input;
mod laws;
mod reading;
mod sources;

use super::{Document, DocumentError, Options, read};
use crate::path::FieldPath;

fn read_all(text: impl AsRef<[u8]>) -> Vec<Result<Document, DocumentError>> {
    read(
        text.as_ref(),
        "policy.yaml",
        &Options::default().keep_lists_of("metrics.smi-spec.io"),
    )
    .collect()
}

/// Every document, as JSON, or its error as text.
fn shown(text: impl AsRef<[u8]>) -> Vec<String> {
    let show = |result: Result<Document, DocumentError>| match result {
        Ok(document) => format!("{}: {}", document.at, document.value),
        Err(error) => error.to_string(),
    };
    read_all(text).into_iter().map(show).collect()
}

fn only(text: impl AsRef<[u8]>) -> Document {
    let [document] = <[_; 1]>::try_from(read_all(text)).unwrap();
    document.unwrap()
}

fn only_error(text: impl AsRef<[u8]>) -> String {
    let [document] = <[_; 1]>::try_from(read_all(text)).unwrap();
    document.unwrap_err().to_string()
}

fn path(dotted: &str) -> FieldPath {
    dotted
        .split('.')
        .fold(FieldPath::root(), |path, step| match step.parse() {
            Ok(index) => path.index(index),
            Err(_) => path.child(step.to_owned()),
        })
}
