//! A program with fixed arguments that can be started, killed and started again.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, folder::Folder, process::Process};

/// etcd or kube-apiserver, running or not.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    address: SocketAddr,
    log: PathBuf,
    process: Option<Process>,
}

impl Server {
    /// Not running yet. `name` names the log in `folder` too.
    pub(crate) fn new(
        name: &'static str,
        program: &Path,
        address: SocketAddr,
        arguments: Vec<String>,
        folder: &Folder,
    ) -> Self {
        let log = folder.path().join(format!("{name}.log"));
        Self {
            name,
            program: program.to_owned(),
            arguments,
            address,
            log,
            process: None,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts it where it does not run. Returns before it serves.
    pub(crate) fn start(&mut self, folder: &Folder) -> Result<(), Error> {
        if self.process.is_none() {
            let mut command = Command::new(&self.program);
            command.args(&self.arguments).current_dir(folder.path());
            command.stdin(folder.hold().map_err(Error::io(|| format!("guard `{}`", self.name)))?);
            self.process = Some(Process::spawn(self.name, command, &self.log)?);
        }
        Ok(())
    }

    /// Kills it with `SIGKILL` where it runs, and waits for its end.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// An error where it should run and does not.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.process.as_mut().map_or(Ok(()), Process::check)
    }
}
