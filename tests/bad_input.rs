//! Input that is wrong: a value, or an error that names the document, the line and the field.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as the tests do")]

use std::{fmt::Display, ops::Range};

use smi_sdk::manifest::{self, Document, ManifestError, ManifestErrorKind, Object, ReadOptions};

fn read(text: impl AsRef<[u8]>) -> Vec<Result<Document, ManifestError>> {
    manifest::read(text.as_ref(), "m.yaml").collect()
}

/// Every document: its kind, or its error.
fn shown(text: impl AsRef<[u8]>) -> Vec<String> {
    read(text)
        .into_iter()
        .map(|document| match document {
            Ok(document) => document.object.kind().to_owned(),
            Err(error) => error.to_string(),
        })
        .collect()
}

fn strict_errors(text: &str) -> Vec<String> {
    manifest::read_with(text.as_bytes(), "m.yaml", ReadOptions::default().strict())
        .filter_map(Result::err)
        .map(|error| error.to_string())
        .collect()
}

/// Four lines of an object of this version, and its body.
fn object(api_version: &str, kind: &str, body: &str) -> String {
    format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: a\n{body}\n")
}

/// A TrafficSplit whose only backend, in line 8, has the weight `weight`.
fn split(version: &str, weight: &str) -> String {
    let body = format!("spec:\n  service: web\n  backends:\n  - {{service: b, weight: {weight}}}");
    object(&format!("split.smi-spec.io/{version}"), "TrafficSplit", &body)
}

/// `line` for each number, one after the other.
fn lines<T: Display>(numbers: Range<usize>, line: impl Fn(usize) -> T) -> String {
    let lines: Vec<String> = numbers.map(|number| format!("{}\n", line(number))).collect();
    lines.concat()
}

