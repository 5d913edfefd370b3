//! `e2e/run --cluster`: a cluster to try things on by hand, until `Ctrl-C` or the end of the standard input.

use std::io::{self, Read as _, Write as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cluster = runtime.block_on(e2e::Cluster::start())?;
    writeln!(io::stdout(), "{}", cluster.kubeconfig().display())?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
