//! Manifests as they are read, and what they were read from.

use std::{collections::BTreeSet, io::Read, path::PathBuf, sync::Arc};

use smi_sdk::{
    core::document::source::sources,
    manifest::{Document, ManifestError, ReadOptions, Reader},
};

/// What some paths hold.
#[derive(Default)]
pub(crate) struct Manifests {
    pub(crate) documents: Vec<Result<Document, ManifestError>>,
    /// Those that could be opened, also where they hold nothing.
    pub(crate) files: BTreeSet<Arc<str>>,
    /// Of each folder without a manifest, that it has none.
    pub(crate) empty: Vec<String>,
}

impl Manifests {
    /// Reads files and folders, `-` from `stdin`.
    pub(crate) fn read(paths: Vec<PathBuf>, mut stdin: impl Read, options: ReadOptions) -> Self {
        let reader = Reader::new(options);
        let mut read = Self::default();
        for path in paths {
            let mut is_empty = path.is_dir();
            for source in sources([path.clone()], &mut stdin, options.limits) {
                is_empty = false;
                match source {
                    Ok(source) => {
                        read.documents
                            .extend(reader.read(&source.bytes, Arc::clone(&source.name)));
                        read.files.insert(source.name);
                    }
                    Err(error) => read.documents.push(Err(error.into())),
                }
            }
            if is_empty {
                read.empty
                    .push(format!("no .yaml, .yml or .json in `{}`", path.display()));
            }
        }
        read
    }
}
