//! Pods and Deployments: the defaults of kube-apiserver.

use serde_json::{Value, json};

use super::default_at;
use crate::meta;

pub(crate) fn defaults(object: &mut Value) {
    let spec = spec_of(object);
    pod_spec(spec);
    default_at(spec, "enableServiceLinks", true.into());
}

/// The status of a new Pod: nothing schedules it.
pub(crate) fn on_create(object: &mut Value) {
    default_at(object, "status", json!({"phase": "Pending", "qosClass": "BestEffort"}));
}

pub(crate) fn deployment(object: &mut Value) {
    let spec = spec_of(object);
    default_at(spec, "replicas", 1.into());
    default_at(spec, "revisionHistoryLimit", 10.into());
    default_at(spec, "progressDeadlineSeconds", 600.into());
    default_at(spec, "strategy", json!({}));
    if let Some(strategy) = spec.get_mut("strategy") {
        default_at(strategy, "type", "RollingUpdate".into());
        if meta::text(strategy, "/type") == "RollingUpdate" {
            default_at(strategy, "rollingUpdate", json!({}));
            for bound in ["maxSurge", "maxUnavailable"] {
                if let Some(update) = strategy.get_mut("rollingUpdate") {
                    default_at(update, bound, "25%".into());
                }
            }
        }
    }
    let template = meta::map_mut(spec).entry("template").or_insert(json!({}));
    pod_spec(spec_of(template));
}

fn spec_of(object: &mut Value) -> &mut Value {
    meta::map_mut(object).entry("spec").or_insert(json!({}))
}

fn pod_spec(spec: &mut Value) {
    default_at(spec, "dnsPolicy", "ClusterFirst".into());
    default_at(spec, "restartPolicy", "Always".into());
    default_at(spec, "schedulerName", "default-scheduler".into());
    default_at(spec, "securityContext", json!({}));
    default_at(spec, "terminationGracePeriodSeconds", 30.into());
    // One name under two fields, for the sake of old clients.
    for (from, to) in [
        ("serviceAccountName", "serviceAccount"),
        ("serviceAccount", "serviceAccountName"),
    ] {
        if let Some(name) = spec.get(from).cloned() {
            default_at(spec, to, name);
        }
    }
    for containers in ["initContainers", "containers", "ephemeralContainers"] {
        for container in items(spec, containers) {
            defaults_of_container(container);
        }
    }
    for volume in items(spec, "volumes") {
        for (source, mode) in [
            ("configMap", "defaultMode"),
            ("secret", "defaultMode"),
            ("projected", "defaultMode"),
            ("downwardAPI", "defaultMode"),
        ] {
            if let Some(source) = volume.get_mut(source) {
                default_at(source, mode, 0o644.into());
            }
        }
    }
}

fn defaults_of_container(container: &mut Value) {
    let policy = if is_latest(meta::text(container, "/image")) {
        "Always"
    } else {
        "IfNotPresent"
    };
    default_at(container, "imagePullPolicy", policy.into());
    default_at(container, "resources", json!({}));
    default_at(container, "terminationMessagePath", "/dev/termination-log".into());
    default_at(container, "terminationMessagePolicy", "File".into());
    for port in items(container, "ports") {
        default_at(port, "protocol", "TCP".into());
    }
    for variable in items(container, "env") {
        if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
            default_at(field, "apiVersion", "v1".into());
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(probe) else {
            continue;
        };
        for (field, number) in [
            ("timeoutSeconds", 1),
            ("periodSeconds", 10),
            ("successThreshold", 1),
            ("failureThreshold", 3),
        ] {
            default_at(probe, field, number.into());
        }
        if let Some(get) = probe.get_mut("httpGet") {
            default_at(get, "path", "/".into());
            default_at(get, "scheme", "HTTP".into());
        }
    }
}

fn items<'v>(value: &'v mut Value, name: &str) -> impl Iterator<Item = &'v mut Value> {
    value.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Whether an image names no version: `nginx`, `host:5000/nginx:latest`.
fn is_latest(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or_default();
    !image.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_version_is_pulled_always() {
        for (image, latest) in [
            ("nginx", true),
            ("host:5000/nginx", true),
            ("nginx:latest", true),
            ("nginx:1.27", false),
            ("nginx@sha256:abc", false),
        ] {
            assert_eq!(is_latest(image), latest, "{image}");
        }
    }
}
