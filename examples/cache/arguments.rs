//! The command line.

use std::{ffi::OsString, time::Duration};

use lexopt::prelude::*;
use smi_sdk::access::ServiceIdentity;

pub(crate) const HELP: &str = "\
Prints what the proxies of service accounts must know, whenever it changes, until Ctrl-C.

Usage: cache [--max-age SECONDS] NAMESPACE/NAME..

  --max-age SECONDS  tells on standard error when the data is older; default: 90. In a quiet cluster a server says
                     about once a minute that nothing has changed
  -h, --help         print this
";

/// What the command line says.
#[derive(Debug, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) accounts: Vec<ServiceIdentity>,
    pub(crate) max_age: Duration,
}

impl Arguments {
    /// Reads `arguments`, those after the program's name; none where help is asked for.
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Option<Self>, lexopt::Error> {
        let (mut accounts, mut max_age) = (Vec::new(), Duration::from_secs(90));
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Value(text) => accounts.push(account(&text.string()?)?),
                Long("max-age") => max_age = Duration::from_secs(parser.value()?.parse()?),
                Short('h') | Long("help") => return Ok(None),
                other => return Err(other.unexpected()),
            }
        }
        if accounts.is_empty() {
            return Err("which service accounts? say NAMESPACE/NAME, or `--help`".into());
        }
        Ok(Some(Self { accounts, max_age }))
    }
}

/// No server has an account of another name: its proxy would wait for ever.
fn account(text: &str) -> Result<ServiceIdentity, String> {
    let account = text.parse::<ServiceIdentity>().ok();
    account
        .filter(|account| is_label(account.namespace()) && is_subdomain(account.name()))
        .ok_or_else(|| format!("`{text}` is not the NAMESPACE/NAME of a service account"))
}

/// Whether `text` is a DNS-1123 subdomain, as the names of service accounts are.
fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_made_of_letters)
}

/// Whether `text` is a DNS-1123 label, as the names of namespaces are.
fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_made_of_letters(text)
}

fn is_made_of_letters(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}
