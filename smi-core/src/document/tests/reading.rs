//! Documents that can be read: what they are and where they stand.

use serde_json::json;

use super::{Options, only, path, read, read_all, shown};

#[test]
fn documents_know_file_number_and_line() {
    let documents: Vec<_> = read_all("# one\nkind: A\n---\n\n# two\n---\nkind: B\n")
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(documents[0].at.to_string(), "policy.yaml:2");
    assert_eq!((documents[1].at.document, documents[1].at.line), (2, 7));
    assert_eq!(documents.len(), 2);
}

#[test]
fn fields_know_their_lines() {
    let document = only(concat!(
        "kind: TrafficSplit\n",
        "metadata:\n",
        "  annotations:\n",
        "    smi-spec.io/x: |\n",
        "      two\n",
        "      lines\n",
        "spec:\n",
        "  service: >-\n",
        "    web\n",
        "  backends:\n",
        "  - service: web-v1\n",
        "    weight: 90\n",
        "  -\n",
        "    service: web-v2\n",
    ));
    let line = |dotted| document.line_of(&path(dotted));
    assert_eq!(line("spec.service"), 8);
    assert_eq!(line("spec.backends"), 10);
    assert_eq!(line("spec.backends.0"), 11);
    assert_eq!(line("spec.backends.0.weight"), 12);
    assert_eq!(line("spec.backends.1.service"), 14);
    assert_eq!(document.line_of(&path("metadata.annotations").key("smi-spec.io/x")), 4);
    assert_eq!(
        document.position_of(&path("spec.backends")).to_string(),
        "policy.yaml:10"
    );
}

#[test]
fn missing_field_is_at_its_nearest_ancestor() {
    let document = only("kind: A\nspec:\n  backends:\n  - {}\n");
    assert_eq!(document.line_of(&path("spec.backends.0.weight")), 4);
    assert_eq!(document.line_of(&path("spec.backends.7.weight")), 3);
    assert_eq!(document.line_of(&path("spec.service.name")), 2);
    assert_eq!(document.line_of(&path("status")), 1);
}

#[test]
fn json_fields_know_their_lines() {
    let document = only(
        "{\n  \"kind\": \"A\",\n  \"spec\":\n  {\n    \"list\": [\n      1,\n      {\"a\": 1,\r\n       \"b\":\n 2}\n    ]\n  }\n}\n",
    );
    assert_eq!(document.at.line, 1);
    for (field, line) in [
        ("kind", 2),
        ("spec", 3),
        ("spec.list", 5),
        ("spec.list.0", 6),
        ("spec.list.1", 7),
    ] {
        assert_eq!(document.line_of(&path(field)), line, "{field}");
    }
    assert_eq!(document.line_of(&path("spec.list.1.a")), 7);
    assert_eq!(document.line_of(&path("spec.list.1.b")), 8);
}

#[test]
fn several_json_values_follow_one_another() {
    assert_eq!(
        shown(
            "{\"kind\": \"A\"}\n{\"kind\": \"B\"} {\"kind\": \"C\"}\n\n{\n\"kind\": \"D\"}\n---\n{\"kind\": \"E\"} # last\n...\n"
        ),
        [
            r#"policy.yaml:1: {"kind":"A"}"#,
            r#"policy.yaml:2: {"kind":"B"}"#,
            r#"policy.yaml:2: {"kind":"C"}"#,
            r#"policy.yaml:4: {"kind":"D"}"#,
            r#"policy.yaml:7: {"kind":"E"}"#,
        ]
    );
}

