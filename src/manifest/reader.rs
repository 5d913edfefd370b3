//! A reader that is kept between texts.

use std::{fmt, io::Read, path::PathBuf, sync::Arc};

use smi_core::document::{
    self, DocumentError, Documents, Options,
    source::{Source, SourceError, sources},
};

use super::{Document, ManifestError, ReadOptions, object::Kinds};

/// Reads manifests, one text after the other.
///
/// What it works out of the kinds (their schemas, above all) takes longer than to read a small file, so that whoever reads
/// many texts, a webhook or a file watcher, keeps one. [`read`](super::read) and [`read_paths`](super::read_paths) are a
/// new reader each time. It can be shared between threads.
///
/// ```
/// use smi_sdk::manifest::{ReadOptions, Reader};
///
/// let reader = Reader::new(ReadOptions::default().strict());
/// let texts = ["{kind: Service, apiVersion: v1}", "{kind: TrafficSplit, apiVersion: split.smi-spec.io/v1alpha9}"];
/// let readable = texts.map(|text| reader.read(text.as_bytes(), "text").all(|document| document.is_ok()));
/// assert_eq!(readable, [true, false]);
/// ```
#[derive(Default)]
pub struct Reader {
    kinds: Kinds,
    options: ReadOptions,
}

impl Reader {
    /// A reader that reads as `options` say.
    #[must_use]
    pub fn new(options: ReadOptions) -> Self {
        Self {
            kinds: Kinds::default(),
            options,
        }
    }

    /// Reads the documents of one text. `name` stands for it in positions and errors.
    pub fn read(
        &self,
        bytes: &[u8],
        name: impl Into<Arc<str>>,
    ) -> impl Iterator<Item = Result<Document, ManifestError>> {
        self.documents(bytes, name).map(|document| self.typed(document))
    }

    /// Reads files and folders, `-` from `stdin`. Folders are walked for `.yaml`, `.yml` and `.json`.
    pub fn read_paths<P: Into<PathBuf>>(
        &self,
        paths: impl IntoIterator<Item = P>,
        stdin: impl Read,
    ) -> impl Iterator<Item = Result<Document, ManifestError>> {
        sources(paths, stdin, self.options.limits).flat_map(|source| self.source(source))
    }

    /// The documents of one file.
    pub(super) fn source(&self, source: Result<Source, SourceError>) -> Vec<Result<Document, ManifestError>> {
        match source {
            Ok(source) => self.read(&source.bytes, source.name).collect(),
            Err(error) => vec![Err(ManifestError::from(error))],
        }
    }

    pub(super) fn documents<'b>(&self, bytes: &'b [u8], name: impl Into<Arc<str>>) -> Documents<'b> {
        // A TrafficMetricsList says more than its items do.
        let options = Options::default()
            .keep_lists_of(smi_metrics::GROUP)
            .lists_of(smi_access::GROUP)
            .lists_of(smi_specs::GROUP)
            .lists_of(smi_split::GROUP)
            .limits(self.options.limits);
        document::read(bytes, name, &options)
    }

    pub(super) fn typed(&self, document: Result<document::Document, DocumentError>) -> Result<Document, ManifestError> {
        self.kinds.read(document?, self.options.strict)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
