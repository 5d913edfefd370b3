//! Every SMI kind that has a CRD, at every version, in one table, and what a test does with an object of any of them.

use std::fmt::Debug;

use e2e::Response;
use futures::{FutureExt as _, future::BoxFuture};
use http::Method;
use kube::{Api, Client, ResourceExt, core::NamespaceResourceScope};
use serde_json::Value;
use smi_sdk::{
    CrdOptions, access,
    core::{
        convert::Versioned,
        decode::{self, DecodeError},
    },
    specs, split,
};

use crate::{Outcome, installing::clean};

/// A kind at one version.
pub(crate) struct Kind {
    pub(crate) api_version: String,
    pub(crate) name: String,
    plural: String,
    rewrite: fn(&Value) -> Result<Value, DecodeError>,
    read_back: for<'a> fn(&'a Self, &'a Client, &'a Value) -> BoxFuture<'a, Outcome>,
}

/// The table.
pub(crate) fn all() -> [Kind; 18] {
    [
        of::<access::v1alpha1::TrafficTarget>(),
        of::<access::v1alpha2::TrafficTarget>(),
        of::<access::v1alpha3::TrafficTarget>(),
        of::<access::v1alpha4::TrafficTarget>(),
        of::<access::v1alpha4::IdentityBinding>(),
        of::<specs::v1alpha1::HttpRouteGroup>(),
        of::<specs::v1alpha2::HttpRouteGroup>(),
        of::<specs::v1alpha3::HttpRouteGroup>(),
        of::<specs::v1alpha4::HttpRouteGroup>(),
        of::<specs::v1alpha1::TcpRoute>(),
        of::<specs::v1alpha2::TcpRoute>(),
        of::<specs::v1alpha3::TcpRoute>(),
        of::<specs::v1alpha4::TcpRoute>(),
        of::<specs::v1alpha4::UdpRoute>(),
        of::<split::v1alpha1::TrafficSplit>(),
        of::<split::v1alpha2::TrafficSplit>(),
        of::<split::v1alpha3::TrafficSplit>(),
        of::<split::v1alpha4::TrafficSplit>(),
    ]
}

/// The kind and version that `object` says, where it is one of the table.
pub(crate) fn of_object(object: &Value) -> Option<Kind> {
    let says = |field: &str, value: &str| object[field].as_str() == Some(value);
    all()
        .into_iter()
        .find(|kind| says("apiVersion", &kind.api_version) && says("kind", &kind.name))
}

impl Kind {
    /// `v1alpha4`
    pub(crate) fn version(&self) -> &str {
        self.api_version.rsplit('/').next().unwrap_or_default()
    }

    /// `split.smi-spec.io`
    pub(crate) fn group(&self) -> &str {
        self.api_version.split('/').next().unwrap_or_default()
    }

    /// `trafficsplits`
    pub(crate) fn plural(&self) -> &str {
        &self.plural
    }

    /// This kind at each of its versions, from the oldest to the newest.
    pub(crate) fn versions(&self) -> Vec<Self> {
        let is_this = |kind: &Self| (kind.name.as_str(), kind.group()) == (self.name.as_str(), self.group());
        all().into_iter().filter(is_this).collect()
    }

    /// What we write for `object` after we read it.
    pub(crate) fn rewrite(&self, object: &Value) -> Result<Value, DecodeError> {
        (self.rewrite)(object)
    }

    /// Creates `object` in the namespace that it says. Unknown and duplicate fields are refused.
    pub(crate) async fn create(&self, client: &Client, object: &Value) -> Outcome<Response> {
        self.post(client, object, "").await
    }

    /// Asks whether the server would create `object`; it does not.
    pub(crate) async fn try_out(&self, client: &Client, object: &Value) -> Outcome<Response> {
        self.post(client, object, "&dryRun=All").await
    }

    /// Reads `written` back, raw and typed, expects what was written, and writes it once more as we do.
    pub(crate) async fn read_back(&self, client: &Client, written: &Value) -> Outcome {
        let raw = send(client, Method::GET, &self.path(written), None).await?.json()?;
        let (raw, whole) = (body(&raw), body(written));
        if raw != whole {
            return Err(format!("the server keeps {raw:?} of {whole:?}").into());
        }
        (self.read_back)(self, client, written).await
    }

