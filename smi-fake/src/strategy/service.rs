//! Services: their defaults and their cluster address.

use serde_json::{Value, json};

use super::default_at;
use crate::{cluster::Cluster, meta};

/// The defaults of kube-apiserver, where the Service does not say otherwise.
pub(crate) fn defaults(object: &mut Value) {
    let spec = meta::map_mut(object).entry("spec").or_insert(Value::Null);
    default_at(spec, "type", "ClusterIP".into());
    default_at(spec, "sessionAffinity", "None".into());
    if meta::text(spec, "/type") != "ExternalName" {
        default_at(spec, "internalTrafficPolicy", "Cluster".into());
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        default_at(port, "protocol", "TCP".into());
        let number = port.get("port").cloned().unwrap_or_default();
        default_at(port, "targetPort", number);
    }
}

/// Gives the Service an address, unless it has one or wants none.
pub(crate) fn on_create(cluster: &Cluster, object: &mut Value) {
    default_at(object, "status", json!({"loadBalancer": {}}));
    if meta::text(object, "/spec/type") == "ExternalName" {
        return;
    }
    let mut address = meta::text(object, "/spec/clusterIP").to_owned();
    if address.is_empty() {
        let mut state = cluster.lock();
        let number = state.next_address;
        state.next_address = number.wrapping_add(1);
        address = format!(
            "10.{}.{}.{}",
            (number >> 16) & 0xff,
            (number >> 8) & 0xff,
            number & 0xff
        );
    }
    put(object, &address);
}

/// The address of a Service stays when an update does not name it.
pub(crate) fn keep_address(old: &Value, object: &mut Value) {
    let before = meta::text(old, "/spec/clusterIP");
    if meta::text(object, "/spec/clusterIP").is_empty()
        && !before.is_empty()
        && meta::text(object, "/spec/type") != "ExternalName"
    {
        put(object, before);
    }
}

fn put(object: &mut Value, address: &str) {
    let spec = meta::child_mut(object, "spec");
    spec.insert("clusterIP".to_owned(), address.into());
    spec.insert("clusterIPs".to_owned(), json!([address]));
    spec.entry("ipFamilies").or_insert(json!(["IPv4"]));
    spec.entry("ipFamilyPolicy").or_insert("SingleStack".into());
}
