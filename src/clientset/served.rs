//! One kind at the version that the cluster serves: the newest version in and out.

use std::{fmt, sync::Arc};

use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    core::{DynamicObject, ObjectList, ObjectMeta, TypeMeta},
};
use serde_json::Value;
use smi_core::{
    convert::{ConvertError, Converter, Hub},
    discovery, failure,
};

/// How often a change by closure is tried when others write at the same time.
const TRIES: usize = 5;

/// The objects of one kind, at the newest version that the cluster serves; cheap to clone.
///
/// Objects go in and come out as the hub, the newest version there is. Each call asks the server for its versions first.
/// Where it serves an older one only, objects are written as that one says them, and what it cannot say is kept in an
/// annotation ([`Stash`](crate::convert::Stash)). What stands beside an object so that it means the same is left out
/// ([`Converted::companions`](crate::convert::Converted::companions)); a TrafficTarget tells it in
/// [`required_routes`](crate::access::v1alpha4::TrafficTarget::required_routes).
///
/// Calls take kube's parameters, as those of [`Api`] do: who writes, whether it is a trial, and for
/// [`apply`](Self::apply) whether it takes fields from others.
pub struct Served<K> {
    client: Client,
    converter: Arc<Converter<K>>,
    namespace: Option<String>,
}

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server refused, or could not be reached.
    #[error("{}", failure::said(.0))]
    Kube(#[from] kube::Error),
    /// The object cannot be read as the hub, or not written at the version that the server has.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// The server has no version of the kind: its CRD is not installed.
    #[error("the server does not serve `{kind}` of `{group}`")]
    NotServed {
        /// The API group.
        group: String,
        /// The kind.
        kind: String,
    },
    /// The object has no name.
    #[error("the object has no name")]
    Nameless,
    /// One object is meant, and nothing says in which namespace it is: neither [`Served::namespaced`] nor the object.
    #[error("no namespace is set for `{kind}` `{name}`")]
    NoNamespace {
        /// The kind.
        kind: String,
        /// The object's name; empty where the server is to make one.
        name: String,
    },
}

impl<K: Hub> Served<K> {
    /// The kind whose versions `converter` has, in all namespaces: enough for lists, informers and objects that say their
    /// namespace. A call that names an object needs [`namespaced`](Self::namespaced).
    pub fn new(client: Client, converter: Converter<K>) -> Self {
        Self {
            client,
            converter: Arc::new(converter),
            namespace: None,
        }
    }

    /// The same in one namespace.
    #[must_use]
    pub fn namespaced(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// The newest version that both the server and this crate have, such as `v1alpha3`.
    ///
    /// # Errors
    /// [`ClientError::NotServed`], and where the server does not answer.
    pub async fn version(&self) -> Result<String, ClientError> {
        let mut versions: Vec<&str> = self.converter.versions().collect();
        versions.reverse();
        let (group, plural) = (K::group(&()), K::plural(&()));
        let position = discovery::served(&self.client, &group, &plural, versions.iter().copied()).await?;
        let version = position.and_then(|position| versions.get(position));
        version
            .map(|version| (*version).to_owned())
            .ok_or_else(|| ClientError::NotServed {
                group: group.into_owned(),
                kind: K::kind(&()).into_owned(),
            })
    }

    /// Waits until the server serves the kind, asking each `interval`, and says the version.
    ///
    /// # Errors
    /// Where the server does not answer.
    #[cfg(feature = "runtime")]
    pub async fn wait_until_served(&self, interval: std::time::Duration) -> Result<String, ClientError> {
        loop {
            match self.version().await {
                Err(ClientError::NotServed { .. }) => tokio::time::sleep(interval).await,
                version => return version,
            }
        }
    }

    /// An informer of the same objects.
    #[cfg(feature = "runtime")]
    pub fn informer(&self) -> smi_core::informer::Informer<K> {
        let informer = smi_core::informer::Informer::new(self.client.clone()).versions(self.converter.clone());
        match &self.namespace {
            Some(namespace) => informer.namespace(namespace),
            None => informer,
        }
    }

    /// Reads an object.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get(&self, name: &str) -> Result<K, ClientError> {
        let api = self.one(&self.version().await?, name, None)?;
        self.hub(&api.get(name).await?)
    }

