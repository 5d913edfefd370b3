//! IdentityBinding, which access.smi-spec.io has in v1alpha4 only. Its public place is [`v1alpha4`](crate::v1alpha4).

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smi_core::{bounds::NAME, lenient};

use crate::bounds::{LABELS, SPIFFE_ID, SPIFFE_IDS};

/// What an IdentityBinding says: whom its name stands for.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "access.smi-spec.io",
    version = "v1alpha4",
    kind = "IdentityBinding",
    plural = "identitybindings",
    shortname = "ib",
    category = "smi",
    namespaced,
    derive = "PartialEq",
    doc = "IdentityBinding gives workloads of its namespace one name, by which a TrafficTarget can refer to them.",
    printcolumn = r#"{"name":"Service Account","type":"string","jsonPath":".spec.schemes.serviceAccount","description":"The ServiceAccount that is bound"}"#,
    printcolumn = r#"{"name":"Pod Labels","type":"string","jsonPath":".spec.schemes.podLabelSelector.matchLabels","description":"The labels of the pods that are bound"}"#,
    printcolumn = r#"{"name":"SPIFFE","type":"string","jsonPath":".spec.schemes.spiffeIdentities","description":"The SPIFFE identities that are bound"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
pub struct IdentityBindingSpec {
    /// The ways in which a workload can be recognised; one that holds is enough.
    pub schemes: IdentitySchemes,
}

/// The ways in which a workload can be recognised. Those that are there are alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentitySchemes {
    /// Pods with all of these labels. A selector without matchLabels selects nobody, whatever else it says: matchExpressions
    /// are no part of it. Not together with serviceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_label_selector: Option<PodLabelSelector>,
    /// SPIFFE identities, with or without spiffe:// in front. An empty one is nobody's.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::list")]
    #[schemars(length(max = SPIFFE_IDS), inner(length(max = SPIFFE_ID)))]
    pub spiffe_identities: Vec<String>,
    /// Pods that run under this ServiceAccount. An empty name is nobody's. Not together with podLabelSelector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NAME))]
    pub service_account: Option<String>,
}

/// A selection of pods by their labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodLabelSelector {
    /// The labels that a pod must have, all of them, with these values. Without any no pod is selected, other than with the
    /// selectors of Kubernetes: who names nobody grants nothing.
    #[serde(default, deserialize_with = "lenient::or_default")]
    #[schemars(schema_with = "labels_schema")]
    pub match_labels: BTreeMap<String, String>,
}

fn labels_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": LABELS,
        "additionalProperties": { "type": "string", "maxLength": 63 },
    })
}
