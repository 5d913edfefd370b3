//! What `kubectl get` shows of built-in kinds.

use kube::core::Version;
use serde_json::{Value, json};

use super::age;

/// A column: its name, its priority (above 0: with `-o wide`), and what stands in it.
type Shown = (&'static str, i32, fn(&Value, i64) -> Value);

const NONE: &str = "<none>";
/// How many of a list are shown.
const SHOWN: usize = 3;

/// The columns of a kind.
pub(super) fn columns(group: &str, kind: &str) -> &'static [Shown] {
    match (group, kind) {
        ("", "Namespace") => NAMESPACE,
        ("", "Service") => SERVICE,
        ("", "Pod") => POD,
        ("", "ConfigMap") => CONFIG_MAP,
        ("", "Secret") => SECRET,
        ("apps", "Deployment") => DEPLOYMENT,
        ("discovery.k8s.io", "EndpointSlice") => ENDPOINT_SLICE,
        ("coordination.k8s.io", "Lease") => LEASE,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => DEFINITION,
        ("", "Event") => EVENT,
        ("policy", "PodDisruptionBudget") => DISRUPTION_BUDGET,
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => ROLE,
        ("rbac.authorization.k8s.io", _) => ROLE_BINDING,
        _ => PLAIN,
    }
}

const PLAIN: &[Shown] = &[("Name", 0, name), ("Age", 0, created)];

const NAMESPACE: &[Shown] = &[
    ("Name", 0, name),
    ("Status", 0, |object, _| at(object, "/status/phase")),
    ("Age", 0, created),
];

const SERVICE: &[Shown] = &[
    ("Name", 0, name),
    ("Type", 0, |object, _| at(object, "/spec/type")),
    ("Cluster-IP", 0, |object, _| {
        or_none(first_text(object, &["/spec/clusterIPs/0", "/spec/clusterIP"]))
    }),
    ("External-IP", 0, |object, _| external_ip(object)),
    ("Port(s)", 0, |object, _| or_none(service_ports(object))),
    ("Age", 0, created),
    ("Selector", 1, |object, _| or_none(labels(object, "/spec/selector"))),
];

const POD: &[Shown] = &[
    ("Name", 0, name),
    ("Ready", 0, |object, _| {
        let ready = list(object, "/status/containerStatuses")
            .filter(|status| status["ready"] == true)
            .count();
        format!("{ready}/{}", list(object, "/spec/containers").count()).into()
    }),
    ("Status", 0, |object, _| pod_status(object)),
    ("Restarts", 0, |object, _| {
        let restarts = list(object, "/status/containerStatuses").filter_map(|status| status["restartCount"].as_i64());
        restarts.fold(0, i64::saturating_add).to_string().into()
    }),
    ("Age", 0, created),
    ("IP", 1, |object, _| {
        or_none(first_text(object, &["/status/podIPs/0/ip", "/status/podIP"]))
    }),
    ("Node", 1, |object, _| or_none(text(object, "/spec/nodeName").into())),
    ("Nominated Node", 1, |object, _| {
        or_none(text(object, "/status/nominatedNodeName").into())
    }),
    ("Readiness Gates", 1, |object, _| readiness_gates(object)),
];

const CONFIG_MAP: &[Shown] = &[
    ("Name", 0, name),
    ("Data", 0, |object, _| {
        json!(size(object, "/data") + size(object, "/binaryData"))
    }),
    ("Age", 0, created),
];

const SECRET: &[Shown] = &[
    ("Name", 0, name),
    ("Type", 0, |object, _| at(object, "/type")),
    ("Data", 0, |object, _| json!(size(object, "/data"))),
    ("Age", 0, created),
];

const DEPLOYMENT: &[Shown] = &[
    ("Name", 0, name),
    ("Ready", 0, |object, _| {
        format!(
            "{}/{}",
            count(object, "/status/readyReplicas"),
            count(object, "/spec/replicas")
        )
        .into()
    }),
    ("Up-to-date", 0, |object, _| {
        json!(count(object, "/status/updatedReplicas"))
    }),
    ("Available", 0, |object, _| {
        json!(count(object, "/status/availableReplicas"))
    }),
    ("Age", 0, created),
    ("Containers", 1, |object, _| {
        joined(list(object, "/spec/template/spec/containers"), "/name").into()
    }),
    ("Images", 1, |object, _| {
        joined(list(object, "/spec/template/spec/containers"), "/image").into()
    }),
    ("Selector", 1, |object, _| {
        or_none(labels(object, "/spec/selector/matchLabels"))
    }),
];

