//! The list and map types of built-in kinds. k8s-openapi's schemas do not carry them; this is what the OpenAPI document
//! of Kubernetes 1.37 says of the kinds that are built in here.

use serde_json::{Map, Value, json};

/// Lists that are maps by their keys: definition, field, keys.
const MAPS: &[(&str, &str, &[&str])] = &[
    ("apps.v1.DeploymentStatus", "conditions", &["type"]),
    ("core.v1.Container", "env", &["name"]),
    ("core.v1.Container", "ports", &["containerPort", "protocol"]),
    ("core.v1.Container", "volumeDevices", &["devicePath"]),
    ("core.v1.Container", "volumeMounts", &["mountPath"]),
    ("core.v1.ContainerStatus", "allocatedResourcesStatus", &["name"]),
    ("core.v1.ContainerStatus", "volumeMounts", &["mountPath"]),
    ("core.v1.EphemeralContainer", "env", &["name"]),
    ("core.v1.EphemeralContainer", "ports", &["containerPort", "protocol"]),
    ("core.v1.EphemeralContainer", "volumeDevices", &["devicePath"]),
    ("core.v1.EphemeralContainer", "volumeMounts", &["mountPath"]),
    ("core.v1.NamespaceStatus", "conditions", &["type"]),
    ("core.v1.NodeAllocatableResourceClaimStatus", "mapping", &["name"]),
    ("core.v1.NodeAllocatableResourceClaimStatus", "overhead", &["name"]),
    ("core.v1.PodSpec", "containers", &["name"]),
    ("core.v1.PodSpec", "ephemeralContainers", &["name"]),
    ("core.v1.PodSpec", "evictionResponders", &["name"]),
    ("core.v1.PodSpec", "hostAliases", &["ip"]),
    ("core.v1.PodSpec", "imagePullSecrets", &["name"]),
    ("core.v1.PodSpec", "initContainers", &["name"]),
    ("core.v1.PodSpec", "resourceClaims", &["name"]),
    ("core.v1.PodSpec", "schedulingGates", &["name"]),
    (
        "core.v1.PodSpec",
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("core.v1.PodSpec", "volumes", &["name"]),
    ("core.v1.PodStatus", "conditions", &["type"]),
    (
        "core.v1.PodStatus",
        "nodeAllocatableResourceClaimStatuses",
        &["resourceClaimName"],
    ),
    ("core.v1.PodStatus", "podIPs", &["ip"]),
    ("core.v1.PodStatus", "resourceClaimStatuses", &["name"]),
    ("core.v1.PodStatus", "volumeHealth", &["name"]),
    ("core.v1.PodVolumeHealth", "healthConditions", &["status", "reason"]),
    ("core.v1.ResourceRequirements", "claims", &["name"]),
    ("core.v1.ResourceStatus", "resources", &["resourceID"]),
    ("core.v1.ServiceAccount", "secrets", &["name"]),
    ("core.v1.ServiceSpec", "ports", &["port", "protocol"]),
    ("core.v1.ServiceStatus", "conditions", &["type"]),
    ("policy.v1.PodDisruptionBudgetStatus", "conditions", &["type"]),
    ("apis.meta.v1.ObjectMeta", "ownerReferences", &["uid"]),
];

/// Lists that are sets.
const SETS: &[(&str, &str)] = &[
    ("core.v1.ContainerRestartRuleOnExitCodes", "values"),
    ("core.v1.NodeAllocatableResourceClaimStatus", "containers"),
    ("core.v1.VolumeMount", "bindMountOptions"),
    ("discovery.v1.Endpoint", "addresses"),
    ("apis.meta.v1.ObjectMeta", "finalizers"),
];

/// Maps that are owned and replaced as a whole: definitions, and fields of them.
const ATOMIC: &[(&str, &str)] = &[
    ("core.v1.ConfigMapKeySelector", ""),
    ("core.v1.EvictionResponder", ""),
    ("core.v1.FileKeySelector", ""),
    ("core.v1.LocalObjectReference", ""),
    ("core.v1.NodeSelector", ""),
    ("core.v1.NodeSelectorTerm", ""),
    ("core.v1.ObjectFieldSelector", ""),
    ("core.v1.ObjectReference", ""),
    ("core.v1.PodSpec", "nodeSelector"),
    ("core.v1.ResourceFieldSelector", ""),
    ("core.v1.SecretKeySelector", ""),
    ("core.v1.ServiceSpec", "selector"),
    ("core.v1.TypedLocalObjectReference", ""),
    ("discovery.v1.EndpointPort", ""),
    ("rbac.v1.RoleRef", ""),
    ("rbac.v1.Subject", ""),
    ("apis.meta.v1.LabelSelector", ""),
    ("apis.meta.v1.OwnerReference", ""),
];

/// Whether strategic merge patches merge the list `field`, one of type `map` or `set`; they replace the others.
pub(crate) fn merges(field: &str, list_type: &str) -> bool {
    match list_type {
        "map" => !matches!(field, "volumeHealth" | "claims" | "resources"),
        "set" => field == "finalizers",
        _ => false,
    }
}

/// Writes the list and map types into definitions, and how strategic merge patches merge them.
pub(super) fn annotate(definitions: &mut Map<String, Value>) {
    for (definition, field, keys) in MAPS {
        set(definitions, definition, field, "x-kubernetes-list-type", json!("map"));
        set(
            definitions,
            definition,
            field,
            "x-kubernetes-list-map-keys",
            json!(keys),
        );
        if merges(field, "map") {
            set(
                definitions,
                definition,
                field,
                "x-kubernetes-patch-merge-key",
                json!(keys[0]),
            );
            let retains = matches!(*field, "volumes" | "resourceClaims" | "resourceClaimStatuses");
            let strategy = if retains { "merge,retainKeys" } else { "merge" };
            set(
                definitions,
                definition,
                field,
                "x-kubernetes-patch-strategy",
                json!(strategy),
            );
        }
    }
    for (definition, field) in SETS {
        set(definitions, definition, field, "x-kubernetes-list-type", json!("set"));
        if merges(field, "set") {
            set(
                definitions,
                definition,
                field,
                "x-kubernetes-patch-strategy",
                json!("merge"),
            );
        }
    }
    for (definition, field) in ATOMIC {
        set(definitions, definition, field, "x-kubernetes-map-type", json!("atomic"));
    }
    let strategy = "x-kubernetes-patch-strategy";
    set(
        definitions,
        "apps.v1.DeploymentSpec",
        "strategy",
        strategy,
        json!("retainKeys"),
    );
    set(
        definitions,
        "policy.v1.PodDisruptionBudgetSpec",
        "selector",
        strategy,
        json!("replace"),
    );
    // The only defaults of keys: they tell which item is meant when the key is not given.
    for definition in ["core.v1.ContainerPort", "core.v1.ServicePort"] {
        set(definitions, definition, "protocol", "default", json!("TCP"));
    }
}

/// `field` is empty for the definition itself.
fn set(definitions: &mut Map<String, Value>, definition: &str, field: &str, name: &str, value: Value) {
    let root = if definition.starts_with("apis.") {
        "io.k8s.apimachinery.pkg"
    } else {
        "io.k8s.api"
    };
    let Some(definition) = definitions.get_mut(&format!("{root}.{definition}")) else {
        return;
    };
    let target = if field.is_empty() {
        Some(definition)
    } else {
        definition
            .get_mut("properties")
            .and_then(|properties| properties.get_mut(field))
    };
    if let Some(Value::Object(target)) = target {
        target.insert(name.to_owned(), value);
    }
}
