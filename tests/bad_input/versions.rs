//! Objects that say one version and have the shape of another.

use crate::{object, only_error};

#[test]
fn an_object_with_the_shape_of_another_version_is_told_both_shapes() {
    let target = "destination: {kind: ServiceAccount, name: api}";
    for (api_version, kind, body, says, has) in [
        (
            "access.smi-spec.io/v1alpha3",
            "TrafficTarget",
            target.to_owned(),
            "`v1alpha3`, which has `spec.destination`, `spec.rules`, `spec.sources`",
            "`v1alpha1`: `destination`, `sources`, `specs` at the root",
        ),
        (
            "access.smi-spec.io/v1alpha1",
            "TrafficTarget",
            format!("spec: {{{target}}}"),
            "`v1alpha1`, which has `destination`, `sources`, `specs` at the root",
            "`v1alpha4`: `spec.destination`, `spec.rules`, `spec.sources`",
        ),
        (
            "specs.smi-spec.io/v1alpha4",
            "HTTPRouteGroup",
            "matches: [{name: a, headers: {a: b}}]".to_owned(),
            "`v1alpha4`, which has `spec.matches`",
            "`v1alpha2`: `matches` at the root",
        ),
        (
            "specs.smi-spec.io/v1alpha2",
            "HTTPRouteGroup",
            "spec: {matches: [{name: a}]}".to_owned(),
            "`v1alpha2`, which has `matches` at the root",
            "`v1alpha4`: `spec.matches`",
        ),
        (
            "specs.smi-spec.io/v1alpha3",
            "TCPRoute",
            "spec: {matches: {ports: [80]}}".to_owned(),
            "`v1alpha3`, which has an empty `spec`",
            "`v1alpha4`: `spec.matches`",
        ),
        (
            "specs.smi-spec.io/v1alpha1",
            "TCPRoute",
            "spec: {matches: {ports: [80]}}".to_owned(),
            "`v1alpha1`, which has no fields but `metadata`",
            "`v1alpha4`: `spec.matches`",
        ),
    ] {
        assert_eq!(
            only_error(&object(api_version, kind, &body)),
            format!("m.yaml:1: {kind} `a`: the object says {says}, but it has the shape of {has}")
        );
    }
}

#[test]
fn a_second_mistake_does_not_hide_that_the_shape_is_of_another_version() {
    let (v3, v1) = (
        "`v1alpha3`, which has `spec.destination`, `spec.rules`, `spec.sources`",
        "`v1alpha1`: `destination`, `sources`, `specs` at the root",
    );
    for (api_version, kind, body, says, has) in [
        (
            "access.smi-spec.io/v1alpha3",
            "TrafficTarget",
            "destination: {kind: ServiceAccount, name: api, port: 70000}",
            v3,
            v1,
        ),
        (
            "access.smi-spec.io/v1alpha3",
            "TrafficTarget",
            "destination: {kind: ServiceAccount, name: api}\nsourcs: []",
            v3,
            v1,
        ),
        ("access.smi-spec.io/v1alpha3", "TrafficTarget", "specs: []", v3, v1),
        (
            "access.smi-spec.io/v1alpha1",
            "TrafficTarget",
            "spec: {destination: {kind: ServiceAccount, port: 70000}}",
            "`v1alpha1`, which has `destination`, `sources`, `specs` at the root",
            "`v1alpha2`: `spec.destination`, `spec.rules`, `spec.sources`",
        ),
        (
            "specs.smi-spec.io/v1alpha4",
            "HTTPRouteGroup",
            "matches: {}",
            "`v1alpha4`, which has `spec.matches`",
            "`v1alpha2`: `matches` at the root",
        ),
        (
            "specs.smi-spec.io/v1alpha1",
            "TCPRoute",
            "spec: {matches: {ports: [http]}}",
            "`v1alpha1`, which has no fields but `metadata`",
            "`v1alpha4`: `spec.matches`",
        ),
    ] {
        assert_eq!(
            only_error(&object(api_version, kind, body)),
            format!("m.yaml:1: {kind} `a`: the object says {says}, but it has the shape of {has}")
        );
    }
}

#[test]
fn a_mistake_in_a_body_that_is_where_its_version_has_it_is_named_itself() {
    let target = "access.smi-spec.io/v1alpha4";
    for (body, message) in [
        (
            "spec: {destination: {kind: ServiceAccount, port: 80}}",
            "m.yaml:5: TrafficTarget `a`: `spec.destination.name`: the field is missing",
        ),
        (
            "destinaton: {kind: ServiceAccount, name: api}",
            "m.yaml:1: TrafficTarget `a`: `spec`: the field is missing: `v1alpha4` has `spec.destination`, `spec.rules`, `spec.sources`",
        ),
        (
            "spec: {specs: []}",
            "m.yaml:5: TrafficTarget `a`: `spec.destination`: the field is missing",
        ),
    ] {
        assert_eq!(only_error(&object(target, "TrafficTarget", body)), message);
    }
}
