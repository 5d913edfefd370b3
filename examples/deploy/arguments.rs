//! The command line.

use std::{error::Error, ffi::OsString, path::PathBuf};

use lexopt::prelude::*;

use super::install::Install;

pub(super) const HELP: &str = "\
Prints the manifests of the conversion webhook, CRDs first, or writes them to files.

Usage: deploy [OPTIONS]

  --out DIR          write DIR/crds.yaml and DIR/webhook.yaml instead of printing one stream
  --image IMAGE      the image, whose entry point is the example `webhook` (default: smi-webhook:0.1.0)
  --namespace NAME   where the webhook runs (default: smi-system)
  --name NAME        what its Service, Deployment and all else are called (default: smi-webhook)
  -h, --help         print this
";

/// What the command line says.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) out: Option<PathBuf>,
    pub(super) help: bool,
    pub(super) install: Install,
}

impl Arguments {
    /// Reads `arguments`, those after the program's name.
    pub(super) fn parse(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Self, Box<dyn Error>> {
        let mut found = Self::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("out") => found.out = Some(parser.value()?.into()),
                Long("image") => found.install.image = image(parser.value()?.string()?)?,
                Long("namespace") => found.install.namespace = label("--namespace", parser.value()?.string()?)?,
                Long("name") => found.install.name = label("--name", parser.value()?.string()?)?,
                Short('h') | Long("help") => found.help = true,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(found)
    }
}

fn image(text: String) -> Result<String, String> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(format!("`--image` takes the name of an image, not `{text}`"));
    }
    Ok(text)
}

/// A DNS label that leaves room for what is put behind it.
fn label(option: &str, text: String) -> Result<String, String> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=40).contains(&text.len()) && text.bytes().all(is_inner);
    if fits && text.starts_with(|first: char| first.is_ascii_lowercase()) && !text.ends_with('-') {
        return Ok(text);
    }
    Err(format!(
        "`{option}` takes a name of a-z, 0-9 and `-`, 40 letters at most, not `{text}`"
    ))
}
