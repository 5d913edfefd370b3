//! The defects of the two Go implementations, B1 to B23 in the project's notes on them: what is right instead.
//!
//! Some cannot be made here:
//! - B6 (the source is changed), B16 (the destination is not emptied before) and B17 (the result shares memory with the
//!   source): a conversion takes the object by value and returns another one; the language has no second reference to it.
//! - B22 (tests compute the expected number with the code that they test): the numbers here are written down.
//! - B23 (log lines name the wrong direction and kind): conversions do not log. What they say is in errors and losses.

use serde_json::{Value, json};

use crate::convert::{CONVERTERS, at, without_stash};

fn object(api_version: &str, kind: &str, body: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "shop"}});
    if let (Value::Object(object), Value::Object(body)) = (&mut object, body) {
        object.extend(body);
    }
    object
}

fn split(version: &str, weights: &[Value]) -> Value {
    let backends = weights
        .iter()
        .enumerate()
        .map(|(n, weight)| json!({"service": format!("v{n}"), "weight": weight}));
    let spec = json!({"service": "web", "backends": backends.collect::<Value>()});
    object(
        &format!("split.smi-spec.io/{version}"),
        "TrafficSplit",
        json!({"spec": spec}),
    )
}

fn matched_split() -> Value {
    let mut split = split("v1alpha4", &[json!(0), json!(100)]);
    split["spec"]["matches"] = json!([{"kind": "HTTPRouteGroup", "name": "ab-test"}]);
    split
}

fn weights(object: &Value) -> Value {
    let backends = object["spec"]["backends"].as_array().unwrap();
    backends.iter().map(|backend| backend["weight"].clone()).collect()
}

fn target(version: &str, destination: &Value, rules: &Value) -> Value {
    let spec = json!({
        "destination": destination, "sources": [{"kind": "ServiceAccount", "name": "web"}], "rules": rules,
    });
    object(
        &format!("access.smi-spec.io/{version}"),
        "TrafficTarget",
        json!({"spec": spec}),
    )
}

fn group(version: &str, matches: &Value) -> Value {
    let body = match version {
        "v1alpha1" | "v1alpha2" => json!({"matches": matches}),
        _ => json!({"spec": {"matches": matches}}),
    };
    object(&format!("specs.smi-spec.io/{version}"), "HTTPRouteGroup", body)
}

fn tcp_route(ports: &Value) -> Value {
    object(
        "specs.smi-spec.io/v1alpha4",
        "TCPRoute",
        json!({"spec": {"matches": {"ports": ports}}}),
    )
}

fn web() -> Value {
    json!({"kind": "ServiceAccount", "name": "api"})
}

/// Why the object cannot be converted.
fn refusal(object: &Value, api_version: &str) -> String {
    CONVERTERS.convert(object.clone(), api_version).unwrap_err().to_string()
}

/// B1: without the group an API server refuses the answer of the webhook.
#[test]
fn the_api_version_has_its_group_in_both_directions() {
    let new = at(&split("v1alpha1", &[json!(1)]), "v1alpha4").object;
    assert_eq!(new["apiVersion"], "split.smi-spec.io/v1alpha4");
    assert_eq!(at(&new, "v1alpha2").object["apiVersion"], "split.smi-spec.io/v1alpha2");
    let new = at(&target("v1alpha2", &web(), &json!([])), "v1alpha3").object;
    assert_eq!(new["apiVersion"], "access.smi-spec.io/v1alpha3");
    assert_eq!(at(&new, "v1alpha1").object["apiVersion"], "access.smi-spec.io/v1alpha1");
}

/// B2: the example of the specification; they made 1 and 500 of it.
#[test]
fn one_and_a_half_stay_two_to_one() {
    let new = at(&split("v1alpha1", &[json!("1"), json!("500m")]), "v1alpha4").object;
    assert_eq!(weights(&new), json!([1000, 500]));
}

/// B2b: they kept the digits and threw the scale away. Each stands beside a 1 here.
#[test]
fn every_suffix_of_a_quantity_counts() {
    for (quantity, expected) in [
        ("1k", json!([1000, 1])),
        ("1e3", json!([1000, 1])),
        ("1M", json!([1_000_000, 1])),
        ("0.5", json!([500, 1000])),
        ("1.5", json!([1500, 1000])),
        ("10.0", json!([10, 1])),
        ("100u", json!([100, 1_000_000])),
        ("1Ki", json!([1024, 1])),
        ("1.5Ki", json!([1536, 1])),
        ("0.1Ki", json!([102_400, 1000])),
    ] {
        let new = at(&split("v1alpha1", &[json!(quantity), json!(1)]), "v1alpha4").object;
        assert_eq!(weights(&new), expected, "{quantity}");
    }
}

/// B3: `1000` became `1k`, and that 1.
#[test]
fn weights_of_thousands_come_back_from_quantities() {
    for weight in [1000, 2000, 500_000, 1_000_000, 2_000_000_000] {
        let new = split("v1alpha4", &[json!(weight), json!(500)]);
        let old = at(&new, "v1alpha1").object;
        assert_eq!(at(&old, "v1alpha4").object, new);
        // Also where somebody lost the annotation.
        assert_eq!(at(&without_stash(old), "v1alpha4").object, new);
    }
}

