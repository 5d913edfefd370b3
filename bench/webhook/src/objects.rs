//! Reviews of objects as `kubectl apply` leaves them in a cluster, 2 kB each, half of it field owners. An object depends
//! on its number alone.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// A kind, the version that its objects have and the one that is asked for.
pub struct Case {
    pub name: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    make: fn(usize, &str) -> Value,
}

pub const CASES: [Case; 4] = [
    Case {
        name: "TrafficTargets v1alpha2 -> v1alpha4",
        from: "access.smi-spec.io/v1alpha2",
        to: "access.smi-spec.io/v1alpha4",
        make: target,
    },
    Case {
        name: "TrafficTargets v1alpha4 -> v1alpha2",
        from: "access.smi-spec.io/v1alpha4",
        to: "access.smi-spec.io/v1alpha2",
        make: target,
    },
    Case {
        name: "TrafficSplits v1alpha2 -> v1alpha4",
        from: "split.smi-spec.io/v1alpha2",
        to: "split.smi-spec.io/v1alpha4",
        make: split,
    },
    Case {
        name: "TrafficSplits v1alpha4 -> v1alpha2",
        from: "split.smi-spec.io/v1alpha4",
        to: "split.smi-spec.io/v1alpha2",
        make: split,
    },
];

impl Case {
    /// The bytes of a review of the objects from number `first` on.
    pub fn review(&self, first: usize, objects: usize) -> Vec<u8> {
        let mut text = format!(
            r#"{{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","request":{{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","desiredAPIVersion":"{}","objects":["#,
            self.to
        );
        for number in first..first + objects {
            let comma = if number > first { "," } else { "" };
            let object = (self.make)(number, self.from);
            write!(text, "{comma}{object}").expect("a string takes everything");
        }
        text.push_str(r#"]},"response":{"uid":"","convertedObjects":null,"result":{"metadata":{}}}}"#);
        text.into_bytes()
    }
}

/// A review of about `bytes`, of objects that take a hundred times their size as values, and just not too much.
pub fn heavy_review(bytes: usize) -> Vec<u8> {
    const MAPS: usize = 42_000;
    let case = &CASES[2];
    let text = String::from_utf8(case.review(0, 1)).expect("JSON is UTF-8");
    let maps = r#"{"":0},"#.repeat(MAPS);
    let (before, object) = text.split_at(text.find(r#"{"apiVersion":"split"#).expect("an object"));
    let (object, after) = object.split_at(object.find("]},\"response\"").expect("its end"));
    let heavy = object.replacen(r#""spec":{"#, &format!(r#""spec":{{"extra":[{maps}{{}}],"#), 1);
    let objects = vec![heavy.as_str(); (bytes / heavy.len()).max(1)].join(",");
    format!("{before}{objects}{after}").into_bytes()
}

fn target(number: usize, api_version: &str) -> Value {
    let account = |of: usize| json!({"kind": "ServiceAccount", "name": format!("service-{:02}", of % 24), "namespace": format!("team-{:03}", of % 50)});
    let sources: Vec<Value> = (0..=number % 4).map(|at| account(number + 7 * at + 1)).collect();
    let rules: Vec<Value> = (0..=number % 3)
        .map(|at| json!({"kind": "HTTPRouteGroup", "name": format!("routes-{:02}", (number + at) % 20), "matches": ["orders", "checkout"]}))
        .collect();
    let spec = json!({"destination": account(number), "rules": rules, "sources": sources});
    let fields = json!({".": {}, "f:destination": {".": {}, "f:kind": {}, "f:name": {}, "f:namespace": {}}, "f:rules": {}, "f:sources": {}});
    object(number, api_version, "TrafficTarget", spec, fields)
}

fn split(number: usize, api_version: &str) -> Value {
    let backends: Vec<Value> = (0..2 + number % 3)
        .map(|at| json!({"service": format!("service-{:02}-v{at}", number % 24), "weight": 10 * (at + 1)}))
        .collect();
    let spec = json!({"service": format!("service-{:02}", number % 24), "backends": backends});
    object(
        number,
        api_version,
        "TrafficSplit",
        spec,
        json!({".": {}, "f:backends": {}, "f:service": {}}),
    )
}

fn object(number: usize, api_version: &str, kind: &str, spec: Value, fields: Value) -> Value {
    let (name, namespace) = (format!("allow-{number:05}"), format!("team-{:03}", number % 50));
    let labels = json!({
        "app.kubernetes.io/managed-by": "platform-team", "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": namespace,
    });
    let applied = json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"annotations": {}, "labels": labels, "name": name, "namespace": namespace}, "spec": spec,
    });
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": format!("{applied}\n")},
            "creationTimestamp": "2023-05-04T09:21:13Z",
            "generation": 1,
            "labels": labels,
            "managedFields": [{
                "apiVersion": api_version,
                "fieldsType": "FieldsV1",
                "fieldsV1": {
                    "f:metadata": {
                        "f:annotations": {".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {}},
                        "f:labels": {
                            ".": {}, "f:app.kubernetes.io/managed-by": {}, "f:app.kubernetes.io/name": {},
                            "f:app.kubernetes.io/part-of": {},
                        },
                    },
                    "f:spec": fields,
                },
                "manager": "kubectl-client-side-apply",
                "operation": "Update",
                "time": "2023-05-04T09:21:13Z",
            }],
            "name": name,
            "namespace": namespace,
            "resourceVersion": (8_000_000 + number).to_string(),
            "uid": format!("{number:08x}-5d2f-4c1a-9b7e-{number:012x}"),
        },
        "spec": spec,
    })
}
