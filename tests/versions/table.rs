//! The table of the design, row by row, as examples.

use serde_json::{Value, json};
use smi_sdk::{
    Release,
    convert::{ConvertError, Converted},
};

use crate::convert::{CONVERTERS, at, stash, without_stash};

/// A TrafficTarget in the namespace `shop`; of v1alpha1 the fields are at the root.
fn target(version: &str, destination: &Value, sources: &Value, rules: &Value) -> Value {
    let mut target = json!({
        "apiVersion": format!("access.smi-spec.io/{version}"), "kind": "TrafficTarget",
        "metadata": {"name": "t", "namespace": "shop"},
    });
    if version == "v1alpha1" {
        target["destination"] = destination.clone();
        target["sources"] = sources.clone();
        target["specs"] = rules.clone();
    } else {
        target["spec"] = json!({"destination": destination, "sources": sources, "rules": rules});
    }
    target
}

fn account(name: &str) -> Value {
    json!({"kind": "ServiceAccount", "name": name})
}

fn with_port(name: &str, port: u16) -> Value {
    json!({"kind": "ServiceAccount", "name": name, "port": port})
}

fn binding(name: &str) -> Value {
    json!({"group": "access.smi-spec.io", "kind": "IdentityBinding", "name": name})
}

fn rule(kind: &str, name: &str) -> Value {
    json!({"kind": kind, "name": name})
}

fn tcp_route(version: &str, name: &str, ports: &Value) -> Value {
    let metadata = json!({"name": name, "namespace": "shop"});
    let mut route =
        json!({"apiVersion": format!("specs.smi-spec.io/{version}"), "kind": "TCPRoute", "metadata": metadata});
    match version {
        "v1alpha4" => route["spec"] = json!({"matches": {"ports": ports}}),
        "v1alpha3" => route["spec"] = json!({}),
        _ => {}
    }
    route
}

fn split(version: &str, backends: &[(&str, Value)]) -> Value {
    let backends = backends
        .iter()
        .map(|(service, weight)| json!({"service": service, "weight": weight}));
    json!({
        "apiVersion": format!("split.smi-spec.io/{version}"), "kind": "TrafficSplit",
        "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"service": "web", "backends": backends.collect::<Value>()},
    })
}

/// A split of v1alpha1 with backends `v0`, `v1`.. of these weights.
fn quantities(weights: &[Value]) -> Value {
    let names = ["v0", "v1", "v2", "v3"];
    let backends: Vec<_> = names.into_iter().zip(weights.iter().cloned()).collect();
    split("v1alpha1", &backends)
}

fn weights(object: &Value) -> Vec<&Value> {
    object["spec"]["backends"]
        .as_array()
        .unwrap()
        .iter()
        .map(|backend| &backend["weight"])
        .collect()
}

/// The object without its stash, and its companions.
fn parts(converted: &Converted<Value>) -> (Value, Vec<Value>) {
    let companions = converted.companions.iter().map(|it| serde_json::to_value(it).unwrap());
    (without_stash(converted.object.clone()), companions.collect())
}

/// Paths and codes of the losses.
fn losses<T>(converted: &Converted<T>) -> Vec<(String, &'static str, bool)> {
    let losses = converted.losses.iter();
    losses
        .map(|loss| (loss.path.to_string(), loss.reason.code(), loss.widens))
        .collect()
}

#[test]
fn a_port_with_rules_becomes_a_tcp_route_rule_with_its_route_beside_it() {
    let http = json!({"kind": "HTTPRouteGroup", "name": "g", "matches": ["m"]});
    for old in ["v1alpha1", "v1alpha2"] {
        for new in ["v1alpha3", "v1alpha4"] {
            let before = target(old, &with_port("api", 8080), &json!([account("web")]), &json!([http]));
            let converted = at(&before, new);
            let rules = json!([http, rule("TCPRoute", "smi-port-8080")]);
            let after = target(new, &account("api"), &json!([account("web")]), &rules);
            assert_eq!(
                parts(&converted),
                (after, vec![tcp_route("v1alpha4", "smi-port-8080", &json!([8080]))])
            );
            assert!(converted.losses.iter().all(|loss| !loss.widens));
            assert_eq!(at(&converted.object, old).object, before);
        }
    }
}

