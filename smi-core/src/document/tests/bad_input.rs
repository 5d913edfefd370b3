//! Documents that cannot be read: the error says where and why, and the other documents come through.

use std::ops::Range;

use super::{only, only_error, path, read_all, shown};
use crate::document::{DocumentErrorKind, Limits, Options, read};

#[test]
fn error_in_one_document_does_not_hide_the_others() {
    assert_eq!(
        shown(
            "kind: A\n---\nkind: [\n---\nkind: B\n---\nkind: 'open\n--- # x\nkind: C\n...\na:\n\t- x\n---\nkind: D\n"
        ),
        [
            r#"policy.yaml:1: {"kind":"A"}"#,
            "policy.yaml:3: unclosed bracket '['",
            r#"policy.yaml:5: {"kind":"B"}"#,
            "policy.yaml:7: unclosed quote",
            r#"policy.yaml:9: {"kind":"C"}"#,
            "policy.yaml:12: tabs disallowed within this context (block indentation)",
            r#"policy.yaml:14: {"kind":"D"}"#,
        ]
    );
}

#[test]
fn broken_json_value_does_not_hide_the_others() {
    assert_eq!(
        shown(
            "{\"kind\": \"A\"}\n{\"kind\": \"B\",\n{\"kind\": \"C\"}\n{\"kind\": D}\n{\"kind\": \"E\"} rest\n{\"kind\": \"F\"\n"
        ),
        [
            r#"policy.yaml:1: {"kind":"A"}"#,
            "policy.yaml:3: key must be a string",
            r#"policy.yaml:3: {"kind":"C"}"#,
            "policy.yaml:4: expected value",
            r#"policy.yaml:5: {"kind":"E"}"#,
            "policy.yaml:5: a JSON value is followed by something else than another one",
            "policy.yaml:7: the document is cut short: EOF while parsing an object",
        ]
    );
}

#[test]
fn broken_yaml_names_the_line() {
    for (text, error) in [
        (
            "kind: A\n  b: 1\n",
            "policy.yaml:2: mapping values are not allowed in this context",
        ),
        (
            "kind: A\nname: b: c\n",
            "policy.yaml:2: mapping values are not allowed in this context",
        ),
        ("kind: A\nname: %s\n", "policy.yaml:2: unexpected character: `%`"),
        (
            "a: 1\nb: *nope\n",
            "policy.yaml:2: while parsing node, found unknown anchor",
        ),
        ("a: 1\nb: .inf\n", "policy.yaml:2: `.inf` is not a number in JSON"),
        ("a: 1\nb: !!int x\n", "policy.yaml:2: `x` does not fit its tag `!!int`"),
        (
            "a: 1\n? [b]\n: c\n",
            "policy.yaml:2: a list cannot be a key (text that starts with `{` or `[` needs quotes)",
        ),
        (
            "a: 1\nb: {{ .Values.b }}\n",
            "policy.yaml:2: a map cannot be a key (text that starts with `{` or `[` needs quotes)",
        ),
        (
            "{{ if .Values.b }}\na: 1\n",
            "policy.yaml:1: a map cannot be a key (text that starts with `{` or `[` needs quotes)",
        ),
        ("a: 1\n~: x\n", "policy.yaml:2: null cannot be a key"),
        (
            "a: 1\nb:\n  <<: 5\n",
            "policy.yaml:3: the value of `<<` is neither a map nor a list of maps",
        ),
        (
            "a: &a\n  b: [*a]\n",
            "policy.yaml:2: an alias stands within the value that it repeats",
        ),
        (
            "a: 1\nb: \"\\q\"\n",
            "policy.yaml:2: while parsing a quoted scalar, found unknown escape character",
        ),
        (
            "%YAML 3.0\n---\na: 1\n",
            "policy.yaml:1: unsupported YAML major version",
        ),
    ] {
        assert_eq!(only_error(text), error, "{text:?}");
    }
}

#[test]
fn documents_that_are_no_objects_are_errors() {
    assert_eq!(
        shown(
            "just text\n---\n- kind: A\n---\n5\n---\n[{\"kind\": \"A\"}]\n---\napiVersion: v1\nkind: List\nitems:\n- kind: B\n- text\n"
        ),
        [
            "policy.yaml:1: a map is expected, not a string",
            "policy.yaml:3: a map is expected, not a list",
            "policy.yaml:5: a map is expected, not a number",
            "policy.yaml:7: a map is expected, not a list",
            r#"policy.yaml:12: {"kind":"B"}"#,
            "policy.yaml:13: a map is expected, not a string",
        ]
    );
}

#[test]
fn truncated_text_is_an_error_or_a_shorter_object() {
    let whole = "kind: TrafficSplit\nmetadata: {name: web}\nspec:\n  service: \"web\"\n  backends:\n  - {service: a, weight: 1}\n";
    for end in 0..whole.len() {
        for result in read_all(&whole[..end]) {
            match result {
                Ok(document) => assert!(document.value.is_object()),
                Err(error) => assert!(error.at.line <= 6, "{error}"),
            }
        }
    }
    assert_eq!(only_error("a: {b: [1, 2\n"), "policy.yaml:1: unclosed bracket '['");
    assert_eq!(
        only_error("{\"a\": {\"b\": [1,\n2"),
        "policy.yaml:2: the document is cut short: EOF while parsing a list"
    );
}

