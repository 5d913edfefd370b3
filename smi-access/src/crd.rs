//! This group's CRDs.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use smi_core::crd::CrdOptions;

/// The CRDs of TrafficTarget and, where drafts are asked for, IdentityBinding.
pub fn crds(options: &CrdOptions) -> Vec<CustomResourceDefinition> {
    crate::convert::converters().crds(options)
}
