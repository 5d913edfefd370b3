//! What runs the webhook: from the namespace to the disruption budget, in the order in which they are applied.

use serde_json::{Value, json};

use super::install::{HEALTH_PORT, HTTPS_PORT, Install, SERVICE_PORT};

const RBAC: &str = "rbac.authorization.k8s.io";

/// All but the CRDs.
pub(super) fn all(install: &Install) -> Vec<Value> {
    vec![
        namespace(install),
        service_account(install),
        secret(install),
        role(install),
        role_binding(install, "RoleBinding", "Role"),
        cluster_role(install),
        role_binding(install, "ClusterRoleBinding", "ClusterRole"),
        service(install),
        deployment(install),
        disruption_budget(install),
    ]
}

fn labels(install: &Install) -> Value {
    json!({"app.kubernetes.io/name": install.name})
}

fn metadata(install: &Install) -> Value {
    json!({"name": install.name, "namespace": install.namespace, "labels": labels(install)})
}

/// What is not of one namespace is called by both names: two installations have two of it.
fn of_the_cluster(install: &Install) -> Value {
    json!({"name": format!("{}:{}", install.namespace, install.name), "labels": labels(install)})
}

/// Pods in it have to be as harmless as this one.
fn namespace(install: &Install) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {
            "name": install.namespace,
            "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
        },
    })
}

fn service_account(install: &Install) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(install),
        "automountServiceAccountToken": false,
    })
}

/// Empty, so that the webhook needs no right to create Secrets, which cannot be given for one name. Applied again it takes
/// nothing away.
fn secret(install: &Install) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {
            "name": install.secret(), "namespace": install.namespace,
            "labels": {"app.kubernetes.io/name": install.name, "app.kubernetes.io/managed-by": "smi-webhook"},
        },
    })
}

fn role(install: &Install) -> Value {
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "Role", "metadata": metadata(install),
        "rules": [{
            "apiGroups": [""], "resources": ["secrets"], "resourceNames": [install.secret()],
            "verbs": ["get", "update"],
        }],
    })
}

fn cluster_role(install: &Install) -> Value {
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": of_the_cluster(install),
        "rules": [{
            "apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"],
            "resourceNames": install.crd_names(), "verbs": ["get", "patch"],
        }],
    })
}

fn role_binding(install: &Install, kind: &str, role: &str) -> Value {
    let metadata = if kind == "RoleBinding" {
        metadata(install)
    } else {
        of_the_cluster(install)
    };
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": kind,
        "roleRef": {"apiGroup": RBAC, "kind": role, "name": metadata["name"]},
        "subjects": [{"kind": "ServiceAccount", "name": install.name, "namespace": install.namespace}],
        "metadata": metadata,
    })
}

fn service(install: &Install) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(install),
        "spec": {
            "selector": labels(install),
            "ports": [{"name": "https", "port": SERVICE_PORT, "targetPort": "https"}],
        },
    })
}

/// A rollout and a drained node leave one that answers.
fn deployment(install: &Install) -> Value {
    let spread = |topology: &str| {
        json!({
            "topologyKey": topology, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels(install)},
        })
    };
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(install),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels(install)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": labels(install)},
                "spec": {
                    "serviceAccountName": install.name,
                    "automountServiceAccountToken": true,
                    "topologySpreadConstraints": [spread("kubernetes.io/hostname"), spread("topology.kubernetes.io/zone")],
                    // Longer than the wait before the end, and the requests in flight after it.
                    "terminationGracePeriodSeconds": 40,
                    "securityContext": {
                        "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [container(install)],
                },
            },
        },
    })
}

fn container(install: &Install) -> Value {
    let probe = |path: &str, failures: u8| json!({"httpGet": {"path": path, "port": "health"}, "periodSeconds": 5, "failureThreshold": failures});
    json!({
        "name": "webhook",
        "image": install.image,
        "args": arguments(install),
        "ports": [
            {"name": "https", "containerPort": HTTPS_PORT},
            {"name": "health", "containerPort": HEALTH_PORT},
        ],
        "readinessProbe": probe("/readyz", 2),
        "livenessProbe": probe("/healthz", 6),
        // Until those who route to it have heard that it goes.
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "resources": {
            "requests": {"cpu": "100m", "memory": "64Mi"},
            // Its own bounds keep it under 256 MiB.
            "limits": {"memory": "320Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
    })
}

/// What the example `webhook` is told.
pub(crate) fn arguments(install: &Install) -> Vec<String> {
    vec![
        format!("--self-issued={}/{}", install.namespace, install.name),
        format!("--listen=0.0.0.0:{HTTPS_PORT}"),
        format!("--health=0.0.0.0:{HEALTH_PORT}"),
    ]
}

fn disruption_budget(install: &Install) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata(install),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels(install)}},
    })
}