const ENDPOINT_SLICE: &[Shown] = &[
    ("Name", 0, name),
    ("AddressType", 0, |object, _| at(object, "/addressType")),
    ("Ports", 0, |object, _| {
        let port = |port: &Value| match (port["port"].as_i64(), port["name"].as_str()) {
            (Some(number), _) => number.to_string(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => "*".into(),
        };
        some_of(list(object, "/ports").map(port).collect()).into()
    }),
    ("Endpoints", 0, |object, _| {
        let addresses = list(object, "/endpoints").flat_map(|endpoint| list(endpoint, "/addresses"));
        some_of(addresses.filter_map(Value::as_str).map(ToOwned::to_owned).collect()).into()
    }),
    ("Age", 0, created),
];

const LEASE: &[Shown] = &[
    ("Name", 0, name),
    ("Holder", 0, |object, _| text(object, "/spec/holderIdentity").into()),
    ("Age", 0, created),
];

const DISRUPTION_BUDGET: &[Shown] = &[
    ("Name", 0, name),
    ("Min Available", 0, |object, _| limit(object, "/spec/minAvailable")),
    ("Max Unavailable", 0, |object, _| limit(object, "/spec/maxUnavailable")),
    ("Allowed Disruptions", 0, |object, _| {
        json!(count(object, "/status/disruptionsAllowed"))
    }),
    ("Age", 0, created),
];

const ROLE: &[Shown] = &[
    ("Name", 0, name),
    ("Created At", 0, |object, _| at(object, "/metadata/creationTimestamp")),
];

const ROLE_BINDING: &[Shown] = &[
    ("Name", 0, name),
    ("Role", 0, |object, _| {
        format!("{}/{}", text(object, "/roleRef/kind"), text(object, "/roleRef/name")).into()
    }),
    ("Age", 0, created),
    ("Users", 1, |object, _| subjects(object, "User").into()),
    ("Groups", 1, |object, _| subjects(object, "Group").into()),
    ("ServiceAccounts", 1, |object, _| {
        subjects(object, "ServiceAccount").into()
    }),
];

const DEFINITION: &[Shown] = &[
    ("Name", 0, name),
    ("Scope", 0, |object, _| at(object, "/spec/scope")),
    ("Versions", 0, |object, _| served_versions(object)),
    ("Created At", 0, |object, _| at(object, "/metadata/creationTimestamp")),
    ("Group", 1, |object, _| at(object, "/spec/group")),
    ("Kind", 1, |object, _| at(object, "/spec/names/kind")),
    ("ShortNames", 1, |object, _| {
        let names: Vec<_> = list(object, "/spec/names/shortNames")
            .filter_map(Value::as_str)
            .collect();
        names.join(",").into()
    }),
    ("Established", 1, |object, _| {
        let mut conditions = list(object, "/status/conditions");
        conditions
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
            .into()
    }),
];

/// `v1beta1,v1(storage)`
fn served_versions(object: &Value) -> Value {
    let served = list(object, "/spec/versions").filter(|version| version["served"] == true);
    let mut served: Vec<&Value> = served.collect();
    served.sort_by_cached_key(|version| Version::parse(version["name"].as_str().unwrap_or_default()).priority());
    let shown = served.into_iter().map(|version| {
        let stored = if version["storage"] == true { "(storage)" } else { "" };
        format!("{}{stored}", version["name"].as_str().unwrap_or_default())
    });
    shown.collect::<Vec<_>>().join(",").into()
}

const EVENT: &[Shown] = &[
    ("Last Seen", 0, |object, now| {
        let times = [
            "/series/lastObservedTime",
            "/lastTimestamp",
            "/firstTimestamp",
            "/eventTime",
        ];
        age_of(first_text(object, &times).as_str(), now)
    }),
    ("Type", 0, |object, _| text(object, "/type").into()),
    ("Reason", 0, |object, _| text(object, "/reason").into()),
    ("Object", 0, |object, _| {
        let kind = text(object, "/involvedObject/kind").to_lowercase();
        match text(object, "/involvedObject/name") {
            "" => kind.into(),
            name => format!("{kind}/{name}").into(),
        }
    }),
    ("Subobject", 1, |object, _| {
        text(object, "/involvedObject/fieldPath").into()
    }),
    ("Source", 1, |object, _| {
        let component = first_text(object, &["/source/component", "/reportingComponent"]);
        match first_text(object, &["/source/host", "/reportingInstance"]).as_str() {
            "" => component.into(),
            host => format!("{component}, {host}").into(),
        }
    }),
    ("Message", 0, |object, _| text(object, "/message").trim().into()),
    ("First Seen", 1, |object, now| {
        age_of(first_text(object, &["/firstTimestamp", "/eventTime"]).as_str(), now)
    }),
    ("Count", 1, |object, _| {
        let counts = ["/series/count", "/count"].map(|path| count(object, path));
        json!(counts.into_iter().find(|count| *count > 0).unwrap_or(1))
    }),
    ("Name", 1, name),
];

pub(super) fn name(object: &Value, _: i64) -> Value {
    text(object, "/metadata/name").into()
}

fn created(object: &Value, now: i64) -> Value {
    age_of(text(object, "/metadata/creationTimestamp"), now)
}

fn age_of(time: &str, now: i64) -> Value {
    age::since(time, now).unwrap_or_else(|| "<unknown>".into()).into()
}

fn at(object: &Value, path: &str) -> Value {
    object.pointer(path).cloned().unwrap_or_else(|| "".into())
}

fn text<'v>(object: &'v Value, path: &str) -> &'v str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn first_text(object: &Value, paths: &[&str]) -> String {
    let texts = paths.iter().map(|path| text(object, path));
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .to_owned()
}

