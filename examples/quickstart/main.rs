//! Puts SMI manifests on an API server and prints the mesh that it holds: every object in one line, whichever its version.
//!
//! ```sh
//! cargo run --example quickstart                  # the demo mesh in examples/demo
//! cargo run --example quickstart -- manifests/    # yours
//! kubectl get smi -A -o yaml | cargo run --example quickstart -- -
//! cargo run --example quickstart -- --watch       # and then change it with kubectl
//! cargo run --example quickstart -- --context prod
//! ```
//!
//! The server is in this process (`smi-fake`) and ends with it. It serves every version of every kind, with this crate's
//! converters behind the CRDs; informers read it back, and the table is what their listers hold. With `--context` the
//! same informers read a real cluster and nothing is written, anywhere.
//!
//! - **VERSION** is the version at which an object was last written: that of the manifest, or, of what others wrote, the one
//!   that the server keeps in `metadata.managedFields`. WHAT IT SAYS is of the newest version, as listers hold it.
//! - **"without effect"** names fields of a manifest that no longer exist once the server has it. Only the manifest knows
//!   them, so they are shown while the object is as it was applied.
//! - **A companion** is an object that another one needs in the newest version: a TCPRoute for the `destination.port` of an
//!   old TrafficTarget. A server converts one object into one, so companions are applied beside an object that the server
//!   took, and are rows of their own. In a cluster where nobody did that, the target says that its TCPRoute is not there.
//! - TrafficMetrics are not stored by a server; those of manifests are printed as they are.

use std::{
    env,
    error::Error,
    ffi::OsString,
    future,
    io::{self, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use smi_sdk::{Informers, informers::Strip, manifest::ReadOptions};
use tempfile::NamedTempFile;

pub(crate) mod apply;
pub(crate) mod arguments;
pub(crate) mod follow;
pub(crate) mod manifests;
pub(crate) mod mesh;
pub(crate) mod refusal;
pub(crate) mod row;
pub(crate) mod says;
pub(crate) mod server;
pub(crate) mod shares;
pub(crate) mod table;

use apply::Applied;
use arguments::{Arguments, HELP};
use manifests::Manifests;
use mesh::{Mesh, Origin};
use table::Screen;

/// Everything could be read and applied.
pub(crate) const ALL_READ: u8 = 0;
/// Something could not be read, or was refused.
pub(crate) const SOME_UNREADABLE: u8 = 1;
/// The arguments make no sense, the cluster does not answer, or the result cannot be written.
const FAILED: u8 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut stdout = io::stdout().lock();
    let result = run(
        env::args_os().skip(1),
        io::stdin().lock(),
        &mut stdout,
        screen(),
        asked_to_end(),
    );
    ExitCode::from(result.await.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "quickstart: {error}");
        FAILED
    }))
}

/// The whole program; returns its exit code. With `--watch` it goes on until `stop` is ready.
///
/// # Errors
/// Wrong arguments, a cluster that cannot be read, and a `stdout` that cannot be written.
pub(crate) async fn run(
    arguments: impl IntoIterator<Item = OsString>,
    stdin: impl Read,
    stdout: &mut impl Write,
    screen: Screen,
    stop: impl Future<Output = ()>,
) -> Result<u8, Box<dyn Error>> {
    let arguments = Arguments::parse(arguments).map_err(|error| format!("{error}; see --help"))?;
    if arguments.help {
        printed(stdout.write_all(HELP.as_bytes()))?;
        return Ok(ALL_READ);
    }
    let screen = Screen {
        colour: screen.colour && !arguments.no_color,
        ..screen
    };
    let is_demo = arguments.cluster.is_none() && arguments.paths.is_empty();

    // Where the objects are: in a cluster, or in manifests that are applied to a server of our own.
    let embedded;
    let mut url = None;
    let (client, origin, applied) = if let Some(cluster) = &arguments.cluster {
        embedded = None;
        let real = server::real(cluster).await?;
        url = Some(real.url);
        (real.client, Origin::Cluster(real.context), Applied::default())
    } else {
        let server = server::embedded()?;
        let client = server.client();
        embedded = Some(server);
        let paths = if is_demo { vec![demo()] } else { arguments.paths };
        let options = if arguments.strict {
            ReadOptions::default().strict()
        } else {
            ReadOptions::default()
        };
        let manifests = Manifests::read(paths, stdin, options);
        let mut applied = apply::apply(&client, manifests.documents).await?;
        applied.files = manifests.files;
        applied.unreadable.extend(manifests.empty);
        (client, Origin::Files, applied)
    };

    // Reading it is the same for both.
    let mut informers = Informers::new(client).strip(Strip::Nothing);
    if let Some(namespace) = arguments.namespace {
        informers = informers.namespace(namespace);
    }
    let (listers, mut events) = informers.start();
    follow::sync(&listers, &mut events, url.as_deref()).await?;
    let mesh = Mesh::of(&listers, &applied, &origin);
    printed(stdout.write_all(mesh.print(screen).as_bytes()))?;
    printed(stdout.flush())?;

    if arguments.watch {
        // Dropped, and deleted, when the watch ends.
        let kubeconfig = match &embedded {
            Some(server) => Some(server::kubeconfig(server).await?),
            None => None,
        };
        printed(follow::announce(stdout, kubeconfig.as_ref().map(NamedTempFile::path)))?;
        printed(follow::follow(&listers, events, &applied, stdout, screen, stop).await)?;
    }
    let is_fine = is_demo || mesh.is_whole();
    Ok(if is_fine { ALL_READ } else { SOME_UNREADABLE })
}

/// Ready on Ctrl-C and, where there is one, on a SIGTERM. Where there is no handler for it, a signal ends this process by
/// itself.
async fn asked_to_end() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

/// Where the demo is, as seen from the current folder where it is below that.
fn demo() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join("demo");
    let below = env::current_dir()
        .ok()
        .and_then(|here| Some(folder.strip_prefix(here).ok()?.to_owned()))
        .filter(|path| !path.as_os_str().is_empty());
    below.unwrap_or(folder)
}

/// What standard output can show.
fn screen() -> Screen {
    if !io::stdout().is_terminal() {
        return Screen::default();
    }
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    Screen {
        colour: !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb"),
        width: terminal_size::terminal_size().map(|(width, _)| width.0.into()),
    }
}

/// A reader that has seen enough and goes away is no failure.
fn printed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