#[test]
fn bytes_that_are_no_text_are_errors_of_their_document() {
    assert_eq!(
        shown(b"kind: A\n---\n# x\nname: \xff\xfe\n---\nkind: \0\n---\nkind: B\n"),
        [
            r#"policy.yaml:1: {"kind":"A"}"#,
            "policy.yaml:4: the text is not UTF-8 (byte `0xff`)",
            "policy.yaml:6: binary data (a NUL byte)",
            r#"policy.yaml:8: {"kind":"B"}"#,
        ]
    );
    assert_eq!(
        only_error(b"\xff\xfek\0i\0\0"),
        "policy.yaml:1: the text is not valid UTF-16"
    );
    assert_eq!(
        only_error(b"\xfe\xff\xd8\x00\x00a"),
        "policy.yaml:1: the text is not valid UTF-16"
    );
    assert_eq!(
        only_error(b"\x7fELF\x02\x01\x01\0\0\0"),
        "policy.yaml:1: binary data (a NUL byte)"
    );
    assert_eq!(
        only_error(b"\x89PNG\r\n\x1a\n"),
        "policy.yaml:1: the text is not UTF-8 (byte `0x89`)"
    );
    assert_eq!(
        only_error(b"a: \x1b[31mred"),
        "policy.yaml:1: unexpected character: `\\u{1b}`"
    );
}

#[test]
fn nesting_is_bounded() {
    let deep = |depth: usize| format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth));
    assert!(read_all(deep(99))[0].is_ok());
    let maps = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
    assert!(read_all(maps(100))[0].is_ok());
    let block = lines(0..200, |level| " ".repeat(level) + "a:\n");
    let entries = "- ".repeat(10_000);
    for text in [deep(100), deep(100_000), maps(101), maps(100_000), block, entries] {
        let error = read_all(&text).remove(0).unwrap_err();
        assert_eq!(error.kind, DocumentErrorKind::TooDeep { limit: 100 });
    }
}

#[test]
fn nesting_through_aliases_is_bounded() {
    let chain = lines(1..1000, |i| format!("a{i}: &a{i} [*a{}]\n", i - 1));
    let error = only_error(format!("a0: &a0 [1]\n{chain}"));
    assert_eq!(error, "policy.yaml:100: nested deeper than 100 levels");
}

#[test]
fn alias_bombs_are_defused() {
    let laughs = lines(1..30, |i| {
        format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "))
    });
    let error = read_all(format!("a0: &a0 [lol]\n{laughs}")).remove(0).unwrap_err();
    assert_eq!(error.kind, DocumentErrorKind::TooManyAliasedValues { limit: 100_000 });

    let heavy = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1000].join(", "));
    let error = read_all(heavy).remove(0).unwrap_err();
    assert_eq!(error.kind, DocumentErrorKind::TooMuchAliasedText { limit: 8 << 20 });

    let merges = format!("a: &a {{{}}}\n{}", members(1000), "b:\n  <<: *a\n".repeat(1000));
    let error = read_all(merges).remove(0).unwrap_err();
    assert_eq!(error.kind, DocumentErrorKind::TooManyAliasedValues { limit: 100_000 });
}

#[test]
fn broken_json_takes_linear_time() {
    // Each line could be the start of a value that runs to the end: quadratic, were it read again from every line.
    let text = "{\"a\":[\n".repeat(20_000);
    assert!(read_all(text).iter().all(Result::is_err));
}

fn lines(range: Range<usize>, line: impl Fn(usize) -> String) -> String {
    range.map(line).collect::<Vec<_>>().concat()
}

fn members(count: usize) -> String {
    (0..count).map(|i| format!("k{i}: {i}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn size_is_bounded() {
    let limits = Limits {
        file_bytes: 16,
        values: 5,
        ..Limits::default()
    };
    let options = Options::default().limits(limits);
    let kinds = |text: &str| -> Vec<_> {
        read(text.as_bytes(), "a", &options)
            .filter_map(Result::err)
            .map(|error| error.kind)
            .collect()
    };
    assert_eq!(kinds("a: 12345678901234"), [DocumentErrorKind::TooLarge { limit: 16 }]);
    assert_eq!(kinds("a: [1, 2, 3]"), [DocumentErrorKind::TooManyValues { limit: 5 }]);
    assert_eq!(
        kinds(r#"{"a":[1,2,3,4]}"#),
        [DocumentErrorKind::TooManyValues { limit: 5 }]
    );
    assert_eq!(kinds("a: [1]"), []);
}

#[test]
fn large_scalars_are_read() {
    let large = "x".repeat(10 << 20);
    for text in [
        format!("a: {large}\nb: 1\n"),
        format!("a: |\n  {large}\nb: 1\n"),
        format!("{{\"a\": \"{large}\",\n\"b\": 1}}"),
    ] {
        let document = only(text);
        assert_eq!(
            document.value["a"].as_str().map(|text| text.trim_end().len()),
            Some(10 << 20)
        );
        assert!(document.line_of(&path("b")) > 1);
    }
}

#[test]
fn control_characters_do_not_reach_the_message() {
    for text in ["a: !!int \"\x07\\e[31m\"\n", "a: !!int \"\\e[31m\\n\"\n"] {
        assert!(!only_error(text).contains(char::is_control));
    }
}
