//! The quickstart example: the table, the count, what could not be read, and its exit codes.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]

use std::{ffi::OsString, fs, io, path::Path};

use proptest::prelude::*;
use quickstart::{ALL_READ, SOME_UNREADABLE, run, shares::percents, table::Screen};

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../examples/quickstart/main.rs"]
mod quickstart;

const DEMO: &str = "examples/demo";

/// The exit code and the text that `arguments` lead to.
fn quickstart_on(screen: Screen, arguments: &[&str], stdin: &str) -> (u8, String) {
    let mut stdout = Vec::new();
    let arguments = arguments.iter().map(OsString::from);
    let code = run(arguments, stdin.as_bytes(), &mut stdout, screen).unwrap();
    (code, String::from_utf8(stdout).unwrap())
}

fn quickstart(arguments: &[&str], stdin: &str) -> (u8, String) {
    quickstart_on(Screen::default(), arguments, stdin)
}

/// What the table says about the only object in `yaml`.
fn said(yaml: &str) -> String {
    let (code, text) = quickstart(&["-"], yaml);
    assert_eq!(code, ALL_READ, "{text}");
    let mut lines = text.lines();
    let start = lines.next().unwrap().find("WHAT IT SAYS").unwrap();
    lines.next().unwrap()[start..].to_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_demo_mesh_reads_as_the_snapshot_shows() {
    let (code, text) = quickstart(&[], "");
    assert_eq!(code, ALL_READ, "the demo is broken on purpose");
    insta::assert_snapshot!("demo", text);
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let (_, text) = quickstart(&[], "");
    let readme = include_str!("../README.md");
    assert!(
        readme.contains(&format!("```text\n{text}```\n")),
        "the README does not show what the demo prints"
    );
}

#[test]
fn the_demo_mesh_has_every_kind_and_old_versions_of_most() {
    let (_, text) = quickstart(&[DEMO], "");
    for row in [
        "TrafficTarget v1alpha1",
        "TrafficTarget v1alpha2",
        "TrafficTarget v1alpha3",
        "TrafficTarget v1alpha4",
        "IdentityBinding v1alpha4",
        "HTTPRouteGroup v1alpha2",
        "HTTPRouteGroup v1alpha4",
        "TCPRoute v1alpha3",
        "TCPRoute v1alpha4",
        "UDPRoute v1alpha4",
        "TrafficSplit v1alpha1",
        "TrafficSplit v1alpha2",
        "TrafficSplit v1alpha3",
        "TrafficSplit v1alpha4",
        "TrafficMetrics v1alpha1",
        "TrafficMetrics v1alpha2",
    ] {
        let is_there = |line: &str| line.split_whitespace().take(2).eq(row.split(' '));
        assert!(text.lines().any(is_there), "no {row}");
    }
}

#[test]
fn the_demo_mesh_has_nothing_that_strict_reading_refuses_besides() {
    assert_eq!(quickstart(&["--strict", DEMO], ""), quickstart(&[DEMO], ""));
}

#[test]
fn what_could_not_be_read_fails_a_folder_that_was_asked_for() {
    let (code, text) = quickstart(&[DEMO], "");
    assert_eq!(code, SOME_UNREADABLE);
    assert_eq!(text, quickstart(&[], "").1);
}

#[test]
fn objects_stand_by_namespace_then_kind_then_name() {
    let object = |group: &str, kind: &str, name: &str, rest: &str| {
        format!(
            "---\n{{apiVersion: {group}.smi-spec.io/v1alpha4, kind: {kind}, metadata: {{{name}}}, spec: {{{rest}}}}}\n"
        )
    };
    let split = |name| object("split", "TrafficSplit", name, "service: web");
    let route = |name| object("specs", "TCPRoute", name, "");
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
            ["TrafficSplit", "v1alpha4", "three"],
            ["TCPRoute", "v1alpha4", "a/two"],
            ["TrafficSplit", "v1alpha4", "a/one"],
            ["TrafficTarget", "v1alpha4", "b/one"],
            ["TrafficTarget", "v1alpha4", "b/two"],
            ["TCPRoute", "v1alpha4", "b/one"],
        ]
    );
}