fn only_error(text: &str) -> String {
    let [error] = <[String; 1]>::try_from(shown(text)).unwrap();
    error
}

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
fn nesting_and_aliases_are_bounded() {
    let deep = format!(
        "{}spec: {}",
        object("split.smi-spec.io/v1alpha4", "TrafficSplit", ""),
        "[".repeat(100_000)
    );
    assert_eq!(only_error(&deep), "m.yaml:6: nested deeper than 100 levels");
    let deep_json = format!("{{\"spec\": {}", "{\"a\": ".repeat(100_000));
    assert_eq!(only_error(&deep_json), "m.yaml:1: nested deeper than 100 levels");

    let laughs = lines(1..30, |level| {
        let copies = vec![format!("*a{}", level - 1); 9];
        format!("a{level}: &a{level} [{}]", copies.join(", "))
    });
    let bomb = only_error(&format!("a0: &a0 [ha]\n{laughs}"));
    assert!(bomb.ends_with(": aliases copy more than 100000 values"), "{bomb}");
    let merges = lines(1..40, |level| {
        format!("a{level}: &a{level}\n  <<: [*a{0}, *a{0}]\n  k{level}: 1", level - 1)
    });
    assert_eq!(shown(format!("a0: &a0 {{k0: 1}}\n{merges}")), [""]);
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

#[test]
fn ten_megabytes_in_one_scalar_are_a_value_or_a_short_error() {
    let large = "x".repeat(10 << 20);
    let Object::TrafficSplit(read) = read(split("v1alpha4", "1").replace("web", &large))
        .remove(0)
        .unwrap()
        .object
    else {
        panic!("no split")
    };
    assert_eq!(read.spec.service.len(), 10 << 20);

    assert!(only_error(&split("v1alpha2", &large)).len() < 1000);

    // The rest is as slow as it is large in a build without optimisation.
    let large = "x".repeat(1 << 20);
    let digits = "9".repeat(1 << 20);
    let at_every_place = [
        split("v1alpha4", &large),
        split("v1alpha4", &digits),
        split("v1alpha1", &large),
        split("v1alpha1", &format!("\"{digits}\"")),
        split(&large, "1"),
        split("v1alpha4", "half").replace("name: a", &format!("name: {large}")),
        split("v1alpha4", "1").replace("TrafficSplit", &large),
        split("v1alpha4", "1").replace("metadata:\n  name: a", &format!("metadata: {large}")),
        split("v1alpha4", "1").replace("name: a", &format!("name: a\n  labels: {{? {large} : 1}}")),
        object(
            "specs.smi-spec.io/v1alpha4",
            "HTTPRouteGroup",
            &format!("spec: {{matches: [{{name: a, headers: {large}}}]}}"),
        ),
        object(
            "access.smi-spec.io/v1alpha2",
            "TrafficTarget",
            &format!("spec: {{destination: {{port: \"{large}\"}}}}"),
        ),
    ];
    for text in at_every_place {
        let error = only_error(&text);
        assert!(error.len() < 1000, "{}", error.len());
        assert!(error.starts_with("m.yaml:"), "{error}");
    }
    let unknown = strict_errors(&format!("{}? {large}\n: 1\n", split("v1alpha4", "1")));
    assert!(
        unknown[0].len() < 1000 && unknown[0].contains("unknown field `xxx"),
        "{}",
        unknown[0].len()
    );
}

#[test]
fn many_unknown_fields_are_counted() {
    let fields = lines(0..100_000, |number| format!("x{number}: 1"));
    let errors = strict_errors(&format!("{}{fields}", split("v1alpha4", "1")));
    assert!(errors[0].ends_with(" and 99990 more"), "{}", errors[0]);
}

#[test]
fn a_weight_that_the_version_does_not_have_is_named_with_its_line() {
    let whole = "a whole number from 0 to 2147483647 is expected, not";
    let range = "is not from 0 to 2147483647";
    for (version, weight, message) in [
        ("v1alpha4", "33.3", "the weight `33.3` is not a whole number".to_owned()),
        ("v1alpha2", "500m", "the weight `500m` is a string: from v1alpha2 on it is a whole number".to_owned()),
        ("v1alpha3", "\"90\"", "the weight `90` is a string: from v1alpha2 on it is a whole number".to_owned()),
        ("v1alpha2", "-1", format!("the weight `-1` {range}")),
        ("v1alpha4", "2147483648", format!("the weight `2147483648` {range}")),
        ("v1alpha4", "99999999999999999999", format!("the weight `100000000000000000000` {range}")),
        ("v1alpha4", "null", format!("{whole} `null`")),
        ("v1alpha4", "yes", format!("{whole} `true`")),
        ("v1alpha4", "{}", format!("{whole} a map")),
        ("v1alpha1", "-1", "the weight `-1` is negative".to_owned()),
        (
            "v1alpha1",
            "half",
            "`half` is not a quantity (expected a number with at most one suffix, such as `90`, `500m`, `1.5Ki` or `2e3`)"
                .to_owned(),
        ),
        ("v1alpha1", "1n1", "`1n1` is not a quantity (expected a number with at most one suffix, such as `90`, `500m`, `1.5Ki` or `2e3`)".to_owned()),
        ("v1alpha1", "0.0000000001", "the quantity `1e-10` is finer than a nano unit (10^-9)".to_owned()),
        ("v1alpha1", "[]", "a quantity (a number, or a string such as `500m`) is expected, not a list".to_owned()),
    ] {
        let error = only_error(&split(version, weight));
        assert_eq!(error, format!("m.yaml:8: TrafficSplit `a`: `spec.backends[0].weight`: {message}"), "{version}");
    }
    let missing = split("v1alpha2", "1").replace(", weight: 1", "");
    assert_eq!(
        only_error(&missing),
        "m.yaml:8: TrafficSplit `a`: `spec.backends[0].weight`: the field is missing"
    );
}

#[test]
fn a_port_out_of_range_is_named_with_its_line() {
    let target = |port: &str| {
        let body = format!("spec:\n  destination:\n    kind: ServiceAccount\n    name: api\n    port: {port}");
        only_error(&object("access.smi-spec.io/v1alpha2", "TrafficTarget", &body))
    };
    let route = |port: &str| {
        let body = format!("spec:\n  matches:\n    ports:\n    - 80\n    - {port}");
        only_error(&object("specs.smi-spec.io/v1alpha4", "TCPRoute", &body))
    };
    for (port, message) in [
        ("70000", "the port `70000` is not from 1 to 65535"),
        ("0", "the port `0` is not from 1 to 65535"),
        ("-80", "the port `-80` is not from 1 to 65535"),
        ("\"70000\"", "the port `70000` is not from 1 to 65535"),
        ("http", "a port from 1 to 65535 is expected, not the string `http`"),
        ("80.5", "a port from 1 to 65535 is expected, not the number `80.5`"),
        ("[]", "a port from 1 to 65535 is expected, not a list"),
    ] {
        assert_eq!(
            target(port),
            format!("m.yaml:9: TrafficTarget `a`: `spec.destination.port`: {message}")
        );
        assert_eq!(
            route(port),
            format!("m.yaml:9: TCPRoute `a`: `spec.matches.ports[1]`: {message}")
        );
    }
}

#[test]
fn matches_of_the_wrong_shape_are_named_with_their_line() {
    let group = |version: &str, body: &str| {
        let text = object(&format!("specs.smi-spec.io/{version}"), "HTTPRouteGroup", body);
        shown(text).remove(0).replace("HTTPRouteGroup `a`: ", "")
    };
    for (version, body, message) in [
        (
            "v1alpha2",
            "matches: {}",
            "m.yaml:5: `matches`: a list is expected, not a map",
        ),
        (
            "v1alpha4",
            "spec:\n  matches: {}",
            "m.yaml:6: `spec.matches`: a list is expected, not a map",
        ),
        ("v1alpha4", "matches: {}", "m.yaml:1: `spec`: the field is missing"),
        (
            "v1alpha4",
            "spec: {matches: [a]}",
            "m.yaml:5: `spec.matches[0]`: a map is expected, not the string `a`",
        ),
        (
            "v1alpha4",
            "spec: {matches: [[a, [GET]]]}",
            "m.yaml:5: `spec.matches[0]`: a map is expected, not a list",
        ),
        (
            "v1alpha1",
            "matches: [[a, [GET]]]",
            "m.yaml:5: `matches[0]`: a map is expected, not a list",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{}]}",
            "m.yaml:5: `spec.matches[0].name`: the field is missing",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{name: a, methods: GET}]}",
            "m.yaml:5: `spec.matches[0].methods`: a list is expected, not the string `GET`",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{name: a, methods: [[\"*\"]]}]}",
            "m.yaml:5: `spec.matches[0].methods[0]`: a string is expected, not a list",
        ),
        (
            "v1alpha2",
            "matches:\n- name: a\n  headers:\n    x-debug: 1",
            "m.yaml:8: `matches[0].headers.x-debug`: a string is expected, not the number `1`",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{name: a, headers: [{X-A: a}, {x-a: b}]}]}",
            "m.yaml:5: `spec.matches[0].headers`: the header `x-a` is there more than once",
        ),
        (
            "v1alpha4",
            "spec: {matches: [{name: a, headers: x-debug}]}",
            "m.yaml:5: `spec.matches[0].headers`: a list of maps, or a map, of header names to regular expressions is \
             expected, not the string `x-debug`",
        ),
    ] {
        assert_eq!(group(version, body), message, "{version} {body}");
    }

    // Ports are a map: `{}` means every port, a list is of no version.
    let tcp =
        |version: &str, body: &str| only_error(&object(&format!("specs.smi-spec.io/{version}"), "TCPRoute", body));
    assert_eq!(tcp("v1alpha4", "spec: {matches: {}}"), "TCPRoute");
    assert_eq!(
        tcp("v1alpha4", "spec: {matches: [{ports: [80]}]}"),
        "m.yaml:5: TCPRoute `a`: `spec.matches`: a map is expected, not a list"
    );
    for body in ["matches: {ports: [80]}", "matches: [{ports: [80]}]"] {
        assert_eq!(
            tcp("v1alpha2", body),
            "m.yaml:1: TCPRoute `a`: `matches` is of another version: this one has no fields but `metadata`"
        );
    }
}

