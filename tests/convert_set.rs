//! Conversion of objects that belong together.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]

use serde_json::{Value, json};
use smi_sdk::{
    Release,
    convert::{ConvertedSet, LossReason, converters},
};

fn target(version: &str, name: &str, port: Option<u16>, rules: &[(&str, &str)]) -> Value {
    let rules: Vec<_> = rules
        .iter()
        .map(|(kind, name)| json!({"kind": kind, "name": name}))
        .collect();
    let mut destination = json!({"kind": "ServiceAccount", "name": "api"});
    if let Some(port) = port {
        destination["port"] = port.into();
    }
    json!({
        "apiVersion": format!("access.smi-spec.io/{version}"), "kind": "TrafficTarget",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"destination": destination, "sources": [{"kind": "ServiceAccount", "name": "web"}], "rules": rules},
    })
}

fn route(version: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("specs.smi-spec.io/{version}"), "kind": "TCPRoute",
        "metadata": {"name": name, "namespace": "shop"}, "spec": spec,
    })
}

fn ports(ports: &[u16]) -> Value {
    json!({"matches": {"ports": ports}})
}

fn convert(objects: &[Value], release: &str) -> ConvertedSet {
    converters().convert_all(objects, &Release::named(release).unwrap().api_versions())
}

fn spec(set: &ConvertedSet, position: usize) -> &Value {
    &set.objects[position].as_ref().unwrap().object["spec"]
}

#[test]
fn a_route_of_the_set_says_the_port_of_an_older_target() {
    let new = target(
        "v1alpha3",
        "t",
        None,
        &[("HTTPRouteGroup", "r"), ("TCPRoute", "smi-port-8080")],
    );
    let set = convert(
        &[new.clone(), route("v1alpha4", "smi-port-8080", &ports(&[8080]))],
        "0.5",
    );
    assert_eq!(spec(&set, 0)["destination"]["port"], 8080);
    assert_eq!(spec(&set, 0)["rules"], json!([{"kind": "HTTPRouteGroup", "name": "r"}]));
    assert!(set.companions.is_empty());

    // Of another route, or of none, nobody knows that it stands for this port: nothing is granted.
    for others in [
        vec![],
        vec![route("v1alpha4", "smi-port-8080", &ports(&[8080, 9090]))],
        vec![route("v1alpha4", "smi-port-8080", &ports(&[9090]))],
        vec![route("v1alpha3", "smi-port-8080", &json!({}))],
        vec![route("v1alpha4", "smi-port-80", &ports(&[8080]))],
    ] {
        let objects = [vec![new.clone()], others].concat();
        let set = convert(&objects, "0.5");
        assert_eq!(
            (&spec(&set, 0)["destination"]["port"], &spec(&set, 0)["rules"]),
            (&Value::Null, &json!([]))
        );
    }
}

#[test]
fn the_route_of_a_port_joins_the_set_once() {
    let rules = [("HTTPRouteGroup", "r")];
    let objects = [
        target("v1alpha2", "a", Some(80), &rules),
        target("v1alpha2", "b", Some(80), &rules),
    ];
    let set = convert(&objects, "0.6");
    let companions: Vec<_> = set.companions.iter().map(|converted| &converted.object).collect();
    assert_eq!(companions, [&route("v1alpha4", "smi-port-80", &ports(&[80]))]);
    // Between two versions that have the port nothing joins it, and nothing is lost.
    let set = convert(&[target("v1alpha2", "a", Some(80), &rules)], "0.4");
    let converted = set.objects[0].as_ref().unwrap();
    assert_eq!(converted.object["destination"]["port"], 80);
    assert_eq!((&set.companions[..], &converted.losses[..]), (&[][..], &[][..]));
}

#[test]
fn an_object_of_a_companions_name_is_narrowed_to_it() {
    let objects = [
        target("v1alpha2", "a", Some(80), &[("HTTPRouteGroup", "r")]),
        target("v1alpha2", "b", None, &[("TCPRoute", "smi-port-80")]),
        route("v1alpha3", "smi-port-80", &json!({})),
    ];
    let set = convert(&objects, "0.6");
    assert_eq!(spec(&set, 2), &ports(&[80]));
    assert_eq!(set.objects[2].as_ref().unwrap().losses[0].reason, LossReason::Narrowed);
    assert!(set.companions.is_empty() && !set.widens());

    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let set = convert(&[list], "0.6");
    let converted = set.objects[0].as_ref().unwrap();
    assert_eq!(converted.object["items"][2]["spec"], ports(&[80]));
    assert!(
        converted
            .losses
            .iter()
            .any(|loss| loss.to_string() == "`items[2]`: says less, as another object needs one of this name")
    );
    assert!(set.companions.is_empty());
}

#[test]
fn versions_that_are_not_of_one_release_can_widen() {
    let route = route("v1alpha4", "r", &ports(&[80]));
    let versions = ["access.smi-spec.io/v1alpha3", "specs.smi-spec.io/v1alpha3"];
    assert!(converters().convert_all(&[route], &versions).widens());
}

#[test]
fn one_object_that_fails_does_not_hide_the_others() {
    let mut bad = target("v1alpha2", "a", None, &[]);
    bad["spec"]["destination"] = json!("api");
    let set = convert(&[bad, json!({"kind": "x"}), target("v1alpha2", "b", None, &[])], "0.6");
    let failed: Vec<_> = set.objects.iter().map(Result::is_err).collect();
    assert_eq!(failed, [true, true, false]);
}

#[test]
fn other_groups_stay_as_they_are_also_in_lists() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        service, target("v1alpha3", "t", None, &[("TCPRoute", "smi-port-80")]), route("v1alpha4", "smi-port-80", &ports(&[80])),
    ]});
    let set = convert(&[service.clone(), list], "0.4");
    assert_eq!(set.objects[0].as_ref().unwrap().object, service);
    let items = &set.objects[1].as_ref().unwrap().object["items"];
    assert_eq!(items[0], service);
    assert_eq!(items[1]["destination"]["port"], 80);
}

#[test]
fn every_release_names_versions_that_exist() {
    let converters = format!("{:?}", converters());
    for release in Release::ALL {
        assert_eq!(Release::named(release.name), Some(release));
        for api_version in release.api_versions() {
            let (group, version) = api_version.split_once('/').unwrap();
            assert!(
                group.ends_with(".smi-spec.io") && converters.contains(version),
                "{api_version}"
            );
        }
    }
    assert_eq!(Release::named("0.7"), None);
}
