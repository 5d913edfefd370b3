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
//! | `health.rs` | what is said of a server that does not answer, and of data that is old |
//! | `snapshots.rs` | change streams: which snapshots a change touches, versions that grow through restarts, late and slow subscribers, the age of the data |

use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use smi_sdk::{access::ServiceIdentity, kube::Client};
use tokio::{
    sync::watch,
    time::{Instant, interval},
};

pub(crate) mod arguments;
pub(crate) mod health;
pub(crate) mod objects;
pub(crate) mod snapshot;
pub(crate) mod snapshots;

use arguments::{Arguments, HELP};
use health::Health;
use snapshots::{Cache, Latest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (code, error) = match Arguments::parse(env::args_os().skip(1)) {
        Ok(Some(arguments)) => (1, run(arguments).await.err()),
        Ok(None) => (1, io::stdout().write_all(HELP.as_bytes()).err().map(Into::into)),
        Err(error) => (2, Some(error.into())),
    };
    let Some(error) = error else { return ExitCode::SUCCESS };
    let _ = writeln!(io::stderr(), "cache: {error}");
    ExitCode::from(code)
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let epoch = epoch(SystemTime::now()).ok_or("the clock is not of this age")?;
    let (cache, driver) = Cache::start(&Client::try_default().await?, epoch);
    let subscriptions = arguments.accounts.into_iter().map(|account| {
        let snapshots = cache.subscribe(&account);
        follow(&cache, account, snapshots)
    });
    tokio::select! {
        () = driver => Err("the informers ended".into()),
        told = tell(&cache, Health::new(arguments.max_age, Instant::now())) => Ok(told?),
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

/// Tells on standard error what is wrong: a proxy's control plane that prints nothing may as well be out of reach.
async fn tell(cache: &Cache, mut health: Health) -> io::Result<()> {
    let mut looks = interval(Duration::from_secs(1));
    loop {
        let now = looks.tick().await;
        for line in health.look(now, cache.age(now), cache.failures(now)) {
            writeln!(io::stderr(), "cache: {line}")?;
        }
    }
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
