//! Random policies, written at the versions of any release, and random requests that they are about.
//!
//! The alphabets are small, so that things meet: names of two letters, three ports, few paths and headers.

use std::fmt;

use proptest::{collection::vec, option::weighted, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::{
    oracle::{Http, Identity, Protocol, Request},
    release::{RELEASES, Release},
};

/// A set of objects, whatever their versions.
#[derive(Clone)]
pub(crate) struct Policy {
    pub(crate) targets: Vec<Target>,
    /// Namespace, name and schemes.
    bindings: Vec<Named>,
    /// Namespace, name and matches.
    pub(crate) groups: Vec<Named>,
    /// Namespace, name and ports, which count at v1alpha4 only.
    tcp_routes: Vec<Named>,
    /// As above.
    udp_routes: Vec<Named>,
}

/// An object of one namespace, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    pub(crate) body: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Target {
    namespace: &'static str,
    destination: Subject,
    /// Only v1alpha1 and v1alpha2 can say it.
    port: Option<u16>,
    sources: Vec<Subject>,
    rules: Vec<Value>,
}

#[derive(Clone, Debug)]
struct Subject {
    kind: &'static str,
    name: &'static str,
    namespace: Option<&'static str>,
}

impl Policy {
    /// The objects as an author of this release writes them.
    pub(crate) fn at(&self, release: &Release) -> Vec<Value> {
        let mut objects: Vec<Value> = self
            .targets
            .iter()
            .enumerate()
            .map(|(n, it)| it.at(release.access, n))
            .collect();
        objects.extend(self.groups.iter().map(|group| group_at(group, release.specs)));
        let specs = format!("specs.smi-spec.io/{}", release.specs);
        let tcp_route = |it: &Named| {
            let body = match release.specs {
                "v1alpha4" => json!({"spec": {"matches": {"ports": it.body}}}),
                "v1alpha3" => json!({"spec": {}}),
                _ => json!({}),
            };
            it.object(&specs, "TCPRoute", body)
        };
        objects.extend(self.tcp_routes.iter().map(tcp_route));
        // Of one version only. Who reads an older release does not see them: what gains a meaning through them widens.
        let udp_route = |it: &Named| {
            let body = json!({"spec": {"matches": {"ports": it.body}}});
            it.object("specs.smi-spec.io/v1alpha4", "UDPRoute", body)
        };
        objects.extend(self.udp_routes.iter().map(udp_route));
        let binding = |it: &Named| {
            let body = json!({"spec": {"schemes": it.body}});
            it.object("access.smi-spec.io/v1alpha4", "IdentityBinding", body)
        };
        objects.extend(self.bindings.iter().map(binding));
        objects
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.at(&RELEASES[RELEASES.len() - 1]);
        objects.iter().try_for_each(|object| writeln!(f, "{object}"))?;
        let ports = self.targets.iter().map(|target| target.port);
        writeln!(f, "ports: {:?}", ports.collect::<Vec<_>>())
    }
}

impl Named {
    pub(crate) fn object(&self, api_version: &str, kind: &str, body: Value) -> Value {
        object(api_version, kind, self.namespace, self.name, body)
    }
}

/// An HTTPRouteGroup at a version of specs; v1alpha1 has no headers.
pub(crate) fn group_at(group: &Named, version: &str) -> Value {
    let mut matches = group.body.clone();
    if version == "v1alpha1" {
        for one in matches.as_array_mut().into_iter().flatten() {
            one.as_object_mut().unwrap().remove("headers");
        }
    }
    let body = match version {
        "v1alpha1" | "v1alpha2" => json!({"matches": matches}),
        _ => json!({"spec": {"matches": matches}}),
    };
    group.object(&format!("specs.smi-spec.io/{version}"), "HTTPRouteGroup", body)
}

pub(crate) fn object(api_version: &str, kind: &str, namespace: &str, name: &str, body: Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace},
    });
    if let (Value::Object(object), Value::Object(body)) = (&mut object, body) {
        object.extend(body);
    }
    object
}

impl Target {
    fn at(&self, version: &str, position: usize) -> Value {
        let mut destination = self.destination.json();
        if let (Some(port), "v1alpha1" | "v1alpha2") = (self.port, version) {
            destination["port"] = port.into();
        }
        let sources: Vec<_> = self.sources.iter().map(Subject::json).collect();
        let body = match version {
            "v1alpha1" => json!({"destination": destination, "sources": sources, "specs": self.rules}),
            _ => json!({"spec": {"destination": destination, "sources": sources, "rules": self.rules}}),
        };
        let (api_version, name) = (format!("access.smi-spec.io/{version}"), format!("target-{position}"));
        object(&api_version, "TrafficTarget", self.namespace, &name, body)
    }

