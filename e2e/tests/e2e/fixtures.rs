//! One object or more of every kind and version, in their full range: every field, empty lists, the odd forms.

use kube::ResourceExt as _;
use serde_json::Value;
use smi_sdk::{
    access,
    core::{
        convert::Versioned,
        quantity::{Quantity, QuantityError},
    },
    specs, split,
};

use crate::{Outcome, manifests::Manifest};

/// All of them. The source of each says kind, version and name.
pub(crate) fn all() -> Outcome<Vec<Manifest>> {
    Ok([
        old_traffic_targets()?,
        traffic_targets()?,
        identity_bindings()?,
        http_route_groups()?,
        port_routes()?,
        traffic_splits()?,
    ]
    .concat()
    .into_iter()
    .map(|value| Manifest {
        source: format!(
            "{} {} {}",
            value["kind"].as_str().unwrap_or_default(),
            value["apiVersion"].as_str().unwrap_or_default(),
            value["metadata"]["name"].as_str().unwrap_or_default()
        ),
        value,
    })
    .collect())
}

/// The object as we write it, with metadata of an author's.
fn written<K: Versioned>(mut object: K) -> serde_json::Result<Value> {
    object.labels_mut().insert("app".to_owned(), "shop".to_owned());
    object
        .annotations_mut()
        .insert("note".to_owned(), "on: yes\n".to_owned());
    serde_json::to_value(object)
}

fn rules() -> Vec<access::v1alpha3::Rule> {
    let http = access::v1alpha3::Rule {
        matches: vec!["orders".into(), "users".into()],
        ..access::v1alpha3::Rule::http_route_group("api")
    };
    vec![http, access::v1alpha3::Rule::tcp_route("db")]
}

/// TrafficTargets whose subjects may have ports.
fn old_traffic_targets() -> serde_json::Result<Vec<Value>> {
    use access::{v1alpha1, v1alpha2};

    let subject = |port| v1alpha1::Subject {
        namespace: Some("shop".into()),
        port,
        ..v1alpha1::Subject::service_account("api")
    };
    let sources = vec![subject(None), v1alpha1::Subject::service_account("web")];
    let mut objects = Vec::new();
    for (name, destination, sources, rules) in [
        ("full", subject(Some(8080)), sources.clone(), rules()),
        ("no-port", subject(None), sources, rules()),
        ("source-port", subject(Some(1)), vec![subject(Some(65_535))], vec![]),
        ("empty", subject(Some(8080)), vec![], vec![]),
    ] {
        let v1 = v1alpha1::TrafficTargetSpec {
            destination: destination.clone(),
            sources: sources.clone(),
            specs: rules.clone(),
        };
        let v2 = v1alpha2::TrafficTargetSpec {
            destination,
            sources,
            rules,
        };
        objects.push(written(v1alpha1::TrafficTarget::new(name, v1))?);
        objects.push(written(v1alpha2::TrafficTarget::new(name, v2))?);
    }
    Ok(objects)
}

/// TrafficTargets whose ports are those of their routes.
fn traffic_targets() -> serde_json::Result<Vec<Value>> {
    use access::{v1alpha3, v1alpha4};

    let rules = || [rules(), vec![v1alpha3::Rule::udp_route("dns")]].concat();
    let account = v1alpha3::Subject {
        namespace: Some("shop".into()),
        ..v1alpha3::Subject::service_account("api")
    };
    let draft_account = v1alpha4::Subject {
        namespace: Some("shop".into()),
        ..v1alpha4::Subject::service_account("api")
    };
    let released = |sources, rules| v1alpha3::TrafficTargetSpec {
        destination: account.clone(),
        sources,
        rules,
    };
    let draft = |destination, sources, rules| v1alpha4::TrafficTargetSpec {
        destination,
        sources,
        rules,
    };
    let (sources, draft_sources) = (
        vec![account.clone(), v1alpha3::Subject::service_account("web")],
        vec![draft_account.clone(), v1alpha4::Subject::service_account("web")],
    );
    let (api, mobile) = (
        v1alpha4::Subject::identity_binding("api"),
        v1alpha4::Subject::identity_binding("mobile"),
    );
    Ok(vec![
        written(v1alpha3::TrafficTarget::new("full", released(sources, rules())))?,
        written(v1alpha3::TrafficTarget::new("empty", released(vec![], vec![])))?,
        written(v1alpha4::TrafficTarget::new(
            "full",
            draft(draft_account.clone(), draft_sources, rules()),
        ))?,
        written(v1alpha4::TrafficTarget::new(
            "binding",
            draft(api, vec![mobile], rules()),
        ))?,
        written(v1alpha4::TrafficTarget::new(
            "empty",
            draft(draft_account, vec![], vec![]),
        ))?,
    ])
}

