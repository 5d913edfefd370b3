//! A CRD that the real server refuses is refused by smi-fake for the same fields, and no other one is.

use std::collections::BTreeSet;

use e2e::Response;
use http::Method;
use kube::config::{Config, KubeConfigOptions};
use serde_json::{Value, json};
use smi_fake::Server;

use crate::{Outcome, cluster};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All";
const SPEC: &str = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
const SCHEMA: &str = "/spec/versions/0/schema/openAPIV3Schema";
const VERSION: &str = "/spec/versions/0";

fn crd() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "gadgets", "kind": "Gadget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object"}},
            }}}],
        },
    })
}

/// What is put where into a good CRD.
#[expect(clippy::too_many_lines, reason = "a table, one case a line")]
fn cases() -> Vec<(&'static str, Value)> {
    let version = |name: &str, storage: bool| {
        let mut version = crd().pointer(VERSION).cloned().unwrap_or_default();
        version["name"] = name.into();
        version["storage"] = storage.into();
        version
    };
    let list = |list_type: &str, keys: Value, item: Value| json!({"type": "array", "items": item, "x-kubernetes-list-type": list_type, "x-kubernetes-list-map-keys": keys});
    let named = json!({"type": "object", "properties": {"n": {"type": "string"}}});
    vec![
        ("/metadata/name", "x.example.com".into()),
        ("/spec/versions", json!([])),
        ("/spec/versions", json!([version("v1", false)])),
        ("/spec/versions", json!([version("v1", true), version("v1", false)])),
        ("/spec/versions", json!([version("v1", true), version("v2", false)])),
        ("/spec/versions", json!([version("V_1", true)])),
        ("/spec/versions/0/schema", Value::Null),
        ("/spec/scope", "Everywhere".into()),
        ("/spec/scope", Value::Null),
        ("/spec/names/kind", "gadget thing".into()),
        ("/spec/names/kind", "".into()),
        ("/spec/names/plural", "".into()),
        ("/spec/names/singular", "Gadget".into()),
        ("/spec/names/listKind", "Gadget".into()),
        ("/spec/names/shortNames", json!(["G_"])),
        ("/spec/names/categories", json!(["A B"])),
        ("/spec/conversion", json!({"strategy": "Magic"})),
        ("/spec/preserveUnknownFields", true.into()),
        ("/spec/versions/0/deprecationWarning", "x".into()),
        ("/spec/versions/0/served", false.into()),
        (
            "/spec/versions/0/additionalPrinterColumns",
            json!([{"name": "A", "type": "foo", "jsonPath": ".a"}]),
        ),
        (
            "/spec/versions/0/additionalPrinterColumns",
            json!([{"name": "A", "type": "string", "jsonPath": "a"}]),
        ),
        ("/spec/versions/0/selectableFields", json!([{"jsonPath": ".spec.no"}])),
        (SCHEMA, json!({"type": "string"})),
        (SCHEMA, json!({"properties": {}})),
        (SCHEMA, json!({"type": "object", "nullable": true})),
        (
            SCHEMA,
            json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
        ),
        (
            SCHEMA,
            json!({"type": "object", "properties": {"apiVersion": {"type": "integer"}}}),
        ),
        (
            SCHEMA,
            json!({"type": "object", "properties": {"metadata": {"type": "string"}}}),
        ),
        (
            SCHEMA,
            json!({"type": "object", "properties": {"metadata": {"type": "object", "description": "x"}}}),
        ),
        (
            SCHEMA,
            json!({"type": "object", "properties": {"metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}}}}),
        ),
        (SPEC, json!({})),
        (SPEC, json!({"type": "foo"})),
        (SPEC, json!({"type": "array"})),
        (SPEC, json!({"type": "array", "items": {}})),
        (SPEC, json!({"type": "array", "items": [{"type": "string"}]})),
        (
            SPEC,
            json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true}),
        ),
        (SPEC, json!({"type": "object", "properties": {"a": {"properties": {}}}})),
        (SPEC, json!({"type": "object", "additionalProperties": {}})),
        (
            SPEC,
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}),
        ),
        (SPEC, json!({"type": "object", "$ref": "#/x"})),
        (
            SPEC,
            json!({"type": "object", "patternProperties": {"a": {"type": "string"}}}),
        ),
        (
            SPEC,
            json!({"type": "object", "definitions": {"a": {"type": "string"}}}),
        ),
        (SPEC, json!({"type": "object", "dependencies": {"a": ["b"]}})),
        (
            SPEC,
            json!({"type": "object", "anyOf": [{"type": "object", "description": "x"}]}),
        ),
        (SPEC, json!({"type": "object", "anyOf": [{"default": 1}]})),
        (SPEC, json!({"type": "object", "allOf": [{"nullable": true}]})),
        (
            SPEC,
            json!({"type": "object", "not": {"x-kubernetes-preserve-unknown-fields": true}}),
        ),
        (
            SPEC,
            json!({"type": "object", "anyOf": [{"properties": {"b": {"type": "string"}}}]}),
        ),
        (
            SPEC,
            json!({"type": "object", "anyOf": [{"properties": {"b": {"minimum": 1}}}]}),
        ),
        (
            SPEC,
            json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ),
        (SPEC, json!({"type": "string", "default": 1})),
        (SPEC, json!({"type": "string", "pattern": "("})),
        (
            SPEC,
            json!({"type": "object", "x-kubernetes-validations": [{"rule": ""}]}),
        ),
        (
            SPEC,
            json!({"type": "object", "x-kubernetes-preserve-unknown-fields": false}),
        ),
        (SPEC, json!({"type": "object", "x-kubernetes-embedded-resource": true})),
        (SPEC, json!({"type": "object", "x-kubernetes-map-type": "foo"})),
        (SPEC, json!({"type": "object", "x-kubernetes-list-type": "set"})),
        (SPEC, list("foo", json!(null), json!({"type": "string"}))),
        (SPEC, list("set", json!(null), json!({"type": "object"}))),
        (SPEC, list("map", json!(null), named.clone())),
        (SPEC, list("map", json!(["n"]), named.clone())),
        (SPEC, list("map", json!(["m"]), named)),
        (SPEC, list("map", json!(["a"]), json!({"type": "string"}))),
    ]
}

/// The status, and the fields that are wrong with the kind of the fault.
type Refusal = (u16, BTreeSet<(String, String)>);

fn refusal(response: &Response) -> Outcome<Refusal> {
    let body = response.json()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let causes = body.pointer("/details/causes").and_then(Value::as_array);
    let causes = causes.into_iter().flatten();
    let causes = causes.map(|cause| (text(&cause["field"]), text(&cause["reason"])));
    Ok((response.status, causes.collect()))
}

#[tokio::test]
async fn crds_are_refused_for_the_same_fields() {
    let server = Server::new([]);
    let kubeconfig = server.listen().await.unwrap().kubeconfig();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    let fake = kube::Client::try_from(config).unwrap();
    let real = cluster().await.client().unwrap();
    for (place, value) in cases() {
        let mut crd = crd();
        let (parent, name) = place.rsplit_once('/').unwrap();
        crd.pointer_mut(parent).unwrap()[name] = value.clone();
        let request = || {
            http::Request::builder()
                .method(Method::POST)
                .uri(CRDS)
                .header("content-type", "application/json")
                .body(crd.to_string().into_bytes())
                .unwrap()
        };
        let of_real = refusal(&Response::to(&real, request()).await.unwrap()).unwrap();
        let of_fake = refusal(&Response::to(&fake, request()).await.unwrap()).unwrap();
        assert_eq!(of_fake, of_real, "{place}: {value}");
    }
}
