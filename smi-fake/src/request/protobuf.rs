//! Reads protobuf bodies: kubectl's `create namespace` and its like, and client-go's typed clients send built-in kinds so.
//!
//! There are no generated types: `messages.txt` says which field has which number, and the object comes out as the JSON
//! that Go would have written. Answers are always JSON, which every client takes.

mod wire;

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::wire::{Fields, Wire};

/// The media type, without parameters.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// What a body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// The fields of each message by their numbers, made by `e2e/protobuf`.
static MESSAGES: LazyLock<HashMap<&str, BTreeMap<u64, Field>>> = LazyLock::new(|| {
    let mut messages = HashMap::new();
    let mut name = "";
    for line in include_str!("messages.txt").lines() {
        match line.strip_prefix(' ').and_then(Field::read) {
            None => {
                name = line;
                messages.entry(name).or_insert_with(BTreeMap::new);
            }
            Some((number, field)) => {
                messages.entry(name).or_default().insert(number, field);
            }
        }
    }
    messages
});

#[derive(Clone, Copy, Debug)]
struct Field {
    /// `+`: the field's message has its fields in this one.
    name: &'static str,
    /// Whether a zero is told.
    zero: bool,
    of: Shape,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    One(&'static str),
    List(&'static str),
    Map(&'static str),
}

impl Field {
    fn read(line: &'static str) -> Option<(u64, Self)> {
        let mut words = line.split(' ');
        let (number, name, of) = (words.next()?, words.next()?, words.next()?);
        let (zero, of) = of.strip_prefix('?').map_or((false, of), |of| (true, of));
        let of = match (of.strip_prefix("[]"), of.strip_prefix("{}")) {
            (Some(of), _) => Shape::List(of),
            (_, Some(of)) => Shape::Map(of),
            _ => Shape::One(of),
        };
        Some((number.parse().ok()?, Self { name, zero, of }))
    }
}

/// The object in a protobuf body.
///
/// # Errors
/// Says what is wrong with the bytes, or that the kind is not known here.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, String> {
    let envelope = bytes
        .strip_prefix(MAGIC)
        .ok_or("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")?;
    let (mut type_meta, mut raw) = (&[][..], &[][..]);
    for field in Fields(envelope) {
        match field? {
            (1, Wire::Bytes(bytes)) => type_meta = bytes,
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let (mut api_version, mut kind) = (String::new(), String::new());
    for field in Fields(type_meta) {
        match field? {
            (1, Wire::Bytes(bytes)) => api_version = text(bytes)?,
            (2, Wire::Bytes(bytes)) => kind = text(bytes)?,
            _ => {}
        }
    }
    let mut object = message(raw, message_of(&api_version, &kind)?)?;
    object.insert("apiVersion".to_owned(), api_version.into());
    object.insert("kind".to_owned(), kind.into());
    Ok(Value::Object(object))
}

/// `authorization.k8s.io/v1` and `SelfSubjectAccessReview`: `authorization.v1.SelfSubjectAccessReview`.
fn message_of(api_version: &str, kind: &str) -> Result<&'static str, String> {
    let (group, version) = api_version.split_once('/').unwrap_or(("core", api_version));
    let package = match (group, kind) {
        // Every group has the options.
        (_, "DeleteOptions") => "meta",
        (group, _) => group.split('.').next().unwrap_or_default(),
    };
    let name = format!("{package}.{version}.{kind}");
    let known = MESSAGES.keys().find(|known| **known == name);
    known
        .copied()
        .ok_or_else(|| format!("no kind {kind:?} is registered for version {api_version:?}"))
}

fn message(bytes: &[u8], name: &str) -> Result<Map<String, Value>, String> {
    let mut object = Map::new();
    let Some(fields) = MESSAGES.get(name) else {
        return Ok(object);
    };
    for found in Fields(bytes) {
        let (number, wire) = found?;
        // A field of a newer Kubernetes is left out, as the real server leaves it out.
        let Some(field) = fields.get(&number) else { continue };
        match (field.of, wire) {
            (Shape::One(of), Wire::Bytes(bytes)) if field.name == "+" => object.extend(message(bytes, of)?),
            (Shape::One(of), wire) => {
                let value = value(wire, of)?;
                if field.zero || !is_zero(&value) {
                    object.insert(field.name.to_owned(), value);
                }
            }
            (Shape::List(of), wire) => {
                let value = value(wire, of)?;
                let list = object.entry(field.name).or_insert_with(|| json!([]));
                if let Value::Array(items) = list {
                    items.push(value);
                }
            }
            (Shape::Map(of), Wire::Bytes(bytes)) => {
                let (key, value) = entry(bytes, of)?;
                let map = object.entry(field.name).or_insert_with(|| json!({}));
                if let Value::Object(map) = map {
                    map.insert(key, value);
                }
            }
            (Shape::Map(_), Wire::Number(_)) => return Err(unfit(name)),
        }
    }
    Ok(object)
}

/// What Go leaves out of its JSON. A message is never left out, but a time of nothing is.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Array(_) | Value::Object(_) => false,
    }
}

fn entry(bytes: &[u8], of: &str) -> Result<(String, Value), String> {
    let mut key = String::new();
    let mut found = Wire::Bytes(&[]);
    for field in Fields(bytes) {
        match field? {
            (1, Wire::Bytes(bytes)) => key = text(bytes)?,
            (2, wire) => found = wire,
            _ => {}
        }
    }
    Ok((key, value(found, of)?))
}

fn value(wire: Wire<'_>, of: &str) -> Result<Value, String> {
    Ok(match (of, wire) {
        ("bool", Wire::Number(number)) => (number != 0).into(),
        ("int", Wire::Number(number)) => number.cast_signed().into(),
        ("string", Wire::Bytes(bytes)) => text(bytes)?.into(),
        ("bytes", Wire::Bytes(bytes)) => BASE64_STANDARD.encode(bytes).into(),
        ("quantity", Wire::Bytes(bytes)) => match first(bytes)? {
            Some(wire) => value(wire, "string")?,
            None => "0".into(),
        },
        ("json", Wire::Bytes(bytes)) => match first(bytes)? {
            Some(Wire::Bytes(json)) => serde_json::from_slice(json).map_err(|error| error.to_string())?,
            _ => Value::Null,
        },
        ("extraValue", Wire::Bytes(bytes)) => {
            let items = Fields(bytes).map(|field| value(field?.1, "string"));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        ("intOrString", Wire::Bytes(bytes)) => {
            let (mut is_text, mut number, mut words) = (false, 0, Value::Null);
            for field in Fields(bytes) {
                match field? {
                    (1, Wire::Number(of)) => is_text = of == 1,
                    (2, Wire::Number(of)) => number = of.cast_signed(),
                    (3, wire) => words = value(wire, "string")?,
                    _ => {}
                }
            }
            if is_text { words } else { number.into() }
        }
        ("time" | "microTime", Wire::Bytes(bytes)) => time(bytes, of == "microTime")?,
        (name, Wire::Bytes(bytes)) if MESSAGES.contains_key(name) => message(bytes, name)?.into(),
        (name, _) => return Err(unfit(name)),
    })
}

/// Nothing for a time that was not set.
fn time(bytes: &[u8], micro: bool) -> Result<Value, String> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields(bytes) {
        match field? {
            (1, Wire::Number(number)) => seconds = number.cast_signed(),
            (2, Wire::Number(number)) => nanos = i32::try_from(number.cast_signed()).unwrap_or_default(),
            _ => {}
        }
    }
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let time = Timestamp::new(seconds, nanos).map_err(|error| error.to_string())?;
    let format = if micro {
        "%Y-%m-%dT%H:%M:%S.%6fZ"
    } else {
        "%Y-%m-%dT%H:%M:%SZ"
    };
    Ok(time.strftime(format).to_string().into())
}

/// What the field 1 of a message is.
fn first(bytes: &[u8]) -> Result<Option<Wire<'_>>, String> {
    let mut found = None;
    for field in Fields(bytes) {
        if let (1, wire) = field? {
            found = Some(wire);
        }
    }
    Ok(found)
}

