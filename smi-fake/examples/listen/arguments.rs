//! The command line.

use std::{error::Error, ffi::OsString, path::PathBuf};

use lexopt::prelude::*;

pub(super) const HELP: &str = "\
Serves the API of Kubernetes on loopback until Ctrl-C: the built-in kinds that a mesh needs, and those of CRDs.

Usage: listen [OPTIONS] KUBECONFIG [CRD.yaml..]

  KUBECONFIG    where to write the kubeconfig. Its token makes the reader the administrator: only its owner may read it
  CRD.yaml      files of CRDs to serve; `kubectl apply` adds others later
  -h, --help    print this
";

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(super) help: bool,
    pub(super) kubeconfig: PathBuf,
    pub(super) crds: Vec<PathBuf>,
}

impl Arguments {
    /// Reads `arguments`, those after the program's name.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Self, Box<dyn Error>> {
        let mut files = Vec::<PathBuf>::new();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => {
                    return Ok(Self {
                        help: true,
                        ..Self::default()
                    });
                }
                Value(file) => files.push(file.into()),
                other => return Err(other.unexpected().into()),
            }
        }
        let mut files = files.into_iter();
        let kubeconfig = files
            .next()
            .ok_or("the file to write a kubeconfig to is missing; see `--help`")?;
        Ok(Self {
            help: false,
            kubeconfig,
            crds: files.collect(),
        })
    }
}