    /// Writes `object` in place of the one that has its name. Unknown and duplicate fields are refused.
    pub(crate) async fn replace(&self, client: &Client, object: &Value) -> Outcome<Response> {
        let path = format!("{}?fieldValidation=Strict", self.path(object));
        send(client, Method::PUT, &path, Some(object)).await
    }

    async fn post(&self, client: &Client, object: &Value, more: &str) -> Outcome<Response> {
        let path = format!("{}?fieldValidation=Strict{more}", self.collection(object));
        send(client, Method::POST, &path, Some(object)).await
    }

    /// The path of the list that `object` is in.
    pub(crate) fn collection(&self, object: &Value) -> String {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
        format!("/apis/{}/namespaces/{namespace}/{}", self.api_version, self.plural)
    }

    /// The path of `object`.
    pub(crate) fn path(&self, object: &Value) -> String {
        format!("{}/{}", self.collection(object), crate::installing::name(object))
    }
}

fn of<K>() -> Kind
where
    K: Versioned + kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + PartialEq,
{
    Kind {
        api_version: K::api_version(&()).into_owned(),
        name: K::kind(&()).into_owned(),
        plural: K::plural(&()).into_owned(),
        rewrite: |object| {
            let typed: K = decode::object(object)?;
            serde_json::to_value(typed).map_err(|error| DecodeError::new(<_>::default(), error.to_string()))
        },
        read_back: |kind, client, written| read_typed::<K>(kind, client, written).boxed(),
    }
}

async fn read_typed<K>(kind: &Kind, client: &Client, written: &Value) -> Outcome
where
    K: Versioned + kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + PartialEq,
{
    let expected: K = decode::object(written)?;
    let api: Api<K> = Api::namespaced(client.clone(), &expected.namespace().unwrap_or_default());
    let name = expected.name_any();

    let found = api.get(&name).await?;
    same(&found, &expected)?;
    let path = format!("{}?fieldValidation=Strict", kind.path(written));
    let ours = serde_json::to_value(&found)?;
    clean(&send(client, Method::PUT, &path, Some(&ours)).await?)
        .map_err(|error| format!("what we write is {error}"))?;
    same(&api.get(&name).await?, &expected)
}

/// Whether both say the same, but for what the server writes into `metadata`.
fn same<K: kube::Resource + Clone + Debug + PartialEq>(found: &K, expected: &K) -> Outcome {
    let mut plain = found.clone();
    let metadata = plain.meta_mut();
    metadata.creation_timestamp = None;
    metadata.generation = None;
    metadata.managed_fields = None;
    metadata.resource_version = None;
    metadata.uid = None;
    if plain == *expected {
        Ok(())
    } else {
        Err(format!("read {plain:?}, not {expected:?}").into())
    }
}

/// What an object says besides its metadata.
fn body(object: &Value) -> Vec<(&String, &Value)> {
    let fields = object.as_object().into_iter().flatten();
    fields.filter(|(name, _)| *name != "metadata").collect()
}

/// `object` in `namespace`, without what servers write and refuse to be told.
pub(crate) fn placed(mut object: Value, namespace: &str) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in [
            "creationTimestamp",
            "generation",
            "managedFields",
            "resourceVersion",
            "uid",
        ] {
            metadata.remove(field);
        }
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    object
}

/// Sends a request with a JSON body.
pub(crate) async fn send(client: &Client, method: Method, path: &str, body: Option<&Value>) -> Outcome<Response> {
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header(http::header::CONTENT_TYPE, "application/json");
    let body = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
    Ok(Response::to(client, request.body(body)?).await?)
}

#[test]
fn the_table_has_every_version_of_every_crd() {
    let table: Vec<_> = all()
        .map(|kind| format!("{} {} {}", kind.name, kind.plural, kind.api_version))
        .into();
    let mut expected: Vec<_> = smi_sdk::crds(&CrdOptions::all_served())
        .into_iter()
        .flat_map(|crd| {
            let (names, group) = (crd.spec.names, crd.spec.group);
            let versions = crd.spec.versions.into_iter().rev();
            versions.map(move |version| format!("{} {} {group}/{}", names.kind, names.plural, version.name))
        })
        .collect();
    expected.sort();
    let mut sorted = table.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
}
