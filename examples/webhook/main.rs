//! The conversion webhook: every SMI kind, every version, over HTTPS.
//!
//! ```sh
//! cargo run --example webhook -- --apply                        # the cluster of your kubeconfig, on this machine
//! cargo run --example webhook -- --certificates DIR             # tls.crt and tls.key, read again when they change
//! cargo run --example webhook -- --self-issued NS/SERVICE       # as deploy/ runs it
//! ```

mod advice;
mod arguments;
mod crds;

use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use kube::Client;
use smi_sdk::convert::converters;
use smi_webhook::{
    Server,
    certificates::{Certificates, SelfIssued},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

pub(crate) use arguments::Arguments;
use arguments::{HELP, Source};

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "webhook: {error}");
            ExitCode::from(2)
        }
    }
}

fn start() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(env::args_os().skip(1))?;
    if arguments.help {
        return Ok(io::stdout().write_all(HELP.as_bytes())?);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let asked_to_stop = async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        };
        let client = async || Ok(Client::try_default().await?);
        run(&arguments, client, &mut io::stdout(), asked_to_stop).await
    })
}

/// Serves until `shutdown`. `client` is asked for only where a cluster is needed: with a certificate in a folder none is.
pub(crate) async fn run(
    arguments: &Arguments,
    client: impl AsyncFnOnce() -> Result<Client, Box<dyn Error>>,
    stdout: &mut impl Write,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error>> {
    let refused = |address, error| format!("cannot listen on `{address}`: {error}");
    let listen = arguments.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| refused(listen, error))?;
    let address = listener.local_addr()?;
    let certificates: Certificates = match &arguments.source {
        Source::Folder(folder) => Certificates::from_dir(folder),
        Source::SelfIssued { namespace, service } => {
            let client = client().await?;
            let crds = crds::at(&arguments.url(address));
            if arguments.apply {
                crds::apply(&client, &crds).await?;
            }
            SelfIssued::new(client, namespace, service)
                .names(arguments.names(address))
                .crds(crds.into_iter().filter_map(|crd| crd.metadata.name))
                .into()
        }
    };
    let mut converters = converters();
    if arguments.refuse_widening {
        converters = converters.refuse_widening();
    }
    let mut server = Server::new(certificates).conversion(arguments::PATH, converters);
    if let Some(health) = arguments.health {
        let listener = TcpListener::bind(health)
            .await
            .map_err(|error| refused(health, error))?;
        writeln!(
            stdout,
            "health, readiness and metrics at http://{}",
            listener.local_addr()?
        )?;
        server = server.health(listener);
    }
    advice::write(arguments, address, stdout)?;
    stdout.flush()?;
    Ok(server.serve(listener, shutdown).await?)
}
