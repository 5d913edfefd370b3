//! Objects of any kind, as JSON, addressed by what they say of themselves.

use http::Method;
use kube::{
    core::GroupVersionKind,
    discovery::{Scope, pinned_kind},
};
use serde_json::{Value, json};

use crate::{Cluster, Error, Response};

impl Cluster {
    /// Creates `object`. Its `apiVersion`, `kind` and `metadata` say where; a `generateName` will do.
    ///
    /// # Errors
    /// Where no answer came, or the server does not serve the kind: a refusal is a [`Response`].
    pub async fn create(&self, object: &Value) -> Result<Response, Error> {
        let path = self.collection(object).await?;
        self.request(Method::POST, &path, "application/json", &serde_json::to_vec(object)?)
            .await
    }

    /// Reads the object that has the `apiVersion`, kind, namespace and name of `object`. With another version in the
    /// `apiVersion`, the same object at that version.
    ///
    /// # Errors
    /// As for [`create`](Self::create), or where `object` has no name.
    pub async fn get(&self, object: &Value) -> Result<Response, Error> {
        self.read(&self.path(object).await?).await
    }

    /// Replaces the object as a whole. `metadata.resourceVersion`, where present, has to be the current one.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn replace(&self, object: &Value) -> Result<Response, Error> {
        let path = self.path(object).await?;
        self.request(Method::PUT, &path, "application/json", &serde_json::to_vec(object)?)
            .await
    }

    /// Deletes the object that [`get`](Self::get) reads.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn delete(&self, object: &Value) -> Result<Response, Error> {
        self.request(Method::DELETE, &self.path(object).await?, "application/json", &[])
            .await
    }

    /// A new namespace, called `prefix` and something that no other has. It is never deleted: the cluster is.
    ///
    /// # Errors
    /// Where the server refuses it.
    pub async fn namespace(&self, prefix: &str) -> Result<String, Error> {
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": format!("{prefix}-")}});
        let created = self
            .create(&object)
            .await?
            .or_refused(|| format!("create a namespace `{prefix}-`"))?;
        Ok(text(&created.json()?, "/metadata/name", "metadata.name")?.to_owned())
    }

    async fn path(&self, object: &Value) -> Result<String, Error> {
        let name = text(object, "/metadata/name", "metadata.name")?;
        Ok(format!("{}/{name}", self.collection(object).await?))
    }

    async fn collection(&self, object: &Value) -> Result<String, Error> {
        let (group, version) = group_version(text(object, "/apiVersion", "apiVersion")?);
        let kind = GroupVersionKind::gvk(group, version, text(object, "/kind", "kind")?);
        let (resource, capabilities) = pinned_kind(&self.client()?, &kind).await?;
        let namespace = match capabilities.scope {
            Scope::Namespaced => Some(text(object, "/metadata/namespace", "metadata.namespace")?),
            Scope::Cluster => None,
        };
        let root = if group.is_empty() { "/api" } else { "/apis" };
        let namespace = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
        Ok(format!(
            "{root}/{}{namespace}/{}",
            resource.api_version, resource.plural
        ))
    }
}

/// The parts of an `apiVersion`; the group of the core API is empty.
fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

fn text<'a>(object: &'a Value, pointer: &str, name: &'static str) -> Result<&'a str, Error> {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .ok_or(Error::Unaddressed(name))
}
