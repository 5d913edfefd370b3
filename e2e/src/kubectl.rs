//! The real kubectl, on a cluster or on anything else that has a kubeconfig.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use kube::config::Kubeconfig;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::{Cluster, Error, kubeconfig, programs::Programs};

/// What a run of kubectl left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// Whether it exited with 0.
    pub success: bool,
    /// What it printed.
    pub stdout: String,
    /// What it complained of; warnings of the API server are here too.
    pub stderr: String,
}

/// The kubectl that `e2e/run` built, for one API server.
///
/// Each run has a discovery cache of its own, so it sees the CRDs of this moment, and no user's settings.
#[derive(Debug)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    /// Its home; and the working folder, where relative paths begin.
    folder: TempDir,
}

impl Kubectl {
    /// For the server of `kubeconfig`, which need not be a [`Cluster`].
    ///
    /// # Errors
    /// [`Error::NoPrograms`] outside `e2e/run`, or where no folder can be made.
    pub fn new(kubeconfig: &Kubeconfig) -> Result<Self, Error> {
        let program = Programs::from_env()?.kubectl;
        let folder = folder(None)?;
        let kubeconfig = kubeconfig::write(kubeconfig, folder.path())?;
        Ok(Self {
            program,
            kubeconfig,
            folder,
        })
    }

    /// The folder in which it runs: a test puts its manifests there.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program with its environment and `arguments`, ready to be started: for a `get --watch`, which does not end.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", self.folder())
            .env("KUBECACHEDIR", self.folder().join("cache"))
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs `command`, one of [`command`](Self::command), with `input` to read.
    ///
    /// # Errors
    /// Only where it cannot be started: its failures are in the [`Output`].
    pub async fn output(&self, mut command: Command, input: &str) -> Result<Output, Error> {
        let failed = || "run `kubectl`".to_owned();
        // Nothing that it learned of the server stays for the next run.
        drop(std::fs::remove_dir_all(self.folder().join("cache")));
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(Error::io(failed))?;
        let stdin = child.stdin.take();
        let write = async {
            if let Some(mut stdin) = stdin {
                // A kubectl that does not read all of its input says why itself.
                drop(stdin.write_all(input.as_bytes()).await);
            }
        };
        let ((), output) = tokio::join!(write, child.wait_with_output());
        let output = output.map_err(Error::io(failed))?;
        Ok(Output {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

impl Cluster {
    /// Runs kubectl as the admin: `cluster.kubectl(&["get", "smi", "-n", &namespace])`.
    ///
    /// # Errors
    /// Only where kubectl cannot be started: its failures are in the [`Output`].
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<Output, Error> {
        self.kubectl_with_input(arguments, "").await
    }

    /// The same with `input` to read: `cluster.kubectl_with_input(&["apply", "-f", "-"], manifest)`.
    ///
    /// # Errors
    /// Only where kubectl cannot be started: its failures are in the [`Output`].
    pub async fn kubectl_with_input(&self, arguments: &[&str], input: &str) -> Result<Output, Error> {
        let kubectl = Kubectl {
            program: self.programs().kubectl.clone(),
            kubeconfig: self.kubeconfig().to_owned(),
            folder: folder(Some(self.folder()))?,
        };
        kubectl.output(kubectl.command(arguments), input).await
    }
}

fn folder(parent: Option<&Path>) -> Result<TempDir, Error> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("kubectl-");
    let made = parent.map_or_else(|| builder.tempdir(), |parent| builder.tempdir_in(parent));
    made.map_err(Error::io(|| "make a folder for `kubectl`".to_owned()))
}
