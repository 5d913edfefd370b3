//! Tests on a real kube-apiserver, one module a subject. `e2e/run` builds the programs and runs these.
//!
//! All share one cluster, and each test makes itself a namespace in it. A test that kills servers, or brings CRDs that
//! others bring in another form, starts a [`Cluster`] of its own.

mod harness;

use std::io::{self, Write as _};

use e2e::{Cluster, Error};
use tokio::sync::OnceCell;

/// The cluster of the whole run, started by the first test that asks.
#[expect(clippy::panic, reason = "without a cluster there is no test")]
async fn cluster() -> &'static Cluster {
    static CLUSTER: OnceCell<Result<Cluster, Error>> = OnceCell::const_new();
    let start = async || {
        let cluster = Cluster::start().await?;
        // Not `eprintln!`, which is shown for failed tests only.
        drop(writeln!(
            io::stderr(),
            "shared cluster: logs in {}",
            cluster.folder().display()
        ));
        Ok(cluster)
    };
    CLUSTER
        .get_or_init(start)
        .await
        .as_ref()
        .unwrap_or_else(|error| panic!("{error}"))
}
