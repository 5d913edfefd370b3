//! Arguments, and where the output goes.

use std::io;

use crate::{
    program::{quickstart, run_to},
    quickstart::{ALL_READ, table::Screen},
};

#[test]
fn a_reader_that_goes_away_is_no_failure_and_a_full_disk_is_one() {
    struct Fails(io::ErrorKind);
    impl io::Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let to = |kind| run_to(&[], "", &mut Fails(kind), Screen::default());
    assert_eq!(to(io::ErrorKind::BrokenPipe).unwrap(), ALL_READ);
    to(io::ErrorKind::StorageFull).unwrap_err();
}

#[test]
fn wrong_arguments_are_an_error_and_help_is_not() {
    for (arguments, reason) in [
        (&["--colour"][..], "invalid option '--colour'"),
        (
            &["--context", "prod", "policy.yaml"],
            "a cluster is read as it is: no PATH and no --strict with --context or --kubeconfig",
        ),
        (
            &["--kubeconfig", "here.yaml", "--strict"],
            "a cluster is read as it is: no PATH and no --strict with --context or --kubeconfig",
        ),
        (
            &["--namespace", "Bad NS!"],
            "`Bad NS!` is no name of a namespace: lower-case letters, digits and `-` within, 63 at most",
        ),
    ] {
        let mut stdout = Vec::new();
        let error = run_to(arguments, "", &mut stdout, Screen::default()).unwrap_err();
        assert_eq!(error.to_string(), format!("{reason}; see --help"));
        assert!(stdout.is_empty());
    }
    let (code, help) = quickstart(&["--help"], "");
    assert_eq!(code, ALL_READ);
    for told in ["--strict", "VERSION is", "--wait=false"] {
        assert!(help.contains(told), "{help}");
    }
}