#[test]
fn flow_maps_that_are_no_json_are_yaml() {
    assert_eq!(
        shown("{kind: A, spec: [1, 2,]} # yaml"),
        [r#"policy.yaml:1: {"kind":"A","spec":[1,2]}"#]
    );
    assert_eq!(shown("--- {\"kind\": A}"), [r#"policy.yaml:1: {"kind":"A"}"#]);
}

#[test]
fn numbers_keep_their_value() {
    let document = only("a: 0.5\nb: 18446744073709551615\nc: 90.0\nd: 1e3\n");
    assert_eq!(document.value, json!({"a": 0.5, "b": u64::MAX, "c": 90.0, "d": 1000.0}));
    assert_eq!(
        only(r#"{"a": 0.5, "b": 18446744073709551615, "c": -1}"#).value,
        json!({"a": 0.5, "b": u64::MAX, "c": -1})
    );
}

#[test]
fn scalars_mean_what_they_mean_to_kubectl() {
    let document = only("a: yes\nb: 'yes'\nc: 010\nd: 2020-01-01\n8080: port\ntrue: t\non: o\n");
    assert_eq!(
        document.value,
        json!({"a": true, "b": "yes", "c": 8, "d": "2020-01-01", "8080": "port", "true": "o"})
    );
    assert_eq!(document.duplicate_keys()[0].path.to_string(), "true");
}

#[test]
fn lists_stand_for_their_items_in_lists_too() {
    let text = concat!(
        "apiVersion: v1\n",
        "kind: List\n",
        "metadata: {resourceVersion: \"\"}\n",
        "items:\n",
        "- kind: A\n",
        "- apiVersion: v1\n",
        "  kind: List\n",
        "  items:\n",
        "  - kind: B\n",
        "    spec:\n",
        "      x: 1\n",
        "  - apiVersion: v1\n",
        "    kind: List\n",
        "- kind: C\n",
        "---\n",
        "kind: D\n",
    );
    assert_eq!(
        shown(text),
        [
            r#"policy.yaml:5: {"kind":"A"}"#,
            r#"policy.yaml:9: {"kind":"B","spec":{"x":1}}"#,
            r#"policy.yaml:14: {"kind":"C"}"#,
            r#"policy.yaml:16: {"kind":"D"}"#,
        ]
    );
    let documents = read_all(text);
    assert_eq!(documents[1].as_ref().unwrap().line_of(&path("spec.x")), 11);
    assert_eq!(documents[3].as_ref().unwrap().at.document, 4);
}

#[test]
fn items_of_a_typed_list_get_its_type() {
    assert_eq!(
        shown("apiVersion: a.io/v1\nkind: FooList\nitems:\n- metadata: {}\n- {apiVersion: b.io/v1, kind: Bar}\n"),
        [
            r#"policy.yaml:4: {"apiVersion":"a.io/v1","kind":"Foo","metadata":{}}"#,
            r#"policy.yaml:5: {"apiVersion":"b.io/v1","kind":"Bar"}"#,
        ]
    );
}

#[test]
fn lists_that_are_objects_stay_whole() {
    for text in [
        r#"{"apiVersion":"metrics.smi-spec.io/v1alpha1","items":[{"kind":"TrafficMetrics"}],"kind":"TrafficMetricsList"}"#,
        r#"{"apiVersion":"a.io/v1","items":[{}],"kind":"AllowList","metadata":{"name":"mine"}}"#,
        r#"{"apiVersion":"a.io/v1","kind":"AllowList","spec":{}}"#,
        r#"{"apiVersion":"a.io/v1","items":{},"kind":"AllowList","metadata":{"name":"mine"}}"#,
    ] {
        assert_eq!(shown(text), [format!("policy.yaml:1: {text}")]);
    }
}

#[test]
fn empty_documents_are_no_documents() {
    for text in [
        "",
        "\n \n",
        "# a comment",
        "---\n---\n",
        "\u{feff}",
        "null\n---\n~\n",
        "...\n",
        "--- # x\n",
        "\r\n",
    ] {
        assert_eq!(shown(text), [""; 0], "{text:?}");
    }
}

#[test]
fn empty_list_holds_no_documents() {
    assert_eq!(shown("apiVersion: v1\nkind: List\nitems: []\n"), [""; 0]);
    assert_eq!(shown(r#"{"apiVersion": "v1", "kind": "List", "items": null}"#), [""; 0]);
}

#[test]
fn a_list_without_items_is_empty_in_a_group_that_has_only_lists() {
    let options = Options::default().lists_of("a.io");
    for (text, count) in [
        ("apiVersion: a.io/v1\nkind: FooList\nitems:\n", 0),
        (
            "apiVersion: a.io/v1\nkind: FooList\nmetadata: {resourceVersion: '7'}\n",
            0,
        ),
        ("apiVersion: a.io/v1\nkind: FooList\nmetadata: {name: mine}\n", 1),
        ("apiVersion: b.io/v1\nkind: FooList\nitems:\n", 1),
    ] {
        assert_eq!(read(text.as_bytes(), "policy.yaml", &options).count(), count, "{text}");
    }
}

#[test]
fn items_that_are_no_list_are_an_error_with_their_line() {
    for (kind, items, found) in [
        ("List", "7", "a number"),
        ("List", "{a: 1}", "a map"),
        ("FooList", "text", "a string"),
    ] {
        let text = format!("apiVersion: v1\nkind: {kind}\nitems: {items}\n---\nkind: A\n");
        assert_eq!(
            shown(&text),
            [
                format!("policy.yaml:3: `items`: a list is expected, not {found}"),
                r#"policy.yaml:5: {"kind":"A"}"#.to_owned()
            ]
        );
    }
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    let document = only(concat!(
        "base: &base {a: 1, b: {c: 2}}\n",
        "copy: *base\n",
        "more:\n",
        "  b: 3\n",
        "  <<: *base\n",
        "  d: 4\n",
        "both:\n",
        "  <<: [{k: 1}, {k: 2, l: 2}]\n",
    ));
    assert_eq!(
        document.value,
        json!({
            "base": {"a": 1, "b": {"c": 2}}, "copy": {"a": 1, "b": {"c": 2}},
            "more": {"a": 1, "b": 3, "d": 4}, "both": {"k": 1, "l": 2},
        })
    );
    assert_eq!(document.line_of(&path("copy")), 2);
    assert_eq!(document.line_of(&path("copy.b.c")), 1);
    assert_eq!(document.line_of(&path("more.b")), 4);
    assert!(document.duplicate_keys().is_empty());
}

#[test]
fn repeated_keys_keep_the_last_value_and_are_reported() {
    let text =
        "kind: A\nmetadata:\n  name: x\n  labels: {a: '1', a: '2'}\nspec:\n- k: 1\n- k: 1\n  k: 2\n  k: 3\nkind: B\n";
    let document = only(text);
    assert_eq!(document.value["kind"], "B");
    assert_eq!(document.value["spec"][1]["k"], 3);
    assert_eq!(document.line_of(&path("kind")), 10);
    let found: Vec<_> = document
        .duplicate_keys()
        .iter()
        .map(|duplicate| (duplicate.path.to_string(), duplicate.first_line, duplicate.line))
        .collect();
    let expected = [
        ("metadata.labels[a]", 4, 4),
        ("spec[1].k", 7, 8),
        ("spec[1].k", 7, 9),
        ("kind", 1, 10),
    ];
    assert_eq!(
        found,
        expected.map(|(path, first, line)| (path.to_owned(), first, line))
    );
}

#[test]
fn repeated_keys_of_json_and_lists_are_reported() {
    let document = only("{\"kind\": \"A\",\n\"kind\": \"B\"}");
    assert_eq!(document.duplicate_keys()[0].line, 2);

    let documents = read_all("apiVersion: v1\nkind: List\nitems: []\nitems:\n- kind: A\n- kind: B\n  kind: C\n");
    let paths = |index: usize| -> Vec<_> {
        let document = documents[index].as_ref().unwrap();
        document
            .duplicate_keys()
            .iter()
            .map(|duplicate| (duplicate.path.to_string(), duplicate.line))
            .collect()
    };
    assert_eq!(paths(0), [("items".to_owned(), 4)]);
    assert_eq!(paths(1), [("kind".to_owned(), 7)]);
}

#[test]
fn byte_order_marks_and_line_breaks_of_other_systems_are_read() {
    for text in [
        "\u{feff}kind: A\n---\nkind: B\n",
        "kind: A\r\n---\r\nkind: B\r\n",
        "kind: A\r---\rkind: B",
        "kind: A\n---\n\u{feff}kind: B",
    ] {
        assert_eq!(
            shown(text),
            [r#"policy.yaml:1: {"kind":"A"}"#, r#"policy.yaml:3: {"kind":"B"}"#],
            "{text:?}"
        );
    }
    assert_eq!(shown("\u{feff}{\"kind\": \"A\"}"), [r#"policy.yaml:1: {"kind":"A"}"#]);
    let crlf = only("a: |\r\n  x\r\n  y\r\nb: 1\r\n");
    assert_eq!(
        (crlf.value["a"].as_str(), crlf.line_of(&path("b"))),
        (Some("x\ny\n"), 4)
    );
}

#[test]
fn utf_16_with_a_mark_is_read() {
    let text = "\u{feff}kind: Ä\n---\nkind: 😀\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        assert_eq!(
            shown(bytes),
            [r#"policy.yaml:1: {"kind":"Ä"}"#, r#"policy.yaml:3: {"kind":"😀"}"#]
        );
    }
}
