//! The real kubectl on a cluster.

use std::process::Stdio;

use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::{Cluster, Error};

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

impl Cluster {
    /// Runs kubectl as the admin: `cluster.kubectl(&["get", "smi", "-n", &namespace])`.
    ///
    /// Each run has a discovery cache of its own, so it sees the CRDs of this moment, and no user's settings.
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
        let failed = || format!("run `kubectl {}`", arguments.join(" "));
        let home = tempfile::Builder::new()
            .prefix("kubectl-")
            .tempdir_in(self.folder())
            .map_err(Error::io(failed))?;
        let mut child = Command::new(&self.programs().kubectl)
            .args(arguments)
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", home.path())
            .env("KUBECACHEDIR", home.path())
            .current_dir(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::io(failed))?;
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