    fn names_route(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.rules.iter().any(|rule| rule["name"] == name)
    }
}

impl Subject {
    fn json(&self) -> Value {
        let mut subject = Map::from_iter([
            ("kind".to_owned(), self.kind.into()),
            ("name".to_owned(), self.name.into()),
        ]);
        subject.extend(
            self.namespace
                .map(|namespace| ("namespace".to_owned(), namespace.into())),
        );
        subject.into()
    }
}

/// Any policy.
///
/// A rule that names `smi-port-80` finds a TCPRoute: the name is that of a companion, and one that dangles would find it.
pub(crate) fn policies() -> impl Strategy<Value = Policy> {
    let bindings = (maybe("a", "i", schemes()), maybe("b", "i", schemes()));
    let tcp_routes = (
        maybe("a", "t", ports()),
        maybe("b", "t", ports()),
        maybe("a", "smi-port-80", ports()),
        maybe("b", "smi-port-80", ports()),
    );
    let udp_routes = maybe("a", "u", ports());
    (vec(target(), 1..4), bindings, groups(), tcp_routes, udp_routes).prop_map(
        |(targets, bindings, groups, tcp, udp)| {
            let mut tcp_routes: Vec<Named> = [tcp.0, tcp.1, tcp.2, tcp.3].into_iter().flatten().collect();
            for namespace in ["a", "b"] {
                let is_there = tcp_routes
                    .iter()
                    .any(|it| (it.namespace, it.name) == (namespace, "smi-port-80"));
                if !is_there
                    && targets
                        .iter()
                        .any(|target| target.names_route(namespace, "smi-port-80"))
                {
                    tcp_routes.push(Named {
                        namespace,
                        name: "smi-port-80",
                        body: json!([80]),
                    });
                }
            }
            Policy {
                targets,
                bindings: [bindings.0, bindings.1].into_iter().flatten().collect(),
                groups,
                tcp_routes,
                udp_routes: udp.into_iter().collect(),
            }
        },
    )
}

/// Up to three HTTPRouteGroups.
pub(crate) fn groups() -> impl Strategy<Value = Vec<Named>> {
    let groups = (
        maybe("a", "g", matches()),
        maybe("a", "h", matches()),
        maybe("b", "g", matches()),
    );
    groups.prop_map(|(one, two, three)| [one, two, three].into_iter().flatten().collect())
}

fn maybe(
    namespace: &'static str,
    name: &'static str,
    body: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Option<Named>> {
    weighted(0.9, body.prop_map(move |body| Named { namespace, name, body }))
}

fn target() -> impl Strategy<Value = Target> {
    let namespace = select(vec!["a", "a", "a", "b"]);
    let port = select(vec![None, None, Some(80), Some(80), Some(8080)]);
    let sources = prop_oneof![1 => vec(subject(), 0..1), 9 => vec(subject(), 1..4)];
    let rules = prop_oneof![1 => vec(rule(), 0..1), 9 => vec(rule(), 1..4)];
    (namespace, subject(), port, sources, rules).prop_map(|(namespace, destination, port, sources, rules)| Target {
        namespace,
        destination,
        port,
        sources,
        rules,
    })
}

fn subject() -> impl Strategy<Value = Subject> {
    let kind = prop_oneof![
        8 => Just("ServiceAccount"),
        3 => Just("IdentityBinding"),
        1 => Just("Group"),
    ];
    let namespace = prop_oneof![6 => Just(None), 3 => Just(Some("a")), 1 => Just(Some("b"))];
    (kind, select(vec!["web", "api"]), namespace).prop_map(|(kind, name, namespace)| {
        let name = if kind == "IdentityBinding" { "i" } else { name };
        Subject { kind, name, namespace }
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let rule = |kind: &'static str, name: &'static str| json!({"kind": kind, "name": name});
    let http = (
        select(vec!["g", "g", "h"]),
        select(vec![json!([]), json!([]), json!(["m"]), json!(["n"]), json!(["x"])]),
    );
    prop_oneof![
        5 => http.prop_map(|(name, matches)| json!({"kind": "HTTPRouteGroup", "name": name, "matches": matches})),
        4 => select(vec!["t", "t", "smi-port-80"]).prop_map(move |name| rule("TCPRoute", name)),
        2 => Just(rule("UDPRoute", "u")),
        1 => Just(rule("Elsewhere", "g")),
    ]
}

fn schemes() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"podLabelSelector": {"matchLabels": {"app": "web"}}}),
        json!({"spiffeIdentities": ["mesh/ns/a/sa/web", "spiffe://mesh/ns/b/sa/api"]}),
        json!({"serviceAccount": "api"}),
        json!({"serviceAccount": "web", "podLabelSelector": {"matchLabels": {"app": "api"}}}),
        json!({}),
    ])
}

