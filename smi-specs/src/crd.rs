//! This group's CRDs.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use smi_core::crd::CrdOptions;

/// The CRDs of HTTPRouteGroup, TCPRoute and UDPRoute.
pub fn crds(options: &CrdOptions) -> Vec<CustomResourceDefinition> {
    crate::convert::converters().crds(options)
}