fn identity_bindings() -> serde_json::Result<Vec<Value>> {
    use access::v1alpha4::{IdentityBinding, IdentityBindingSpec, IdentitySchemes, PodLabelSelector};

    let binding = |name, schemes| written(IdentityBinding::new(name, IdentityBindingSpec { schemes }));
    let labels = |labels: &[(&str, &str)]| IdentitySchemes {
        pod_label_selector: Some(PodLabelSelector {
            match_labels: labels
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
        }),
        ..IdentitySchemes::default()
    };
    Ok(vec![
        binding(
            "labels",
            IdentitySchemes {
                spiffe_identities: vec!["spiffe://shop.example/web".into(), "shop.example/ns/web".into()],
                ..labels(&[("app", "web"), ("tier", "")])
            },
        )?,
        binding(
            "account",
            IdentitySchemes {
                service_account: Some("web".into()),
                ..IdentitySchemes::default()
            },
        )?,
        binding("no-labels", labels(&[]))?,
        binding("nothing", IdentitySchemes::default())?,
    ])
}

fn http_route_groups() -> serde_json::Result<Vec<Value>> {
    use specs::{v1alpha1, v1alpha2, v1alpha3, v1alpha4};

    let methods = || specs::method::KNOWN.map(str::to_owned).to_vec();
    let older = || {
        vec![
            v1alpha1::HttpMatch {
                name: "orders".into(),
                methods: methods(),
                path_regex: Some("/orders/[0-9]+".into()),
            },
            v1alpha1::HttpMatch {
                name: "everything".into(),
                ..v1alpha1::HttpMatch::default()
            },
            v1alpha1::HttpMatch {
                name: "empty-path".into(),
                path_regex: Some(String::new()),
                ..v1alpha1::HttpMatch::default()
            },
        ]
    };
    let matches = |headers: &[(&str, &str)]| {
        let add_headers = |older: v1alpha1::HttpMatch| v1alpha2::HttpMatch {
            name: older.name,
            methods: older.methods,
            path_regex: older.path_regex,
            headers: headers
                .iter()
                .map(|(name, value)| v1alpha2::HeaderMatch::new(*name, *value))
                .collect(),
        };
        older().into_iter().map(add_headers).collect::<Vec<_>>()
    };
    let headers: &[_] = &[("x-tenant", "acme|initech"), ("User-Agent", ".*curl.*"), ("cookie", "")];

    let mut objects = vec![
        written(v1alpha1::HttpRouteGroup::new(
            "plain",
            v1alpha1::HttpRouteGroupSpec { matches: older() },
        ))?,
        written(v1alpha1::HttpRouteGroup::new(
            "empty",
            v1alpha1::HttpRouteGroupSpec { matches: vec![] },
        ))?,
    ];
    for (name, matches) in [
        ("plain", matches(&[])),
        ("headers", matches(headers)),
        ("empty", vec![]),
    ] {
        let v2 = v1alpha2::HttpRouteGroupSpec {
            matches: matches.clone(),
        };
        let v3 = v1alpha3::HttpRouteGroupSpec {
            matches: matches.clone(),
        };
        let v4 = v1alpha4::HttpRouteGroupSpec { matches };
        objects.extend([
            written(v1alpha2::HttpRouteGroup::new(name, v2))?,
            written(v1alpha3::HttpRouteGroup::new(name, v3))?,
            written(v1alpha4::HttpRouteGroup::new(name, v4))?,
        ]);
    }
    Ok(objects)
}