/// B4: a panic in the webhook.
#[test]
fn a_weight_that_is_missing_is_an_error_that_names_it() {
    let mut missing = split("v1alpha1", &[json!(1)]);
    missing["spec"]["backends"][0].as_object_mut().unwrap().remove("weight");
    for object in [split("v1alpha1", &[Value::Null]), missing] {
        let error = refusal(&object, "split.smi-spec.io/v1alpha4");
        assert!(
            error.contains("spec.backends[0]") && error.contains("weight"),
            "{error}"
        );
    }
}

/// B5: 2^63 became 0, and 2 * 10^19 another number.
#[test]
fn a_weight_that_is_too_large_keeps_its_share_as_near_as_it_goes() {
    for large in ["9223372036854775808", "20000000000000000000"] {
        let old = split("v1alpha1", &[json!(large), json!(1)]);
        let converted = at(&old, "v1alpha4");
        assert_eq!(weights(&converted.object), json!([2_147_483_647, 1]), "{large}");
        assert!(converted.losses.iter().any(|loss| loss.reason.code() == "rounded"));
        assert_eq!(at(&converted.object, "v1alpha1").object, old);
    }
}

/// B7: the port was gone, and traffic allowed to every port.
#[test]
fn the_port_of_an_old_target_is_a_rule_of_the_new_one() {
    let destination = json!({"kind": "ServiceAccount", "name": "api", "port": 8080});
    let old = target(
        "v1alpha2",
        &destination,
        &json!([{"kind": "HTTPRouteGroup", "name": "g"}]),
    );
    let new = at(&old, "v1alpha3");
    assert_eq!(
        new.object["spec"]["rules"],
        json!([{"kind": "HTTPRouteGroup", "name": "g"}, {"kind": "TCPRoute", "name": "smi-port-8080"}])
    );
    let route = serde_json::to_value(&new.companions[0]).unwrap();
    assert_eq!(route["metadata"], json!({"name": "smi-port-8080", "namespace": "shop"}));
    assert_eq!(route["spec"], json!({"matches": {"ports": [8080]}}));
    assert_eq!(at(&new.object, "v1alpha2").object, old);
}

/// B8.
#[test]
fn the_port_of_an_old_source_comes_back() {
    let mut old = target("v1alpha2", &web(), &json!([]));
    old["spec"]["sources"][0]["port"] = json!(9090);
    assert_eq!(at(&at(&old, "v1alpha4").object, "v1alpha2").object, old);
}

/// B9: everybody got the new version that was meant for a few.
#[test]
fn a_split_for_some_is_no_split_for_all() {
    for old in ["v1alpha1", "v1alpha2"] {
        let converted = at(&matched_split(), old).object;
        let backends = converted["spec"]["backends"].as_array().unwrap();
        assert_eq!(backends.len(), 1);
        assert_eq!(backends[0]["service"], "web");
        assert_eq!(at(&converted, "v1alpha4").object, matched_split());
    }
}

/// B10: a match of some headers became one of everything.
#[test]
fn a_match_of_headers_is_no_match_of_everything() {
    let matches = json!([
        {"name": "android", "headers": [{"user-agent": ".*Android.*"}]},
        {"name": "api", "pathRegex": "/api"},
    ]);
    let new = group("v1alpha4", &matches);
    let old = at(&new, "v1alpha1").object;
    assert_eq!(old["matches"], json!([{"name": "api", "pathRegex": "/api"}]));
    assert_eq!(at(&old, "v1alpha4").object, new);
}

/// B11: the database's port became every port, without a word.
#[test]
fn ports_that_cannot_be_said_are_kept_and_the_loss_says_that_it_widens() {
    for old in ["v1alpha1", "v1alpha2", "v1alpha3"] {
        let converted = at(&tcp_route(&json!([3306])), old);
        assert!(
            converted.losses.iter().any(|loss| loss.widens),
            "{:?}",
            converted.losses
        );
        assert_eq!(at(&converted.object, "v1alpha4").object, tcp_route(&json!([3306])));
    }
    // Who names the route at an old version grants nothing by it.
    let rules = json!([{"kind": "TCPRoute", "name": "a"}]);
    let old = at(&target("v1alpha4", &web(), &rules), "v1alpha2").object;
    assert_eq!(old["spec"]["rules"], json!([]));
}

