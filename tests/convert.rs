//! Conversion on JSON values, over all kinds: lists, what passes through, and reviews.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]

use kube::core::conversion::ConversionReview;
use serde_json::{Value, json};
use smi_sdk::convert::{ConvertError, converters};

fn split(version: &str, name: &str, weight: impl Into<Value>) -> Value {
    json!({
        "apiVersion": format!("split.smi-spec.io/{version}"), "kind": "TrafficSplit", "metadata": {"name": name},
        "spec": {"service": "web", "backends": [{"service": "web-v1", "weight": weight.into()}]},
    })
}

fn loss_codes(losses: &[smi_sdk::convert::Loss]) -> Vec<String> {
    losses
        .iter()
        .map(|loss| format!("{} {}", loss.path, loss.reason.code()).trim().to_owned())
        .collect()
}

#[test]
fn a_list_is_converted_by_its_items() {
    let list = json!({
        "apiVersion": "v1", "kind": "List",
        "items": [split("v1alpha1", "a", "500m"), split("v1alpha3", "b", 1), {"apiVersion": "v1", "kind": "Service"}],
    });
    let mut converted = converters().convert(list, "split.smi-spec.io/v1alpha4").unwrap();
    let metadata = converted.object["items"][0]["metadata"].as_object_mut().unwrap();
    let kept = metadata.remove("annotations").unwrap()["smi-spec.io/conversion-data"].take();
    assert!(kept.as_str().unwrap().contains("500m"), "{kept}");
    assert_eq!(
        converted.object,
        json!({
            "apiVersion": "v1", "kind": "List",
            "items": [split("v1alpha4", "a", 500), split("v1alpha4", "b", 1), {"apiVersion": "v1", "kind": "Service"}],
        })
    );
    assert_eq!(
        loss_codes(&converted.losses),
        ["items[0].spec.backends[0].weight respelled", "items[2] other-group"]
    );
}

#[test]
fn a_typed_list_takes_the_version_of_its_items() {
    let list = json!({
        "apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplitList", "metadata": {"resourceVersion": "7"},
        "items": [split("v1alpha2", "a", 1)],
    });
    let converted = converters().convert(list, "split.smi-spec.io/v1alpha4").unwrap().object;
    assert_eq!(converted["apiVersion"], "split.smi-spec.io/v1alpha4");
    assert_eq!(converted["items"][0]["apiVersion"], "split.smi-spec.io/v1alpha4");
    assert_eq!(converted["metadata"], json!({"resourceVersion": "7"}));
}

#[test]
fn items_of_a_typed_list_may_leave_out_what_the_list_says() {
    let list = json!({
        "apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplitList",
        "items": [{"metadata": {"name": "a"}, "spec": {"service": "web", "backends": []}}],
    });
    let item = &converters().convert(list, "split.smi-spec.io/v1alpha4").unwrap().object["items"][0];
    assert_eq!(
        (&item["apiVersion"], &item["kind"]),
        (&json!("split.smi-spec.io/v1alpha4"), &json!("TrafficSplit"))
    );
}

#[test]
fn lists_of_other_groups_and_of_kinds_that_the_version_lacks_pass_through() {
    let pods = json!({"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "a"}}]});
    let udp = json!({"apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "UDPRouteList", "items": []});
    for (list, to, note) in [
        (pods, "split.smi-spec.io/v1alpha4", "other-group"),
        (udp, "specs.smi-spec.io/v1alpha3", "kind-not-in-version"),
    ] {
        let converted = converters().convert(list.clone(), to).unwrap();
        assert_eq!(converted.object, list);
        assert_eq!(loss_codes(&converted.losses), [note]);
    }
    let empty = json!({"apiVersion": "split.smi-spec.io/v1alpha2", "kind": "TrafficSplitList", "items": []});
    let error = converters()
        .convert(empty, "split.smi-spec.io/v99")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("`TrafficSplit` has no version `v99`"), "{error}");
}

#[test]
fn traffic_metrics_are_not_converted_here() {
    let metrics = json!({"apiVersion": "metrics.smi-spec.io/v1alpha1", "kind": "TrafficMetrics"});
    assert_eq!(
        converters()
            .convert(metrics, "metrics.smi-spec.io/v1alpha2")
            .unwrap_err()
            .to_string(),
        "`metrics.smi-spec.io` has no kind `TrafficMetrics` that is converted here"
    );
}

#[test]
fn other_groups_and_kinds_that_the_version_lacks_pass_through_with_a_note() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}});
    let udp = json!({
        "apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "UDPRoute", "metadata": {"name": "dns"},
        "spec": {"matches": {"ports": [53]}},
    });
    for (object, to, note) in [
        (service, "split.smi-spec.io/v1alpha4", "other-group"),
        (udp, "specs.smi-spec.io/v1alpha3", "kind-not-in-version"),
    ] {
        let converted = converters().convert(object.clone(), to).unwrap();
        assert_eq!(converted.object, object);
        assert_eq!(loss_codes(&converted.losses), [note]);
    }
}