#[test]
fn a_port_takes_the_place_of_the_tcp_routes() {
    let rules = json!([
        rule("TCPRoute", "any"),
        rule("HTTPRouteGroup", "g"),
        rule("TCPRoute", "other")
    ]);
    let before = target("v1alpha2", &with_port("api", 80), &json!([account("web")]), &rules);
    let converted = at(&before, "v1alpha4");
    let rules = json!([rule("HTTPRouteGroup", "g"), rule("TCPRoute", "smi-port-80")]);
    assert_eq!(
        parts(&converted).0,
        target("v1alpha4", &account("api"), &json!([account("web")]), &rules)
    );
    assert_eq!(at(&converted.object, "v1alpha2").object, before);
}

#[test]
fn a_port_without_rules_stays_without_rules() {
    let before = target("v1alpha2", &with_port("api", 80), &json!([account("web")]), &json!([]));
    let converted = at(&before, "v1alpha4");
    let after = target("v1alpha4", &account("api"), &json!([account("web")]), &json!([]));
    assert_eq!(parts(&converted), (after, vec![]));
    assert!(stash(&converted.object).unwrap().contains("80"));
    assert_eq!(at(&converted.object, "v1alpha2").object, before);
}

#[test]
fn a_tcp_route_rule_that_came_from_a_port_becomes_the_port_again() {
    let alone = target(
        "v1alpha2",
        &with_port("api", 80),
        &json!([account("web")]),
        &json!([rule("TCPRoute", "any")]),
    );
    let mut new = at(&alone, "v1alpha4").object;
    assert_eq!(new["spec"]["rules"], json!([rule("TCPRoute", "smi-port-80")]));

    // With an HTTPRouteGroup beside it the rule goes: the port says all of it.
    new["spec"]["rules"]
        .as_array_mut()
        .unwrap()
        .push(rule("HTTPRouteGroup", "g"));
    let old = at(&new, "v1alpha1");
    let after = target(
        "v1alpha1",
        &with_port("api", 80),
        &json!([account("web")]),
        &json!([rule("HTTPRouteGroup", "g")]),
    );
    assert_eq!(parts(&old).0, after);

    // The only one stays: a port by itself grants nothing.
    let mut new = at(&alone, "v1alpha4").object;
    new["spec"]["sources"] = json!([]);
    let old = at(&new, "v1alpha2").object;
    assert_eq!(old["spec"]["destination"], with_port("api", 80));
    assert_eq!(old["spec"]["rules"].as_array().unwrap().len(), 1);
    assert_eq!(old["spec"]["rules"][0]["kind"], "TCPRoute");
}

#[test]
fn a_tcp_route_rule_that_is_only_named_as_if_it_came_from_a_port_gets_none() {
    let rules = json!([rule("HTTPRouteGroup", "g"), rule("TCPRoute", "smi-port-80")]);
    let before = target("v1alpha3", &account("api"), &json!([account("web")]), &rules);
    let converted = at(&before, "v1alpha2");
    let after = target("v1alpha2", &account("api"), &json!([account("web")]), &json!([]));
    assert_eq!(parts(&converted).0, after);
    // And none is required beside it.
    assert_eq!(at(&before, "v1alpha4").companions, []);
}

#[test]
fn a_tcp_route_of_the_same_set_says_the_port() {
    let rules = json!([rule("HTTPRouteGroup", "g"), rule("TCPRoute", "smi-port-80")]);
    let new = target("v1alpha3", &account("api"), &json!([account("web")]), &rules);
    let in_set = |ports: &Value| {
        let set = [new.clone(), tcp_route("v1alpha4", "smi-port-80", ports)];
        let mut set = CONVERTERS.convert_all(&set, &Release::named("0.5").unwrap().api_versions());
        without_stash(set.objects.swap_remove(0).unwrap().object)
    };
    let with_port = target(
        "v1alpha2",
        &with_port("api", 80),
        &json!([account("web")]),
        &json!([rule("HTTPRouteGroup", "g")]),
    );
    assert_eq!(in_set(&json!([80])), with_port);
    for other_ports in [json!([]), json!([81]), json!([80, 81])] {
        assert_eq!(
            in_set(&other_ports),
            target("v1alpha2", &account("api"), &json!([account("web")]), &json!([]))
        );
    }
}

