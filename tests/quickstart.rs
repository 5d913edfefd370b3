//! The quickstart example: the table, the count, what could not be read, and its exit codes.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]

use std::{
    error::Error,
    ffi::OsString,
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use kube::{
    Api, Client, Config,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use proptest::prelude::*;
use quickstart::{
    ALL_READ, SOME_UNREADABLE, apply, follow,
    mesh::{Mesh, Origin},
    run,
    shares::percents,
    table::Screen,
};
use smi_sdk::{
    Conversion, CrdOptions, kube,
    split::{
        v1alpha1,
        v1alpha4::{Backend, TrafficSplit, TrafficSplitSpec},
    },
};
use tokio::sync::Notify;

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../examples/quickstart/main.rs"]
mod quickstart;

const DEMO: &str = "examples/demo";

/// The exit code and the text that `arguments` lead to.
fn quickstart_on(screen: Screen, arguments: &[&str], stdin: &str) -> (u8, String) {
    let mut stdout = Vec::new();
    let code = run_to(arguments, stdin, &mut stdout, screen).unwrap();
    (code, String::from_utf8(stdout).unwrap())
}

/// Runs the program to its end.
fn run_to(arguments: &[&str], stdin: &str, out: &mut impl io::Write, screen: Screen) -> Result<u8, Box<dyn Error>> {
    let arguments = arguments.iter().map(OsString::from);
    let never = std::future::pending();
    runtime().block_on(run(arguments, stdin.as_bytes(), out, screen, never))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn quickstart(arguments: &[&str], stdin: &str) -> (u8, String) {
    quickstart_on(Screen::default(), arguments, stdin)
}

/// What the table says about the first object of a mesh.
fn first(table: &str) -> String {
    let mut lines = table.lines();
    let start = lines.next().unwrap().find("WHAT IT SAYS").unwrap();
    lines.next().unwrap()[start..].to_owned()
}

/// What the table says about the first object in `yaml`.
fn said(yaml: &str) -> String {
    let (code, text) = quickstart(&["-"], yaml);
    assert_eq!(code, ALL_READ, "{text}");
    first(&text)
}

/// The same on a cluster whose CRDs take anything, as some do that others publish.
fn said_by_a_lax_cluster(yaml: &str) -> String {
    let mut crds = smi_sdk::crds(&CrdOptions {
        conversion: Conversion::webhook_url("https://127.0.0.1/convert", ""),
        ..CrdOptions::default()
    });
    let anything =
        serde_json::json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    for version in crds.iter_mut().flat_map(|crd| &mut crd.spec.versions) {
        version.schema = serde_json::from_value(anything.clone()).unwrap();
    }
    let server = smi_fake::Server::new(crds).with_converter(smi_sdk::convert::converters());
    assert_eq!(server.refused(), [""; 0]);
    runtime().block_on(async {
        let client = server.client();
        let documents = smi_sdk::manifest::read(yaml.as_bytes(), "stdin").collect();
        let applied = apply::apply(&client, documents).await.unwrap();
        let (listers, mut events) = smi_sdk::Informers::new(client).start();
        follow::sync(&listers, &mut events).await.unwrap();
        let mesh = Mesh::of(&listers, &applied, &Origin::Files);
        assert!(mesh.is_whole(), "{}", mesh.print(Screen::default()));
        first(&mesh.print(Screen::default()))
    })
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
            (ALL_READ, "0 objects from 0 files\n".to_owned())
        );
    }
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

#[test]
fn what_would_act_on_a_terminal_is_spelled_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("red\u{1b}[31m.yaml");
    let yaml = r#"
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: web}
spec: {service: "\u009bapex\e]0;title\a\u202E", backends: [{service: "a\tb\u200b", weight: 1}]}
---
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: "web\e]0;title\a\u202E", namespace: "shop\r\n"}
spec: {service: web}
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
    assert!(
        text.contains(r"\u{9b}apex\u{1b}]0;title\u{7}\u{202e} -> a\tb\u{200b} 100% (1)"),
        "{text}"
    );
    assert!(
        text.contains(r"red\u{1b}[31m.yaml:7: TrafficSplit `shop\r\n/web\u{1b}]0;title\u{7}\u{202e}`: "),
        "{text}"
    );
    assert!(
        text.contains(r"red\u{1b}[31m.yaml:15: TrafficSplit `bad\u{1b}[2J`"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 10, "{text}");
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
    // Of what no server checks: a name there has no wide letters.
    let metrics = |name| {
        format!(
            "---\n{{apiVersion: metrics.smi-spec.io/v1alpha2, kind: TrafficMetrics, metadata: {{name: {name}}}, resource: {{kind: Pod, name: a}}, metrics: []}}\n"
        )
    };
    let (_, text) = quickstart(&["-"], &[metrics("db"), metrics("数据库")].concat());
    let lines: Vec<_> = text.lines().skip(1).take(2).collect();
    assert_eq!(
        lines,
        [
            "TrafficMetrics  v1alpha2  db      Pod a: no values",
            "TrafficMetrics  v1alpha2  数据库  Pod a: no values"
        ]
    );
}