/// B12: who changed a label at an old version erased what it cannot say.
#[test]
fn a_label_that_is_edited_at_an_old_version_erases_nothing() {
    let destination = json!({"kind": "ServiceAccount", "name": "api"});
    let rules = json!([{"kind": "TCPRoute", "name": "db"}, {"kind": "UDPRoute", "name": "dns"}]);
    let headers = json!([{"name": "android", "headers": [{"user-agent": ".*Android.*"}]}]);
    for new in [
        matched_split(),
        group("v1alpha4", &headers),
        tcp_route(&json!([3306])),
        target("v1alpha4", &destination, &rules),
    ] {
        for old in ["v1alpha1", "v1alpha2"] {
            let mut edited = at(&new, old).object;
            edited["metadata"]["labels"] = json!({"team": "shop"});
            let mut expected = new.clone();
            expected["metadata"]["labels"] = json!({"team": "shop"});
            assert_eq!(at(&edited, "v1alpha4").object, expected);
        }
    }
}

/// B13: the kind went through to versions that do not have it.
#[test]
fn an_identity_binding_does_not_show_where_there_are_none() {
    let binding = json!({"group": "access.smi-spec.io", "kind": "IdentityBinding", "name": "pods"});
    let mut new = target("v1alpha4", &binding, &json!([{"kind": "HTTPRouteGroup", "name": "g"}]));
    new["spec"]["sources"] = json!([binding]);
    for old in ["v1alpha1", "v1alpha2", "v1alpha3"] {
        let converted = at(&new, old).object;
        assert!(
            !without_stash(converted.clone()).to_string().contains("IdentityBinding"),
            "{converted}"
        );
        assert_eq!(at(&converted, "v1alpha4").object, new);
    }
}

/// B14: what its own version admits became an object that the newest does not, and could never be updated again.
#[test]
fn what_no_version_could_mean_is_refused_and_what_the_newest_admits_is_not() {
    let error = refusal(&split("v1alpha1", &[json!(-1)]), "split.smi-spec.io/v1alpha4");
    assert!(
        error.contains("`spec.backends[0].weight`") && error.contains("`-1`"),
        "{error}"
    );

    let group = json!({"kind": "Group", "name": "everybody"});
    let new = at(&target("v1alpha3", &group, &json!([])), "v1alpha4").object;
    assert_eq!(new["spec"]["destination"], group);
    let schema = crate::kinds::schema(&crate::kinds::CRDS, "access.smi-spec.io", "TrafficTarget", "v1alpha4").unwrap();
    assert_eq!(smi_sdk::core::schema::validate(&new, None, schema), []);
}

/// B15: empty lists were left out, and their CRD requires them.
#[test]
fn lists_that_are_empty_or_missing_are_written() {
    let spec = json!({"spec": {"destination": web()}});
    let new = at(
        &object("access.smi-spec.io/v1alpha2", "TrafficTarget", spec),
        "v1alpha3",
    )
    .object;
    assert_eq!(
        (&new["spec"]["sources"], &new["spec"]["rules"]),
        (&json!([]), &json!([]))
    );
    let new = at(
        &object("specs.smi-spec.io/v1alpha3", "TCPRoute", json!({"spec": {}})),
        "v1alpha4",
    )
    .object;
    assert_eq!(new["spec"], json!({"matches": {"ports": []}}));
}

/// B18: three orders for the same headers.
#[test]
fn headers_keep_the_order_in_which_they_were_written() {
    let headers = json!([{"x-c": "1"}, {"x-a": "2"}, {"x-b": "3"}]);
    let old = group("v1alpha2", &json!([{"name": "m", "headers": headers}]));
    let new = at(&old, "v1alpha4").object;
    assert_eq!(new["spec"]["matches"][0]["headers"], headers);
    assert_eq!(at(&new, "v1alpha2").object.to_string(), old.to_string());
}

/// B19: the last one won.
#[test]
fn a_header_that_is_there_twice_is_an_error_that_names_it() {
    let old = group(
        "v1alpha2",
        &json!([{"name": "m", "headers": [{"x-a": "1"}, {"x-a": "2"}]}]),
    );
    let error = refusal(&old, "specs.smi-spec.io/v1alpha4");
    assert!(
        error.contains("`x-a`") && error.contains("matches[0].headers"),
        "{error}"
    );
}

/// B20: an error that stopped the whole informer.
#[test]
fn a_list_item_with_several_headers_means_all_of_them() {
    let old = group(
        "v1alpha2",
        &json!([{"name": "m", "headers": [{"x-a": "1", "x-b": "2"}]}]),
    );
    let new = at(&old, "v1alpha4").object;
    assert_eq!(
        new["spec"]["matches"][0]["headers"],
        json!([{"x-a": "1"}, {"x-b": "2"}])
    );
}

/// B21: what one SDK stores the other one cannot read.
#[test]
fn headers_are_read_in_the_spelling_of_either_sdk() {
    let map = group("v1alpha4", &json!([{"name": "m", "headers": {"x-a": "1", "x-b": "2"}}]));
    let list = group(
        "v1alpha4",
        &json!([{"name": "m", "headers": [{"x-a": "1"}, {"x-b": "2"}]}]),
    );
    for old in ["v1alpha2", "v1alpha3"] {
        assert_eq!(
            without_stash(at(&map, old).object),
            without_stash(at(&list, old).object)
        );
    }
    assert_eq!(at(&map, "v1alpha1").object["matches"], json!([]));
}