#[test]
fn other_tcp_route_rules_take_all_rules_with_them() {
    for old in ["v1alpha1", "v1alpha2"] {
        for rules in [
            json!([rule("TCPRoute", "db")]),
            json!([rule("HTTPRouteGroup", "g"), rule("TCPRoute", "db")]),
            json!([rule("TCPRoute", "smi-port-80"), rule("TCPRoute", "smi-port-81")]),
        ] {
            let before = target("v1alpha4", &account("api"), &json!([account("web")]), &rules);
            let converted = at(&before, old);
            assert_eq!(
                parts(&converted).0,
                target(old, &account("api"), &json!([account("web")]), &json!([]))
            );
            assert_eq!(at(&converted.object, "v1alpha4").object, before);
        }
    }
}

#[test]
fn tcp_route_rules_that_an_old_author_wrote_come_back() {
    let before = target(
        "v1alpha2",
        &account("api"),
        &json!([account("web")]),
        &json!([rule("TCPRoute", "any")]),
    );
    let converted = at(&before, "v1alpha4");
    assert_eq!(converted.object["spec"]["rules"], json!([rule("TCPRoute", "any")]));
    assert_eq!(at(&converted.object, "v1alpha2").object, before);
    // v1alpha1 says what v1alpha2 says.
    let older = target(
        "v1alpha1",
        &account("api"),
        &json!([account("web")]),
        &json!([rule("TCPRoute", "any")]),
    );
    assert_eq!(at(&converted.object, "v1alpha1").object, older);
}

#[test]
fn udp_route_rules_leave_where_there_are_none() {
    let rules = json!([
        rule("UDPRoute", "dns"),
        rule("HTTPRouteGroup", "g"),
        rule("UDPRoute", "ntp")
    ]);
    let before = target("v1alpha3", &account("api"), &json!([account("web")]), &rules);
    let converted = at(&before, "v1alpha2");
    let after = target(
        "v1alpha2",
        &account("api"),
        &json!([account("web")]),
        &json!([rule("HTTPRouteGroup", "g")]),
    );
    assert_eq!(parts(&converted).0, after);
    assert_eq!(
        losses(&converted),
        [
            ("spec.rules[0]".to_owned(), "no-such-kind", false),
            ("spec.rules[2]".to_owned(), "no-such-kind", false)
        ]
    );
    assert_eq!(at(&converted.object, "v1alpha3").object, before);
}

#[test]
fn the_port_of_a_source_is_kept_and_means_nothing() {
    let before = target(
        "v1alpha1",
        &account("api"),
        &json!([with_port("web", 1)]),
        &json!([rule("HTTPRouteGroup", "g")]),
    );
    let converted = at(&before, "v1alpha4");
    let after = target(
        "v1alpha4",
        &account("api"),
        &json!([account("web")]),
        &json!([rule("HTTPRouteGroup", "g")]),
    );
    assert_eq!(parts(&converted), (after, vec![]));
    assert_eq!(
        losses(&converted),
        [("sources[0].port".to_owned(), "no-such-field", false)]
    );
    assert_eq!(at(&converted.object, "v1alpha1").object, before);
}

#[test]
fn an_identity_binding_leaves_the_sources() {
    let sources = json!([binding("pods"), account("web")]);
    let before = target(
        "v1alpha4",
        &account("api"),
        &sources,
        &json!([rule("HTTPRouteGroup", "g")]),
    );
    for old in ["v1alpha1", "v1alpha2", "v1alpha3"] {
        let converted = at(&before, old);
        let after = target(
            old,
            &account("api"),
            &json!([account("web")]),
            &json!([rule("HTTPRouteGroup", "g")]),
        );
        assert_eq!(parts(&converted).0, after);
        assert_eq!(at(&converted.object, "v1alpha4").object, before);
    }
}

#[test]
fn for_an_identity_binding_as_destination_stands_an_account_that_nobody_has() {
    let before = target(
        "v1alpha4",
        &binding("pods"),
        &json!([account("web")]),
        &json!([rule("HTTPRouteGroup", "g")]),
    );
    for old in ["v1alpha1", "v1alpha2", "v1alpha3"] {
        let converted = at(&before, old);
        let after = target(
            old,
            &account("smi-unrepresentable"),
            &json!([account("web")]),
            &json!([]),
        );
        assert_eq!(parts(&converted).0, after);
        assert_eq!(at(&converted.object, "v1alpha4").object, before);
    }
}

