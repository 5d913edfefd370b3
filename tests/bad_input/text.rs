//! Text that is no manifest, or one in an odd spelling.

use smi_sdk::manifest::Object;

use crate::{object, only_error, read, shown, split, strict_errors};

#[test]
fn text_that_is_no_manifest_is_named_with_its_line() {
    for (text, error) in [
        ("just words", "m.yaml:1: a map is expected, not a string"),
        ("- a\n- b\n", "m.yaml:1: a map is expected, not a list"),
        (
            "kind: TrafficSplit\nspec: {service: web\n",
            "m.yaml:2: unclosed bracket '{'",
        ),
        (
            "kind: TrafficSplit\nspec:\n\t- a\n",
            "m.yaml:3: tabs disallowed within this context (block indentation)",
        ),
        ("kind: 'TrafficSplit\n", "m.yaml:1: unclosed quote"),
        (
            "{\"kind\":\n\"Traffic",
            "m.yaml:2: the document is cut short: EOF while parsing a string",
        ),
        (
            "kind: A\nspec: *nowhere\n",
            "m.yaml:2: while parsing node, found unknown anchor",
        ),
    ] {
        assert_eq!(only_error(text), error);
    }
}

#[test]
fn one_bad_document_does_not_hide_the_others() {
    let good = split("v1alpha2", "1");
    let text = format!(
        "{good}---\nkind: [\n---\n{bad}---\n\0\n---\n{good}",
        bad = split("v1alpha2", "half")
    );
    assert_eq!(
        shown(text),
        [
            "TrafficSplit",
            "m.yaml:10: unclosed bracket '['",
            "m.yaml:19: TrafficSplit `a`: `spec.backends[0].weight`: the weight `half` is a string: from v1alpha2 on it is \
             a whole number",
            "m.yaml:21: binary data (a NUL byte)",
            "TrafficSplit",
        ]
    );
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_line() {
    for (bytes, error) in [
        (
            &b"\x7fELF\x02\x01\x01\0\0\0\0\0"[..],
            "m.yaml:1: binary data (a NUL byte)",
        ),
        (
            b"kind: A\nname: caf\xe9\n",
            "m.yaml:2: the text is not UTF-8 (byte `0xe9`)",
        ),
        (b"\xff\xfea", "m.yaml:1: the text is not valid UTF-16"),
    ] {
        assert_eq!(shown(bytes), [error]);
    }
}

#[test]
fn marks_line_ends_and_encodings_do_not_matter() {
    let text = split("v1alpha1", "500m");
    let expected = read(&text).remove(0).unwrap().object;
    let utf_16 = |unit: fn(u16) -> [u8; 2]| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(unit).collect();
    let spellings: [Vec<u8>; 4] = [
        format!("\u{feff}{text}").into_bytes(),
        text.replace('\n', "\r\n").into_bytes(),
        utf_16(u16::to_le_bytes),
        utf_16(u16::to_be_bytes),
    ];
    for bytes in spellings {
        assert_eq!(read(&bytes).remove(0).unwrap().object, expected);
    }
    let broken = split("v1alpha4", "[]").replace('\n', "\r\n");
    assert!(only_error(&broken).starts_with("m.yaml:8: TrafficSplit `a`: `spec.backends[0].weight`: "));
}

#[test]
fn a_manifest_that_is_cut_short_anywhere_is_a_value_or_an_error_in_its_lines() {
    let whole = [split("v1alpha1", "500m"), split("v1alpha4", "90.0")].join("---\n");
    let lines = whole.lines().count();
    for end in 0..whole.len() {
        for document in read(&whole[..end]) {
            let at = document.map_or_else(|error| error.at, |document| document.at);
            assert!((1..=lines).contains(&at.line), "{at}");
        }
    }
}

#[test]
fn aliases_that_are_no_bomb_are_values() {
    let text = object(
        "split.smi-spec.io/v1alpha4",
        "TrafficSplit",
        "spec:\n  service: &s web\n  backends:\n  - &b {service: *s, weight: 1}\n  - {<<: *b, weight: 2}",
    );
    let Object::TrafficSplit(split) = read(text).remove(0).unwrap().object else {
        panic!("no split")
    };
    let backends = split
        .spec
        .backends
        .iter()
        .map(|backend| (backend.service.as_str(), backend.weight));
    assert_eq!(backends.collect::<Vec<_>>(), [("web", 1), ("web", 2)]);
}

#[test]
fn of_duplicate_keys_the_last_counts_and_strict_reading_names_them() {
    let text = split("v1alpha4", "1, weight: 2");
    let Object::TrafficSplit(lenient) = read(&text).remove(0).unwrap().object else {
        panic!("no split")
    };
    assert_eq!(lenient.spec.backends[0].weight, 2);
    assert_eq!(
        strict_errors(&text),
        ["m.yaml:8: TrafficSplit `a`: duplicate key `spec.backends[0].weight`"]
    );
}
