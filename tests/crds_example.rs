//! The crds example: what it prints, and what it says of a webhook that an API server would refuse.

#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    reason = "the helpers of tests fail as the tests do"
)]

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../examples/crds/main.rs"]
mod crds;

use std::{fs, path::Path};

/// A certificate's frame; nothing of it is read but that it is one.
const CA: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

/// What the example prints, or the one line that it ends with.
fn printed(arguments: &[&str]) -> Result<String, String> {
    let mut stdout = Vec::new();
    match crds::run(arguments, &mut stdout) {
        Ok(()) => Ok(String::from_utf8(stdout).unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

/// The same with a file of certificates.
fn with_ca(arguments: &[&str]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, CA).unwrap();
    printed(&[arguments, &["--ca-bundle", file.to_str().unwrap()]].concat())
}

#[test]
fn without_options_the_committed_crds_are_one_stream() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let stream = printed(&[]).unwrap();
    for file in fs::read_dir(committed).unwrap() {
        let crd = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(stream.contains(&format!("---\n{crd}")));
    }
}

#[test]
fn a_folder_gets_a_file_for_each_crd() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("not/yet/there");
    printed(&["--serve", "drafts", "--out", below.to_str().unwrap()]).unwrap();
    let files = fs::read_dir(below).unwrap().map(|file| file.unwrap().file_name());
    let mut files: Vec<_> = files.map(|name| name.into_string().unwrap()).collect();
    files.sort();
    assert_eq!(
        files,
        [
            "httproutegroups.specs.smi-spec.io.yaml",
            "identitybindings.access.smi-spec.io.yaml",
            "tcproutes.specs.smi-spec.io.yaml",
            "trafficsplits.split.smi-spec.io.yaml",
            "traffictargets.access.smi-spec.io.yaml",
            "udproutes.specs.smi-spec.io.yaml",
        ]
    );
}

#[test]
fn a_webhook_is_in_every_crd() {
    for (arguments, lines) in [
        (
            &[
                "--webhook",
                "smi/webhook",
                "--webhook-port",
                "8443",
                "--webhook-path",
                "/v1/convert.smi",
            ][..],
            &[
                "namespace: smi\n",
                "name: webhook\n",
                "port: 8443\n",
                "path: /v1/convert.smi\n",
            ][..],
        ),
        (
            &["--webhook-url", "https://[::1]:9443/convert"],
            &["url: https://[::1]:9443/convert\n"],
        ),
    ] {
        let stream = with_ca(arguments).unwrap();
        let crds = stream.matches("kind: CustomResourceDefinition\n").count();
        for line in lines {
            assert_eq!(stream.matches(line).count(), crds, "{line}");
        }
    }
}

