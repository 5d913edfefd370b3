//! Tests on a real kube-apiserver, one module a subject. `e2e/run` builds the programs and runs these.
//!
//! All share one cluster, which serves the SMI kinds, and each test makes itself a namespace in it. A test that kills
//! servers, or brings CRDs that others bring in another form, starts a [`Cluster`] of its own.

mod corpus;
mod crds;
mod deploying;
mod faults;
mod fixtures;
mod harness;
mod installing;
mod kinds;
mod kubectl;
mod manifests;
mod migration;
mod peers;
mod refusals;
mod rotating;
mod same;
mod sides;
#[path = "../../../tests/support/subscriber.rs"]
mod subscriber;
mod versions;
mod watching;

use std::io::{self, Write as _};

use e2e::{Cluster, Error};
use tokio::sync::OnceCell;

/// What a test that does more than to assert returns.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The cluster of the whole run, started by the first test that asks.
#[expect(clippy::panic, reason = "without a cluster there is no test")]
async fn cluster() -> &'static Cluster {
    static CLUSTER: OnceCell<Result<Cluster, Error>> = OnceCell::const_new();
    CLUSTER
        .get_or_init(async || start("shared").await)
        .await
        .as_ref()
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Starts a cluster and says where its logs are.
async fn start(name: &str) -> Result<Cluster, Error> {
    let cluster = Cluster::start().await?;
    say(&format!("{name} cluster: logs in {}", cluster.folder().display()));
    Ok(cluster)
}

/// Tells the person who runs the tests. Not `eprintln!`, which is shown for failed tests only.
fn say(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}