#[test]
fn an_object_with_the_shape_of_another_version_is_told_both_shapes() {
    let target = "destination: {kind: ServiceAccount, name: api}";
    for (api_version, kind, body, says, has) in [
        (
            "access.smi-spec.io/v1alpha3",
            "TrafficTarget",
            target.to_owned(),
            "`v1alpha3`, which has `spec.destination`, `spec.rules`, `spec.sources`",
            "`v1alpha1`: `destination`, `sources`, `specs` at the root",
        ),
        (
            "access.smi-spec.io/v1alpha1",
            "TrafficTarget",
            format!("spec: {{{target}}}"),
            "`v1alpha1`, which has `destination`, `sources`, `specs` at the root",
            "`v1alpha4`: `spec.destination`, `spec.rules`, `spec.sources`",
        ),
        (
            "specs.smi-spec.io/v1alpha4",
            "HTTPRouteGroup",
            "matches: [{name: a, headers: {a: b}}]".to_owned(),
            "`v1alpha4`, which has `spec.matches`",
            "`v1alpha2`: `matches` at the root",
        ),
        (
            "specs.smi-spec.io/v1alpha2",
            "HTTPRouteGroup",
            "spec: {matches: [{name: a}]}".to_owned(),
            "`v1alpha2`, which has `matches` at the root",
            "`v1alpha4`: `spec.matches`",
        ),
        (
            "specs.smi-spec.io/v1alpha3",
            "TCPRoute",
            "spec: {matches: {ports: [80]}}".to_owned(),
            "`v1alpha3`, which has an empty `spec`",
            "`v1alpha4`: `spec.matches`",
        ),
        (
            "specs.smi-spec.io/v1alpha1",
            "TCPRoute",
            "spec: {matches: {ports: [80]}}".to_owned(),
            "`v1alpha1`, which has no fields but `metadata`",
            "`v1alpha4`: `spec.matches`",
        ),
    ] {
        assert_eq!(
            only_error(&object(api_version, kind, &body)),
            format!("m.yaml:1: {kind} `a`: the object says {says}, but it has the shape of {has}")
        );
    }
}

