//! CRDs that kube-apiserver refuses are refused here, in its words.

use kube::{
    Api,
    api::{DynamicObject, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};
use smi_fake::Server;

use crate::harness::status;

/// The words of the refusal of a CRD that `change` makes of a good one, from the first field on.
async fn refusal(change: impl FnOnce(&mut Value)) -> String {
    let mut crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "gadgets", "kind": "Gadget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object"}},
            }}}],
        },
    });
    change(&mut crd);
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
    ));
    let crds: Api<DynamicObject> = Api::all_with(Server::new([]).client(), &resource);
    let crd: DynamicObject = serde_json::from_value(crd).unwrap();
    let refused = status(crds.create(&PostParams::default(), &crd).await);
    assert_eq!(refused.code, 422);
    let (_, words) = refused.message.split_once(" is invalid: ").unwrap();
    words.to_owned()
}

async fn refusal_of_spec(spec: Value) -> String {
    let words = refusal(|crd| {
        crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = spec;
    });
    words
        .await
        .replace("spec.validation.openAPIV3Schema.properties[spec].", "")
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_is_not_structural_is_refused() {
    for (spec, words) in [
        (
            json!({"properties": {}}),
            "type: Required value: must not be empty for specified object fields",
        ),
        (
            json!({"type": "foo"}),
            r#"type: Unsupported value: "foo": supported values: "array", "boolean", "integer", "number", "object", "string""#,
        ),
        (json!({"type": "array"}), "items: Required value: must be specified"),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}),
            "additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        ),
        (
            json!({"type": "object", "anyOf": [{"type": "object"}]}),
            "anyOf[0].type: Forbidden: must be empty to be structural",
        ),
        (
            json!({"type": "string", "default": 1}),
            r#"default: Invalid value: "integer":  in body must be of type string: "integer""#,
        ),
        (
            json!({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"}),
            "x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
        ),
    ] {
        let refused = refusal_of_spec(spec.clone()).await;
        // The rest of the path, where the fault is the default's own.
        let refused = refused.replace("default.: ", "default: ");
        assert_eq!(refused, words, "{spec}");
    }
}

#[tokio::test(start_paused = true)]
async fn versions_are_unique_and_one_is_stored() {
    let says = |words: &str, expected: &str| assert!(words.contains(expected), "{words}");
    let none = refusal(|crd| crd["spec"]["versions"][0]["storage"] = false.into()).await;
    says(&none, "must have exactly one version marked as storage version");
    says(
        &none,
        "status.storedVersions: Invalid value: null: must have at least one stored version",
    );
    let twice = refusal(|crd| {
        let mut again = crd["spec"]["versions"][0].clone();
        again["storage"] = false.into();
        crd["spec"]["versions"].as_array_mut().unwrap().push(again);
    });
    says(&twice.await, "must contain unique version names");
}

#[tokio::test(start_paused = true)]
async fn names_scope_and_group_follow_their_rules() {
    let says = |words: &str, expected: &str| assert!(words.starts_with(expected), "{words}");
    let scope = refusal(|crd| crd["spec"]["scope"] = "Everywhere".into()).await;
    says(
        &scope,
        r#"spec.scope: Unsupported value: "Everywhere": supported values: "Cluster", "Namespaced""#,
    );
    let short = refusal(|crd| crd["spec"]["names"]["shortNames"] = json!(["G_"])).await;
    says(
        &short,
        r#"spec.names.shortNames[0]: Invalid value: "G_": a DNS-1035 label"#,
    );
    let group = refusal(|crd| {
        crd["spec"]["group"] = "gadgets.k8s.io".into();
        crd["metadata"]["name"] = "gadgets.gadgets.k8s.io".into();
    });
    says(
        &group.await,
        "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval",
    );
}

#[tokio::test(start_paused = true)]
async fn the_schema_of_a_later_version_is_named_by_its_place() {
    let refused = refusal(|crd| {
        let mut next = crd["spec"]["versions"][0].clone();
        next["name"] = "v2".into();
        next["storage"] = false.into();
        next["schema"]["openAPIV3Schema"]["properties"]["spec"] = json!({});
        crd["spec"]["versions"].as_array_mut().unwrap().push(next);
    });
    assert_eq!(
        refused.await,
        "spec.versions[1].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields"
    );
}