    /// Reads an object; none where there is none of this name.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_opt(&self, name: &str) -> Result<Option<K>, ClientError> {
        let api = self.one(&self.version().await?, name, None)?;
        api.get_opt(name).await?.map(|object| self.hub(&object)).transpose()
    }

    /// Reads the objects that `params` asks for: one page, as with [`Api::list`]. Where `params` has a limit and there is
    /// more, the list's `metadata.continue_` is what the next page is asked for with; its `resource_version` is that of the
    /// server.
    ///
    /// # Errors
    /// [`ClientError`]. One object that cannot be read fails the call; an informer goes on without it.
    pub async fn list(&self, params: &ListParams) -> Result<ObjectList<K>, ClientError> {
        let api = self.api(&self.version().await?, self.namespace.as_deref());
        let list = api.list(params).await?;
        let items: Result<_, _> = list.items.iter().map(|object| self.hub(object)).collect();
        Ok(ObjectList {
            types: TypeMeta::list::<K>(),
            metadata: list.metadata,
            items: items?,
        })
    }

    /// Creates an object.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create(&self, params: &PostParams, object: K) -> Result<K, ClientError> {
        let version = self.version().await?;
        let ObjectMeta { name, namespace, .. } = object.meta();
        let api = self.one(&version, name.as_deref().unwrap_or_default(), namespace.as_deref())?;
        let object = self.spoke(object, &version)?;
        self.hub(&api.create(params, &object).await?)
    }

    /// Writes an object in the place of the one that is there; its resource version must be that one's.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn replace(&self, params: &PostParams, object: K) -> Result<K, ClientError> {
        let version = self.version().await?;
        let name = name(object.meta())?;
        let api = self.one(&version, &name, object.meta().namespace.as_deref())?;
        let object = self.spoke(object, &version)?;
        self.hub(&api.replace(&name, params, &object).await?)
    }

    /// Applies an object by server-side apply, as the field manager that `params` names. A field of another manager is a
    /// conflict unless `params` says [`force`](PatchParams::force).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn apply(&self, params: &PatchParams, object: K) -> Result<K, ClientError> {
        let version = self.version().await?;
        let name = name(object.meta())?;
        let api = self.one(&version, &name, object.meta().namespace.as_deref())?;
        let mut object = self.spoke(object, &version)?;
        object.metadata.managed_fields = None;
        self.hub(&api.patch(&name, params, &Patch::Apply(&object)).await?)
    }

    /// Reads an object, changes it and writes it back with `params`; once more where somebody else wrote it meanwhile.
    ///
    /// # Errors
    /// [`ClientError`]; a conflict after five tries.
    pub async fn patch(
        &self,
        name: &str,
        params: &PostParams,
        change: impl Fn(&mut K) + Send + Sync,
    ) -> Result<K, ClientError> {
        let version = self.version().await?;
        let api = self.one(&version, name, None)?;
        let mut tries = 1;
        loop {
            let mut object = self.hub(&api.get(name).await?)?;
            change(&mut object);
            let object = self.spoke(object, &version)?;
            match api.replace(name, params, &object).await {
                Err(kube::Error::Api(status)) if status.is_conflict() && tries < TRIES => tries += 1,
                written => return self.hub(&written?),
            }
        }
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete(&self, name: &str, params: &DeleteParams) -> Result<(), ClientError> {
        let api = self.one(&self.version().await?, name, None)?;
        api.delete(name, params).await?;
        Ok(())
    }

    /// kube's `Api` at `version` for the object `name`, in the namespace that the object says where this has none. Without
    /// any it would be asked for at an address that no server has, and be taken for one that is not there.
    fn one(&self, version: &str, name: &str, own: Option<&str>) -> Result<Api<DynamicObject>, ClientError> {
        let namespace = self.namespace.as_deref().or(own);
        match namespace.filter(|namespace| !namespace.is_empty()) {
            Some(namespace) => Ok(self.api(version, Some(namespace))),
            None => Err(ClientError::NoNamespace {
                kind: K::kind(&()).into_owned(),
                name: name.to_owned(),
            }),
        }
    }

    /// kube's `Api` at `version`.
    fn api(&self, version: &str, namespace: Option<&str>) -> Api<DynamicObject> {
        let resource = discovery::resource(&K::group(&()), version, &K::kind(&()), &K::plural(&()));
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }

    fn hub(&self, object: &DynamicObject) -> Result<K, ClientError> {
        let value = serde_json::to_value(object).map_err(|error| ConvertError::Encode(error.to_string()))?;
        Ok(self.converter.to_hub_served(&value)?.object)
    }

    fn spoke(&self, object: K, version: &str) -> Result<DynamicObject, ClientError> {
        let value: Value = self.converter.from_hub(object, version)?.object;
        Ok(serde_json::from_value(value).map_err(|error| ConvertError::Encode(error.to_string()))?)
    }
}

fn name(metadata: &ObjectMeta) -> Result<String, ClientError> {
    metadata.name.clone().ok_or(ClientError::Nameless)
}

impl<K> Clone for Served<K> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            converter: self.converter.clone(),
            namespace: self.namespace.clone(),
        }
    }
}

impl<K> fmt::Debug for Served<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served")
            .field("versions", &self.converter)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
