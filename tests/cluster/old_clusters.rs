//! A controller that knows the newest version alone, in clusters that serve an older one: what it writes it reads back, through
//! `Served` and through informers, and who reads the old version there sees what that can say.

use std::fmt::Debug;

use futures::{FutureExt, Stream};
use kube::{
    Api, ResourceExt,
    api::{PatchParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use smi_sdk::{
    Clientset, Informers, Served, access,
    access::v1alpha4::{Rule, Subject},
    clientset::ClientError,
    convert::Hub,
    informers::Lister,
    specs, split,
    split::v1alpha4::{Backend, RouteRef},
};

use crate::{
    samples::{self, Raw},
    support::{Cluster, cluster_with, follow},
};

/// What the author of an object says, besides its metadata.
fn said<K: Serialize>(object: &K) -> Value {
    let mut said = serde_json::to_value(object).unwrap();
    said.as_object_mut().unwrap().remove("metadata");
    said
}

/// `object` as it is in the cluster, which says what `other` does.
fn saying<K: Serialize + DeserializeOwned>(object: &K, other: &K) -> K {
    let mut saying = said(other);
    saying["metadata"] = serde_json::to_value(object).unwrap()["metadata"].clone();
    serde_json::from_value(saying).unwrap()
}

/// A controller: what it has written, and what its lister knows.
struct Controller<'c, E> {
    cluster: &'c Cluster,
    version: &'c str,
    events: E,
}

impl<E: Stream + Unpin> Controller<'_, E> {
    /// Creates, patches, replaces and applies an object, and sees each in its lister as it wrote it.
    async fn writes<K>(
        &mut self,
        served: Served<K>,
        lister: &Lister<K>,
        object: K,
        change: fn(&mut K),
    ) -> Result<(), ClientError>
    where
        K: Hub + Clone + PartialEq + Debug,
    {
        let (namespace, name) = (self.cluster.namespace.as_str(), object.name_any());
        let served = served.namespaced(namespace);
        assert_eq!(served.version().await?, self.version);
        let made = served.create(&PostParams::default(), object.clone()).await?;
        assert_eq!(said(&made), said(&object));
        assert_eq!(served.get(&name).await?, made);
        self.sees(lister, &made).await;

        let mut expected = object.clone();
        change(&mut expected);
        assert_ne!(said(&expected), said(&object));
        let patched = served.patch(&name, &PostParams::default(), change).await?;
        assert_eq!(said(&patched), said(&expected));
        self.sees(lister, &patched).await;

        // With what its lister has, as controllers do.
        let known = lister.get(namespace, &name).unwrap();
        let replaced = served.replace(&PostParams::default(), saying(&*known, &object)).await?;
        assert_eq!(said(&replaced), said(&object));
        self.sees(lister, &replaced).await;

        for applied in [&object, &expected, &object] {
            let mut applied = applied.clone();
            applied.meta_mut().name = Some(format!("{name}-applied"));
            let written = served.apply(&PatchParams::apply("controller"), applied.clone()).await?;
            assert_eq!(said(&written), said(&applied));
            self.sees(lister, &written).await;
        }
        Ok(())
    }

    /// Follows until the lister has `object` as it was read.
    async fn sees<K: Hub + PartialEq>(&mut self, lister: &Lister<K>, object: &K) {
        let (namespace, name) = (self.cluster.namespace.as_str(), object.name_any());
        let what = format!("the lister has what was written of {name}");
        let is_it = || {
            lister
                .get(namespace, &name)
                .is_some_and(|known| known.resource_version() == object.resource_version())
        };
        follow(&mut self.events, &what, is_it).await;
        let known = lister.get(namespace, &name).unwrap();
        assert_eq!(said(&*known), said(object));
        assert_eq!(known.annotations(), object.annotations());
    }
}

