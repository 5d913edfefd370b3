//! What an object says, in one line.

use std::fmt::Write;

use smi_sdk::{
    access::{
        rule::{HTTP_ROUTE_GROUP, TCP_ROUTE, UDP_ROUTE},
        subject::{IDENTITY_BINDING, SERVICE_ACCOUNT},
        v1alpha4::{IdentityBinding, Rule, Subject, TrafficTarget},
    },
    convert::LossReason,
    core::quantity::Quantity,
    kube::core::DynamicObject,
    manifest::{Document, Object},
    metrics::v1alpha2::{Direction, Metric, ObjectReference, TrafficMetrics, TrafficMetricsList},
    specs::{
        method,
        v1alpha4::{HttpMatch, HttpRouteGroup, PortMatch},
    },
    split::v1alpha4::TrafficSplit,
};

use super::shares::percents;

/// What an object says.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Says {
    /// In one line, if no name in it has a line break.
    pub(crate) text: String,
    /// Whether it comes to nothing: no traffic is allowed or sent by it.
    pub(crate) is_nothing: bool,
}

impl Says {
    const fn something(text: String) -> Self {
        Self {
            text,
            is_nothing: false,
        }
    }

    const fn nothing(text: String) -> Self {
        Self { text, is_nothing: true }
    }
}

/// What an object of SMI says.
pub(crate) fn says(document: &Document) -> Option<Says> {
    let mut says = match &document.object {
        Object::TrafficTarget(target) => traffic_target(target, &document.companions),
        Object::IdentityBinding(binding) => identity_binding(binding),
        Object::HttpRouteGroup(group) => http_route_group(group),
        Object::TcpRoute(route) => Says::something(ports(&route.spec.matches)),
        Object::UdpRoute(route) => Says::something(ports(&route.spec.matches)),
        Object::TrafficSplit(split) => traffic_split(split),
        Object::TrafficMetrics(metrics) => Says::something(traffic_metrics(metrics)),
        Object::TrafficMetricsList(list) => Says::something(traffic_metrics_list(list)),
        _ => return None,
    };
    let lost: Vec<_> = document
        .losses
        .iter()
        .filter(|loss| {
            use LossReason::{NoSuchField, NoSuchKind, UnknownField, Withdrawn};
            matches!(loss.reason, NoSuchField | NoSuchKind | UnknownField | Withdrawn)
        })
        .map(|loss| loss.path.to_string())
        .collect();
    if !lost.is_empty() {
        let _ = write!(says.text, "; without effect: {}", lost.join(", "));
    }
    Some(says)
}

/// `web, batch/jobs -> api: api[orders,health] on tcp smi-port-8080 (made for port 8080)`
fn traffic_target(target: &TrafficTarget, companions: &[DynamicObject]) -> Says {
    let home = target.metadata.namespace.as_deref();
    let spec = &target.spec;
    let sources: Vec<_> = spec.sources.iter().map(|source| subject(source, home)).collect();
    let who = format!(
        "{} -> {}",
        or(&sources.join(", "), "nobody"),
        subject(&spec.destination, home)
    );
    let rules = rules(&spec.rules, companions);
    let nothing = if spec.sources.is_empty() {
        "no sources"
    } else if !spec.sources.iter().any(is_known) {
        "no source of a known kind"
    } else if spec.rules.is_empty() {
        "no rules"
    } else if rules.is_empty() {
        "no rule of a known kind"
    } else if !is_known(&spec.destination) {
        "no destination of a known kind"
    } else {
        return Says::something(format!("{who}: {rules}"));
    };
    Says::nothing(format!("grants nothing: {nothing} ({who})"))
}

fn is_known(subject: &Subject) -> bool {
    subject.kind == SERVICE_ACCOUNT || subject.kind == IDENTITY_BINDING
}

