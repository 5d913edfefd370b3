//! Fields of another type than theirs.

use crate::{object, only_error, shown, split};

#[test]
fn matches_of_the_wrong_shape_are_named_with_their_line() {
    let group = |version: &str, body: &str| {
        let text = object(&format!("specs.smi-spec.io/{version}"), "HTTPRouteGroup", body);
        shown(text).remove(0).replace("HTTPRouteGroup `a`: ", "")
    };
    for (version, body, message) in [
        (
            "v1alpha2",
            "matches: {}",
            "m.yaml:5: `matches`: a list is expected, not a map",
        ),
        (
            "v1alpha4",
            "spec:\n  matches: {}",
            "m.yaml:6: `spec.matches`: a list is expected, not a map",
        ),
        (
            "v1alpha4",
            "spec: {matches: [a]}",
            "m.yaml:5: `spec.matches[0]`: a map is expected, not the string `a`",
        ),
        (
            "v1alpha4",
            "spec: {matches: [[a, [GET]]]}",
            "m.yaml:5: `spec.matches[0]`: a map is expected, not a list",
        ),
        (
            "v1alpha1",
            "matches: [[a, [GET]]]",
            "m.yaml:5: `matches[0]`: a map is expected, not a list",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{}]}",
            "m.yaml:5: `spec.matches[0].name`: the field is missing",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{name: a, methods: GET}]}",
            "m.yaml:5: `spec.matches[0].methods`: a list is expected, not the string `GET`",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{name: a, methods: [[\"*\"]]}]}",
            "m.yaml:5: `spec.matches[0].methods[0]`: a string is expected, not a list",
        ),
        (
            "v1alpha2",
            "matches:\n- name: a\n  headers:\n    x-debug: 1",
            "m.yaml:8: `matches[0].headers.x-debug`: a string is expected, not the number `1`",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{name: a, headers: [{X-A: a}, {x-a: b}]}]}",
            "m.yaml:5: `spec.matches[0].headers`: the header `x-a` is there more than once",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{name: a, headers: x-debug}]}",
            "m.yaml:5: `spec.matches[0].headers`: a list of maps, or a map, of header names to regular expressions is \
             expected, not the string `x-debug`",
        ),
    ] {
        assert_eq!(group(version, body), message, "{version} {body}");
    }

    // Ports are a map: `{}` means every port, a list is of no version.
    let tcp =
        |version: &str, body: &str| only_error(&object(&format!("specs.smi-spec.io/{version}"), "TCPRoute", body));
    assert_eq!(tcp("v1alpha4", "spec: {matches: {}}"), "TCPRoute");
    assert_eq!(
        tcp("v1alpha4", "spec: {matches: [{ports: [80]}]}"),
        "m.yaml:5: TCPRoute `a`: `spec.matches`: a map is expected, not a list"
    );
    for body in ["matches: {ports: [80]}", "matches: [{ports: [80]}]"] {
        assert_eq!(
            tcp("v1alpha2", body),
            "m.yaml:1: TCPRoute `a`: `matches` is of another version: this one has no fields but `metadata`"
        );
    }
}

/// Each kind and body with its only error, which does not repeat the name of the object.
fn wrong(cases: &[(&str, &str, &str, &str)]) {
    for (api_version, kind, body, message) in cases {
        let error = only_error(&object(api_version, kind, body));
        assert_eq!(error.replace(&format!("{kind} `a`: "), ""), *message, "{body}");
    }
}