#[test]
fn empty_input_has_a_count_and_no_table() {
    for empty in ["", "---\n---\n", "# nothing\n"] {
        assert_eq!(
            quickstart(&["-"], empty),
            (ALL_READ, "0 objects from 0 files\n".to_owned())
        );
    }
}

#[test]
fn objects_of_other_kinds_are_counted_and_not_listed() {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: web}}";
    let (code, text) = quickstart(&["-"], service);
    assert_eq!(
        (code, text.as_str()),
        (ALL_READ, "0 objects from 1 file; 1 other object skipped\n")
    );
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
        text.starts_with("0 objects from 1 file; 2 other objects skipped; 1 could not be read\n"),
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
    let route = "{apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: {name: db}, spec: {}}";
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

#[test]
fn what_would_act_on_a_terminal_is_spelled_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("red\u{1b}[31m.yaml");
    let yaml = r#"
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: "web\e]0;title\a\u202E", namespace: "shop\r\n"}
spec: {service: "\u009bapex", backends: [{service: "a\tb\u200b", weight: 1}]}
---
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: "bad\e[2J"}
spec: {service: web, backends: [{service: a, weight: "\e[1m"}]}
"#;
    fs::write(&file, yaml).unwrap();
    let (code, text) = quickstart(&[path(&file)], "");
    assert_eq!(code, SOME_UNREADABLE);
    let acts =
        |character: &char| (character.is_control() && *character != '\n') || "\u{202e}\u{200b}".contains(*character);
    assert_eq!(text.chars().find(acts), None, "{text}");
    assert!(text.contains(r"shop\r\n/web\u{1b}]0;title\u{7}\u{202e}"), "{text}");
    assert!(
        text.contains(r"red\u{1b}[31m.yaml:10: TrafficSplit `bad\u{1b}[2J`"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 7, "{text}");
}

#[test]
fn a_terminal_gets_colours_and_lines_of_its_width() {
    let screen = Screen {
        colour: true,
        width: Some(100),
    };
    let (_, coloured) = quickstart_on(screen, &[DEMO], "");
    assert!(
        coloured.contains("\u{1b}[33mgrants nothing: no rules (web -> refunds)\u{1b}[0m"),
        "{coloured}"
    );

    let (_, plain) = quickstart_on(screen, &["--no-color", DEMO], "");
    assert!(!plain.contains('\u{1b}'));
    let table: Vec<_> = plain.lines().take_while(|line| !line.is_empty()).collect();
    let longest = table.iter().map(|line| line.chars().count()).max();
    assert_eq!(longest, Some(100));
    assert!(table.iter().any(|line| line.ends_with('…')));
    // Reasons are what the reader needs: they are never cut.
    assert!(plain.ends_with("from v1alpha2 on it is a whole number\n"));
}

#[test]
fn wide_letters_keep_the_columns_aligned() {
    let route = |name| {
        format!(
            "---\n{{apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: {{name: {name}}}, spec: {{}}}}\n"
        )
    };
    let (_, text) = quickstart(&["-"], &[route("db"), route("数据库")].concat());
    let lines: Vec<_> = text.lines().skip(1).take(2).collect();
    assert_eq!(
        lines,
        [
            "TCPRoute  v1alpha4  db      every port",
            "TCPRoute  v1alpha4  数据库  every port"
        ]
    );
}

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
    let to = |kind| run([], io::empty(), &mut Fails(kind), Screen::default());
    assert_eq!(to(io::ErrorKind::BrokenPipe).unwrap(), ALL_READ);
    to(io::ErrorKind::StorageFull).unwrap_err();
}

#[test]
fn wrong_arguments_are_an_error_and_help_is_not() {
    let mut stdout = Vec::new();
    let error = run(["--colour".into()], io::empty(), &mut stdout, Screen::default()).unwrap_err();
    assert_eq!(error.to_string(), "invalid option '--colour'");
    assert!(stdout.is_empty());
    let (code, help) = quickstart(&["--help"], "");
    assert_eq!(code, ALL_READ);
    assert!(help.contains("--strict"));
}