/// Of each kind one object with all that the newest version can say and older ones cannot.
async fn works_on(version: &str) -> Cluster {
    let cluster = cluster_with(samples::serving_only(version)).await;
    let smi = Clientset::new(cluster.client.clone());
    let (listers, events) = Informers::new(cluster.client.clone())
        .namespace(&cluster.namespace)
        .start();
    let mut controller = Controller {
        cluster: &cluster,
        version,
        events,
    };
    follow(&mut controller.events, "every kind is synced or missing", || {
        listers.ready().now_or_never().is_some()
    })
    .await;

    let mut target = samples::target("orders");
    target.spec.sources.push(Subject {
        kind: "IdentityBinding".into(),
        ..Subject::service_account("batch")
    });
    target.spec.rules.push(Rule {
        kind: "TCPRoute".into(),
        ..Rule::http_route_group("database")
    });
    let change = |target: &mut access::v1alpha4::TrafficTarget| {
        target.spec.sources.push(Subject::service_account("jobs"));
    };
    let written = controller.writes(smi.traffic_targets(), &listers.traffic_targets, target, change);
    written.await.unwrap();

    let mut group = samples::route_group("api");
    let with_header = json!({"name": "firefox", "headers": [{"user-agent": ".*Firefox.*"}]});
    group.spec.matches.push(serde_json::from_value(with_header).unwrap());
    let change = |group: &mut specs::v1alpha4::HttpRouteGroup| {
        group.spec.matches[0].path_regex = Some("/api".into());
    };
    let written = controller.writes(smi.http_route_groups(), &listers.http_route_groups, group, change);
    written.await.unwrap();

    let change = |route: &mut specs::v1alpha4::TcpRoute| route.spec.matches.ports = vec![80, 443];
    let route = samples::tcp_route("database");
    let written = controller.writes(smi.tcp_routes(), &listers.tcp_routes, route, change);
    written.await.unwrap();

    let mut split = samples::split("web");
    split.spec.matches.push(RouteRef::http_route_group("canary"));
    let change = |split: &mut split::v1alpha4::TrafficSplit| split.spec.backends.push(Backend::new("web-v2", 3));
    let written = controller.writes(smi.traffic_splits(), &listers.traffic_splits, split, change);
    written.await.unwrap();

    assert_eq!(listers.missing(), ["IdentityBinding", "UDPRoute"]);
    assert_eq!(listers.traffic_targets.invalid().len(), 0);
    drop(controller);
    cluster
}

/// The object of a kind as a client reads it that knows no version but that one.
async fn read<V>(cluster: &Cluster, name: &str) -> Value
where
    V: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned,
{
    let api: Api<V> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let mut said = said(&api.get(name).await.unwrap());
    for field in ["apiVersion", "kind"] {
        said.as_object_mut().unwrap().remove(field);
    }
    said
}

#[tokio::test(start_paused = true)]
async fn a_controller_works_where_the_first_version_is_all_that_is_served() {
    let cluster = works_on("v1alpha1").await;
    // A TCPRoute says "TCP" there, and no more: the target grants nothing rather than every port.
    assert_eq!(
        read::<access::v1alpha1::TrafficTarget>(&cluster, "orders").await,
        json!({"destination": {"kind": "ServiceAccount", "name": "api"},
            "sources": [{"kind": "ServiceAccount", "name": "web"}], "specs": []})
    );
    assert_eq!(
        read::<specs::v1alpha1::HttpRouteGroup>(&cluster, "api").await,
        json!({"matches": [{"name": "all", "pathRegex": ".*"}]})
    );
    assert_eq!(
        read::<split::v1alpha1::TrafficSplit>(&cluster, "web").await,
        json!({"spec": {"service": "web", "backends": [{"service": "web", "weight": 1}]}})
    );
}

#[tokio::test(start_paused = true)]
async fn a_controller_works_where_the_second_version_is_all_that_is_served() {
    let cluster = works_on("v1alpha2").await;
    assert_eq!(
        read::<access::v1alpha2::TrafficTarget>(&cluster, "orders").await,
        json!({"spec": {"destination": {"kind": "ServiceAccount", "name": "api"},
            "sources": [{"kind": "ServiceAccount", "name": "web"}], "rules": []}})
    );
    let group = read::<specs::v1alpha2::HttpRouteGroup>(&cluster, "api").await;
    assert_eq!(group["matches"][1]["name"], "firefox");
    assert_eq!(
        read::<split::v1alpha2::TrafficSplit>(&cluster, "web").await,
        json!({"spec": {"service": "web", "backends": [{"service": "web", "weight": 1}]}})
    );
}