/// A ServiceAccount by its name alone, with its namespace where that is not `home`; another kind in front of it.
fn subject(subject: &Subject, home: Option<&str>) -> String {
    let kind = match subject.kind.as_str() {
        SERVICE_ACCOUNT => String::new(),
        IDENTITY_BINDING => "binding ".to_owned(),
        other => format!("{other} "),
    };
    match subject.namespace.as_deref() {
        Some(namespace) if Some(namespace) != home => format!("{kind}{namespace}/{}", subject.name),
        _ => format!("{kind}{}", subject.name),
    }
}

/// The routes, as they work together: a TCPRoute narrows the HTTPRouteGroups beside it, a UDPRoute stands alone. Rules
/// of unknown kinds allow nothing.
fn rules(rules: &[Rule], companions: &[DynamicObject]) -> String {
    let of = |kind| -> String {
        let rules = rules.iter().filter(|rule| rule.kind == kind);
        rules.map(|one| rule(one, companions)).collect::<Vec<_>>().join(", ")
    };
    let (http, tcp, udp) = (of(HTTP_ROUTE_GROUP), of(TCP_ROUTE), of(UDP_ROUTE));
    let mut clauses = Vec::new();
    match (http.as_str(), tcp.as_str()) {
        ("", "") => {}
        ("", tcp) => clauses.push(format!("tcp {tcp}")),
        (http, "") => clauses.push(http.to_owned()),
        (http, tcp) => clauses.push(format!("{http} on tcp {tcp}")),
    }
    if !udp.is_empty() {
        clauses.push(format!("udp {udp}"));
    }
    clauses.join("; ")
}

fn rule(rule: &Rule, companions: &[DynamicObject]) -> String {
    let mut text = rule.name.clone();
    // What a TCPRoute's or UDPRoute's matches would mean, no version says.
    if rule.kind == HTTP_ROUTE_GROUP && !rule.matches.is_empty() {
        let _ = write!(text, "[{}]", rule.matches.join(","));
    }
    let is_companion = |it: &&DynamicObject| it.metadata.name.as_ref() == Some(&rule.name);
    if let Some(companion) = companions.iter().find(is_companion).filter(|_| rule.kind == TCP_ROUTE) {
        let matches = companion.data.pointer("/spec/matches").cloned().unwrap_or_default();
        let matches = serde_json::from_value(matches).unwrap_or_default();
        let _ = write!(text, " (made for {})", ports(&matches));
    }
    text
}

/// `pods team=support, spiffe://example/support`
fn identity_binding(binding: &IdentityBinding) -> Says {
    let schemes = &binding.spec.schemes;
    let mut texts = Vec::new();
    if let Some(name) = &schemes.service_account {
        texts.push(format!("service account {name}"));
    }
    if let Some(selector) = &schemes.pod_label_selector {
        let labels: Vec<_> = selector
            .match_labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        texts.push(format!("pods {}", or(&labels.join(","), "without labels")));
    }
    texts.extend(schemes.spiffe_identities.iter().cloned());
    if texts.is_empty() {
        Says::nothing("stands for nobody: no schemes".to_owned())
    } else {
        Says::something(format!("stands for {}", texts.join(" or ")))
    }
}

/// `orders: GET,HEAD /orders, header x-tenant=gold; health: any`
fn http_route_group(group: &HttpRouteGroup) -> Says {
    let matches: Vec<_> = group.spec.matches.iter().map(http_match).collect();
    if matches.is_empty() {
        Says::nothing("grants nothing: no matches".to_owned())
    } else {
        Says::something(matches.join("; "))
    }
}

fn http_match(one: &HttpMatch) -> String {
    let methods = if one.methods.iter().any(|name| name == method::ANY) {
        String::new()
    } else {
        one.methods.join(",")
    };
    let path = one.path_regex.as_deref().unwrap_or_default();
    let request: Vec<_> = [methods.as_str(), path]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    let headers = one
        .headers
        .iter()
        .map(|header| format!("header {}={}", header.name, header.value));
    let texts: Vec<_> = Some(request.join(" "))
        .filter(|request| !request.is_empty())
        .into_iter()
        .chain(headers)
        .collect();
    format!("{}: {}", one.name, or(&texts.join(", "), "any"))
}