#[test]
fn what_is_not_known_within_the_groups_is_an_error_that_lists_what_is() {
    let error = |object, to| converters().convert(object, to).unwrap_err().to_string();
    let mut unknown_kind = split("v1alpha4", "a", 1);
    unknown_kind["kind"] = "Split".into();
    assert_eq!(
        error(unknown_kind, "split.smi-spec.io/v1alpha4"),
        "`split.smi-spec.io` has no kind `Split`, only `TrafficSplit`"
    );
    let versions = "only `v1alpha1`, `v1alpha2`, `v1alpha3`, `v1alpha4`";
    assert_eq!(
        error(split("v1beta1", "a", 1), "split.smi-spec.io/v1alpha4"),
        format!("`TrafficSplit` has no version `v1beta1` in `split.smi-spec.io`, {versions}")
    );
    assert_eq!(
        error(split("v1alpha4", "a", 1), "split.smi-spec.io/v1"),
        format!("`TrafficSplit` has no version `v1` in `split.smi-spec.io`, {versions}")
    );
    assert_eq!(
        error(json!({"kind": "TrafficSplit"}), "split.smi-spec.io/v1alpha4"),
        "the object has no `apiVersion`"
    );
    assert_eq!(
        error(json!([]), "split.smi-spec.io/v1alpha4"),
        "the object has no `apiVersion`"
    );
}

#[test]
fn an_object_at_the_version_that_is_asked_for_is_read_and_stays_as_it_is() {
    let mut object = split("v1alpha1", "a", 0.5);
    object["spec"]["extra"] = true.into();
    let converted = converters()
        .convert(object.clone(), "split.smi-spec.io/v1alpha1")
        .unwrap();
    assert_eq!(converted.object, object);
    let error = converters()
        .convert(split("v1alpha4", "a", 33.3), "split.smi-spec.io/v1alpha4")
        .unwrap_err();
    assert!(matches!(error, ConvertError::Decode(_)), "{error}");
}

fn review(objects: &[Value]) -> Value {
    let review: ConversionReview = serde_json::from_value(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
        "request": {"uid": "u-1", "desiredAPIVersion": "split.smi-spec.io/v1alpha4", "objects": objects},
    }))
    .unwrap();
    serde_json::to_value(converters().review(review)).unwrap()["response"].clone()
}

#[test]
fn a_review_converts_every_object() {
    let response = review(&[split("v1alpha1", "a", 1), split("v1alpha2", "b", 1)]);
    assert_eq!(response["uid"], "u-1");
    assert_eq!(response["result"]["status"], "Success");
    assert_eq!(
        response["convertedObjects"],
        json!([split("v1alpha4", "a", 1), split("v1alpha4", "b", 1)])
    );
}

#[test]
fn a_review_keeps_in_an_annotation_what_the_version_does_not_say() {
    let response = review(&[split("v1alpha1", "a", "500m")]);
    assert_eq!(response["result"]["status"], "Success");
    let kept = &response["convertedObjects"][0]["metadata"]["annotations"]["smi-spec.io/conversion-data"];
    assert!(kept.as_str().unwrap().contains("500m"), "{kept}");
}

/// As when somebody exports an object at an old version, and raises and edits it by hand.
#[test]
fn what_was_kept_of_an_objects_own_version_does_not_replace_what_it_says() {
    let route = |version: &str, annotations: Value, spec: Value| {
        json!({"apiVersion": format!("specs.smi-spec.io/{version}"), "kind": "TCPRoute",
            "metadata": {"name": "db", "annotations": annotations}, "spec": spec})
    };
    let to = |object: Value, version: &str| {
        let api_version = format!("specs.smi-spec.io/{version}");
        converters().convert(object, &api_version).unwrap().object
    };
    let first = route("v1alpha4", json!({"a": "b"}), json!({"matches": {"ports": [80]}}));
    let kept = to(first, "v1alpha3")["metadata"]["annotations"].take();
    let edited = route("v1alpha4", kept, json!({"matches": {"ports": [9090]}}));
    let there = to(edited.clone(), "v1alpha3");
    let back = to(there, "v1alpha4");
    assert_eq!(back["spec"], edited["spec"]);
}

