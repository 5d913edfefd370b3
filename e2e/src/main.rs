//! A cluster for others. `e2e/run --cluster`: to try things on by hand, until `Ctrl-C` or the end of the standard input.
//! With a command: for as long as that runs, which finds the kubeconfig in `SMI_TEST_KUBECONFIG`.

use std::{
    io::{self, Read as _, Write as _},
    process::{Command, ExitCode},
};

/// Where the tests that run on the fake or on a real server look.
const VARIABLE: &str = "SMI_TEST_KUBECONFIG";

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cluster = runtime.block_on(e2e::Cluster::start())?;
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        writeln!(io::stdout(), "{}", cluster.kubeconfig().display())?;
        io::stdin().read_to_end(&mut Vec::new())?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut command = Command::new(program);
    let status = command.args(arguments).env(VARIABLE, cluster.kubeconfig()).status()?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