/// `port 53`, `ports 3306, 6446` or `every port`
fn ports(matches: &PortMatch) -> String {
    let ports: Vec<_> = matches.ports.iter().map(u16::to_string).collect();
    match ports.as_slice() {
        [] => "every port".to_owned(),
        [port] => format!("port {port}"),
        ports => format!("ports {}", ports.join(", ")),
    }
}

/// `web -> web-v1 90% (90), web-v2 10% (10), for ab-test`
fn traffic_split(split: &TrafficSplit) -> Says {
    let spec = &split.spec;
    let weights: Vec<_> = spec.backends.iter().map(|backend| backend.weight).collect();
    let backends: Vec<_> = spec
        .backends
        .iter()
        .zip(percents(&weights))
        .map(|(backend, percent)| format!("{} {percent}% ({})", backend.service, backend.weight))
        .collect();
    let mut text = format!("{} -> {}", spec.service, or(&backends.join(", "), "nowhere"));
    if !spec.matches.is_empty() {
        let routes: Vec<_> = spec.matches.iter().map(|route| route.name.as_str()).collect();
        let _ = write!(text, ", for {}", routes.join(", "));
    }
    if backends.is_empty() {
        Says::nothing(format!("sends nothing: no backends ({text})"))
    } else if weights.iter().all(|weight| *weight == 0) {
        Says::nothing(format!("sends nothing: every weight is 0 ({text})"))
    } else {
        Says::something(text)
    }
}

/// `Deployment api from Deployment web, 30s: p99 23ms, 120 ok, 3 failed`
fn traffic_metrics(metrics: &TrafficMetrics) -> String {
    let home = metrics.metadata.namespace.as_deref();
    let mut text = resource(&metrics.resource, home);
    if let Some(edge) = &metrics.edge {
        let direction = match &edge.direction {
            Direction::To => "to",
            Direction::From => "from",
            Direction::Other(other) => other,
        };
        let peer = edge
            .resource
            .as_ref()
            .map_or_else(|| "anybody".to_owned(), |peer| resource(peer, home));
        let _ = write!(text, " {direction} {peer}");
    }
    if let Some(backend) = &metrics.backend {
        let _ = write!(text, ", backend {} ({})", backend.name, backend.weight);
    }
    if let Some(window) = metrics.window {
        let _ = write!(text, ", {window}");
    }
    let values: Vec<_> = metrics.metrics.iter().map(metric).collect();
    let _ = write!(text, ": {}", or(&values.join(", "), "no values"));
    text
}

fn traffic_metrics_list(list: &TrafficMetricsList) -> String {
    let items: Vec<_> = list.items.iter().map(traffic_metrics).collect();
    match items.as_slice() {
        [] => "no items".to_owned(),
        items => items.join("; "),
    }
}

fn resource(resource: &ObjectReference, home: Option<&str>) -> String {
    let kind = resource.kind.as_deref().unwrap_or("resource");
    let name = resource.name.as_deref().unwrap_or("*");
    match resource.namespace.as_deref() {
        Some(namespace) if Some(namespace) != home => format!("{kind} {namespace}/{name}"),
        _ => format!("{kind} {name}"),
    }
}

fn metric(metric: &Metric) -> String {
    let value = metric.value.as_ref().map_or_else(|| "no data".to_owned(), decimal);
    let unit = metric.unit.as_deref().unwrap_or_default();
    match metric.name.as_str() {
        Metric::SUCCESS_COUNT => format!("{value} ok"),
        Metric::FAILURE_COUNT => format!("{value} failed"),
        name => format!("{} {value}{unit}", name.trim_end_matches("_response_latency")),
    }
}

/// `23.5` for `23500m`; a quantity beyond what that takes is left as it is.
fn decimal(quantity: &Quantity) -> String {
    let Ok(nanos) = quantity.nanos() else {
        return quantity.to_string();
    };
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    let text = format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