#[test]
fn a_field_of_a_split_with_another_type_is_named_with_its_line() {
    let split = "split.smi-spec.io/v1alpha2";
    wrong(&[
        (
            split,
            "TrafficSplit",
            "",
            "m.yaml:1: `spec`: the field is missing: `v1alpha2` has `spec.backends`, `spec.service`",
        ),
        (
            split,
            "TrafficSplit",
            "spec:",
            "m.yaml:5: `spec`: a map is expected, not `null`",
        ),
        (
            split,
            "TrafficSplit",
            "spec: [web, []]",
            "m.yaml:5: `spec`: a map is expected, not a list",
        ),
        (
            split,
            "TrafficSplit",
            "spec:\n  backends: []",
            "m.yaml:5: `spec.service`: the field is missing",
        ),
        (
            split,
            "TrafficSplit",
            "spec:\n  service: {name: web, port: 80}",
            "m.yaml:6: `spec.service`: a string is expected, not a map",
        ),
        (
            split,
            "TrafficSplit",
            "spec:\n  service: web\n  backends: {service: a, weight: 1}",
            "m.yaml:7: `spec.backends`: a list is expected, not a map",
        ),
        (
            split,
            "TrafficSplit",
            "spec:\n  service: web\n  backends:\n  - [a, 1]",
            "m.yaml:8: `spec.backends[0]`: a map is expected, not a list",
        ),
    ]);
}

#[test]
fn a_field_of_another_kind_with_another_type_is_named_with_its_line() {
    let target = "access.smi-spec.io/v1alpha3";
    wrong(&[
        (
            target,
            "TrafficTarget",
            "spec: {}",
            "m.yaml:5: `spec.destination`: the field is missing",
        ),
        (
            target,
            "TrafficTarget",
            "spec:\n  destination: [ServiceAccount, api]",
            "m.yaml:6: `spec.destination`: a map is expected, not a list",
        ),
        (
            "access.smi-spec.io/v1alpha1",
            "TrafficTarget",
            "destination: [ServiceAccount, api]",
            "m.yaml:5: `destination`: a map is expected, not a list",
        ),
        (
            "access.smi-spec.io/v1alpha1",
            "TrafficTarget",
            "destination: {kind: S, name: a}\nsources:\n- kind: S",
            "m.yaml:7: `sources[0].name`: the field is missing",
        ),
        (
            "access.smi-spec.io/v1alpha4",
            "IdentityBinding",
            "spec: {schemes: {podLabelSelector: {matchLabels: {a: 1}}}}",
            "m.yaml:5: `spec.schemes.podLabelSelector.matchLabels[a]`: a string is expected, not the number `1`",
        ),
        (
            "metrics.smi-spec.io/v1alpha2",
            "TrafficMetrics",
            "backend: [web, web-v1, 90]",
            "m.yaml:5: `backend`: a map is expected, not a list",
        ),
        (
            "metrics.smi-spec.io/v1alpha2",
            "TrafficMetrics",
            "metrics:\n- name: a\n  value: fast",
            "m.yaml:7: `metrics[0].value`: `fast` is not a quantity (expected a number with at most one suffix, such as \
             `90`, `500m`, `1.5Ki` or `2e3`)",
        ),
    ]);
}

#[test]
fn metadata_of_the_wrong_shape_is_named_with_its_line() {
    let with = |metadata: &str| {
        let text = split("v1alpha4", "1").replace("metadata:\n  name: a\n", metadata);
        only_error(&text)
    };
    for (metadata, message) in [
        (
            "metadata: a\n",
            "m.yaml:3: TrafficSplit: `metadata`: a map is expected, not the string `a`",
        ),
        (
            "metadata: {name: 5}\n",
            "m.yaml:3: TrafficSplit: `metadata.name`: a string is expected, not the number `5`",
        ),
        (
            "metadata: {name: ''}\n",
            "m.yaml:3: TrafficSplit: `metadata.name`: the object has no name",
        ),
        (
            "metadata:\n  name: a\n  labels: {app: on}\n",
            "m.yaml:5: TrafficSplit `a`: `metadata.labels[app]`: a string is expected, not `true`",
        ),
        (
            "metadata:\n  name: a\n  annotations: [b]\n",
            "m.yaml:5: TrafficSplit `a`: `metadata.annotations`: a map is expected, not a list",
        ),
    ] {
        assert_eq!(with(metadata), message);
    }
}
