//! The CRDs of a whole mesh, in and out of a cluster.

use e2e::{Cluster, Response};
use futures::future::try_join_all;
use serde_json::Value;
use smi_sdk::CrdOptions;

use crate::Outcome;

/// Where CRDs live.
pub(crate) const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// What ends the group of every SMI kind.
const GROUPS: &str = ".smi-spec.io";

/// Our CRDs as JSON.
pub(crate) fn crds(options: &CrdOptions) -> Outcome<Vec<Value>> {
    let crds = smi_sdk::crds(options);
    Ok(crds.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}

/// Creates all of `crds` at once and waits until they are served.
pub(crate) async fn install(cluster: &Cluster, crds: &[Value]) -> Outcome<Vec<Response>> {
    Ok(try_join_all(crds.iter().map(|crd| cluster.install_crd(crd))).await?)
}

/// Creates all of `crds`; an error where the server refuses one or warns of it.
pub(crate) async fn install_cleanly(cluster: &Cluster, crds: &[Value]) -> Outcome {
    for (crd, response) in crds.iter().zip(install(cluster, crds).await?) {
        clean(&response).map_err(|error| format!("{}: {error}", name(crd)))?;
    }
    Ok(())
}

/// Removes every CRD of SMI's groups, with its objects.
pub(crate) async fn remove_all(cluster: &Cluster) -> Outcome {
    let list = cluster.read(CRDS).await?.json()?;
    let names = list["items"].as_array().into_iter().flatten().map(name);
    let ours = names.filter(|name| name.ends_with(GROUPS));
    try_join_all(ours.map(|name| cluster.remove_crd(name))).await?;
    Ok(())
}

/// Nothing where the server did as it was told and had nothing to say, else its words.
pub(crate) fn clean(response: &Response) -> Result<(), String> {
    if !response.is_success() {
        return Err(format!("refused with {}: {}", response.status, response.message()));
    }
    match response.warnings.as_slice() {
        [] => Ok(()),
        warnings => Err(format!("warned: {}", warnings.join("; "))),
    }
}

/// The object's name; empty where it has none.
pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}
