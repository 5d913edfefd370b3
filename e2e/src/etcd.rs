//! How etcd is started.

use std::{net::SocketAddr, path::Path};

/// The arguments: data in `data`, clients at `client`, and the peers that it never has at `peer`.
///
/// Nothing is synced to disk. What it wrote survives a kill all the same, only not a crash of the machine.
pub(crate) fn arguments(data: &Path, client: SocketAddr, peer: SocketAddr) -> Vec<String> {
    vec![
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls=http://{client}"),
        format!("--advertise-client-urls=http://{client}"),
        format!("--listen-peer-urls=http://{peer}"),
        format!("--initial-advertise-peer-urls=http://{peer}"),
        format!("--initial-cluster=default=http://{peer}"),
        "--unsafe-no-fsync".to_owned(),
    ]
}
