//! Every version of TrafficTarget, read as the hub.

use serde_json::{Value, json};

use super::*;

struct Raised {
    spec: Value,
    companions: Vec<Value>,
    losses: Vec<(String, &'static str)>,
}

fn raise(version: &str, body: &Value) -> Raised {
    let mut object = json!({
        "apiVersion": format!("access.smi-spec.io/{version}"), "kind": "TrafficTarget",
        "metadata": {"name": "t", "namespace": "shop"},
    });
    for (field, value) in body.as_object().unwrap() {
        object[field] = value.clone();
    }
    let converted = converters().convert(object, "access.smi-spec.io/v1alpha4").unwrap();
    assert!(converted.losses.iter().all(|loss| !loss.widens));
    Raised {
        spec: converted.object["spec"].clone(),
        companions: converted
            .companions
            .iter()
            .map(|it| serde_json::to_value(it).unwrap())
            .collect(),
        losses: converted
            .losses
            .iter()
            .map(|loss| (loss.path.to_string(), loss.reason.code()))
            .collect(),
    }
}

fn account(name: &str) -> Value {
    json!({"kind": "ServiceAccount", "name": name})
}

fn rule(kind: &str, name: &str) -> Value {
    json!({"kind": kind, "name": name})
}

#[test]
fn root_level_fields_move_under_spec_and_specs_become_rules() {
    let raised = raise(
        "v1alpha1",
        &json!({
            "destination": {"kind": "ServiceAccount", "name": "api", "namespace": "shop"},
            "sources": [account("web")],
            "specs": [{"kind": "HTTPRouteGroup", "name": "r", "matches": ["m"]}],
        }),
    );
    assert_eq!(
        raised.spec,
        json!({
            "destination": {"kind": "ServiceAccount", "name": "api", "namespace": "shop"},
            "sources": [account("web")],
            "rules": [{"kind": "HTTPRouteGroup", "name": "r", "matches": ["m"]}],
        })
    );
    assert_eq!((raised.companions, raised.losses), (vec![], vec![]));
}

#[test]
fn a_port_becomes_a_tcp_route_rule_with_its_route_as_companion() {
    let raised = raise(
        "v1alpha2",
        &json!({"spec": {
            "destination": {"kind": "ServiceAccount", "name": "api", "port": 8080},
            "sources": [account("web")],
            "rules": [rule("HTTPRouteGroup", "r"), rule("TCPRoute", "any")],
        }}),
    );
    assert_eq!(raised.spec["destination"], account("api"));
    assert_eq!(
        raised.spec["rules"],
        json!([rule("HTTPRouteGroup", "r"), rule("TCPRoute", "smi-port-8080")])
    );
    assert_eq!(
        raised.companions,
        [json!({
            "apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "TCPRoute",
            "metadata": {"name": "smi-port-8080", "namespace": "shop"},
            "spec": {"matches": {"ports": [8080]}},
        })]
    );
    assert_eq!(
        raised.losses,
        [
            ("spec.destination.port".to_owned(), "replaced"),
            ("spec.rules[1]".to_owned(), "replaced"),
        ]
    );
}

#[test]
fn a_port_without_rules_never_becomes_a_rule() {
    for rules in [json!([]), json!([rule("UDPRoute", "u")]), json!([rule("Unknown", "x")])] {
        let raised = raise(
            "v1alpha1",
            &json!({"destination": {"kind": "ServiceAccount", "name": "api", "port": "8080"}, "specs": rules}),
        );
        assert!(
            !raised.spec["rules"].to_string().contains("TCPRoute"),
            "{}",
            raised.spec
        );
        assert_eq!(raised.companions, [Value::Null; 0]);
        assert!(
            raised
                .losses
                .contains(&("destination.port".to_owned(), "no-such-field"))
        );
    }
}

#[test]
fn udp_routes_of_versions_that_do_not_know_them_leave() {
    let rules = json!([rule("UDPRoute", "u"), rule("HTTPRouteGroup", "r")]);
    let raised = raise(
        "v1alpha2",
        &json!({"spec": {"destination": account("api"), "rules": rules}}),
    );
    assert_eq!(raised.spec["rules"], json!([rule("HTTPRouteGroup", "r")]));
    assert_eq!(raised.losses, [("spec.rules[0]".to_owned(), "no-such-kind")]);

    let raised = raise(
        "v1alpha3",
        &json!({"spec": {"destination": account("api"), "sources": [], "rules": rules}}),
    );
    assert_eq!(raised.spec["rules"], rules);
}

#[test]
fn identity_bindings_before_v1alpha4_mean_nobody_and_leave() {
    let binding = json!({"kind": "IdentityBinding", "name": "b"});
    let sources = json!([binding, account("web"), binding]);
    for (version, body) in [
        (
            "v1alpha1",
            json!({"destination": account("api"), "sources": sources, "specs": [rule("TCPRoute", "r")]}),
        ),
        (
            "v1alpha3",
            json!({"spec": {"destination": account("api"), "sources": sources, "rules": [rule("TCPRoute", "r")]}}),
        ),
    ] {
        let raised = raise(version, &body);
        assert_eq!(raised.spec["sources"], json!([account("web")]));
        let paths: Vec<_> = raised
            .losses
            .iter()
            .map(|(path, _)| path.trim_start_matches("spec."))
            .collect();
        assert_eq!(paths, ["sources[0]", "sources[2]"]);
    }
    let raised = raise(
        "v1alpha3",
        &json!({"spec": {"destination": binding, "sources": [account("web")], "rules": [rule("TCPRoute", "r")]}}),
    );
    assert_eq!(raised.spec["destination"], account("smi-unrepresentable"));
    assert_eq!(raised.spec["rules"], json!([]));
    assert_eq!(
        raised.losses,
        [
            ("spec.destination".to_owned(), "no-such-kind"),
            ("spec.rules[0]".to_owned(), "withdrawn"),
        ]
    );
}

#[test]
fn a_port_of_a_destination_that_is_nobody_needs_no_companion() {
    let raised = raise(
        "v1alpha2",
        &json!({"spec": {
            "destination": {"kind": "IdentityBinding", "name": "b", "port": 80},
            "rules": [rule("HTTPRouteGroup", "r")],
        }}),
    );
    assert_eq!(raised.spec["rules"], json!([]));
    assert_eq!(raised.companions, [Value::Null; 0]);
    assert_eq!(raised.losses[0], ("spec.destination.port".to_owned(), "no-such-field"));
}

#[test]
fn ports_of_sources_are_losses_as_the_specification_never_had_them() {
    let source = json!({"kind": "ServiceAccount", "name": "web", "port": 1});
    let raised = raise(
        "v1alpha1",
        &json!({"destination": account("api"), "sources": [account("a"), source]}),
    );
    assert_eq!(raised.spec["sources"], json!([account("a"), account("web")]));
    assert_eq!(raised.losses, [("sources[1].port".to_owned(), "no-such-field")]);
}

#[test]
fn absent_sources_and_rules_become_empty_lists() {
    let raised = raise("v1alpha2", &json!({"spec": {"destination": account("api")}}));
    assert_eq!(
        raised.spec,
        json!({"destination": account("api"), "sources": [], "rules": []})
    );
}

#[test]
fn the_drafts_own_fields_stay_at_the_hub() {
    let spec = json!({
        "destination": {"group": "access.smi-spec.io", "kind": "IdentityBinding", "name": "b"},
        "sources": [{"kind": "IdentityBinding", "name": "c"}], "rules": [rule("UDPRoute", "u")],
    });
    assert_eq!(raise("v1alpha4", &json!({"spec": spec})).spec, spec);
}