#[test]
fn lists_that_become_empty_stay_there_and_empty() {
    let before = target(
        "v1alpha4",
        &account("api"),
        &json!([binding("pods")]),
        &json!([rule("UDPRoute", "dns")]),
    );
    let converted = at(&before, "v1alpha2").object;
    assert_eq!(converted["spec"]["sources"], json!([]));
    assert_eq!(converted["spec"]["rules"], json!([]));
}

#[test]
fn a_match_with_headers_leaves_where_there_are_none() {
    let group = |version: &str, matches: &Value| {
        let mut group = json!({
            "apiVersion": format!("specs.smi-spec.io/{version}"), "kind": "HTTPRouteGroup",
            "metadata": {"name": "g", "namespace": "shop"},
        });
        match version {
            "v1alpha1" | "v1alpha2" => group["matches"] = matches.clone(),
            _ => group["spec"] = json!({"matches": matches}),
        }
        group
    };
    let plain = json!({"name": "plain", "methods": ["GET"], "pathRegex": "/api"});
    let mobile = json!({"name": "mobile", "headers": [{"user-agent": ".*Android.*"}]});
    for new in ["v1alpha2", "v1alpha3", "v1alpha4"] {
        let before = group(new, &json!([mobile, plain]));
        let converted = at(&before, "v1alpha1");
        assert_eq!(parts(&converted).0, group("v1alpha1", &json!([plain])));
        assert_eq!(at(&converted.object, new).object, before);
    }
}

#[test]
fn a_tcp_route_with_ports_says_every_port_where_there_are_none_and_that_widens() {
    let before = tcp_route("v1alpha4", "db", &json!([3306]));
    for old in ["v1alpha1", "v1alpha2", "v1alpha3"] {
        let converted = at(&before, old);
        assert_eq!(parts(&converted).0, tcp_route(old, "db", &Value::Null));
        // A reader of access v1alpha3 beside it would open every port.
        assert!(
            converted.losses.iter().any(|loss| loss.widens),
            "{:?}",
            converted.losses
        );
        assert_eq!(at(&converted.object, "v1alpha4").object, before);
    }
    // Every port is every port.
    let every = at(&tcp_route("v1alpha4", "db", &json!([])), "v1alpha3");
    assert_eq!(every, Converted::exactly(tcp_route("v1alpha3", "db", &Value::Null)));
}

#[test]
fn a_split_with_matches_sends_everybody_to_the_apex_where_there_are_none() {
    for new in ["v1alpha3", "v1alpha4"] {
        let mut before = split(new, &[("web-v1", json!(0)), ("web-v2", json!(100))]);
        before["spec"]["matches"] = json!([{"kind": "HTTPRouteGroup", "name": "beta"}]);
        for old in ["v1alpha1", "v1alpha2"] {
            let converted = at(&before, old);
            let (after, _) = parts(&converted);
            assert_eq!(
                without_stash(at(&split("v1alpha2", &[("web", json!(1))]), old).object),
                after
            );
            assert_eq!(at(&converted.object, new).object, before);
        }
    }
}

#[test]
fn weights_in_quantities_come_to_one_common_scale() {
    let cases: [(&[Value], &[u32]); 10] = [
        (&[json!(1), json!("500m")], &[1000, 500]),
        (&[json!("10m"), json!("100m"), json!("1500m")], &[10, 100, 1500]),
        (&[json!(90), json!(10)], &[90, 10]),
        (&[json!("1k"), json!("500")], &[1000, 500]),
        (&[json!("0.5"), json!("1.5")], &[500, 1500]),
        (&[json!("100u"), json!(1)], &[100, 1_000_000]),
        (&[json!("1n"), json!("2")], &[1, 2_000_000_000]),
        (&[json!("1Ki"), json!("1e3")], &[1024, 1000]),
        (&[json!(0), json!("0m")], &[0, 0]),
        (&[json!("1000m"), json!("2000m")], &[1, 2]),
    ];
    for (quantities_there, numbers) in cases {
        let before = quantities(quantities_there);
        for new in ["v1alpha2", "v1alpha3", "v1alpha4"] {
            let converted = at(&before, new);
            assert_eq!(
                weights(&converted.object),
                numbers
                    .iter()
                    .map(|it| json!(it))
                    .collect::<Vec<_>>()
                    .iter()
                    .collect::<Vec<_>>()
            );
            // In the spelling of its author.
            assert_eq!(at(&converted.object, "v1alpha1").object, before);
        }
    }
}

