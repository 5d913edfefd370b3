//! OpenAPI documents as kubectl reads them.

use super::*;

fn split(schema: &JSONSchemaProps) -> Kind<'_> {
    Kind {
        group: "split.example.io",
        version: "v1",
        kind: "Split",
        plural: "splits",
        namespaced: true,
        status: true,
        schema,
    }
}

fn service(schema: &JSONSchemaProps) -> Kind<'_> {
    Kind {
        group: "",
        version: "v1",
        kind: "Service",
        plural: "services",
        namespaced: true,
        status: true,
        schema,
    }
}

fn schema() -> JSONSchemaProps {
    serde_json::from_value(json!({"type": "object", "description": "A split.", "properties": {
        "spec": {"type": "object", "properties": {"service": {"type": "string"}}},
    }}))
    .unwrap()
}

/// Every `$ref` of a document leads somewhere.
fn dangling(document: &Value) -> Vec<String> {
    fn walk(value: &Value, document: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref")
                    && document.pointer(target.trim_start_matches('#')).is_none()
                {
                    out.push(target.clone());
                }
                for value in fields.values() {
                    walk(value, document, out);
                }
            }
            Value::Array(items) => {
                for item in items {
                    walk(item, document, out);
                }
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(document, document, &mut out);
    out
}

#[test]
fn kubectl_finds_kind_schema_and_query_parameters_of_a_custom_resource() {
    let schema = schema();
    let document = v3_document(&[split(&schema)]);
    let one = &document["paths"]["/apis/split.example.io/v1/namespaces/{namespace}/splits/{name}"];
    let kind = json!({"group": "split.example.io", "kind": "Split", "version": "v1"});
    assert_eq!(one["patch"]["x-kubernetes-group-version-kind"], kind);
    let names: Vec<&Value> = one["patch"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, ["dryRun", "fieldManager", "fieldValidation", "force"]);
    assert!(
        one["patch"]["requestBody"]["content"]
            .get("application/strategic-merge-patch+json")
            .is_none()
    );
    let described = &document["components"]["schemas"]["io.example.split.v1.Split"];
    assert_eq!(described["x-kubernetes-group-version-kind"], json!([kind]));
    assert_eq!(
        described["properties"]["spec"]["properties"]["service"]["type"],
        "string"
    );
    assert_eq!(dangling(&document), [""; 0]);
}

#[test]
fn built_in_kinds_take_strategic_merge_patches_and_say_how_lists_merge() {
    let schema = JSONSchemaProps::default();
    let document = v3_document(&[service(&schema)]);
    let one = &document["paths"]["/api/v1/namespaces/{namespace}/services/{name}"];
    assert!(one["patch"]["requestBody"]["content"]["application/strategic-merge-patch+json"].is_object());
    let ports = &document["components"]["schemas"]["io.k8s.api.core.v1.ServiceSpec"]["properties"]["ports"];
    assert_eq!(ports["x-kubernetes-patch-merge-key"], "port");
    assert_eq!(ports["x-kubernetes-patch-strategy"], "merge");
    assert_eq!(dangling(&document), [""; 0]);
}

#[test]
fn the_index_names_the_document_of_each_version() {
    let index = v3_index([("", "v1", "A".to_owned()), ("split.example.io", "v1", "B".to_owned())]);
    assert_eq!(
        index["paths"]["api/v1"]["serverRelativeURL"],
        "/openapi/v3/api/v1?hash=A"
    );
    assert_eq!(
        index["paths"]["apis/split.example.io/v1"]["serverRelativeURL"],
        "/openapi/v3/apis/split.example.io/v1?hash=B"
    );
}

#[test]
fn the_v2_document_refers_to_its_definitions() {
    let schema = schema();
    let none = JSONSchemaProps::default();
    let document = v2(&[split(&schema), service(&none)]);
    assert_eq!(dangling(&document), [""; 0]);
    assert!(document["definitions"]["io.example.split.v1.Split"].is_object());
    let put = &document["paths"]["/api/v1/namespaces/{namespace}/services/{name}"]["put"];
    assert_eq!(put["parameters"][0]["type"], "string");
    assert_eq!(
        put["responses"]["200"]["schema"]["$ref"],
        "#/definitions/io.k8s.api.core.v1.Service"
    );
}
