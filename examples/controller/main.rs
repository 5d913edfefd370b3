//! A controller, for authors of controllers to copy: it renders each TrafficSplit as nginx configuration.
//!
//! ```sh
//! cargo run --example quickstart -- --watch                     # a server to try it on; says what to export
//! kubectl create namespace nginx
//! cargo run --example controller -- --namespace nginx --name me
//! kubectl get configmaps -n nginx -o yaml
//! kubectl events -n shop
//! ```
//!
//! For the split `shop/web-canary` there is a ConfigMap `shop.web-canary` in the namespace of nginx, which is why ownership
//! would not do and splits get a finalizer: an owner must be in the same namespace.
//!
//! While no controller runs, a split that is deleted stays, for its finalizer waits for one. To be rid of the controller for
//! good, stop it and take its finalizer off each split:
//!
//! ```sh
//! kubectl patch trafficsplit web-canary -n shop --type=merge -p '{"metadata":{"finalizers":null}}'
//! ```
//!
//! This takes the finalizers of others off too, where there are any: then `kubectl edit` is the way.
//!
//! | file | shows |
//! | --- | --- |
//! | `reconcile.rs` | reconciling from a lister at whichever version the cluster serves, finalizers, Events, bad objects, graceful stop |
//! | `names.rs` | kube's queue and retries (`applier`, the part of `kube::runtime::Controller` that is under its own watches) on a change stream |
//! | `lease.rs` | leader election by Lease |
//! | `failures.rs` | an unchanged failure told once, and pauses that grow |
//! | `role.yaml` | the rights that it needs, and no others |
//! | `nginx.rs` | what is rendered: a split as text, or why not |

use std::{
    env,
    error::Error,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use lexopt::prelude::*;
use smi_sdk::kube::Client;

pub(crate) mod failures;
pub(crate) mod lease;
pub(crate) mod names;
pub(crate) mod nginx;
pub(crate) mod reconcile;

use reconcile::Options;

const HELP: &str = "\
Renders the TrafficSplits of a cluster as nginx configuration, in ConfigMaps.

Usage: controller [--namespace NAME] [--name NAME]

  --namespace NAME  where nginx is, and the ConfigMaps and the Lease go; it must exist; default: nginx
  --name NAME       what this process is called when several want to lead; default: its HOSTNAME, which a Pod has

Each split gets the finalizer smi-nginx.example.org/config: deleted while no controller runs, it stays until one does,
or until the finalizer is taken off:

  kubectl patch trafficsplit NAME -n NAMESPACE --type=merge -p '{\"metadata\":{\"finalizers\":null}}'
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "controller: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = parse(env::args_os().skip(1))? else {
        return Ok(io::stdout().write_all(HELP.as_bytes())?);
    };
    // To standard error; kube's libraries speak of what they do at the level below.
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(tracing::Level::INFO)
        .init();
    let client = Client::try_default().await?;
    reconcile::run(client, options, stopped()?).await;
    Ok(())
}

/// None where help is asked for.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Options>, lexopt::Error> {
    let (mut namespace, mut identity) = ("nginx".to_owned(), None);
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("namespace") => namespace = parser.value()?.string()?,
            Long("name") => identity = Some(parser.value()?.string()?),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    let identity = identity.or_else(|| env::var("HOSTNAME").ok());
    // Two of one name would both lead.
    let identity = identity.ok_or("there is no HOSTNAME here: say --name")?;
    Ok(Some(Options::new(namespace, identity)))
}

/// Ready on Ctrl-C, and on the signal that Kubernetes sends first.
fn stopped() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
