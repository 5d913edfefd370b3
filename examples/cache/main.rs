//! The cache of a proxy's control plane: all SMI objects of a cluster, and for each service account what its proxy must
//! know, as snapshots with a version.
//!
//! ```sh
//! cargo run --example quickstart -- --watch      # a server to try it on; says what to export
//! cargo run --example cache -- shop/api batch/reports
//! ```
//!
//! | file | shows |
//! | --- | --- |
//! | `objects.rs` | informers with projections: of each object only what a proxy needs stays in memory, indexed |
//! | `snapshot.rs` | what a proxy must know, put together from the listers; what cannot be read or found grants nothing |
//! | `snapshots.rs` | change streams: which snapshots a change touches, versions that grow through restarts, late and slow subscribers, the age of the data |

use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use smi_sdk::{access::ServiceIdentity, kube::Client};
use tokio::{sync::watch, time::Instant};

pub(crate) mod objects;
pub(crate) mod snapshot;
pub(crate) mod snapshots;

use snapshots::{Cache, Latest};

const HELP: &str = "\
Prints what the proxies of service accounts must know, whenever it changes, until Ctrl-C.

Usage: cache NAMESPACE/NAME..
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cache: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    if arguments.is_empty() || arguments.iter().any(|argument| argument.starts_with('-')) {
        return Ok(io::stdout().write_all(HELP.as_bytes())?);
    }
    let accounts: Vec<ServiceIdentity> = arguments.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;

    let epoch = epoch(SystemTime::now()).ok_or("the clock is not of this age")?;
    let (cache, driver) = Cache::start(&Client::try_default().await?, epoch);
    let subscriptions = accounts.into_iter().map(|account| {
        let snapshots = cache.subscribe(&account);
        follow(&cache, account, snapshots)
    });
    tokio::select! {
        () = driver => Err("the informers ended".into()),
        printed = futures::future::try_join_all(subscriptions) => Ok(printed.map(drop)?),
        stopped = tokio::signal::ctrl_c() => Ok(stopped?),
    }
}

/// What versions start from in a process that starts at `now`: nanoseconds since 1970. No cache has given out as many
/// versions as it has run nanoseconds, so the next one starts above them. That holds while clocks are not set back and
/// one cache runs at a time; where neither is sure, keep the number of the start in the cluster.
pub(crate) fn epoch(now: SystemTime) -> Option<u64> {
    u64::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

/// Prints the snapshots of an account. One that is too slow for all of them gets the last.
async fn follow(cache: &Cache, account: ServiceIdentity, mut snapshots: watch::Receiver<Latest>) -> io::Result<()> {
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        if let Some(snapshot) = snapshot {
            let now = Instant::now();
            let age = cache.age(now).unwrap_or_default();
            let mut out = io::stdout().lock();
            writeln!(
                out,
                "{account}, version {}, data {} ms old",
                snapshot.version,
                age.as_millis()
            )?;
            if let Some(failing) = cache.failing(now) {
                writeln!(out, "the API server has not answered for {} s", failing.as_secs())?;
            }
            writeln!(out, "{:#?}", snapshot.content)?;
        }
        if snapshots.changed().await.is_err() {
            return Ok(());
        }
    }
}
