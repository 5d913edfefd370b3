//! Where the programs are that `e2e/run` built.

use std::{env, path::PathBuf};

use crate::Error;

/// The three programs that a cluster runs.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) apiserver: PathBuf,
    pub(crate) kubectl: PathBuf,
}

impl Programs {
    /// Those in the folder that `SMI_E2E_BIN` names.
    pub(crate) fn from_env() -> Result<Self, Error> {
        let folder = PathBuf::from(env::var_os("SMI_E2E_BIN").ok_or(Error::NoPrograms)?);
        Ok(Self {
            etcd: folder.join("etcd"),
            apiserver: folder.join("kube-apiserver"),
            kubectl: folder.join("kubectl"),
        })
    }
}