#[test]
fn a_target_that_grants_nothing_says_why() {
    let target = |fields: &str| {
        said(&format!(
            "{{apiVersion: access.smi-spec.io/v1alpha3, kind: TrafficTarget, metadata: {{name: it, namespace: shop}}, spec: {{{fields}}}}}"
        ))
    };
    let web = "sources: [{kind: ServiceAccount, name: web}]";
    let group = "sources: [{kind: Group, name: devs}]";
    let api = "destination: {kind: ServiceAccount, name: api, namespace: shop}";
    let rule = "rules: [{kind: TCPRoute, name: db}]";
    for (fields, says) in [
        (
            format!("{api}, {web}, rules: []"),
            "grants nothing: no rules (web -> api)",
        ),
        (
            format!("{api}, sources: [], {rule}"),
            "grants nothing: no sources (nobody -> api)",
        ),
        (
            format!("{api}, {group}, {rule}"),
            "grants nothing: no source of a known kind (Group devs -> api)",
        ),
        (
            format!("{api}, {web}, rules: [{{kind: GRPCRoute, name: it}}]"),
            "grants nothing: no rule of a known kind (web -> api)",
        ),
        (
            format!("destination: {{kind: Pod, name: x}}, {web}, {rule}"),
            "grants nothing: no destination of a known kind (web -> Pod x)",
        ),
        (format!("{api}, {web}, {rule}"), "web -> api: tcp db"),
    ] {
        assert_eq!(target(&fields), says);
    }
}

#[test]
fn what_an_old_version_cannot_mean_is_said_to_be_without_effect() {
    let yaml = "\
apiVersion: access.smi-spec.io/v1alpha2
kind: TrafficTarget
metadata: {name: it}
spec:
  destination: {kind: ServiceAccount, name: api, port: 8080}
  sources: [{kind: ServiceAccount, name: web}]
  rules: [{kind: TCPRoute, name: db}, {kind: UDPRoute, name: dns}]
";
    assert_eq!(
        said(yaml),
        "web -> api: tcp smi-port-8080 (made for port 8080); without effect: spec.rules[1]"
    );
}

#[test]
fn routes_bindings_and_splits_that_come_to_nothing_say_so() {
    for (group, kind, spec, says) in [
        ("specs", "HTTPRouteGroup", "matches: []", "grants nothing: no matches"),
        (
            "specs",
            "HTTPRouteGroup",
            "matches: [{name: all, methods: [\"*\"], pathRegex: \"\"}]",
            "all: any",
        ),
        (
            "access",
            "IdentityBinding",
            "schemes: {}",
            "stands for nobody: no schemes",
        ),
        (
            "split",
            "TrafficSplit",
            "service: web",
            "sends nothing: no backends (web -> nowhere)",
        ),
        (
            "split",
            "TrafficSplit",
            "service: web, backends: [{service: v1, weight: 0}]",
            "sends nothing: every weight is 0 (web -> v1 0% (0))",
        ),
    ] {
        let yaml = format!(
            "{{apiVersion: {group}.smi-spec.io/v1alpha4, kind: {kind}, metadata: {{name: it}}, spec: {{{spec}}}}}"
        );
        assert_eq!(said(&yaml), says);
    }
}

#[test]
fn shares_are_rounded_by_largest_remainder() {
    for (weights, expected) in [
        (vec![90, 10], vec![90, 10]),
        (vec![1, 1, 1], vec![34, 33, 33]),
        (vec![1, 2, 2, 1], vec![17, 33, 33, 17]),
        (vec![0, 1], vec![0, 100]),
        (vec![0, 0], vec![0, 0]),
        (vec![], vec![]),
        (vec![1, 999], vec![0, 100]),
    ] {
        assert_eq!(percents(&weights), expected, "{weights:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shares_sum_to_a_hundred_and_are_within_one_of_the_exact_ones(
        weights in prop::collection::vec(prop_oneof![0..4_u32, 0..=i32::MAX as u32], 1..40),
    ) {
        let percents = percents(&weights);
        let total: f64 = weights.iter().copied().map(f64::from).sum();
        prop_assert_eq!(percents.iter().sum::<u32>(), if total > 0.0 { 100 } else { 0 });
        for (weight, percent) in weights.iter().zip(&percents).filter(|_| total > 0.0) {
            let exact = f64::from(*weight) * 100.0 / total;
            prop_assert!((f64::from(*percent) - exact).abs() < 1.0, "{} for {}", percent, exact);
            prop_assert!(*weight > 0 || *percent == 0);
        }
    }
}
