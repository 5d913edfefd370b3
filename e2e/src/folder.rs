//! The folder of one cluster: certificates, kubeconfig, logs, etcd's data.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{Error, guard::Guard};

/// A temporary folder that goes when the cluster and its programs are gone, or stays where `SMI_E2E_KEEP` is set.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    guard: Option<Guard>,
}

impl Folder {
    pub(crate) fn create() -> Result<Self, Error> {
        let failed = || "create a temporary folder".to_owned();
        let folder = tempfile::Builder::new()
            .prefix("smi-e2e-")
            .tempdir()
            .map_err(Error::io(failed))?;
        let guard = match env::var_os("SMI_E2E_KEEP") {
            Some(_) => None,
            None => Some(Guard::removing(folder.path()).map_err(Error::io(failed))?),
        };
        // From here on the guard removes it, also when this process does not live to do so.
        Ok(Self {
            path: folder.keep(),
            guard,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Standard input for a program that writes into the folder: the folder is removed only after it ended.
    pub(crate) fn hold(&self) -> io::Result<Stdio> {
        self.guard.as_ref().map_or_else(|| Ok(Stdio::null()), Guard::hold)
    }
}