#[test]
fn whole_weights_become_quantities_that_come_back_equal() {
    let before = split(
        "v1alpha4",
        &[
            ("v0", json!(1000)),
            ("v1", json!(500)),
            ("v2", json!(2_147_483_647)),
            ("v3", json!(0)),
        ],
    );
    let converted = at(&before, "v1alpha1");
    let text = |weight: &Value| weight.as_str().map_or_else(|| weight.to_string(), str::to_owned);
    let spelled: Vec<_> = weights(&converted.object).into_iter().map(text).collect();
    assert_eq!(spelled, ["1000", "500", "2147483647", "0"]);
    assert_eq!(
        without_stash(at(&without_stash(converted.object), "v1alpha4").object),
        before
    );
}

#[test]
fn weights_that_do_not_fit_are_rounded_and_none_becomes_nothing() {
    let before = quantities(&[json!("5G"), json!("10G"), json!("1m"), json!(0)]);
    let converted = at(&before, "v1alpha4");
    let numbers: Vec<_> = weights(&converted.object)
        .into_iter()
        .map(|it| it.as_u64().unwrap())
        .collect();
    assert_eq!(numbers[1], 2_147_483_647);
    assert!((1_073_741_823..=1_073_741_824).contains(&numbers[0]), "{numbers:?}");
    assert_eq!(numbers[2..], [1, 0]);
    assert!(
        losses(&converted).iter().any(|(_, code, _)| *code == "rounded"),
        "{:?}",
        converted.losses
    );
    assert_eq!(at(&converted.object, "v1alpha1").object, before);
}

#[test]
fn a_missing_or_negative_quantity_is_an_error_with_its_path() {
    for weight in [json!(-1), json!("-500m"), Value::Null] {
        let before = quantities(&[json!(1), weight.clone()]);
        let error = refusal(before);
        assert!(error.contains("`spec.backends[1].weight`"), "{weight}: {error}");
    }
    let mut missing = quantities(&[json!(1)]);
    missing["spec"]["backends"][0].as_object_mut().unwrap().remove("weight");
    // The path is that of the field, or of the backend which lacks it.
    let error = refusal(missing);
    assert!(
        error.contains("spec.backends[0]") && error.contains("weight"),
        "{error}"
    );
}

#[test]
fn a_quantity_at_a_newer_version_is_scaled_from_a_cluster_and_an_error_in_a_file() {
    let before = split("v1alpha2", &[("v0", json!(1)), ("v1", json!("500m"))]);
    let error = refusal(before.clone());
    assert!(error.contains("spec.backends[1].weight"), "{error}");

    let review = serde_json::from_value(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
        "request": {"uid": "1", "desiredAPIVersion": "split.smi-spec.io/v1alpha4", "objects": [before]},
    }));
    let response = serde_json::to_value(CONVERTERS.review(review.unwrap())).unwrap()["response"].take();
    assert_eq!(response["result"]["status"], "Success", "{response}");
    assert_eq!(weights(&response["convertedObjects"][0]), [&json!(1000), &json!(500)]);
}

/// Why the object cannot be converted to the newest version of splits.
fn refusal(split: Value) -> String {
    let converted: Result<_, ConvertError> = CONVERTERS.convert(split, "split.smi-spec.io/v1alpha4");
    converted.unwrap_err().to_string()
}

#[test]
fn kinds_that_a_version_does_not_have_and_other_groups_pass_through_with_a_note() {
    let udp = json!({
        "apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "UDPRoute", "metadata": {"name": "dns"},
        "spec": {"matches": {"ports": [53]}},
    });
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}});
    for (object, to, code) in [
        (udp, "specs.smi-spec.io/v1alpha3", "kind-not-in-version"),
        (service, "specs.smi-spec.io/v1alpha3", "other-group"),
    ] {
        let converted = CONVERTERS.convert(object.clone(), to).unwrap();
        assert_eq!(
            (parts(&converted), losses(&converted)),
            ((object, vec![]), vec![(String::new(), code, false)])
        );
    }
}

#[test]
fn a_list_is_converted_by_its_items() {
    let old = split("v1alpha1", &[("v0", json!("500m"))]);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [old]});
    let converted = CONVERTERS.convert(list, "split.smi-spec.io/v1alpha4").unwrap();
    assert_eq!(converted.object["items"], json!([at(&old, "v1alpha4").object]));
}