#[test]
fn a_webhook_that_an_api_server_would_refuse_is_named_in_one_line() {
    for (arguments, error) in [
        (
            &["--webhook", "smi"][..],
            "`--webhook` takes NAMESPACE/NAME of a Service, not `smi`",
        ),
        (
            &["--webhook", "/webhook"],
            "`--webhook` takes NAMESPACE/NAME of a Service, not `/webhook`",
        ),
        (
            &["--webhook", "a/b/c"],
            "`--webhook` takes NAMESPACE/NAME of a Service, not `a/b/c`",
        ),
        (
            &["--webhook", "Smi/webhook"],
            "`--webhook` takes NAMESPACE/NAME of a Service, not `Smi/webhook`",
        ),
        (
            &["--webhook", "a/b", "--webhook-port", "0"],
            "`--webhook-port` takes a number from 1 to 65535, not `0`",
        ),
        (
            &["--webhook", "a/b", "--webhook-port", "70000"],
            "`--webhook-port` takes a number from 1 to 65535, not `70000`",
        ),
        (
            &["--webhook", "a/b", "--webhook-path", "convert"],
            "`--webhook-path` takes a path such as `/convert`, of a-z, 0-9, `-` and `.`, not `convert`",
        ),
        (
            &["--webhook", "a/b", "--webhook-path", "/a//b"],
            "`--webhook-path` takes a path such as `/convert`, of a-z, 0-9, `-` and `.`, not `/a//b`",
        ),
        (
            &["--webhook-url", "http://smi.example/convert"],
            "`--webhook-url` takes https://HOST[:PORT]/PATH without user, query or fragment, not \
             `http://smi.example/convert`",
        ),
        (
            &["--webhook-url", "https://smi.example/convert?a=b"],
            "`--webhook-url` takes https://HOST[:PORT]/PATH without user, query or fragment, not \
             `https://smi.example/convert?a=b`",
        ),
        (
            &["--webhook-url", "https://me@smi.example/"],
            "`--webhook-url` takes https://HOST[:PORT]/PATH without user, query or fragment, not \
             `https://me@smi.example/`",
        ),
        (
            &["--webhook", "a/b", "--webhook-url", "https://smi.example"],
            "`--webhook` and `--webhook-url` exclude each other",
        ),
        (
            &["--webhook-url", "https://smi.example", "--webhook-port", "1"],
            "`--webhook-port` needs `--webhook`",
        ),
        (&[], "`--ca-bundle` needs `--webhook` or `--webhook-url`"),
    ] {
        assert_eq!(with_ca(arguments).unwrap_err(), error);
    }
    assert_eq!(
        printed(&["--webhook", "a/b"]).unwrap_err(),
        "a webhook needs `--ca-bundle FILE`"
    );
}

#[test]
fn a_ca_bundle_is_a_file_of_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca");
    let with = |contents: &str| {
        fs::write(&file, contents).unwrap();
        let path = file.to_str().unwrap();
        let error = printed(&["--webhook", "a/b", "--ca-bundle", path]).unwrap_err();
        error.replace(path, "FILE")
    };
    assert_eq!(with(""), "`--ca-bundle FILE`: no PEM certificate in it");
    assert_eq!(with("just words"), "`--ca-bundle FILE`: no PEM certificate in it");
    let key = CA.replace("CERTIFICATE", "PRIVATE KEY");
    assert_eq!(with(&key), "`--ca-bundle FILE`: no PEM certificate in it");
    assert_eq!(
        with(&CA.replace("MAA=", "aGVsbG8=")),
        "`--ca-bundle FILE`: no PEM certificate in it"
    );
    let cut = with(&CA.replace("-----END CERTIFICATE-----\n", ""));
    assert!(cut.starts_with("`--ca-bundle FILE`: not PEM: "), "{cut}");

    let missing = folder.path().join("missing");
    let error = printed(&["--webhook", "a/b", "--ca-bundle", missing.to_str().unwrap()]).unwrap_err();
    assert!(error.contains("missing`: No such file"), "{error}");
}

#[test]
fn what_would_be_forgotten_is_refused() {
    let serving = "with a webhook every version is served: `--serve` can only be `all` then";
    for (arguments, error) in [
        (&["--serve", "released", "--webhook", "a/b"][..], serving),
        (&["--webhook-url", "https://smi.example/", "--serve", "drafts"], serving),
        (&["--webhook", "a/b", "--webhook", "c/d"], "`--webhook` is given twice"),
        (&["--serve", "all", "--serve", "drafts"], "`--serve` is given twice"),
    ] {
        assert_eq!(with_ca(arguments).unwrap_err(), error);
    }
    let webhook = ["--webhook", "a/b", "--serve", "all"];
    assert_eq!(with_ca(&webhook), with_ca(&webhook[..2]));
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = printed(&["--out", file.to_str().unwrap()]).unwrap_err();
    let start = format!("`--out {}`: ", file.display());
    assert!(error.starts_with(&start), "{error}");

    let name = "trafficsplits.split.smi-spec.io.yaml";
    fs::create_dir(folder.path().join(name)).unwrap();
    let error = printed(&["--out", folder.path().to_str().unwrap()]).unwrap_err();
    let start = format!("`--out {}`: `{name}`: ", folder.path().display());
    assert!(error.starts_with(&start), "{error}");
}
