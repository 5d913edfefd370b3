//! What an object says, in one line.

use std::{fmt::Write, sync::Arc};

use smi_sdk::{
    access::{
        rule::{HTTP_ROUTE_GROUP, TCP_ROUTE, UDP_ROUTE},
        subject::{IDENTITY_BINDING, SERVICE_ACCOUNT},
        v1alpha4::{IdentityBinding, IdentitySchemes, Rule, Subject, TrafficTarget},
    },
    core::quantity::Quantity,
    informers::{Lister, Listers},
    kube::core::Resource,
    metrics::v1alpha2::{Direction, Metric, ObjectReference, TrafficMetrics, TrafficMetricsList},
    specs::{
        method,
        v1alpha4::{HttpMatch, HttpRouteGroup, PortMatch, TcpRoute, UdpRoute},
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

/// A kind whose objects can be said in one line.
pub(crate) trait Speaks: Resource<DynamicType = ()> + Send + Sync + 'static {
    /// What the object says. The listers have those that it names.
    fn says(&self, listers: &Listers) -> Says;
}

impl Speaks for TrafficTarget {
    fn says(&self, listers: &Listers) -> Says {
        traffic_target(self, &listers.tcp_routes)
    }
}

impl Speaks for IdentityBinding {
    fn says(&self, _: &Listers) -> Says {
        identity_binding(self)
    }
}

impl Speaks for HttpRouteGroup {
    fn says(&self, _: &Listers) -> Says {
        http_route_group(self)
    }
}

impl Speaks for TcpRoute {
    fn says(&self, _: &Listers) -> Says {
        Says::something(ports(&self.spec.matches))
    }
}

impl Speaks for UdpRoute {
    fn says(&self, _: &Listers) -> Says {
        Says::something(ports(&self.spec.matches))
    }
}

impl Speaks for TrafficSplit {
    fn says(&self, _: &Listers) -> Says {
        traffic_split(self)
    }
}

/// `web, batch/jobs -> api: api[orders,health] on tcp smi-port-8080 (port 8080)`
fn traffic_target(target: &TrafficTarget, tcp_routes: &Lister<TcpRoute>) -> Says {
    let home = target.metadata.namespace.as_deref();
    let spec = &target.spec;
    let sources: Vec<_> = spec.sources.iter().map(|source| subject(source, home)).collect();
    let who = format!(
        "{} -> {}",
        or(&sources.join(", "), "nobody"),
        subject(&spec.destination, home)
    );
    let companion = |name: &str| tcp_routes.get(home.unwrap_or_default(), name);
    let rules = rules(&spec.rules, companion);
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
fn rules(rules: &[Rule], tcp_route: impl Fn(&str) -> Option<Arc<TcpRoute>>) -> String {
    let of = |kind| -> String {
        let rules = rules.iter().filter(|rule| rule.kind == kind);
        rules.map(|one| rule(one, &tcp_route)).collect::<Vec<_>>().join(", ")
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

fn rule(rule: &Rule, tcp_route: impl Fn(&str) -> Option<Arc<TcpRoute>>) -> String {
    let mut text = rule.name.clone();
    // What a TCPRoute's or UDPRoute's matches would mean, no version says.
    if rule.kind == HTTP_ROUTE_GROUP && !rule.matches.is_empty() {
        let _ = write!(text, "[{}]", rule.matches.join(","));
    }
    // The name that conversions give to what stands for a port: nobody wrote it, and somebody has to have applied it.
    if rule.kind == TCP_ROUTE && rule.name.starts_with("smi-port-") {
        let ports = tcp_route(&rule.name).map(|route| ports(&route.spec.matches));
        let _ = write!(text, " ({})", ports.as_deref().unwrap_or("which is not there"));
    }
    text
}

/// `pods team=support, spiffe://example/support`
fn identity_binding(binding: &IdentityBinding) -> Says {
    let schemes = &binding.spec.schemes;
    let mut texts = Vec::new();
    if let Some(name) = schemes.service_account.as_ref().filter(|name| !name.is_empty()) {
        texts.push(format!("service account {name}"));
    }
    if let Some(selector) = &schemes.pod_label_selector
        && !selector.match_labels.is_empty()
    {
        let labels = selector.match_labels.iter();
        let labels: Vec<_> = labels.map(|(key, value)| format!("{key}={value}")).collect();
        texts.push(format!("pods {}", labels.join(",")));
    }
    texts.extend(schemes.spiffe_identities.iter().filter(|id| !id.is_empty()).cloned());
    if !texts.is_empty() {
        Says::something(format!("stands for {}", texts.join(" or ")))
    } else if *schemes == IdentitySchemes::default() {
        Says::nothing("stands for nobody: no schemes".to_owned())
    } else if schemes.pod_label_selector.is_some() {
        Says::nothing("stands for nobody: a pod selector without matchLabels".to_owned())
    } else {
        Says::nothing("stands for nobody: no names".to_owned())
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
fn metrics_text(metrics: &TrafficMetrics) -> String {
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

pub(crate) fn traffic_metrics(metrics: &TrafficMetrics) -> Says {
    Says::something(metrics_text(metrics))
}

pub(crate) fn traffic_metrics_list(list: &TrafficMetricsList) -> Says {
    let items: Vec<_> = list.items.iter().map(metrics_text).collect();
    Says::something(or(&items.join("; "), "no items").to_owned())
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