#[test]
fn a_review_refuses_to_widen_where_it_is_told_to() {
    let route = json!({"apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "TCPRoute",
        "metadata": {"name": "a"}, "spec": {"matches": {"ports": [80]}}});
    let review = || -> ConversionReview {
        serde_json::from_value(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
            "request": {"uid": "u-1", "desiredAPIVersion": "specs.smi-spec.io/v1alpha3", "objects": [route]},
        }))
        .unwrap()
    };
    let result = |converters: smi_sdk::convert::Converters| {
        let answer = serde_json::to_value(converters.review(review())).unwrap();
        answer["response"]["result"].clone()
    };
    assert_eq!(result(converters())["status"], "Success");
    let refused = result(converters().refuse_widening());
    assert_eq!(
        refused["message"],
        "TCPRoute a: `spec.matches.ports`: the target version has no such field (widens), and is refused here"
    );
}

#[test]
fn a_review_refuses_an_object_that_it_could_only_pass_on() {
    let target =
        json!({"apiVersion": "access.smi-spec.io/v1alpha3", "kind": "TrafficTarget", "metadata": {"name": "a"}});
    let response = review(&[target]);
    assert_eq!(
        response["result"]["message"],
        "TrafficTarget a: `split.smi-spec.io/v1alpha4` was asked for: not of the group that was asked for, the object stays \
         as it is"
    );
}

#[test]
fn one_object_that_fails_fails_the_review_with_a_message_that_names_it() {
    let response = review(&[split("v1alpha1", "a", 1), split("v1alpha1", "b", -1)]);
    assert_eq!(response["result"]["status"], "Failure");
    let message = response["result"]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "TrafficSplit b: `spec.backends[0].weight`: the weight `-1` is negative"
    );
}