#[tokio::test(start_paused = true)]
async fn a_controller_works_where_the_released_version_is_all_that_is_served() {
    let cluster = works_on("v1alpha3").await;
    // TCPRoutes are what they are at the newest version; IdentityBindings are not known.
    assert_eq!(
        read::<access::v1alpha3::TrafficTarget>(&cluster, "orders").await,
        json!({"spec": {"destination": {"kind": "ServiceAccount", "name": "api"},
            "sources": [{"kind": "ServiceAccount", "name": "web"}],
            "rules": [{"kind": "HTTPRouteGroup", "name": "api"}, {"kind": "TCPRoute", "name": "database"}]}})
    );
    let split = read::<split::v1alpha3::TrafficSplit>(&cluster, "web").await;
    assert_eq!(
        split["spec"]["matches"],
        json!([{"kind": "HTTPRouteGroup", "name": "canary"}])
    );
}

/// In a cluster that serves `version` alone.
async fn a_port_is_a_route(version: &str) {
    let cluster = cluster_with(samples::serving_only(version)).await;
    let namespace = cluster.namespace.as_str();
    let raw = Raw::targets(&cluster.client, namespace, version);
    let rules = json!([{"kind": "HTTPRouteGroup", "name": "api"}]);
    let mut body = json!({"destination": {"kind": "ServiceAccount", "name": "api", "port": 8080},
            "sources": [{"kind": "ServiceAccount", "name": "web"}]});
    let body = if version == "v1alpha1" {
        body["specs"] = rules;
        body
    } else {
        body["rules"] = rules;
        json!({"spec": body})
    };
    raw.create("orders", body.clone()).await;

    let (listers, mut events) = Informers::new(cluster.client.clone()).namespace(namespace).start();
    let targets = &listers.traffic_targets;
    let known = || targets.get(namespace, "orders");
    follow(&mut events, "the target is known", || known().is_some()).await;
    let target = known().unwrap();
    assert_eq!(target.spec.rules[1].name, "smi-port-8080");
    let required = target.required_routes();
    assert_eq!(required.len(), 1);
    assert_eq!(required[0].name_any(), "smi-port-8080");
    assert_eq!(required[0].namespace().as_deref(), Some(namespace));
    assert_eq!(required[0].spec.matches.ports, [8080]);
    assert!(listers.tcp_routes.list(None).is_empty(), "it is nobody's object");

    // Who writes the object back, or changes another part of it, leaves the port where its author wrote it.
    let served = Clientset::new(cluster.client.clone())
        .traffic_targets()
        .namespaced(namespace);
    let untouched = served.replace(&PostParams::default(), (*target).clone()).await.unwrap();
    assert_eq!(raw.api.get("orders").await.unwrap().data, body);
    assert_eq!(untouched.required_routes(), required);
    let add = |target: &mut access::v1alpha4::TrafficTarget| {
        target.spec.sources.push(Subject::service_account("jobs"));
    };
    let changed = served.patch("orders", &PostParams::default(), add).await.unwrap();
    follow(&mut events, "the change is known", || {
        known().is_some_and(|target| target.spec.sources.len() == 2)
    })
    .await;
    assert_eq!(known().unwrap().required_routes(), required);
    assert_eq!(changed.required_routes(), required);
    let data = raw.api.get("orders").await.unwrap().data;
    let destination = data
        .pointer("/destination")
        .or_else(|| data.pointer("/spec/destination"));
    assert_eq!(destination.unwrap()["port"], 8080);

    // A rule of that name which its author wrote at the newest version stands for nothing by itself.
    let mut named = samples::target("named");
    named.spec.rules.push(Rule {
        kind: "TCPRoute".into(),
        ..Rule::http_route_group("smi-port-8080")
    });
    let named = served.create(&PostParams::default(), named).await.unwrap();
    assert!(named.required_routes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_port_of_a_target_of_the_first_version_is_a_route_that_nobody_needs_to_create() {
    a_port_is_a_route("v1alpha1").await;
}

#[tokio::test(start_paused = true)]
async fn the_port_of_a_target_of_the_second_version_is_a_route_that_nobody_needs_to_create() {
    a_port_is_a_route("v1alpha2").await;
}
