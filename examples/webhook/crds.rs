//! The CRDs that point at this webhook.

use std::error::Error;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, ResourceExt,
    api::{Patch, PatchParams},
};
use smi_sdk::{Conversion, CrdOptions};

/// Who owns what is applied.
const MANAGER: &str = "smi-webhook-example";

/// Every kind with all of its versions, converted at `url`. They come without a CA: the webhook gives them its own.
pub(super) fn at(url: &str) -> Vec<CustomResourceDefinition> {
    smi_sdk::crds(&CrdOptions {
        conversion: Conversion::webhook_url(url, ""),
        ..CrdOptions::all_served()
    })
}

/// Writes them into the cluster.
pub(super) async fn apply(client: &Client, crds: &[CustomResourceDefinition]) -> Result<(), Box<dyn Error>> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for crd in crds {
        let (name, how) = (crd.name_any(), PatchParams::apply(MANAGER).force());
        let applied = api.patch(&name, &how, &Patch::Apply(crd)).await;
        applied.map_err(|error| format!("the CRD `{name}` cannot be applied: {error}"))?;
    }
    Ok(())
}
