//! Values that a field does not take.

use crate::{object, only_error, split};

#[test]
fn a_weight_that_the_version_does_not_have_is_named_with_its_line() {
    let whole = "a whole number from 0 to 2147483647 is expected, not";
    let range = "is not from 0 to 2147483647";
    for (version, weight, message) in [
        ("v1alpha4", "33.3", "the weight `33.3` is not a whole number".to_owned()),
        ("v1alpha2", "500m", "the weight `500m` is a string: from v1alpha2 on it is a whole number".to_owned()),
        ("v1alpha3", "\"90\"", "the weight `90` is a string: from v1alpha2 on it is a whole number".to_owned()),
        ("v1alpha2", "-1", format!("the weight `-1` {range}")),
        ("v1alpha4", "2147483648", format!("the weight `2147483648` {range}")),
        ("v1alpha4", "99999999999999999999", format!("the weight `100000000000000000000` {range}")),
        ("v1alpha4", "null", format!("{whole} `null`")),
        ("v1alpha4", "yes", format!("{whole} `true`")),
        ("v1alpha4", "{}", format!("{whole} a map")),
        ("v1alpha1", "-1", "the weight `-1` is negative".to_owned()),
        (
            "v1alpha1",
            "half",
            "`half` is not a quantity (expected a number with at most one suffix, such as `90`, `500m`, `1.5Ki` or `2e3`)"
                .to_owned(),
        ),
        ("v1alpha1", "1n1", "`1n1` is not a quantity (expected a number with at most one suffix, such as `90`, `500m`, `1.5Ki` or `2e3`)".to_owned()),
        ("v1alpha1", "0.0000000001", "the quantity `1e-10` is finer than a nano unit (10^-9)".to_owned()),
        ("v1alpha1", "[]", "a quantity (a number, or a string such as `500m`) is expected, not a list".to_owned()),
    ] {
        let error = only_error(&split(version, weight));
        assert_eq!(error, format!("m.yaml:8: TrafficSplit `a`: `spec.backends[0].weight`: {message}"), "{version}");
    }
    let missing = split("v1alpha2", "1").replace(", weight: 1", "");
    assert_eq!(
        only_error(&missing),
        "m.yaml:8: TrafficSplit `a`: `spec.backends[0].weight`: the field is missing"
    );
}

#[test]
fn a_port_out_of_range_is_named_with_its_line() {
    let target = |port: &str| {
        let body = format!("spec:\n  destination:\n    kind: ServiceAccount\n    name: api\n    port: {port}");
        only_error(&object("access.smi-spec.io/v1alpha2", "TrafficTarget", &body))
    };
    let route = |port: &str| {
        let body = format!("spec:\n  matches:\n    ports:\n    - 80\n    - {port}");
        only_error(&object("specs.smi-spec.io/v1alpha4", "TCPRoute", &body))
    };
    for (port, message) in [
        ("70000", "the port `70000` is not from 1 to 65535"),
        ("0", "the port `0` is not from 1 to 65535"),
        ("-80", "the port `-80` is not from 1 to 65535"),
        ("\"70000\"", "the port `70000` is not from 1 to 65535"),
        ("http", "a port from 1 to 65535 is expected, not the string `http`"),
        ("80.5", "a port from 1 to 65535 is expected, not the number `80.5`"),
        ("[]", "a port from 1 to 65535 is expected, not a list"),
    ] {
        assert_eq!(
            target(port),
            format!("m.yaml:9: TrafficTarget `a`: `spec.destination.port`: {message}")
        );
        assert_eq!(
            route(port),
            format!("m.yaml:9: TCPRoute `a`: `spec.matches.ports[1]`: {message}")
        );
    }
}
