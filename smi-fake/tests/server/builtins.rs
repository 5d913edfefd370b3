//! Built-in objects that kube-apiserver refuses are refused here, in its words.

use serde_json::{Value, json};
use smi_fake::Server;

use crate::harness::{send, status};

/// The words of a refusal, from the first field on.
async fn refusal(path: &str, object: Value) -> String {
    let refused = status(send(&Server::new([]).client(), "POST", path, &object).await);
    assert_eq!(refused.code, 422, "{}", refused.message);
    let (_, words) = refused.message.split_once(" is invalid: ").unwrap();
    words.to_owned()
}

async fn of_service(spec: Value) -> String {
    let object = json!({"metadata": {"name": "a"}, "spec": spec});
    refusal("/api/v1/namespaces/default/services", object).await
}

#[tokio::test(start_paused = true)]
async fn a_service_needs_ports_that_are_ports() {
    assert_eq!(of_service(json!({})).await, "spec.ports: Required value");
    let why = "Invalid value: 0: must be between 1 and 65535, inclusive";
    assert_eq!(
        of_service(json!({"ports": [{"port": 0}]})).await,
        format!("[spec.ports[0].port: {why}, spec.ports[0].targetPort: {why}]")
    );
    assert_eq!(
        of_service(json!({"ports": [{"port": 80}, {"port": 81}]})).await,
        "[spec.ports[0].name: Required value, spec.ports[1].name: Required value]"
    );
    assert_eq!(
        of_service(json!({"type": "ExternalName"})).await,
        "spec.externalName: Required value"
    );
    assert_eq!(
        of_service(json!({"type": "Foo", "ports": [{"port": 80}]})).await,
        r#"spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort""#
    );
}

#[tokio::test(start_paused = true)]
async fn keys_of_config_maps_and_secrets_are_file_names() {
    let start = r#"data[a b]: Invalid value: "a b": a valid config key must consist of"#;
    for (resource, field) in [("configmaps", "data"), ("secrets", "stringData")] {
        let object = json!({"metadata": {"name": "a"}, field: {"a b": "1"}});
        let words = refusal(&format!("/api/v1/namespaces/default/{resource}"), object).await;
        assert!(words.starts_with(start), "{words}");
    }
    let tls = json!({"metadata": {"name": "a"}, "type": "kubernetes.io/tls"});
    assert_eq!(
        refusal("/api/v1/namespaces/default/secrets", tls).await,
        "[data[tls.crt]: Required value, data[tls.key]: Required value]"
    );
}

#[tokio::test(start_paused = true)]
async fn pods_and_deployments_need_containers() {
    let object = json!({"metadata": {"name": "a"}, "spec": {"containers": []}});
    assert_eq!(
        refusal("/api/v1/namespaces/default/pods", object).await,
        "spec.containers: Required value"
    );
    let object = json!({"metadata": {"name": "a"}, "spec": {}});
    assert_eq!(
        refusal("/apis/apps/v1/namespaces/default/deployments", object).await,
        "[spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: `selector` does not match \
         template `labels`, spec.template.spec.containers: Required value]"
    );
}