#[test]
fn a_review_without_a_request_is_answered() {
    let empty = serde_json::from_value(json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview"}));
    let answer = serde_json::to_value(converters().review(empty.unwrap())).unwrap();
    assert_eq!(answer["response"]["result"]["status"], "Failure");
}

#[test]
fn a_list_is_no_match_beside_an_empty_spec_either() {
    let group = |matches: Value| {
        json!({"apiVersion": "specs.smi-spec.io/v1alpha1", "kind": "HTTPRouteGroup", "metadata": {"name": "a"},
            "matches": matches, "spec": {}})
    };
    let convert = |matches| converters().convert(group(matches), "specs.smi-spec.io/v1alpha1");
    let good = json!([{"name": "all", "methods": ["GET"], "pathRegex": ".*"}]);
    assert_eq!(convert(good.clone()).unwrap().object["matches"], good);
    let error = convert(json!([["all", ["GET"], ".*"]])).unwrap_err();
    assert_eq!(error.to_string(), "`matches[0]`: a map is expected, not a list");
}

#[test]
#[cfg(feature = "runtime")]
fn the_fast_way_to_the_hub_gives_what_the_slow_one_does() {
    use smi_sdk::{
        convert::{Converter, Hub},
        informers::Strip,
    };

    fn both<K: Hub + PartialEq + std::fmt::Debug>(converter: &Converter<K>, version: &str, object: &Value) {
        let fast = converter.read_served(&object.to_string(), version, Strip::Nothing);
        assert_eq!(fast, converter.to_hub(object));
    }
    let target = |version: &str, fields: Value| {
        let mut object = json!({
            "apiVersion": format!("access.smi-spec.io/{version}"), "kind": "TrafficTarget",
            "metadata": {"name": "orders", "namespace": "shop", "resourceVersion": "3",
                "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}]},
        });
        object
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        object
    };
    let account = json!({"kind": "ServiceAccount", "name": "api"});
    let rules = json!([{"kind": "HTTPRouteGroup", "name": "api", "matches": ["all"]}]);
    let targets = smi_sdk::access::convert::traffic_targets();
    let newest = json!({"spec": {"destination": account, "sources": [account], "rules": rules}});
    both(&targets, "v1alpha3", &target("v1alpha3", newest));
    let oldest = json!({"destination": account, "sources": [account], "specs": rules});
    both(&targets, "v1alpha1", &target("v1alpha1", oldest));
    // An error of the fast way is worded by the slow one.
    both(
        &targets,
        "v1alpha3",
        &target("v1alpha3", json!({"spec": {"destination": 3}})),
    );
    both(
        &targets,
        "v1alpha3",
        &target("v1alpha3", json!({"destination": account})),
    );
    both(
        &smi_sdk::split::convert::traffic_splits(),
        "v1alpha4",
        &split("v1alpha4", "web", 1),
    );
}

/// `object`, and what becomes of it when one of its values, its type aside, is another one or gone.
#[cfg(feature = "runtime")]
fn mutated(object: &Value) -> Vec<Value> {
    fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
        let children: Vec<_> = match value {
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => (0..).map(|at: usize| at.to_string()).zip(items).collect(),
            _ => Vec::new(),
        };
        for (name, value) in children {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            // Whoever asks a server for a version is not told another.
            if !["/apiVersion", "/kind"].contains(&at.as_str()) {
                pointers(value, &at, found);
                found.push(at);
            }
        }
    }
    let mut found = vec![String::new()];
    pointers(object, "", &mut found);
    let mut mutated = vec![object.clone()];
    for at in found {
        let value = object.pointer(&at).unwrap();
        let mut others = vec![json!([]), json!(null), json!(5), json!("x"), json!({}), json!([value])];
        if let Value::Object(fields) = value {
            // In the order of the names, and in the reverse of it: serde takes the order of the fields.
            others.push(fields.values().cloned().collect());
            others.push(fields.values().rev().cloned().collect());
        }
        for other in others {
            let mut object = object.clone();
            *object.pointer_mut(&at).unwrap() = other;
            mutated.push(object);
        }
    }
    for field in ["metadata", "spec"] {
        let mut object = object.clone();
        object.as_object_mut().unwrap().remove(field);
        mutated.push(object);
    }
    mutated
}

#[test]
#[cfg(feature = "runtime")]
fn the_fast_way_takes_what_the_slow_one_takes() {
    use smi_sdk::{
        access::convert::{identity_bindings, traffic_targets},
        convert::{Converter, Hub},
        informers::Strip,
        specs::convert::{http_route_groups, tcp_routes, udp_routes},
        split::convert::traffic_splits,
    };

    fn check<K: Hub + PartialEq + std::fmt::Debug>(
        converter: &Converter<K>,
        group: &str,
        versions: &[&str],
        body: &Value,
    ) {
        for version in versions {
            let mut object = json!({
                "apiVersion": format!("{group}.smi-spec.io/{version}"), "kind": K::kind(&()),
                "metadata": {"name": "a", "namespace": "shop", "labels": {"x": "y"}, "annotations": {"x": "y"},
                    "ownerReferences": [{"apiVersion": "v1", "kind": "Service", "name": "web", "uid": "u"}]},
            });
            object
                .as_object_mut()
                .unwrap()
                .extend(body.as_object().unwrap().clone());
            assert_eq!(converter.to_hub(&object).err(), None);
            for object in mutated(&object) {
                let text = object.to_string();
                let slow = converter.to_hub(&object);
                let stripped = converter.read_served(&text, version, Strip::Bookkeeping);
                assert_eq!(stripped.is_ok(), slow.is_ok(), "{text}");
                assert_eq!(converter.read_served(&text, version, Strip::Nothing), slow, "{text}");
            }
        }
    }

    let account = json!({"kind": "ServiceAccount", "name": "api", "namespace": "shop"});
    let rules = json!([{"kind": "HTTPRouteGroup", "name": "api", "matches": ["all"]}]);
    let body = json!({"destination": account, "sources": [account], "specs": rules});
    check(&traffic_targets(), "access", &["v1alpha1"], &body);
    let body = json!({"spec": {"destination": account, "sources": [account], "rules": rules}});
    let versions = ["v1alpha2", "v1alpha3", "v1alpha4"];
    check(&traffic_targets(), "access", &versions, &body);
    let body = json!({"spec": {"schemes": {"serviceAccount": "web", "podLabelSelector": {"matchLabels": {"x": "y"}}}}});
    check(&identity_bindings(), "access", &["v1alpha4"], &body);

    let matches = json!([{"name": "all", "methods": ["GET"], "pathRegex": ".*"}]);
    let body = json!({"matches": matches});
    check(&http_route_groups(), "specs", &["v1alpha1", "v1alpha2"], &body);
    let body = json!({"matches": matches, "spec": {}});
    check(&http_route_groups(), "specs", &["v1alpha1", "v1alpha2"], &body);
    let matches = json!([{"name": "all", "methods": ["GET"], "pathRegex": ".*", "headers": [{"x": "y"}]}]);
    let versions = ["v1alpha3", "v1alpha4"];
    check(
        &http_route_groups(),
        "specs",
        &versions,
        &json!({"spec": {"matches": matches}}),
    );
    check(&tcp_routes(), "specs", &["v1alpha1", "v1alpha2"], &json!({}));
    // Its ports are of another version, and are refused where there is no `spec`.
    let body = json!({"spec": {}, "matches": {"ports": [5432]}});
    check(&tcp_routes(), "specs", &["v1alpha3"], &body);
    let body = json!({"spec": {"matches": {"name": "db", "ports": [5432]}}});
    check(&tcp_routes(), "specs", &["v1alpha4"], &body);
    check(&udp_routes(), "specs", &["v1alpha4"], &body);

    let body = json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 1}]}});
    let versions = ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"];
    check(&traffic_splits(), "split", &versions, &body);
    let body = json!({"spec": {"service": "web", "backends": [{"service": "web-v1", "weight": 1}],
        "matches": [{"kind": "HTTPRouteGroup", "name": "api", "apiGroup": "specs.smi-spec.io"}]}});
    check(&traffic_splits(), "split", &["v1alpha3", "v1alpha4"], &body);
}
