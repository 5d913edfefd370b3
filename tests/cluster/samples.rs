//! An object of each kind, and CRDs that serve less than all.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client,
    api::PostParams,
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::Value;
use smi_sdk::{
    CrdOptions,
    access::v1alpha4::{
        IdentityBinding, IdentityBindingSpec, IdentitySchemes, Rule, Subject, TrafficTarget, TrafficTargetSpec,
    },
    specs::v1alpha4::{
        HttpMatch, HttpRouteGroup, HttpRouteGroupSpec, PortMatch, TcpRoute, TcpRouteSpec, UdpRoute, UdpRouteSpec,
    },
    split::v1alpha4::{Backend, TrafficSplit, TrafficSplitSpec},
};

use crate::support;

/// Allows `web` to call `api`.
pub(crate) fn target(name: &str) -> TrafficTarget {
    TrafficTarget::new(
        name,
        TrafficTargetSpec {
            destination: Subject::service_account("api"),
            sources: vec![Subject::service_account("web")],
            rules: vec![Rule::http_route_group("api")],
        },
    )
}

pub(crate) fn binding(name: &str) -> IdentityBinding {
    let schemes = IdentitySchemes {
        service_account: Some("web".into()),
        ..IdentitySchemes::default()
    };
    IdentityBinding::new(name, IdentityBindingSpec { schemes })
}

pub(crate) fn route_group(name: &str) -> HttpRouteGroup {
    let all = HttpMatch {
        name: "all".into(),
        path_regex: Some(".*".into()),
        ..HttpMatch::default()
    };
    HttpRouteGroup::new(name, HttpRouteGroupSpec { matches: vec![all] })
}

pub(crate) fn tcp_route(name: &str) -> TcpRoute {
    TcpRoute::new(name, TcpRouteSpec { matches: ports() })
}

pub(crate) fn udp_route(name: &str) -> UdpRoute {
    UdpRoute::new(name, UdpRouteSpec { matches: ports() })
}

fn ports() -> PortMatch {
    PortMatch {
        ports: vec![5432],
        ..PortMatch::default()
    }
}

/// Divides the traffic of `web`.
pub(crate) fn split(name: &str) -> TrafficSplit {
    TrafficSplit::new(
        name,
        TrafficSplitSpec {
            service: "web".into(),
            backends: vec![Backend::new("web-v1", 1)],
            ..TrafficSplitSpec::default()
        },
    )
}

/// The CRDs of the kinds that have `version`, which is all that they serve and what they store.
pub(crate) fn serving_only(version: &str) -> Vec<CustomResourceDefinition> {
    let mut crds = smi_sdk::crds(&CrdOptions::all_served());
    crds.retain(|crd| crd.spec.versions.iter().any(|of| of.name == version));
    for of in crds.iter_mut().flat_map(|crd| &mut crd.spec.versions) {
        of.served = of.name == version;
        of.storage = of.served;
    }
    crds
}

/// The CRDs of every kind and version, without a schema: they admit anything.
pub(crate) fn admitting_anything() -> Vec<CustomResourceDefinition> {
    support::admitting_anything(smi_sdk::crds(&CrdOptions::all_served()))
}

/// The CRD of one kind, named by its plural.
pub(crate) fn of<'a>(crds: &'a [CustomResourceDefinition], plural: &str) -> &'a CustomResourceDefinition {
    crds.iter().find(|crd| crd.spec.names.plural == plural).unwrap()
}

/// Objects of a kind at any version, as plain JSON.
pub(crate) struct Raw {
    pub(crate) api: Api<DynamicObject>,
    resource: ApiResource,
}

impl Raw {
    pub(crate) fn targets(client: &Client, namespace: &str, version: &str) -> Self {
        Self::new(
            client,
            namespace,
            &GroupVersionKind::gvk("access.smi-spec.io", version, "TrafficTarget"),
        )
    }

    pub(crate) fn tcp_routes(client: &Client, namespace: &str, version: &str) -> Self {
        Self::new(
            client,
            namespace,
            &GroupVersionKind::gvk("specs.smi-spec.io", version, "TCPRoute"),
        )
    }

    pub(crate) fn splits(client: &Client, namespace: &str, version: &str) -> Self {
        Self::new(
            client,
            namespace,
            &GroupVersionKind::gvk("split.smi-spec.io", version, "TrafficSplit"),
        )
    }

    fn new(client: &Client, namespace: &str, kind: &GroupVersionKind) -> Self {
        let resource = ApiResource::from_gvk(kind);
        Self {
            api: Api::namespaced_with(client.clone(), namespace, &resource),
            resource,
        }
    }

    /// Creates an object with the fields `body` beside its metadata.
    pub(crate) async fn create(&self, name: &str, body: Value) -> DynamicObject {
        self.try_create(name, body).await.unwrap()
    }

    pub(crate) async fn try_create(&self, name: &str, body: Value) -> kube::Result<DynamicObject> {
        let object = DynamicObject::new(name, &self.resource).data(body);
        self.api.create(&PostParams::default(), &object).await
    }

    /// Puts the fields `body` in the place of those that are there.
    pub(crate) async fn replace(&self, name: &str, body: Value) -> DynamicObject {
        let mut object = self.api.get(name).await.unwrap();
        object.data = body;
        self.api.replace(name, &PostParams::default(), &object).await.unwrap()
    }
}
