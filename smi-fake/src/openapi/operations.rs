//! The paths of an OpenAPI document: what can be done with a kind, and with which parameters.

use serde_json::{Map, Value, json};

use super::{Kind, schemas::PATCH};
use crate::builtin_schema::REFERENCES;

/// Adds the paths of a kind whose schema is `name`. Built-in kinds take strategic merge patches.
pub(super) fn add(kind: &Kind<'_>, name: &str, builtin: bool, paths: &mut Map<String, Value>) {
    let list = format!("{name}List");
    let root = kind.root();
    let Kind { plural, .. } = kind;
    let collection = if kind.namespaced {
        paths.insert(
            format!("{root}/{plural}"),
            json!({"get": operation(kind, "list", &list)}),
        );
        format!("{root}/namespaces/{{namespace}}/{plural}")
    } else {
        format!("{root}/{plural}")
    };
    let mut of_all = json!({
        "get": operation(kind, "list", &list),
        "post": operation(kind, "post", name),
        "delete": operation(kind, "deletecollection", name),
        "parameters": path_parameters(kind, false),
    });
    write(&mut of_all["post"], name, None);
    let mut of_one = json!({
        "get": operation(kind, "get", name),
        "put": operation(kind, "put", name),
        "patch": operation(kind, "patch", name),
        "delete": operation(kind, "delete", name),
        "parameters": path_parameters(kind, true),
    });
    write(&mut of_one["put"], name, None);
    write(&mut of_one["patch"], name, Some(builtin));
    let one = format!("{collection}/{{name}}");
    if kind.status {
        let mut status = of_one.clone();
        if let Value::Object(status) = &mut status {
            status.remove("delete");
        }
        paths.insert(format!("{one}/status"), status);
    }
    paths.insert(collection, of_all);
    paths.insert(one, of_one);
}

/// An operation that answers what the schema `answer` describes.
fn operation(kind: &Kind<'_>, action: &str, answer: &str) -> Value {
    let schema = json!({"$ref": format!("{REFERENCES}{answer}")});
    json!({
        "description": format!("{action} {}", kind.plural),
        "parameters": [],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind.group_version_kind(),
    })
}

/// Adds what requests that write have: a body, and the parameters by which kubectl sees whether a server can check
/// fields and try things. `patch`: it patches, a built-in kind or not.
fn write(operation: &mut Value, name: &str, patch: Option<bool>) {
    let parameter = |name: &str, type_: &str, description: &str| {
        json!({
            "name": name, "in": "query", "description": description,
            "schema": {"type": type_, "uniqueItems": true},
        })
    };
    let mut parameters = vec![
        parameter("dryRun", "string", "All: the request is tried and nothing is stored."),
        parameter("fieldManager", "string", "The name of who makes the changes."),
        parameter(
            "fieldValidation",
            "string",
            "What becomes of unknown and duplicate fields: Ignore, Warn or Strict.",
        ),
    ];
    let reference = |name: &str| json!({"schema": {"$ref": format!("{REFERENCES}{name}")}});
    let content = match patch {
        None => json!({"application/json": reference(name)}),
        Some(builtin) => {
            parameters.push(parameter(
                "force",
                "boolean",
                "Apply takes fields over from other managers.",
            ));
            let mut content = json!({
                "application/apply-patch+yaml": reference(PATCH),
                "application/json-patch+json": reference(PATCH),
                "application/merge-patch+json": reference(PATCH),
            });
            if builtin {
                content["application/strategic-merge-patch+json"] = reference(PATCH);
            }
            content
        }
    };
    operation["parameters"] = parameters.into();
    operation["requestBody"] = json!({"content": content, "required": true});
}

fn path_parameters(kind: &Kind<'_>, named: bool) -> Value {
    let parameter = |name: &str, description: &str| {
        json!({
            "name": name, "in": "path", "description": description, "required": true,
            "schema": {"type": "string", "uniqueItems": true},
        })
    };
    let name = named.then(|| parameter("name", &format!("name of the {}", kind.kind)));
    let namespace = kind
        .namespaced
        .then(|| parameter("namespace", "object name and auth scope"));
    name.into_iter().chain(namespace).collect()
}
