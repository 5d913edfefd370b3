//! The tests on a real kube-apiserver need Go to build it, so `cargo test` alone leaves them out. This says so, and
//! holds the way to run them to what it promises.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
};

#[test]
fn tests_on_a_real_api_server_are_run_by_e2e_run() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/run");
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111, "`{path}` is not executable");
    let run = fs::read_to_string(path).unwrap();
    for command in [
        "cargo test -p e2e --features real",
        "cargo test -p smi-sdk --test cache --test controller --test migrate --test quickstart",
        "cargo test -p smi-sdk --test cluster",
        "cargo test -p smi-fake --test server",
    ] {
        assert!(run.contains(command), "`{path}` has no `{command}`");
    }
    if !cfg!(feature = "real") {
        // Not `eprintln!`, which is shown for failed tests only.
        writeln!(
            io::stderr(),
            "not run here: the tests on a real kube-apiserver. `e2e/run` runs them (needs Go)"
        )
        .unwrap();
    }
}