/// What a running program has printed so far.
#[derive(Clone, Default)]
struct Screenful(Arc<(Mutex<Vec<u8>>, Notify)>);

impl Screenful {
    fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().clone()).unwrap()
    }

    /// Waits until `text` was printed.
    async fn shows(&self, text: &str) {
        let shown = async {
            while !self.text().contains(text) {
                self.0.1.notified().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), shown).await;
        assert!(waited.is_ok(), "`{text}` is not in:\n{}", self.text());
    }
}

impl io::Write for Screenful {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.0.0.lock().map_err(|_| io::ErrorKind::Other)?;
        text.extend_from_slice(bytes);
        self.0.1.notify_one();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn split(name: &str, weight: u32) -> TrafficSplit {
    let spec = TrafficSplitSpec {
        service: "web".into(),
        backends: vec![Backend::new("web-v1", weight)],
        ..Default::default()
    };
    TrafficSplit::new(name, spec)
}

#[test]
fn watching_prints_what_others_do_to_the_mesh_and_then_stops() {
    let screenful = Screenful::default();
    let stop = Notify::new();
    let mut out = screenful.clone();
    let program = async {
        let arguments = ["--watch", DEMO].map(OsString::from);
        run(arguments, io::empty(), &mut out, Screen::default(), stop.notified())
            .await
            .unwrap()
    };
    let others = async {
        screenful.shows("Watching").await;
        let text = screenful.text();
        let path = text.split("KUBECONFIG=").nth(1).unwrap().lines().next().unwrap();
        // As a kubectl of somebody else, over the network.
        let kubeconfig = Kubeconfig::read_from(path).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        let client = Client::try_from(config).unwrap();
        let splits: Api<TrafficSplit> = Api::namespaced(client.clone(), "shop");
        splits.create(&PostParams::default(), &split("new", 1)).await.unwrap();
        screenful
            .shows("+ TrafficSplit  v1alpha4  shop/new  web -> web-v1 100% (1)\n")
            .await;
        let change = serde_json::json!({"spec": {"backends": [{"service": "web-v2", "weight": 3}]}});
        splits
            .patch("new", &PatchParams::default(), &Patch::Merge(change))
            .await
            .unwrap();
        screenful
            .shows("~ TrafficSplit  v1alpha4  shop/new  web -> web-v2 100% (3)\n")
            .await;
        // An old version is said as the newest, and known as an old one.
        let old: Api<v1alpha1::TrafficSplit> = Api::namespaced(client, "shop");
        let json = serde_json::json!({"apiVersion": "split.smi-spec.io/v1alpha1", "kind": "TrafficSplit",
            "metadata": {"name": "old"}, "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": "500m"}]}});
        // The answer would have to be converted down, which this release cannot; the object is written all the same.
        let _ = old
            .create(&PostParams::default(), &serde_json::from_value(json).unwrap())
            .await;
        screenful
            .shows("+ TrafficSplit  v1alpha1  shop/old  web -> web-v1 100%")
            .await;
        splits.delete("new", &DeleteParams::default()).await.unwrap();
        screenful.shows("- TrafficSplit  shop/new\n").await;
        // What was there before is no news.
        let news: Vec<_> = screenful
            .text()
            .split_once("ends it.\n")
            .unwrap()
            .1
            .lines()
            .map(str::to_owned)
            .collect();
        let signs: String = news.iter().filter_map(|line| line.chars().next()).collect();
        assert_eq!(signs, "+~+-", "{news:?}");
        stop.notify_one();
        path.to_owned()
    };
    let (code, kubeconfig) = runtime().block_on(async { tokio::join!(program, others) });
    assert_eq!(code, SOME_UNREADABLE);
    assert!(!Path::new(&kubeconfig).exists(), "the token outlives the server");
}

/// A cluster with two splits in `shop` and one in `other`, of which one cannot be read, and its kubeconfig.
async fn cluster(folder: &Path) -> (smi_fake::Server, String) {
    let server = smi_fake::Server::new(smi_sdk::crds(&CrdOptions::default()));
    let client = server.client();
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(client.clone());
    for (namespace, names) in [("shop", &["good", "bad"][..]), ("other", &["far"])] {
        let object = serde_json::from_value(serde_json::json!({"metadata": {"name": namespace}})).unwrap();
        namespaces.create(&PostParams::default(), &object).await.unwrap();
        let splits: Api<TrafficSplit> = Api::namespaced(client.clone(), namespace);
        for name in names {
            splits.create(&PostParams::default(), &split(name, 1)).await.unwrap();
        }
    }
    server.faults().corrupt("trafficsplits", "shop", "bad");
    let kubeconfig = server.listen().await.unwrap().kubeconfig();
    let file = folder.join("kubeconfig.yaml");
    fs::write(&file, serde_json::to_vec(&kubeconfig).unwrap()).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (server, file)
}

