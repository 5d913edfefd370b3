//! The OpenAPI v2 document, made from the v3 document of all kinds.
//!
//! kubectl asks for v2 in protobuf alone, where there is no v3 and for a `List`; this one is for clients that read JSON.

use serde_json::{Map, Value, json};

use super::{Kind, v3_document};

/// The OpenAPI v2 document of all kinds: `GET /openapi/v2` as JSON.
pub fn v2(kinds: &[Kind<'_>]) -> Value {
    let mut document = v3_document(kinds);
    refer(&mut document);
    let mut paths = document["paths"].take();
    for path in paths.as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for (verb, operation) in path.as_object_mut().into_iter().flatten() {
            if verb == "parameters" {
                flatten_all(operation);
            } else {
                turn(operation);
            }
        }
    }
    json!({
        "swagger": "2.0",
        "info": document["info"],
        "paths": paths,
        "definitions": document["components"]["schemas"].take(),
    })
}

/// References go to `definitions`.
fn refer(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "$ref" => {
                        *text = text.replace("#/components/schemas/", "#/definitions/");
                    }
                    value => refer(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer),
        _ => {}
    }
}

fn turn(operation: &mut Value) {
    let Value::Object(fields) = operation else { return };
    if let Some(parameters) = fields.get_mut("parameters") {
        flatten_all(parameters);
    }
    if let Some(body) = fields.remove("requestBody") {
        let contents = body.get("content").and_then(Value::as_object);
        let media_types: Vec<&String> = contents.into_iter().flat_map(Map::keys).collect();
        let schema = contents
            .and_then(|contents| contents.values().next())
            .map(|content| content["schema"].clone());
        fields.insert("consumes".into(), json!(media_types));
        if let Some(Value::Array(parameters)) = fields.get_mut("parameters") {
            parameters.push(json!({"name": "body", "in": "body", "required": true, "schema": schema}));
        }
    }
    fields.insert("produces".into(), json!(["application/json"]));
    for answer in fields
        .get_mut("responses")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|all| all.values_mut())
    {
        let schema = answer.pointer("/content/application~1json/schema").cloned();
        if let (Value::Object(answer), Some(schema)) = (answer, schema) {
            answer.remove("content");
            answer.insert("schema".into(), schema);
        }
    }
}

/// The schema of a parameter is part of it.
fn flatten_all(parameters: &mut Value) {
    for parameter in parameters.as_array_mut().into_iter().flatten() {
        if let Value::Object(parameter) = parameter
            && let Some(Value::Object(schema)) = parameter.remove("schema")
        {
            parameter.extend(schema);
        }
    }
}
