//! The OpenAPI v2 document as protobuf, the one form in which kubectl asks for it: it checks a `List` by it, before it
//! sends the objects.
//!
//! The message is gnostic's `openapi.v2.Document`, and of it what kubectl reads: the definitions. Paths are in the JSON.

use serde_json::{Map, Value};

/// What kubectl asks for.
pub(crate) const ASKED: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/// What the answer is called: the name that is asked for is no media type to Go.
pub(crate) const MEDIA_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The document `v2` as protobuf.
pub(crate) fn protobuf(v2: &Value) -> Vec<u8> {
    let mut document = Message::default();
    document.text(1, v2.get("swagger"));
    let mut info = Message::default();
    info.text(1, v2.pointer("/info/title"));
    info.text(2, v2.pointer("/info/version"));
    document.message(2, &info);
    document.message(9, &named(v2.get("definitions")));
    document.0
}

/// A message of the wire format.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                return self.0.push(low);
            }
            // Seven bits, and that there are more.
            self.0.push(low | 0x80);
        }
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }

    fn text(&mut self, field: u64, text: Option<&Value>) {
        if let Some(Value::String(text)) = text {
            self.bytes(field, text.as_bytes());
        }
    }

    fn texts(&mut self, field: u64, texts: Option<&Value>) {
        for text in texts.and_then(Value::as_array).into_iter().flatten() {
            self.text(field, Some(text));
        }
    }

    fn boolean(&mut self, field: u64, value: bool) {
        self.varint(field << 3);
        self.varint(value.into());
    }
}

/// `Definitions` and `Properties`: schemas with names.
fn named(schemas: Option<&Value>) -> Message {
    let mut all = Message::default();
    for (name, value) in schemas.and_then(Value::as_object).into_iter().flatten() {
        let mut one = Message::default();
        one.bytes(1, name.as_bytes());
        one.message(2, &schema(value));
        all.message(1, &one);
    }
    all
}

fn schema(value: &Value) -> Message {
    let mut message = Message::default();
    let Value::Object(fields) = value else { return message };
    // kubectl knows references, and nothing of `allOf`.
    if let Some([only]) = fields.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        return schema(only);
    }
    message.text(1, fields.get("$ref"));
    message.text(2, fields.get("format"));
    message.text(4, fields.get("description"));
    if !is_open(fields) {
        shape(&mut message, fields);
    }
    for (name, value) in fields.iter().filter(|(name, _)| name.starts_with("x-")) {
        // JSON is YAML too.
        let mut any = Message::default();
        any.bytes(2, value.to_string().as_bytes());
        let mut extension = Message::default();
        extension.bytes(1, name.as_bytes());
        extension.message(2, &any);
        message.message(31, &extension);
    }
    message
}

/// Whether v2 has no word for what the schema admits: kube-apiserver says nothing of its shape then either.
fn is_open(fields: &Map<String, Value>) -> bool {
    let open = [
        "nullable",
        "x-kubernetes-int-or-string",
        "x-kubernetes-preserve-unknown-fields",
    ];
    open.iter().any(|name| fields.get(*name) == Some(&Value::Bool(true)))
}

fn shape(message: &mut Message, fields: &Map<String, Value>) {
    message.texts(19, fields.get("required"));
    let mut additional = Message::default();
    match fields.get("additionalProperties") {
        Some(Value::Bool(any)) => additional.boolean(2, *any),
        Some(value) => additional.message(1, &schema(value)),
        None => {}
    }
    if !additional.0.is_empty() {
        message.message(21, &additional);
    }
    if fields.contains_key("type") {
        let mut types = Message::default();
        types.text(1, fields.get("type"));
        message.message(22, &types);
    }
    if let Some(items) = fields.get("items") {
        let mut all = Message::default();
        all.message(1, &schema(items));
        message.message(23, &all);
    }
    if fields.contains_key("properties") {
        message.message(25, &named(fields.get("properties")));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_the_bytes_of_gnostics_message() {
        let document = json!({"swagger": "2.0", "info": {"title": "K", "version": "v"}, "definitions": {
            "A": {"type": "object", "required": ["b"], "x-k": [1], "properties": {
                "b": {"type": "array", "items": {"allOf": [{"$ref": "#/B"}]}},
            }},
        }});
        let b = b"\x0a\x01b\x12\x14\xb2\x01\x07\x0a\x05array\xba\x01\x07\x0a\x05\x0a\x03#/B";
        let a = [
            &b"\x9a\x01\x01b\xb2\x01\x08\x0a\x06object\xca\x01\x1b\x0a\x19"[..],
            b,
            b"\xfa\x01\x0c\x0a\x03x-k\x12\x05\x12\x03[1]",
        ]
        .concat();
        let length = u8::try_from(a.len()).unwrap();
        let expected = [
            &b"\x0a\x032.0\x12\x06\x0a\x01K\x12\x01v\x4a"[..],
            &[length + 7, 0x0a, length + 5],
            b"\x0a\x01A\x12",
            &[length],
            &a,
        ]
        .concat();
        assert_eq!(protobuf(&document), expected);
    }

    #[test]
    fn what_v2_cannot_say_has_no_shape() {
        assert!(schema(&json!({"type": "string", "nullable": true})).0.is_empty());
    }
}