fn port_routes() -> serde_json::Result<Vec<Value>> {
    use specs::{v1alpha1, v1alpha2, v1alpha3, v1alpha4};

    let mut objects = vec![
        written(v1alpha1::TcpRoute::new("bare", v1alpha1::TcpRouteSpec {}))?,
        written(v1alpha2::TcpRoute::new("bare", v1alpha2::TcpRouteSpec {}))?,
        written(v1alpha3::TcpRoute::new("bare", v1alpha3::TcpRouteSpec {}))?,
    ];
    for (object, name, ports) in [
        ("ports", None, vec![1, 8080, 65_535]),
        ("named", Some("db".to_owned()), vec![5432]),
        ("empty", None, vec![]),
    ] {
        let matches = v1alpha4::PortMatch { name, ports };
        let tcp = v1alpha4::TcpRouteSpec {
            matches: matches.clone(),
        };
        let udp = v1alpha4::UdpRouteSpec { matches };
        objects.extend([
            written(v1alpha4::TcpRoute::new(object, tcp))?,
            written(v1alpha4::UdpRoute::new(object, udp))?,
        ]);
    }
    Ok(objects)
}

fn traffic_splits() -> Outcome<Vec<Value>> {
    use split::{v1alpha1, v1alpha2, v1alpha3, v1alpha4};

    let numbers = |weights: &[u32]| {
        let backend = |weight: &u32| v1alpha2::Backend::new(format!("web-{weight}"), *weight);
        weights.iter().map(backend).collect::<Vec<_>>()
    };
    let quantities = |weights: &[&str]| {
        let backend =
            |(at, weight): (usize, &&str)| Ok(v1alpha1::Backend::new(format!("web-{at}"), weight.parse::<Quantity>()?));
        weights
            .iter()
            .enumerate()
            .map(backend)
            .collect::<Result<Vec<_>, QuantityError>>()
    };
    let v1 = |name, backends| {
        let service = "web".into();
        written(v1alpha1::TrafficSplit::new(
            name,
            v1alpha1::TrafficSplitSpec { service, backends },
        ))
    };
    let number = |weight: i64| v1alpha1::Backend::new("web", weight);

    let mut objects = vec![
        v1("quantities", quantities(&["500m", "0.5", "1.5Ki", "2e3", "90"])?)?,
        v1("numbers", vec![number(0), number(90), number(i64::from(i32::MAX))])?,
        v1("empty", vec![])?,
    ];
    for (name, weights) in [("full", &[0, 90, split::weight::MAX][..]), ("empty", &[])] {
        let (service, backends) = ("web.shop.svc.cluster.local".to_owned(), numbers(weights));
        let matches = match weights {
            [] => vec![],
            _ => vec![v1alpha3::RouteRef::http_route_group("api")],
        };
        let v2 = v1alpha2::TrafficSplitSpec {
            service: service.clone(),
            backends: backends.clone(),
        };
        let v3 = v1alpha3::TrafficSplitSpec {
            service: service.clone(),
            backends: backends.clone(),
            matches: matches.clone(),
        };
        let v4 = v1alpha4::TrafficSplitSpec {
            service,
            backends,
            matches,
        };
        objects.extend([
            written(v1alpha2::TrafficSplit::new(name, v2))?,
            written(v1alpha3::TrafficSplit::new(name, v3.clone()))?,
            written(v1alpha4::TrafficSplit::new(name, v4.clone()))?,
        ]);
        if !weights.is_empty() {
            let with_group = |mut reference: v1alpha3::RouteRef| {
                reference.api_group = Some(specs::GROUP.to_owned());
                reference
            };
            let v3 = v1alpha3::TrafficSplitSpec {
                matches: v3.matches.into_iter().map(with_group).collect(),
                ..v3
            };
            let v4 = v1alpha4::TrafficSplitSpec {
                matches: v4.matches.into_iter().map(with_group).collect(),
                ..v4
            };
            objects.push(written(v1alpha3::TrafficSplit::new("api-group", v3))?);
            objects.push(written(v1alpha4::TrafficSplit::new("api-group", v4))?);
        }
    }
    Ok(objects)
}
