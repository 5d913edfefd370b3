//! Generated TrafficTargets as `kubectl apply` leaves them in a cluster: 2.25 kB of JSON each, more than half of it
//! bookkeeping. An object depends on its number alone.

use serde_json::{Value, json};

/// Objects of one namespace.
const PER_NAMESPACE: u64 = 100;
/// Service accounts of a namespace.
const ACCOUNTS: u64 = 24;

/// The answer of an API server to a list request, as JSON.
pub(crate) fn list(objects: u64) -> Value {
    let items: Vec<Value> = (0..objects)
        .map(|number| target(number, objects / PER_NAMESPACE))
        .collect();
    json!({
        "apiVersion": "access.smi-spec.io/v1alpha3",
        "items": items,
        "kind": "TrafficTargetList",
        "metadata": {"continue": "", "resourceVersion": "9000000"},
    })
}

fn target(number: u64, namespaces: u64) -> Value {
    let mut dice = Dice(number);
    let namespace = namespace(number / PER_NAMESPACE);
    let name = format!("allow-{:05}-{:08x}", number, dice.roll(1 << 32));
    let destination = account(&mut dice, &namespace);
    let sources: Vec<Value> = (0..=dice.roll(4))
        .map(|_| {
            let other = dice.roll(10) < 3;
            let from = if other {
                self::namespace(dice.roll(namespaces.max(1)))
            } else {
                namespace.clone()
            };
            account(&mut dice, &from)
        })
        .collect();
    let rules: Vec<Value> = (0..=dice.roll(3)).map(|_| rule(&mut dice)).collect();
    let labels = json!({
        "app.kubernetes.io/managed-by": "platform-team",
        "app.kubernetes.io/name": destination["name"],
        "app.kubernetes.io/part-of": namespace,
    });
    let spec = json!({"destination": destination, "rules": rules, "sources": sources});
    let applied = json!({
        "apiVersion": "access.smi-spec.io/v1alpha3", "kind": "TrafficTarget",
        "metadata": {"annotations": {}, "labels": labels, "name": name, "namespace": namespace},
        "spec": spec,
    });
    json!({
        "apiVersion": "access.smi-spec.io/v1alpha3",
        "kind": "TrafficTarget",
        "metadata": {
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": format!("{applied}\n")},
            "creationTimestamp": "2023-05-04T09:21:13Z",
            "generation": 1 + dice.roll(5),
            "labels": labels,
            "managedFields": [managed()],
            "name": name,
            "namespace": namespace,
            "resourceVersion": (8_000_000 + number).to_string(),
            "uid": format!("{:08x}-5d2f-4c1a-9b7e-{:012x}", dice.roll(1 << 32), dice.roll(1 << 48)),
        },
        "spec": spec,
    })
}

fn namespace(number: u64) -> String {
    format!("team-{number:03}")
}

fn account(dice: &mut Dice, namespace: &str) -> Value {
    json!({"kind": "ServiceAccount", "name": format!("service-{:02}", dice.roll(ACCOUNTS)), "namespace": namespace})
}

fn rule(dice: &mut Dice) -> Value {
    if dice.roll(4) == 0 {
        return json!({"kind": "TCPRoute", "name": format!("tcp-{:02}", dice.roll(20))});
    }
    let matches: Vec<String> = (0..=dice.roll(3))
        .map(|_| format!("match-{:02}", dice.roll(40)))
        .collect();
    json!({"kind": "HTTPRouteGroup", "matches": matches, "name": format!("routes-{:02}", dice.roll(20))})
}

fn managed() -> Value {
    json!({
        "apiVersion": "access.smi-spec.io/v1alpha3",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {
                "f:annotations": {".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {}},
                "f:labels": {
                    ".": {}, "f:app.kubernetes.io/managed-by": {}, "f:app.kubernetes.io/name": {},
                    "f:app.kubernetes.io/part-of": {},
                },
            },
            "f:spec": {
                ".": {}, "f:destination": {".": {}, "f:kind": {}, "f:name": {}, "f:namespace": {}}, "f:rules": {},
                "f:sources": {},
            },
        },
        "manager": "kubectl-client-side-apply",
        "operation": "Update",
        "time": "2023-05-04T09:21:13Z",
    })
}

/// SplitMix64: the same rolls on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}
