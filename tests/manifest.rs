//! Manifests of several kinds and versions as typed objects.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]

use std::{fs, io};

use kube::ResourceExt;
use smi_sdk::manifest::{self, Document, ManifestError, Object, ReadOptions};

fn read(text: &str) -> Vec<Result<Document, ManifestError>> {
    manifest::read(text.as_bytes(), "m.yaml").collect()
}

fn strict_error(text: &str) -> String {
    let mut read = manifest::read_with(text.as_bytes(), "m.yaml", ReadOptions::default().strict());
    read.next().unwrap().unwrap_err().to_string()
}

const SPLIT: &str = "\
apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata: {name: web, namespace: shop}
spec:
  service: web
  backends:
  - {service: web-v1, weight: 1}
";

#[test]
fn every_kind_comes_at_its_newest_version() {
    let kinds: Vec<_> = read(
        "\
apiVersion: v1
kind: List
items:
- {apiVersion: access.smi-spec.io/v1alpha1, kind: TrafficTarget, metadata: {name: a}, destination: {kind: S, name: b}}
- {apiVersion: access.smi-spec.io/v1alpha4, kind: IdentityBinding, metadata: {name: a}, spec: {schemes: {}}}
- {apiVersion: specs.smi-spec.io/v1alpha2, kind: HTTPRouteGroup, metadata: {name: a}, matches: []}
- {apiVersion: specs.smi-spec.io/v1alpha3, kind: TCPRoute, metadata: {name: a}}
- {apiVersion: specs.smi-spec.io/v1alpha4, kind: UDPRoute, metadata: {name: a}, spec: {matches: {}}}
- {apiVersion: split.smi-spec.io/v1alpha1, kind: TrafficSplit, metadata: {name: a}, spec: {service: a, backends: []}}
- apiVersion: metrics.smi-spec.io/v1alpha1
  kind: TrafficMetrics
  metadata: {name: a}
  resource: {kind: Pod, name: a}
  edge: {direction: from, resource: null}
  timestamp: 2019-04-08T22:25:55Z
  window: 30s
  metrics: []
- {apiVersion: v1, kind: Service, metadata: {name: a}}
",
    )
    .into_iter()
    .map(|document| document.unwrap().object.kind().to_owned())
    .collect();
    assert_eq!(
        kinds,
        [
            "TrafficTarget",
            "IdentityBinding",
            "HTTPRouteGroup",
            "TCPRoute",
            "UDPRoute",
            "TrafficSplit",
            "TrafficMetrics",
            "Service"
        ]
    );
}

#[test]
fn other_kinds_pass_through_untouched() {
    let other = "apiVersion: gateway.networking.k8s.io/v1\nkind: TCPRoute\nspec: {x: [1, null]}\n";
    let read_other = read(other);
    let Object::Other(value) = &read_other[0].as_ref().unwrap().object else {
        panic!("not passed through")
    };
    assert_eq!(
        *value,
        serde_json::json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "TCPRoute", "spec": {"x": [1, null]}})
    );
    assert!(matches!(
        read("replicas: 3\n")[0].as_ref().unwrap().object,
        Object::Other(_)
    ));
}

#[test]
fn errors_name_the_line_of_the_field_and_the_object() {
    let text = format!("{SPLIT}  - service: web-v2\n    weight: 33.3\n---\n{SPLIT}");
    let read = read(&text);
    assert_eq!(
        read[0].as_ref().unwrap_err().to_string(),
        "m.yaml:9: TrafficSplit `shop/web`: `spec.backends[1].weight`: the weight `33.3` is not a whole number"
    );
    let Ok(Document {
        object: Object::TrafficSplit(split),
        at,
        ..
    }) = &read[1]
    else {
        panic!("{read:?}")
    };
    assert_eq!(
        (split.name_any().as_str(), at.to_string().as_str()),
        ("web", "m.yaml:11")
    );
}

#[test]
fn what_is_not_known_within_the_groups_is_an_error() {
    for (text, message) in [
        (
            "apiVersion: split.smi-spec.io/v1alpha4\nkind: Split\n",
            "m.yaml:1: Split: `split.smi-spec.io` has no kind `Split`, only `TrafficSplit`",
        ),
        (
            "apiVersion: split.smi-spec.io/v1alpha4\n",
            "m.yaml:1: the object has no `kind`",
        ),
        (
            "apiVersion: metrics.smi-spec.io/v1\nkind: TrafficMetrics\n",
            "m.yaml:1: TrafficMetrics: `TrafficMetrics` has no version `v1` in `metrics.smi-spec.io`, only `v1alpha1`, `v1alpha2`",
        ),
    ] {
        assert_eq!(read(text)[0].as_ref().unwrap_err().to_string(), message);
    }
}

