//! What input may cost, and how long an error may be.

use smi_sdk::manifest::{ManifestErrorKind, Object};

use crate::{lines, object, only_error, read, shown, split, strict_errors};

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
