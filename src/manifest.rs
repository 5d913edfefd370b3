//! Files, folders and text as typed objects.
//!
//! [`read`] takes the text of one file, [`read_paths`] files, folders and standard input; a [`Reader`] is for many texts.
//! Objects of SMI's groups come at
//! their newest version, whichever version the text says; other objects pass through untouched. One bad document does not
//! end the iteration, and every error names its file and line.
//!
//! ```
//! use kube::ResourceExt;
//! use smi_sdk::manifest::{Document, Object};
//!
//! let text = "\
//! apiVersion: access.smi-spec.io/v1alpha2
//! kind: TrafficTarget
//! metadata: {name: orders}
//! spec: {destination: {kind: ServiceAccount, name: api}}
//! ---
//! {kind: Service, apiVersion: v1, metadata: {name: web}}
//! ---
//! apiVersion: split.smi-spec.io/v1alpha4
//! kind: TrafficSplit
//! metadata: {name: web}
//! spec:
//!   service: web
//!   backends:
//!   - {service: web-v1, weight: 33.3}
//! ";
//! let mut printed = Vec::new();
//! for document in smi_sdk::manifest::read(text.as_bytes(), "policy.yaml") {
//!     match document {
//!         Ok(Document { object: Object::TrafficTarget(target), at, .. }) => {
//!             printed.push(format!("{at}: {}", target.name_any()))
//!         }
//!         Ok(_) => {}
//!         Err(error) => printed.push(error.to_string()),
//!     }
//! }
//! assert_eq!(printed, [
//!     "policy.yaml:1: orders",
//!     "policy.yaml:14: TrafficSplit `web`: `spec.backends[0].weight`: the weight `33.3` is not a whole number",
//! ]);
//! ```

use std::{io::Read, path::PathBuf, sync::Arc};

use smi_core::{
    convert::{DynamicObject, Loss},
    document::{self, Limits, source::sources},
};

mod error;
mod metrics;
mod object;
mod reader;

pub use error::{ManifestError, ManifestErrorKind, Subject};
pub use object::Object;
pub use reader::Reader;
pub use smi_core::document::Position;

/// An object and where it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Document {
    /// The object; of an SMI kind at its newest version.
    pub object: Object,
    /// Where it starts.
    pub at: Position,
    /// The object as its author wrote it, with the line of every field.
    pub source: document::Document,
    /// Objects that the newest version needs beside it: a TCPRoute for the port of an old TrafficTarget.
    pub companions: Vec<DynamicObject>,
    /// What the newest version does not say, fields that the object's own version does not have, and repeated keys.
    pub losses: Vec<Loss>,
}

impl Document {
    fn new(source: document::Document, object: Object) -> Self {
        Self {
            object,
            at: source.at.clone(),
            source,
            companions: Vec::new(),
            losses: Vec::new(),
        }
    }

    /// The `apiVersion` that its author wrote.
    pub fn api_version(&self) -> &str {
        self.source
            .value
            .get("apiVersion")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }
}

/// How manifests are read.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Whether unknown fields and duplicate keys of SMI objects are errors. An API server would drop the former without
    /// a word, and a YAML reader all but the last of the latter.
    pub strict: bool,
    /// How large files and documents may be.
    pub limits: Limits,
}

impl ReadOptions {
    /// The same options, strict.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// The same options with other limits.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Reads the documents of one text, leniently. `name` stands for it in positions and errors.
pub fn read(bytes: &[u8], name: impl Into<Arc<str>>) -> impl Iterator<Item = Result<Document, ManifestError>> {
    read_with(bytes, name, ReadOptions::default())
}

/// Reads the documents of one text as `options` say.
pub fn read_with(
    bytes: &[u8],
    name: impl Into<Arc<str>>,
    options: ReadOptions,
) -> impl Iterator<Item = Result<Document, ManifestError>> {
    let reader = Reader::new(options);
    reader
        .documents(bytes, name)
        .map(move |document| reader.typed(document))
}

/// Reads files and folders, `-` from `stdin`. Folders are walked for `.yaml`, `.yml` and `.json`.
pub fn read_paths<P: Into<PathBuf>>(
    paths: impl IntoIterator<Item = P>,
    stdin: impl Read,
    options: ReadOptions,
) -> impl Iterator<Item = Result<Document, ManifestError>> {
    let reader = Reader::new(options);
    sources(paths, stdin, options.limits).flat_map(move |source| reader.source(source))
}
