//! Manifests: what is applied, counted, replaced, refused, and cannot be read.

use std::fs;

use crate::{
    program::{path, quickstart},
    quickstart::{ALL_READ, SOME_UNREADABLE},
    says::{first, said},
};

#[test]
fn objects_stand_by_namespace_then_kind_then_name() {
    let object = |group: &str, kind: &str, name: &str, rest: &str| {
        format!(
            "---\n{{apiVersion: {group}.smi-spec.io/v1alpha4, kind: {kind}, metadata: {{{name}}}, spec: {{{rest}}}}}\n"
        )
    };
    let split = |name| object("split", "TrafficSplit", name, "service: web, backends: []");
    let route = |name| object("specs", "TCPRoute", name, "matches: {ports: [1]}");
    let target = |name| {
        object(
            "access",
            "TrafficTarget",
            name,
            "destination: {kind: ServiceAccount, name: api}, sources: [], rules: []",
        )
    };
    let yaml = [
        split("namespace: a, name: one"),
        route("namespace: b, name: one"),
        target("namespace: b, name: two"),
        target("namespace: b, name: one"),
        route("namespace: a, name: two"),
        split("name: three"),
    ];
    let (_, text) = quickstart(&["-"], &yaml.concat());
    let columns: Vec<Vec<_>> = text
        .lines()
        .skip(1)
        .take(6)
        .map(|line| line.split_whitespace().take(3).collect())
        .collect();
    assert_eq!(
        columns,
        [
            ["TCPRoute", "v1alpha4", "a/two"],
            ["TrafficSplit", "v1alpha4", "a/one"],
            ["TrafficTarget", "v1alpha4", "b/one"],
            ["TrafficTarget", "v1alpha4", "b/two"],
            ["TCPRoute", "v1alpha4", "b/one"],
            ["TrafficSplit", "v1alpha4", "default/three"],
        ]
    );
}

#[test]
fn empty_input_has_a_count_and_no_table() {
    for empty in ["", "---\n---\n", "# nothing\n"] {
        assert_eq!(
            quickstart(&["-"], empty),
            (ALL_READ, "0 objects from 1 file\n".to_owned())
        );
    }
}

#[test]
fn what_is_skipped_and_called_as_a_kind_of_smi_is_named() {
    let yaml = "\
{apiVersion: example.org/v1, kind: Crate, metadata: {name: beer}}
---
{apiVersion: split.smi-spec.oi/v1alpha4, kind: TrafficSplit, metadata: {name: web, namespace: shop}}
---
{apiVersion: split.smi-spec.io, kind: TrafficSplit, metadata: {name: web}}
";
    let (code, text) = quickstart(&["-"], yaml);
    assert_eq!(
        (code, text.as_str()),
        (
            SOME_UNREADABLE,
            "0 objects from 1 file; 2 other objects skipped; 1 could not be read

Skipped:
stdin:3: TrafficSplit `shop/web`: `split.smi-spec.oi/v1alpha4` is no version of SMI's

Could not be read:
stdin:5: TrafficSplit `web`: the `apiVersion` `split.smi-spec.io` has no version: write `apiVersion: split.smi-spec.io/v1alpha4`
"
        )
    );
}

#[test]
fn a_file_that_holds_nothing_counts_and_a_folder_without_manifests_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, empty) = (folder.path().join("notes.yaml"), folder.path().join("empty"));
    fs::write(&file, "# nothing yet\n").unwrap();
    fs::create_dir(&empty).unwrap();
    fs::write(empty.join("notes.txt"), "kind: TrafficSplit\n").unwrap();
    assert_eq!(
        quickstart(&[path(&file)], ""),
        (ALL_READ, "0 objects from 1 file\n".to_owned())
    );
    let (code, text) = quickstart(&[path(&empty), "-"], "");
    assert_eq!(code, SOME_UNREADABLE);
    let message = format!("no .yaml, .yml or .json in `{}`", empty.display());
    assert_eq!(
        text,
        format!("0 objects from 1 file; 1 could not be read\n\nCould not be read:\n{message}\n")
    );
}

#[test]
fn objects_of_other_kinds_are_applied_where_the_server_has_them_and_counted() {
    let yaml = "
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: example.org/v1, kind: Crate, metadata: {name: beer}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: web}}
---
{words: [of, no, kind]}
";
    let (code, text) = quickstart(&["-"], yaml);
    assert_eq!(
        (code, text.as_str()),
        (
            ALL_READ,
            "0 objects from 1 file; 2 other objects applied; 3 other objects skipped\n"
        )
    );
    let yaml = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: eighty}]}}";
    let (code, text) = quickstart(&["-"], yaml);
    assert_eq!(code, SOME_UNREADABLE);
    assert!(
        text.contains("Refused by the API server:\nstdin:1: Service `web`: "),
        "{text}"
    );
}

#[test]
fn what_the_api_server_refuses_is_printed_with_file_and_line() {
    let yaml = "\
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: Web, namespace: shop}
spec: {service: web}
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: {name: db, namespace: shop}
spec:
  matches:
    ports: [3306, 0]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: {name: good, namespace: shop}
spec: {matches: {ports: [1]}}
";
    let (code, text) = quickstart(&["-"], yaml);
    assert_eq!(code, SOME_UNREADABLE);
    insta::assert_snapshot!("refused", text);
}

#[test]
fn an_object_that_a_later_one_replaces_is_named() {
    let split = |version: &str, backend: &str| {
        format!(
            "---\n{{apiVersion: split.smi-spec.io/{version}, kind: TrafficSplit, metadata: {{name: web}}, spec: {{service: web, backends: [{{service: {backend}, weight: 1}}]}}}}\n"
        )
    };
    let yaml = [
        split("v1alpha1", "one"),
        split("v1alpha2", "two"),
        split("v1alpha3", "three"),
    ]
    .concat();
    let (code, text) = quickstart(&["-"], &yaml);
    assert_eq!(code, ALL_READ);
    insta::assert_snapshot!("replaced", text);
}