fn or_none(text: String) -> Value {
    if text.is_empty() { NONE.into() } else { text.into() }
}

fn list<'v>(object: &'v Value, path: &str) -> impl Iterator<Item = &'v Value> {
    object.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

fn count(object: &Value, path: &str) -> i64 {
    object.pointer(path).and_then(Value::as_i64).unwrap_or_default()
}

/// A number or a percentage.
fn limit(object: &Value, path: &str) -> Value {
    match object.pointer(path) {
        Some(Value::String(text)) => text.as_str().into(),
        Some(number) => number.to_string().into(),
        None => "N/A".into(),
    }
}

/// The subjects of a binding that are of one kind; ServiceAccounts with their namespace.
fn subjects(object: &Value, kind: &str) -> String {
    let subjects = list(object, "/subjects").filter(|subject| text(subject, "/kind") == kind);
    let named = subjects.map(|subject| match text(subject, "/namespace") {
        "" => text(subject, "/name").to_owned(),
        namespace => format!("{namespace}/{}", text(subject, "/name")),
    });
    named.collect::<Vec<_>>().join(", ")
}

fn size(object: &Value, path: &str) -> usize {
    object
        .pointer(path)
        .and_then(Value::as_object)
        .map_or(0, serde_json::Map::len)
}

fn joined<'v>(items: impl Iterator<Item = &'v Value>, path: &str) -> String {
    items.map(|item| text(item, path)).collect::<Vec<_>>().join(",")
}

fn labels(object: &Value, path: &str) -> String {
    let labels = object.pointer(path).and_then(Value::as_object).into_iter().flatten();
    let labels = labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
    labels.collect::<Vec<_>>().join(",")
}

fn some_of(mut items: Vec<String>) -> String {
    let more = items.len().saturating_sub(SHOWN);
    items.truncate(SHOWN);
    match (items.is_empty(), more) {
        (true, _) => "<unset>".into(),
        (false, 0) => items.join(","),
        (false, more) => format!("{} + {more} more...", items.join(",")),
    }
}

fn external_ip(object: &Value) -> Value {
    let mut addresses: Vec<String> = Vec::new();
    let external = || {
        list(object, "/spec/externalIPs")
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
    };
    match text(object, "/spec/type") {
        "ExternalName" => return at(object, "/spec/externalName"),
        "LoadBalancer" => {
            let ingress = list(object, "/status/loadBalancer/ingress");
            addresses.extend(ingress.map(|ingress| first_text(ingress, &["/ip", "/hostname"])));
            addresses.extend(external());
            if addresses.is_empty() {
                return "<pending>".into();
            }
        }
        _ => addresses.extend(external()),
    }
    or_none(addresses.join(","))
}

fn service_ports(object: &Value) -> String {
    let shown = |port: &Value| {
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        match port["nodePort"].as_i64().filter(|node| *node > 0) {
            Some(node) => format!("{}:{node}/{protocol}", port["port"]),
            None => format!("{}/{protocol}", port["port"]),
        }
    };
    list(object, "/spec/ports").map(shown).collect::<Vec<_>>().join(",")
}

/// The reason that says most: a container that waits or ended, else the pod's own reason or phase.
fn pod_status(object: &Value) -> Value {
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        return "Terminating".into();
    }
    let states = list(object, "/status/containerStatuses");
    let reasons = states.map(|status| first_text(status, &["/state/waiting/reason", "/state/terminated/reason"]));
    let reason = reasons.into_iter().find(|reason| !reason.is_empty());
    let reason = reason.unwrap_or_else(|| first_text(object, &["/status/reason", "/status/phase"]));
    if reason.is_empty() {
        "Unknown".into()
    } else {
        reason.into()
    }
}

fn readiness_gates(object: &Value) -> Value {
    let gates: Vec<&str> = list(object, "/spec/readinessGates")
        .map(|gate| text(gate, "/conditionType"))
        .collect();
    if gates.is_empty() {
        return NONE.into();
    }
    let is_true = |gate: &&&str| {
        list(object, "/status/conditions").any(|condition| condition["type"] == **gate && condition["status"] == "True")
    };
    format!("{}/{}", gates.iter().filter(is_true).count(), gates.len()).into()
}
