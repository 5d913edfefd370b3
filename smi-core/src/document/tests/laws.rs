//! Laws that hold for any text and any object.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{only, read_all};
use crate::document::{Options, read};
use crate::path::FieldPath;
use crate::yaml::to_yaml;

/// Strings that YAML readers disagree on, and any others.
fn text() -> impl Strategy<Value = String> {
    let traps = prop::sample::select(vec![
        "yes",
        "n",
        "on",
        "null",
        "~",
        "",
        "010",
        "1_000",
        "0x1F",
        "1e3",
        ".5",
        "2020-01-01",
        "1:20",
        "- x",
        "# x",
        "a: b",
        "a #b",
        "<<",
        "=",
        "---",
        "...",
        "x\n--- y\n",
        "\n",
        " x",
        "x ",
        "\t",
        "x\ty",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "\r\n",
        "'",
        "\"",
        "{{ x }}",
        "[",
        "*",
        "&a",
        "!t",
        "%",
        "@",
        "`",
        "|",
        ">",
        "?",
        ":",
        "-",
    ]);
    prop_oneof![
        traps.prop_map(str::to_owned),
        any::<String>(),
        "[a-z]{0,12}",
        "[ -~\n]{0,100}"
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // serde_json parses numbers of up to 15 digits exactly, longer ones to the last bit but one.
        any::<i32>().prop_map(|thousandths| Value::from(f64::from(thousandths) / 1000.0)),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 40, 6, |part| {
        prop_oneof![
            vec(part.clone(), 0..6).prop_map(Value::from),
            btree_map(text(), part, 0..6).prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// No `kind`, so no list.
fn object() -> impl Strategy<Value = Value> {
    btree_map(text().prop_filter("list", |key| key != "kind"), value(), 1..6)
        .prop_map(|members| Value::from(Map::from_iter(members)))
}

fn every_path(value: &Value, path: &FieldPath, visit: &mut impl FnMut(&FieldPath)) {
    visit(path);
    match value {
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| every_path(item, &path.index(index), visit));
        }
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(key, part)| every_path(part, &path.member(key.clone()), visit));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn any_bytes_give_documents_or_errors_with_a_position(bytes in vec(any::<u8>(), 0..300)) {
        check_positions(&bytes);
    }

    #[test]
    fn any_yaml_like_text_gives_documents_or_errors_with_a_position(
        parts in vec(prop::sample::select(vec![
            "a", "kind: List\n", "items:", "\n", "\n  ", "- ", ": ", "{", "}", "[", "]", "\"", "'", "&x ", "*x ", "<<: ", "---\n",
            "...\n", "# c\n", "|\n", ">-\n", "!!int ", "? ", ",", "%YAML 1.1\n", "\r", "\t", "1", "\u{feff}", "{\"a\":1}\n", "\\",
        ]), 0..60)
    ) {
        check_positions(parts.concat().as_bytes());
    }

    #[test]
    fn what_is_written_is_read_back(object in object()) {
        let yaml = to_yaml(&object).unwrap();
        prop_assert_eq!(&only(&yaml).value, &object, "{}", yaml);
        let json = serde_json::to_string_pretty(&object).unwrap();
        prop_assert_eq!(&only(&json).value, &object, "{}", json);
        prop_assert_eq!(&to_yaml(&only(&json).value).unwrap(), &yaml);
    }

    #[test]
    fn every_finite_float_survives_yaml(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
        let object = json!({"a": float});
        prop_assert_eq!(only(to_yaml(&object).unwrap()).value, object);
    }

    #[test]
    fn documents_joined_by_markers_are_read_one_by_one(objects in vec((object(), any::<bool>()), 0..5)) {
        let mut text = String::new();
        let mut starts = Vec::new();
        for (object, json) in &objects {
            text.push_str("---\n");
            starts.push(text.lines().count() + 1);
            text.push_str(&if *json { serde_json::to_string_pretty(object).unwrap() + "\n" } else { to_yaml(object).unwrap() });
        }
        let documents: Vec<_> = read_all(&text).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(documents.len(), objects.len(), "{}", text);
        for (index, document) in documents.iter().enumerate() {
            prop_assert_eq!(&document.value, &objects[index].0);
            prop_assert_eq!(document.at.document, index + 1);
            prop_assert_eq!(document.at.line, starts[index]);
        }
    }

    #[test]
    fn a_field_stands_between_its_parent_and_the_end(object in object()) {
        for text in [to_yaml(&object).unwrap(), serde_json::to_string_pretty(&object).unwrap()] {
            let document = only(&text);
            let end = text.lines().count();
            every_path(&object, &FieldPath::root(), &mut |path| {
                assert!(path.lookup(&document.value).is_some());
                assert!((1..=end).contains(&document.line_of(path)), "{path}");
                assert!(document.line_of(path) <= document.line_of(&path.child("no such field")));
            });
        }
    }
}

fn check_positions(bytes: &[u8]) {
    let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    for (index, result) in read(bytes, "a", &Options::default()).enumerate() {
        let at = match &result {
            Ok(document) => &document.at,
            Err(error) => &error.at,
        };
        assert_eq!(at.document, index + 1);
        assert!((1..=lines).contains(&at.line), "{at} of {lines}");
    }
}
