//! The arguments.

use std::{ffi::OsString, path::PathBuf};

use lexopt::prelude::*;

pub(crate) const HELP: &str = "\
Puts SMI manifests on an API server in this process, or reads a cluster, and prints the mesh: every object in one line,
then how many there are, then what could not be read or was refused, and why.

Usage: quickstart [OPTIONS] [PATH..]

  PATH               a file, a folder (walked for .yaml, .yml and .json), or - for standard input; default: the demo mesh
  --strict           refuse objects with unknown fields or duplicate keys
  --watch            then print what changes, until Ctrl-C; without a cluster also listen for kubectl, on loopback
  --context NAME     read a context of your kubeconfig instead (KUBECONFIG, else ~/.kube/config); nothing is written
  --kubeconfig FILE  read the cluster of this kubeconfig instead, at its current context or at --context
  --namespace NAME   read only this namespace
  --no-color         no colours on a terminal; so does NO_COLOR=1
  -h, --help         print this

VERSION is the version at which an object was last written: that of the manifest, or that of the last writer after it.

The server of --watch takes and serves every version. `kubectl delete namespace` needs --wait=false there.

Exit code: 0 when everything could be read, 1 when something could not or was refused, 2 for wrong arguments and a cluster
that does not answer. The demo has one broken object on purpose and exits with 0.
";

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Arguments {
    pub(crate) paths: Vec<PathBuf>,
    /// None where the mesh is that of the paths.
    pub(crate) cluster: Option<Cluster>,
    pub(crate) namespace: Option<String>,
    pub(crate) strict: bool,
    pub(crate) watch: bool,
    pub(crate) no_color: bool,
    pub(crate) help: bool,
}

/// Which cluster; by kubeconfig's own rules where nothing is said.
#[derive(Default)]
pub(crate) struct Cluster {
    pub(crate) context: Option<String>,
    pub(crate) kubeconfig: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        let mut parsed = Self::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("strict") => parsed.strict = true,
                Long("watch") => parsed.watch = true,
                Long("no-color") => parsed.no_color = true,
                Long("context") => parsed.cluster_mut().context = Some(parser.value()?.string()?),
                Long("kubeconfig") => parsed.cluster_mut().kubeconfig = Some(parser.value()?.into()),
                Long("namespace") => parsed.namespace = Some(namespace(parser.value()?.string()?)?),
                Short('h') | Long("help") => parsed.help = true,
                Value(path) => parsed.paths.push(path.into()),
                other => return Err(other.unexpected()),
            }
        }
        if parsed.cluster.is_some() && (parsed.strict || !parsed.paths.is_empty()) {
            return Err("a cluster is read as it is: no PATH and no --strict with --context or --kubeconfig".into());
        }
        Ok(parsed)
    }

    fn cluster_mut(&mut self) -> &mut Cluster {
        self.cluster.get_or_insert_default()
    }
}

/// A namespace is named by a label of DNS.
fn namespace(name: String) -> Result<String, lexopt::Error> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label =
        (1..=63).contains(&name.len()) && name.bytes().all(is_inner) && !name.starts_with('-') && !name.ends_with('-');
    if is_label {
        Ok(name)
    } else {
        let rule = "lower-case letters, digits and `-` within, 63 at most";
        Err(format!("`{name}` is no name of a namespace: {rule}").into())
    }
}
