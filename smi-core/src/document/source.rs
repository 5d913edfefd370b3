//! Owns the finding and reading of files: arguments as `kubectl -f` takes them, as names and bytes.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::{Documents, Limits, Options, read};

/// The contents of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The path as it was given, or found below a folder that was given; `stdin` for standard input.
    pub name: Arc<str>,
    /// The bytes as they are.
    pub bytes: Vec<u8>,
}

impl Source {
    /// The documents of the file.
    pub fn documents(&self, options: &Options) -> Documents<'_> {
        read(&self.bytes, Arc::clone(&self.name), options)
    }
}

/// A file or folder that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The system refuses.
    #[error("cannot read `{name}`: {}", reason(error))]
    Io {
        /// The path as it was given or found.
        name: String,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The file is larger than [`Limits::file_bytes`].
    #[error("cannot read `{name}`: larger than {limit} bytes")]
    TooLarge {
        /// The path as it was given or found.
        name: String,
        /// The limit.
        limit: usize,
    },
}

impl SourceError {
    /// The path as it was given or found.
    pub fn name(&self) -> &str {
        match self {
            Self::Io { name, .. } | Self::TooLarge { name, .. } => name,
        }
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Reads files, one at a time as the iterator is asked for them.
///
/// A path is a file of any name, a folder, or `-` for `stdin`. Folders are walked for `.yaml`, `.yml` and `.json` files,
/// with the folders in them, in the order of their names. Hidden files and folders, and symbolic links to folders, are
/// passed over unless they are given themselves (so links cannot make a loop); links to files are read.
///
/// A file that cannot be read is an error in its place, and the iteration goes on. Nothing is read beyond
/// [`Limits::file_bytes`], and `stdin` once.
///
/// ```
/// use smi_core::document::{Limits, source::sources};
///
/// let mut stdin = "kind: TrafficSplit".as_bytes();
/// let all: Vec<_> = sources(["-", "no-such-folder"], &mut stdin, Limits::default()).collect();
/// assert_eq!(&*all[0].as_ref().unwrap().name, "stdin");
/// assert_eq!(all[1].as_ref().unwrap_err().to_string(), "cannot read `no-such-folder`: no such file or folder");
/// ```
pub fn sources<P, R>(paths: impl IntoIterator<Item = P>, stdin: R, limits: Limits) -> Sources<R>
where
    P: Into<PathBuf>,
    R: Read,
{
    Sources {
        pending: paths.into_iter().map(|path| Pending::Given(path.into())).collect(),
        stdin: Some(stdin),
        limit: limits.file_bytes,
    }
}

/// The files of some paths. Made by [`sources`].
#[derive(Debug)]
#[must_use = "files are read as the iterator is asked for them"]
pub struct Sources<R> {
    pending: VecDeque<Pending>,
    stdin: Option<R>,
    limit: usize,
}

#[derive(Debug)]
enum Pending {
    /// By the caller: of any kind.
    Given(PathBuf),
    File(PathBuf),
    Folder(PathBuf),
    Failed(SourceError),
}

impl<R: Read> Iterator for Sources<R> {
    type Item = Result<Source, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            return Some(match self.pending.pop_front()? {
                Pending::Failed(error) => Err(error),
                Pending::Given(path) if path.as_os_str() == "-" => match self.stdin.take() {
                    Some(stdin) => bounded(stdin, "stdin".to_owned(), self.limit),
                    None => continue,
                },
                // A path of which the system says nothing fails on being opened.
                Pending::Given(path) if path.is_dir() => {
                    self.pending.push_front(Pending::Folder(path));
                    continue;
                }
                Pending::Given(path) | Pending::File(path) => open(&path, self.limit),
                Pending::Folder(path) => {
                    for entry in entries(&path).into_iter().rev() {
                        self.pending.push_front(entry);
                    }
                    continue;
                }
            });
        }
    }
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn open(path: &Path, limit: usize) -> Result<Source, SourceError> {
    let file = File::open(path).map_err(|error| SourceError::Io {
        name: name(path),
        error,
    })?;
    bounded(file, name(path), limit)
}

fn bounded(reader: impl Read, name: String, limit: usize) -> Result<Source, SourceError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    match reader.take(most).read_to_end(&mut bytes) {
        Err(error) => Err(SourceError::Io { name, error }),
        Ok(_) if bytes.len() > limit => Err(SourceError::TooLarge { name, limit }),
        Ok(_) => Ok(Source {
            name: name.into(),
            bytes,
        }),
    }
}

/// What a folder holds that is ours to read, in the order of the names.
fn entries(folder: &Path) -> Vec<Pending> {
    let failed = |error| {
        Pending::Failed(SourceError::Io {
            name: name(folder),
            error,
        })
    };
    let mut found = Vec::new();
    let mut failures = Vec::new();
    match fs::read_dir(folder) {
        Err(error) => failures.push(failed(error)),
        Ok(listing) => {
            for entry in listing {
                match entry.and_then(|entry| Ok((entry.file_name(), entry.path(), entry.file_type()?))) {
                    Err(error) => failures.push(failed(error)),
                    Ok((file_name, ..)) if is_hidden(&file_name) => {}
                    Ok((file_name, path, kind)) if kind.is_dir() => found.push((file_name, Pending::Folder(path))),
                    Ok((_, path, _)) if !is_manifest(&path) => {}
                    // Pipes and sockets would block; a link that leads nowhere fails on being opened.
                    Ok((file_name, path, kind)) => {
                        let target = if kind.is_symlink() {
                            fs::metadata(&path).map(|it| it.is_file())
                        } else {
                            Ok(kind.is_file())
                        };
                        if target.unwrap_or(true) {
                            found.push((file_name, Pending::File(path)));
                        }
                    }
                }
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    failures.extend(found.into_iter().map(|(_, entry)| entry));
    failures
}

fn is_hidden(file_name: &OsStr) -> bool {
    file_name.as_encoded_bytes().starts_with(b".")
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}