fn text(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

fn unfit(name: &str) -> String {
    format!("proto: wrong wireType for `{name}`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }

    fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let type_meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [MAGIC, &field(1, &type_meta), &field(2, raw)].concat()
    }

    #[test]
    fn an_object_comes_out_as_go_would_write_it_in_json() {
        let label = field(11, &[field(1, b"app"), field(2, b"web")].concat());
        let metadata = field(1, &[field(1, b"web"), field(2, b""), field(8, &[]), label].concat());
        // A named target port, and the defaults that Go sends with it.
        let target = field(4, &[&[1 << 3, 1, 2 << 3, 0], &field(3, b"http")[..]].concat());
        let port = field(1, &[&field(1, b"")[..], &[3 << 3, 80], &target, &[5 << 3, 0]].concat());
        let spec = field(
            2,
            &[port, field(2, &[field(1, b"app"), field(2, b"web")].concat())].concat(),
        );
        let read = read(&body("v1", "Service", &[metadata, spec].concat())).unwrap();
        let expected = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {"ports": [{"port": 80, "targetPort": "http"}], "selector": {"app": "web"}},
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn numbers_bytes_and_times_keep_their_values() {
        assert_eq!(value(Wire::Number(u64::MAX), "int"), Ok((-1).into()));
        assert_eq!(value(Wire::Bytes(b"hi"), "bytes"), Ok("aGk=".into()));
        let seconds = value(Wire::Bytes(&[8, 60]), "time");
        assert_eq!(seconds, Ok("1970-01-01T00:01:00Z".into()));
        let micros = value(Wire::Bytes(&[8, 60, 16, 0xd0, 0x0f]), "microTime");
        assert_eq!(micros, Ok("1970-01-01T00:01:00.000002Z".into()));
    }

    #[test]
    fn what_is_no_object_of_a_known_kind_is_refused() {
        let says = |bytes: &[u8]| read(bytes).unwrap_err();
        assert!(says(b"{}").starts_with("provided data does not appear to be a protobuf message"));
        let unknown = says(&body("batch/v1", "Job", &[]));
        assert_eq!(unknown, r#"no kind "Job" is registered for version "batch/v1""#);
        let mut cut = body("v1", "Namespace", &field(1, &field(1, b"shop")));
        cut.pop();
        assert_eq!(says(&cut), "unexpected EOF");
    }

    #[test]
    fn every_message_that_a_field_names_is_there() {
        let named = MESSAGES.values().flat_map(BTreeMap::values);
        let missing: Vec<_> = named
            .filter_map(|field| match field.of {
                Shape::One(of) | Shape::List(of) | Shape::Map(of) => of.contains('.').then_some(of),
            })
            .filter(|of| !MESSAGES.contains_key(of))
            .collect();
        assert_eq!(missing, [""; 0]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in "(Pod|Service|Event)") {
            let _ = read(&bytes);
            let mut whole = MAGIC.to_vec();
            whole.extend(field(1, &[field(1, b"v1"), field(2, kind.as_bytes())].concat()));
            whole.push(2 << 3 | 2);
            whole.extend([0x80 | u8::try_from(bytes.len() & 0x7f).unwrap(), u8::try_from(bytes.len() >> 7).unwrap()]);
            whole.extend(&bytes);
            let _ = read(&whole);
        }
    }
}