fn ports() -> impl Strategy<Value = Value> {
    select(vec![
        json!([]),
        json!([80]),
        json!([80]),
        json!([8080]),
        json!([80, 9090]),
    ])
}

/// The matches of a group, each with a name of its own.
fn matches() -> impl Strategy<Value = Value> {
    let one = || {
        let methods = select(vec![
            json!([]),
            json!(["*"]),
            json!(["GET"]),
            json!(["GET"]),
            json!(["POST", "PUT"]),
        ]);
        let path = select(vec![
            None,
            None,
            Some(""),
            Some("/"),
            Some("/"),
            Some("/api"),
            Some("/api/.*"),
            Some("/a$"),
            Some("("),
        ]);
        let header = select(vec![
            json!([]),
            json!([]),
            json!([]),
            json!([{"x-a": "1"}]),
            json!([{"X-A": ".*"}, {"x-b": "[0-9]"}]),
            json!([{"x-b": "("}]),
        ]);
        (methods, path, header).prop_map(|(methods, path, headers)| {
            let mut one = json!({"methods": methods, "headers": headers});
            if let Some(path) = path {
                one["pathRegex"] = path.into();
            }
            one
        })
    };
    let named = |name: &'static str| {
        one().prop_map(move |mut one| {
            one["name"] = name.into();
            one
        })
    };
    (weighted(0.9, named("m")), weighted(0.5, named("n"))).prop_map(|(m, n)| m.into_iter().chain(n).collect())
}

/// The numbers of `count` requests that follow from a seed.
pub(crate) fn numbers(seed: u64, count: usize) -> impl Iterator<Item = u32> {
    let mut state = seed;
    // Knuth's linear congruential generator; its upper half is the random one.
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    })
    .take(count)
}

impl Policy {
    /// The request of this number; most are between two that a target is about.
    pub(crate) fn request(&self, number: u32) -> Request {
        let mut digits = Digits(number);
        let (protocol, port) = (
            digits.protocol(),
            digits.one_of(&[Some(80), Some(80), Some(8080), None]),
        );
        let (mut source, mut destination) = (digits.identity(), digits.identity());
        if digits.below(8) > 0 {
            let target = &self.targets[digits.below(self.targets.len())];
            target.destination.aim(&mut destination, target.namespace);
            if !target.sources.is_empty() {
                target.sources[digits.below(target.sources.len())].aim(&mut source, target.namespace);
            }
        }
        Request {
            source,
            destination,
            port,
            protocol,
        }
    }
}

impl Subject {
    /// Makes the identity one that this subject may stand for.
    fn aim(&self, identity: &mut Identity, own: &str) {
        self.namespace.unwrap_or(own).clone_into(&mut identity.namespace);
        if self.kind != "IdentityBinding" {
            self.name.clone_into(&mut identity.service_account);
        }
    }
}

/// An HTTP request, or none, of this number.
pub(crate) fn http_request(number: u32) -> Option<Http> {
    match Digits(number).protocol() {
        Protocol::Http(http) => Some(http),
        _ => None,
    }
}

/// The digits of a number, each of a base of its own.
struct Digits(u32);

impl Digits {
    fn below(&mut self, base: usize) -> usize {
        let base = u32::try_from(base).unwrap();
        let digit = self.0 % base;
        self.0 /= base;
        digit as usize
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Most are HTTP.
    fn protocol(&mut self) -> Protocol {
        const HEADERS: [&[(&str, &str)]; 4] = [
            &[],
            &[("x-a", "1")],
            &[("X-A", "2"), ("x-b", "3")],
            &[("x-a", "1"), ("x-a", "2"), ("X-B", "4")],
        ];
        match self.below(8) {
            0 => Protocol::Udp,
            1 => Protocol::Tcp,
            _ => Protocol::Http(Http {
                method: self.one_of(&["GET", "GET", "POST", "DELETE"]).to_owned(),
                path: self.one_of(&["/", "/api", "/api/x?a=b", "/a"]).to_owned(),
                headers: {
                    let headers = self.one_of(&HEADERS).iter();
                    headers
                        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                        .collect()
                },
            }),
        }
    }

    fn identity(&mut self) -> Identity {
        let namespace = self.one_of(&["a", "a", "a", "b"]);
        let service_account = self.one_of(&["web", "api"]);
        Identity {
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
            spiffe: vec![format!("spiffe://mesh/ns/{namespace}/sa/{service_account}")],
            labels: [("app".to_owned(), self.one_of(&["web", "api"]).to_owned())].into(),
        }
    }
}