#[test]
fn an_object_stays_where_the_server_refuses_its_replacement() {
    for version in ["v1alpha2", "v1alpha4"] {
        let yaml = format!(
            "
{{apiVersion: split.smi-spec.io/v1alpha1, kind: TrafficSplit, metadata: {{name: web}}, spec: {{service: web, backends: [{{service: one, weight: 1}}]}}}}
---
{{apiVersion: split.smi-spec.io/{version}, kind: TrafficSplit, metadata: {{name: web}}, spec: {{service: web}}}}
"
        );
        let (code, text) = quickstart(&["-"], &yaml);
        assert_eq!(code, SOME_UNREADABLE);
        assert_eq!(first(&text), "web -> one 100% (1)");
        assert!(
            text.contains("1 refused\n\nRefused by the API server:\nstdin:4: TrafficSplit `web`: `spec.backends`: "),
            "{text}"
        );
    }
}

#[test]
fn what_kubectl_prints_can_be_applied_again() {
    let yaml = "\
apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata:
  name: web
  namespace: shop
  creationTimestamp: 2021-03-02T08:12:45Z
  generation: 7
  resourceVersion: \"48377\"
  uid: 0d6a3c0c-2a77-4d6b-8a08-6f3c5dbb0a52
  selfLink: /apis/split.smi-spec.io/v1alpha2/namespaces/shop/trafficsplits/web
  managedFields: [{manager: kubectl, operation: Update, apiVersion: split.smi-spec.io/v1alpha1, fieldsType: FieldsV1, fieldsV1: {}}]
spec: {service: web, backends: [{service: v1, weight: 1}]}
";
    let (code, text) = quickstart(&["-"], yaml);
    assert_eq!(code, ALL_READ, "{text}");
    let row: Vec<_> = text.lines().nth(1).unwrap().split_whitespace().take(3).collect();
    assert_eq!(row, ["TrafficSplit", "v1alpha2", "shop/web"]);
}

#[test]
fn the_crds_of_manifests_take_no_version_away() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(
        "crds/trafficsplits.split.smi-spec.io.yaml",
        folder.path().join("a-crd.yaml"),
    )
    .unwrap();
    let split = "{apiVersion: split.smi-spec.io/v1alpha1, kind: TrafficSplit, metadata: {name: web}, spec: {service: web, backends: []}}";
    fs::write(folder.path().join("b-split.yaml"), split).unwrap();
    let (code, text) = quickstart(&[path(folder.path())], "");
    assert_eq!(code, ALL_READ, "{text}");
    assert!(text.contains("1 other object skipped"), "{text}");
}

#[test]
fn a_file_that_cannot_be_opened_is_named_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.yaml");
    let (code, text) = quickstart(&[path(&missing), "examples/demo/namespaces.yaml"], "");
    assert_eq!(code, SOME_UNREADABLE);
    let expected = format!("cannot read `{}`: no such file or folder", missing.display());
    assert_eq!(text.lines().last().unwrap(), expected);
    assert!(
        text.starts_with("0 objects from 1 file; 2 other objects applied; 1 could not be read\n"),
        "{text}"
    );
}

#[test]
fn strict_reading_refuses_what_lenient_reading_ignores() {
    let yaml = "\
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: {name: db, namespace: shop}
spec:
  matches: {ports: [3306], prots: [1]}
  matches: {ports: [3306]}
  foo: bar
";
    assert_eq!(said(yaml), "port 3306; without effect: spec.foo");
    let (code, text) = quickstart(&["--strict", "-"], yaml);
    assert_eq!(code, SOME_UNREADABLE);
    assert_eq!(
        text.lines().last().unwrap(),
        "stdin:7: TCPRoute `shop/db`: unknown field `spec.foo`, duplicate key `spec.matches`"
    );
}

#[test]
fn garbage_in_a_folder_is_named_file_by_file_and_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let route =
        "{apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: {name: db}, spec: {matches: {ports: [1]}}}";
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let bad: [(&str, &[u8]); 6] = [
        ("binary.yaml", b"\x7fELF\x02\x01\x01\0\0\0\0"),
        ("deep.json", deep.as_bytes()),
        ("latin.yaml", b"kind: caf\xe9\n"),
        ("scalar.yaml", b"just words\n"),
        ("truncated.json", br#"{"kind": "TrafficSplit", "meta"#),
        ("unclosed.yaml", b"kind: [TrafficSplit\n"),
    ];
    for (name, bytes) in bad {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::write(folder.path().join("good.yml"), route).unwrap();
    fs::write(folder.path().join("notes.txt"), "not a manifest").unwrap();

    let (code, text) = quickstart(&[path(folder.path())], "");
    assert_eq!(code, SOME_UNREADABLE);
    assert!(
        text.contains("1 object from 7 files: 1 TCPRoute; 6 could not be read\n"),
        "{text}"
    );
    let (_, errors) = text.split_once("Could not be read:\n").unwrap();
    assert_eq!(errors.lines().count(), bad.len(), "{errors}");
    for ((name, _), line) in bad.iter().zip(errors.lines()) {
        let place = format!("{}:1: ", folder.path().join(name).display());
        let reason = line
            .strip_prefix(&place)
            .unwrap_or_else(|| panic!("{place} is not in {line}"));
        assert!(!reason.is_empty(), "{line}");
    }
}