#[test]
fn a_kind_of_smi_without_a_version_is_an_error_that_says_what_to_write() {
    let missing = "the object has no `apiVersion`";
    for (kind, wanted) in [
        ("TrafficTarget", "access.smi-spec.io/v1alpha4"),
        ("IdentityBinding", "access.smi-spec.io/v1alpha4"),
        ("HTTPRouteGroup", "specs.smi-spec.io/v1alpha4"),
        ("TCPRoute", "specs.smi-spec.io/v1alpha4"),
        ("UDPRoute", "specs.smi-spec.io/v1alpha4"),
        ("TrafficSplit", "split.smi-spec.io/v1alpha4"),
        ("TrafficMetrics", "metrics.smi-spec.io/v1alpha2"),
        ("TrafficMetricsList", "metrics.smi-spec.io/v1alpha2"),
    ] {
        let group = wanted.split('/').next().unwrap();
        for (line, what) in [
            ("", missing.to_owned()),
            ("apiVersion:\n", missing.to_owned()),
            (
                &*format!("apiVersion: {group}\n"),
                format!("the `apiVersion` `{group}` has no version"),
            ),
        ] {
            let read = read(&format!("x: 1\n---\nkind: {kind}\n{line}metadata: {{name: a}}\n"));
            let error = read[1].as_ref().unwrap_err().to_string();
            assert_eq!(
                error,
                format!("m.yaml:3: {kind} `a`: {what}: write `apiVersion: {wanted}`")
            );
        }
    }
    // A group that is mistyped could be anybody's, and so could a kind that is not ours.
    for other in [
        "{apiVersion: split.smi-spec.oi/v1alpha4, kind: TrafficSplit}",
        "{apiVersion: v1alpha4, kind: TrafficSplit}",
        "{kind: Service}",
    ] {
        let read = read(other);
        assert!(matches!(read[0].as_ref().unwrap().object, Object::Other(_)), "{read:?}");
    }
}

#[test]
fn lost_metadata_is_said_as_such() {
    let error = |metadata: &str| {
        let text = SPLIT.replace("metadata: {name: web, namespace: shop}\n", metadata);
        read(&text)[0].as_ref().unwrap_err().to_string()
    };
    assert_eq!(error(""), "m.yaml:1: TrafficSplit: `metadata`: the field is missing");
    assert_eq!(
        error("metadata:\n"),
        "m.yaml:3: TrafficSplit: `metadata`: a map is expected, not `null`"
    );
    assert_eq!(
        error("metadata: {namespace: shop}\n"),
        "m.yaml:3: TrafficSplit: `metadata.name`: the object has no name"
    );
}

#[test]
fn strict_reading_refuses_unknown_fields_and_duplicate_keys() {
    assert!(manifest::read_with(SPLIT.as_bytes(), "m.yaml", ReadOptions::default().strict()).all(|it| it.is_ok()));
    let unknown = format!("{SPLIT}  matches: []\n");
    assert!(read(&unknown)[0].is_ok());
    assert_eq!(
        strict_error(&unknown),
        "m.yaml:8: TrafficSplit `shop/web`: unknown field `spec.matches`"
    );
    let repeated = format!("{SPLIT}  service: api\nextra: 1\n");
    assert!(read(&repeated)[0].is_ok());
    assert_eq!(
        strict_error(&repeated),
        "m.yaml:9: TrafficSplit `shop/web`: unknown field `extra`, duplicate key `spec.service`"
    );
}

#[test]
fn lenient_reading_lists_what_it_ignores_as_losses() {
    let text = format!("{SPLIT}  service: api\n  matches: []\nextra: 1\n");
    let read = read(&text);
    let losses: Vec<_> = read[0]
        .as_ref()
        .unwrap()
        .losses
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        losses,
        [
            "`spec.matches`: the object's version has no such field",
            "`extra`: the object's version has no such field",
            "`spec.service`: there more than once, the last one counts",
        ]
    );
}

#[test]
fn what_conversion_adds_and_loses_comes_with_the_document() {
    let read = read(
        "\
apiVersion: access.smi-spec.io/v1alpha2
kind: TrafficTarget
metadata: {name: a, namespace: shop}
spec:
  destination: {kind: ServiceAccount, name: api, port: 8080}
  sources: [{kind: ServiceAccount, name: web}]
  rules: [{kind: HTTPRouteGroup, name: r}]
",
    );
    let document = read[0].as_ref().unwrap();
    assert_eq!(document.api_version(), "access.smi-spec.io/v1alpha2");
    assert_eq!(document.companions[0].metadata.name.as_deref(), Some("smi-port-8080"));
    assert_eq!(document.losses[0].path.to_string(), "spec.destination.port");
    assert_eq!(document.source.line_of(&document.losses[0].path), 5);
}

#[test]
fn files_folders_and_standard_input_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/a.yaml"), SPLIT).unwrap();
    fs::write(folder.path().join("notes.txt"), "not read").unwrap();
    let json = r#"{"apiVersion":"specs.smi-spec.io/v1alpha4","kind":"TCPRoute","metadata":{"name":"r"},"spec":{}}"#;
    let missing = folder.path().join("missing.yaml");
    let paths = [folder.path().to_owned(), "-".into(), missing.clone()];
    let read: Vec<_> = manifest::read_paths(paths, json.as_bytes(), ReadOptions::default()).collect();
    assert_eq!(read.len(), 3);
    assert!(read[0].as_ref().unwrap().at.to_string().ends_with("sub/a.yaml:1"));
    assert_eq!(read[1].as_ref().unwrap().at.to_string(), "stdin:1");
    assert_eq!(
        read[2].as_ref().unwrap_err().to_string(),
        format!("cannot read `{}`: no such file or folder", missing.display())
    );
    assert_eq!(
        manifest::read_paths(["-"], io::empty(), ReadOptions::default()).count(),
        0
    );
}

#[test]
fn a_list_of_smi_without_items_is_an_empty_one() {
    for text in [
        "apiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplitList\nitems:\n",
        r#"{"apiVersion": "access.smi-spec.io/v1alpha3", "kind": "TrafficTargetList", "metadata": {"resourceVersion": "7"}}"#,
        "apiVersion: specs.smi-spec.io/v1alpha4\nkind: TCPRouteList\nitems: null\n",
    ] {
        assert!(read(text).is_empty(), "{text}");
    }
    let error = read("apiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplitList\nitems: {a: 1}\n").remove(0);
    assert_eq!(
        error.unwrap_err().to_string(),
        "m.yaml:3: `items`: a list is expected, not a map"
    );
}