/// Each kind and body with its only error, which does not repeat the name of the object.
fn wrong(cases: &[(&str, &str, &str, &str)]) {
    for (api_version, kind, body, message) in cases {
        let error = only_error(&object(api_version, kind, body));
        assert_eq!(error.replace(&format!("{kind} `a`: "), ""), *message, "{body}");
    }
}

#[test]
fn a_field_of_a_split_with_another_type_is_named_with_its_line() {
    let split = "split.smi-spec.io/v1alpha2";
    wrong(&[
        (split, "TrafficSplit", "", "m.yaml:1: `spec`: the field is missing"),
        (
            split,
            "TrafficSplit",
            "spec:",
            "m.yaml:5: `spec`: a map is expected, not `null`",
        ),
        (
            split,
            "TrafficSplit",
            "spec: [web, []]",
            "m.yaml:5: `spec`: a map is expected, not a list",
        ),
        (
            split,
            "TrafficSplit",
            "spec:\n  backends: []",
            "m.yaml:5: `spec.service`: the field is missing",
        ),
        (
            split,
            "TrafficSplit",
            "spec:\n  service: {name: web, port: 80}",
            "m.yaml:6: `spec.service`: a string is expected, not a map",
        ),
        (
            split,
            "TrafficSplit",
            "spec:\n  service: web\n  backends: {service: a, weight: 1}",
            "m.yaml:7: `spec.backends`: a list is expected, not a map",
        ),
        (
            split,
            "TrafficSplit",
            "spec:\n  service: web\n  backends:\n  - [a, 1]",
            "m.yaml:8: `spec.backends[0]`: a map is expected, not a list",
        ),
    ]);
}

