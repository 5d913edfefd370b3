//! Every version of the traffic specs, read as the hub.

use serde_json::{Value, json};
use smi_core::convert::{ConvertError, Converted};

use super::*;

fn hub(object: Value) -> Result<Value, ConvertError> {
    let converted = converters().convert(object, "specs.smi-spec.io/v1alpha4")?;
    assert_eq!((converted.companions, converted.losses), (vec![], vec![]));
    Ok(converted.object)
}

#[test]
fn root_level_matches_of_v1alpha1_and_v1alpha2_move_under_spec() {
    for version in ["v1alpha1", "v1alpha2"] {
        let object = json!({
            "apiVersion": format!("specs.smi-spec.io/{version}"), "kind": "HTTPRouteGroup",
            "metadata": {"name": "r", "namespace": "shop", "labels": {"a": "b"}},
            "matches": [{"name": "m", "pathRegex": "/x", "methods": ["GET"]}],
        });
        assert_eq!(
            hub(object).unwrap(),
            json!({
                "apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "HTTPRouteGroup",
                "metadata": {"name": "r", "namespace": "shop", "labels": {"a": "b"}},
                "spec": {"matches": [{"name": "m", "pathRegex": "/x", "methods": ["GET"]}]},
            })
        );
    }
}

#[test]
fn headers_keep_their_order_from_v1alpha2_and_v1alpha3() {
    let matches = json!([{"name": "m", "headers": [{"z": "1"}, {"a": "2"}]}]);
    for (version, object) in [
        ("v1alpha2", json!({"matches": matches})),
        ("v1alpha3", json!({"spec": {"matches": matches}})),
    ] {
        let mut object = object;
        object["apiVersion"] = format!("specs.smi-spec.io/{version}").into();
        object["kind"] = "HTTPRouteGroup".into();
        object["metadata"] = json!({"name": "r"});
        assert_eq!(hub(object).unwrap()["spec"]["matches"], matches);
    }
}

#[test]
fn a_tcp_route_without_ports_means_every_port() {
    for (version, spec) in [
        ("v1alpha1", None),
        ("v1alpha2", None),
        ("v1alpha3", None),
        ("v1alpha3", Some(json!({}))),
    ] {
        let mut object = json!({"apiVersion": format!("specs.smi-spec.io/{version}"), "kind": "TCPRoute", "metadata": {"name": "r"}});
        if let Some(spec) = spec {
            object["spec"] = spec;
        }
        assert_eq!(hub(object).unwrap()["spec"], json!({"matches": {"ports": []}}));
    }
}

#[test]
fn ports_under_an_older_version_are_refused_since_they_would_become_every_port() {
    let ports = json!({"matches": {"ports": [8080]}});
    for (version, expected) in [
        ("v1alpha1", "no fields but `metadata`"),
        ("v1alpha2", "no fields but `metadata`"),
        ("v1alpha3", "an empty `spec`"),
    ] {
        let object = json!({
            "apiVersion": format!("specs.smi-spec.io/{version}"), "kind": "TCPRoute", "metadata": {"name": "r"}, "spec": ports,
        });
        assert_eq!(
            hub(object).unwrap_err().to_string(),
            format!(
                "the object says `{version}`, which has {expected}, but it has the shape of `v1alpha4`: `spec.matches`"
            )
        );
    }
}

#[test]
fn an_old_shape_under_a_new_version_names_both_shapes() {
    let object = json!({
        "apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "HTTPRouteGroup", "metadata": {"name": "r"},
        "matches": [{"name": "m", "pathRegex": "/x", "methods": ["*"]}],
    });
    assert_eq!(
        hub(object).unwrap_err().to_string(),
        "the object says `v1alpha4`, which has `spec.matches`, but it has the shape of `v1alpha2`: `matches` at the root"
    );
}

#[test]
fn a_new_shape_under_an_old_version_names_both_shapes() {
    let object = json!({
        "apiVersion": "specs.smi-spec.io/v1alpha1", "kind": "HTTPRouteGroup", "metadata": {"name": "r"},
        "spec": {"matches": [{"name": "m"}]},
    });
    assert_eq!(
        hub(object).unwrap_err().to_string(),
        "the object says `v1alpha1`, which has `matches` at the root, but it has the shape of `v1alpha4`: `spec.matches`"
    );
}

#[test]
fn errors_in_root_level_objects_name_the_field() {
    let object = json!({
        "apiVersion": "specs.smi-spec.io/v1alpha2", "kind": "HTTPRouteGroup", "metadata": {"name": "r"},
        "matches": [{"name": "m"}, {"name": "n", "methods": "GET"}],
    });
    let error = hub(object).unwrap_err().to_string();
    assert!(error.starts_with("`matches[1].methods`: "), "{error}");
}

#[test]
fn ports_that_older_versions_cannot_say_widen_and_come_back() {
    let object = json!({
        "apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "TCPRoute", "metadata": {"name": "r", "namespace": "shop"},
        "spec": {"matches": {"ports": [80]}},
    });
    let down = converters()
        .convert(object.clone(), "specs.smi-spec.io/v1alpha3")
        .unwrap();
    assert_eq!(down.object["spec"], json!({}));
    let losses: Vec<_> = down.losses.iter().map(ToString::to_string).collect();
    assert_eq!(
        losses,
        ["`spec.matches.ports`: the target version has no such field (widens)"]
    );
    let up = converters().convert(down.object, "specs.smi-spec.io/v1alpha4").unwrap();
    assert_eq!(up, Converted::exactly(object));
}

#[test]
fn a_match_with_headers_leaves_the_oldest_version_and_returns_beside_what_was_edited() {
    let with = json!({"name": "with", "headers": [{"a": "b"}]});
    let group = |version: &str, matches: Value| {
        json!({"apiVersion": format!("specs.smi-spec.io/{version}"), "kind": "HTTPRouteGroup",
            "metadata": {"name": "g"}, "spec": {"matches": matches}})
    };
    let object = group("v1alpha4", json!([with, {"name": "without", "methods": ["GET"]}]));
    let mut down = converters()
        .convert(object, "specs.smi-spec.io/v1alpha1")
        .unwrap()
        .object;
    assert_eq!(down["matches"], json!([{"name": "without", "methods": ["GET"]}]));
    down["matches"][0]["methods"] = json!(["PUT"]);
    let up = converters().convert(down, "specs.smi-spec.io/v1alpha4").unwrap();
    assert_eq!(
        up.object,
        group("v1alpha4", json!([with, {"name": "without", "methods": ["PUT"]}]))
    );
}
