//! What the table says about an object.

use smi_sdk::{Conversion, CrdOptions};

use crate::{
    program::{quickstart, runtime},
    quickstart::{
        ALL_READ, apply, follow,
        mesh::{Mesh, Origin},
        table::Screen,
    },
};

/// What the table says about the first object of a mesh.
pub(crate) fn first(table: &str) -> String {
    let mut lines = table.lines();
    let start = lines.next().unwrap().find("WHAT IT SAYS").unwrap();
    lines.next().unwrap()[start..].to_owned()
}

/// What the table says about the first object in `yaml`.
pub(crate) fn said(yaml: &str) -> String {
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
        follow::sync(&listers, &mut events, None).await.unwrap();
        let mesh = Mesh::of(&listers, &applied, &Origin::Files);
        assert!(mesh.is_whole(), "{}", mesh.print(Screen::default()));
        first(&mesh.print(Screen::default()))
    })
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
            "access",
            "IdentityBinding",
            "schemes: {podLabelSelector: {}}",
            "stands for nobody: a pod selector without matchLabels",
        ),
        (
            "access",
            "IdentityBinding",
            "schemes: {podLabelSelector: {matchExpressions: [{key: team, operator: Exists}]}}",
            "stands for nobody: a pod selector without matchLabels; without effect: spec.schemes.podLabelSelector.matchExpressions",
        ),
        (
            "access",
            "IdentityBinding",
            "schemes: {podLabelSelector: {}, spiffeIdentities: [\"\", a.b/c]}",
            "stands for a.b/c",
        ),
        (
            "access",
            "IdentityBinding",
            "schemes: {serviceAccount: \"\", spiffeIdentities: [\"\"]}",
            "stands for nobody: no names",
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