#[test]
fn a_field_of_another_kind_with_another_type_is_named_with_its_line() {
    let target = "access.smi-spec.io/v1alpha3";
    wrong(&[
        (
            target,
            "TrafficTarget",
            "spec: {}",
            "m.yaml:5: `spec.destination`: the field is missing",
        ),
        (
            target,
            "TrafficTarget",
            "spec:\n  destination: [ServiceAccount, api]",
            "m.yaml:6: `spec.destination`: a map is expected, not a list",
        ),
        (
            "access.smi-spec.io/v1alpha1",
            "TrafficTarget",
            "destination: [ServiceAccount, api]",
            "m.yaml:5: `destination`: a map is expected, not a list",
        ),
        (
            "access.smi-spec.io/v1alpha1",
            "TrafficTarget",
            "destination: {kind: S, name: a}\nsources:\n- kind: S",
            "m.yaml:7: `sources[0].name`: the field is missing",
        ),
        (
            "access.smi-spec.io/v1alpha4",
            "IdentityBinding",
            "spec: {schemes: {podLabelSelector: {matchLabels: {a: 1}}}}",
            "m.yaml:5: `spec.schemes.podLabelSelector.matchLabels[a]`: a string is expected, not the number `1`",
        ),
        (
            "metrics.smi-spec.io/v1alpha2",
            "TrafficMetrics",
            "backend: [web, web-v1, 90]",
            "m.yaml:5: `backend`: a map is expected, not a list",
        ),
        (
            "metrics.smi-spec.io/v1alpha2",
            "TrafficMetrics",
            "metrics:\n- name: a\n  value: fast",
            "m.yaml:7: `metrics[0].value`: `fast` is not a quantity (expected a number with at most one suffix, such as \
             `90`, `500m`, `1.5Ki` or `2e3`)",
        ),
    ]);
}

#[test]
fn metadata_of_the_wrong_shape_is_named_with_its_line() {
    let with = |metadata: &str| {
        let text = split("v1alpha4", "1").replace("metadata:\n  name: a\n", metadata);
        only_error(&text)
    };
    for (metadata, message) in [
        (
            "metadata: a\n",
            "m.yaml:3: TrafficSplit: `metadata`: a map is expected, not the string `a`",
        ),
        (
            "metadata: {name: 5}\n",
            "m.yaml:3: TrafficSplit: `metadata.name`: a string is expected, not the number `5`",
        ),
        (
            "metadata: {name: ''}\n",
            "m.yaml:3: TrafficSplit: `metadata.name`: the object has no name",
        ),
        (
            "metadata:\n  name: a\n  labels: {app: on}\n",
            "m.yaml:5: TrafficSplit `a`: `metadata.labels[app]`: a string is expected, not `true`",
        ),
        (
            "metadata:\n  name: a\n  annotations: [b]\n",
            "m.yaml:5: TrafficSplit `a`: `metadata.annotations`: a map is expected, not a list",
        ),
    ] {
        assert_eq!(with(metadata), message);
    }
}

#[test]
fn odd_text_in_a_value_stays_on_one_short_line() {
    let odd = format!("\"1\\e[31m\\n{}\"", "x".repeat(100_000));
    let metrics = |body: &str| object("metrics.smi-spec.io/v1alpha2", "TrafficMetrics", body);
    for text in [
        split("v1alpha1", &odd),
        split("v1alpha2", &odd),
        metrics(&format!("window: {odd}")),
        metrics(&format!("timestamp: {odd}")),
        metrics(&format!("metrics: [{{name: a, value: {odd}}}]")),
        metrics(&format!("resource: {{}}\nselector: {odd}")).replace("TrafficMetrics", "TrafficMetricsList"),
        object(
            "metrics.smi-spec.io/v1alpha2",
            "TrafficMetricsList",
            &format!("items: [{{kind: {odd}}}]"),
        ),
        object(
            "specs.smi-spec.io/v1alpha1",
            "TCPRoute",
            &format!("spec: {{? {odd} : 1}}"),
        ),
        object(
            "specs.smi-spec.io/v1alpha4",
            "HTTPRouteGroup",
            &format!("spec: {{matches: [{{headers: [{{? {odd} : a}}, {{? {odd} : a}}]}}]}}"),
        ),
    ] {
        let error = only_error(&text);
        assert!(!error.contains(char::is_control) && error.len() < 1000, "{error:?}");
        assert!(error.starts_with("m.yaml:") && error.contains("[31m"), "{error}");
    }
}

#[test]
fn errors_stay_on_one_line_and_say_which_field_to_programs() {
    let text = split("v1alpha4", "\"\\e[31m\\n1\"").replace("name: a", "name: \"a\\nb\"");
    let error = read(text).remove(0).unwrap_err();
    assert!(!error.to_string().contains(char::is_control), "{error}");
    assert_eq!(
        error.kind.path().map(ToString::to_string).as_deref(),
        Some("spec.backends[0].weight")
    );
    assert_eq!((error.subject.name.as_str(), error.at.line), ("a\nb", 8));
    assert!(matches!(error.kind, ManifestErrorKind::Object(_)));
}