#[test]
fn a_cluster_is_read_and_never_written() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (server, file) = cluster(folder.path()).await;
        let before = server.resource_version();
        let read = |namespace: &'static str| {
            let mut arguments: Vec<OsString> = vec!["--kubeconfig".into(), file.clone().into()];
            if !namespace.is_empty() {
                arguments.extend(["--namespace".into(), namespace.into()]);
            }
            async move {
                let mut out = Vec::new();
                let code = run(
                    arguments,
                    io::empty(),
                    &mut out,
                    Screen::default(),
                    std::future::pending(),
                );
                (code.await.unwrap(), String::from_utf8(out).unwrap())
            }
        };
        let (code, text) = read("").await;
        assert_eq!(code, SOME_UNREADABLE);
        insta::assert_snapshot!("cluster", text);
        let (code, text) = read("other").await;
        assert_eq!(code, ALL_READ);
        assert!(
            text.contains("other/far") && text.contains("\n1 object in the cluster"),
            "{text}"
        );
        assert_eq!(server.resource_version(), before);
    });
}

#[test]
fn watching_a_cluster_tells_what_turns_bad_and_good_again() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (server, file) = cluster(folder.path()).await;
        let screenful = Screenful::default();
        let stop = Notify::new();
        let mut out = screenful.clone();
        let program = async {
            let arguments = ["--watch", "--kubeconfig", &file].map(OsString::from);
            let code = run(arguments, io::empty(), &mut out, Screen::default(), stop.notified());
            code.await.unwrap()
        };
        let others = async {
            screenful.shows("Watching").await;
            assert!(!screenful.text().contains("KUBECONFIG="), "who reads a cluster has one");
            let splits: Api<TrafficSplit> = Api::namespaced(server.client(), "shop");
            let touch = async |value: &str| {
                let label = Patch::Merge(serde_json::json!({"metadata": {"labels": {"touched": value}}}));
                let _ = splits.patch("good", &PatchParams::default(), &label).await;
            };
            server.faults().corrupt("trafficsplits", "shop", "good");
            touch("once").await;
            screenful
                .shows("! TrafficSplit  shop/good: `spec`: a map is expected")
                .await;
            server.faults().repair("trafficsplits", "shop", "good");
            touch("twice").await;
            screenful
                .shows("~ TrafficSplit  v1alpha4  shop/good  web -> web-v1 100% (1)")
                .await;
            let text = screenful.text();
            assert_eq!(text.split_once("ends it.\n").unwrap().1.lines().count(), 2, "{text}");
            stop.notify_one();
        };
        tokio::join!(program, others);
    });
}

#[test]
fn a_context_that_is_not_there_and_a_server_that_does_not_answer_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let read = |server: smi_fake::Server, arguments: Vec<OsString>| async move {
        let mut out = Vec::new();
        let result = run(
            arguments,
            io::empty(),
            &mut out,
            Screen::default(),
            std::future::pending(),
        )
        .await;
        drop(server);
        result.unwrap_err().to_string()
    };
    runtime().block_on(async {
        let (server, file) = cluster(folder.path()).await;
        let arguments = ["--kubeconfig", &file, "--context", "prod"]
            .map(OsString::from)
            .to_vec();
        let error = read(server.clone(), arguments).await;
        assert!(error.contains("prod"), "{error}");
        server.faults().internal_errors();
        let error = read(server, ["--kubeconfig", &file].map(OsString::from).to_vec()).await;
        assert!(error.contains("a fault was asked for"), "{error}");
    });
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
    ] {
        let mut stdout = Vec::new();
        let error = run_to(arguments, "", &mut stdout, Screen::default()).unwrap_err();
        assert_eq!(error.to_string(), reason);
        assert!(stdout.is_empty());
    }
    let (code, help) = quickstart(&["--help"], "");
    assert_eq!(code, ALL_READ);
    assert!(help.contains("--strict"));
}

#[test]
fn a_target_that_grants_nothing_says_why() {
    let target = |fields: &str| {
        said_by_a_lax_cluster(&format!(
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
        said_by_a_lax_cluster(yaml),
        "web -> api: tcp smi-port-8080 (port 8080); without effect: spec.rules[1]"
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
        assert_eq!(said_by_a_lax_cluster(&yaml), says);
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
