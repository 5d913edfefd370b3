//! Any text as what an object keeps of its other versions: forged, damaged, of another object.

#![expect(clippy::unwrap_used, reason = "a check fails as a test does")]

use std::sync::LazyLock;

use serde_json::{Value, json};
use smi_sdk::convert::{CONVERSION_DATA, Converters, STASH_MAX, converters};

static CONVERTERS: LazyLock<Converters> = LazyLock::new(converters);

/// Panics where an object with this text cannot be converted, grows without bound, or does not come to rest.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // One pair of versions for each input: the inputs are many.
    let chosen: usize = data.iter().map(|byte| usize::from(*byte)).sum();
    for at_versions in OBJECTS.iter() {
        let (from, to) = (chosen % 4, (chosen + 1 + chosen / 4 % 3) % 4);
        let group = at_versions[0]["apiVersion"]
            .as_str()
            .unwrap()
            .split('/')
            .next()
            .unwrap();
        let mut forged = at_versions[from].clone();
        forged["metadata"]["annotations"] = json!({ CONVERSION_DATA: text });
        // What is dropped is dropped at first; then both ways say the same again and again.
        let there = convert(forged, group, VERSIONS[to]);
        let back = convert(there, group, VERSIONS[from]);
        let again = convert(back.clone(), group, VERSIONS[to]);
        assert_eq!(convert(again, group, VERSIONS[from]), back);
    }
}

fn convert(object: Value, group: &str, version: &str) -> Value {
    let api_version = format!("{group}/{version}");
    let converted = CONVERTERS.convert_served(object, &api_version).unwrap().object;
    assert_eq!(converted["apiVersion"], api_version);
    let kept = converted["metadata"]["annotations"][CONVERSION_DATA].as_str();
    assert!(kept.is_none_or(|kept| kept.len() <= STASH_MAX));
    converted
}

const VERSIONS: [&str; 4] = ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"];

/// Objects of the kinds whose versions differ, each at every version.
static OBJECTS: LazyLock<Vec<[Value; 4]>> = LazyLock::new(|| {
    let objects = objects().into_iter();
    let at_versions = |object: Value| {
        let group = object["apiVersion"]
            .as_str()
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .to_owned();
        VERSIONS.map(|version| convert(object.clone(), &group, version))
    };
    objects.map(at_versions).collect()
});

/// An object of each kind whose versions differ, with what they do not all say.
fn objects() -> [Value; 5] {
    let account = |name: &str| json!({"kind": "ServiceAccount", "name": name});
    let rule = |kind: &str, name: &str| json!({"kind": kind, "name": name});
    let object = |api_version: &str, kind: &str, spec: Value| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "shop"}, "spec": spec});
    let with_port = json!({
        "destination": {"kind": "ServiceAccount", "name": "api", "port": 8080},
        "sources": [account("web"), {"kind": "ServiceAccount", "name": "jobs", "port": 1}],
        "rules": [rule("TCPRoute", "t"), rule("HTTPRouteGroup", "r")],
    });
    let newest = json!({
        "destination": account("api"),
        "sources": [account("web"), {"group": "access.smi-spec.io", "kind": "IdentityBinding", "name": "b"}],
        "rules": [rule("UDPRoute", "u"), rule("TCPRoute", "t"), rule("HTTPRouteGroup", "r")],
    });
    let split = json!({
        "service": "web", "backends": [{"service": "web-v1", "weight": 1}, {"service": "web-v2", "weight": 0}],
        "matches": [rule("HTTPRouteGroup", "r")],
    });
    let group = json!({"matches": [{"name": "m", "headers": [{"a": "b"}]}, {"name": "n", "pathRegex": "/"}]});
    [
        object("access.smi-spec.io/v1alpha2", "TrafficTarget", with_port),
        object("access.smi-spec.io/v1alpha4", "TrafficTarget", newest),
        object("split.smi-spec.io/v1alpha4", "TrafficSplit", split),
        object("specs.smi-spec.io/v1alpha4", "HTTPRouteGroup", group),
        object(
            "specs.smi-spec.io/v1alpha4",
            "TCPRoute",
            json!({"matches": {"ports": [80]}}),
        ),
    ]
}
