//! What a terminal shows.

use std::fs;

use crate::{
    program::{DEMO, path, quickstart, quickstart_on},
    quickstart::{SOME_UNREADABLE, table::Screen},
};

#[test]
fn what_would_act_on_a_terminal_is_spelled_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("red\u{1b}[31m.yaml");
    let yaml = r#"
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: web}
spec: {service: "\u009bapex\e]0;title\a\u202E", backends: [{service: "a\tb\u200b", weight: 1}]}
---
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: "web\e]0;title\a\u202E", namespace: "shop\r\n"}
spec: {service: web}
---
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: "bad\e[2J"}
spec: {service: web, backends: [{service: a, weight: "\e[1m"}]}
"#;
    fs::write(&file, yaml).unwrap();
    let (code, text) = quickstart(&[path(&file)], "");
    assert_eq!(code, SOME_UNREADABLE);
    let acts =
        |character: &char| (character.is_control() && *character != '\n') || "\u{202e}\u{200b}".contains(*character);
    assert_eq!(text.chars().find(acts), None, "{text}");
    assert!(
        text.contains(r"\u{9b}apex\u{1b}]0;title\u{7}\u{202e} -> a\tb\u{200b} 100% (1)"),
        "{text}"
    );
    assert!(
        text.contains(r"red\u{1b}[31m.yaml:7: TrafficSplit `shop\r\n/web\u{1b}]0;title\u{7}\u{202e}`: "),
        "{text}"
    );
    assert!(
        text.contains(r"red\u{1b}[31m.yaml:15: TrafficSplit `bad\u{1b}[2J`"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 10, "{text}");
}

#[test]
fn a_terminal_gets_colours_and_lines_of_its_width() {
    let screen = Screen {
        colour: true,
        width: Some(100),
    };
    let (_, coloured) = quickstart_on(screen, &[DEMO], "");
    assert!(
        coloured.contains("\u{1b}[33mgrants nothing: no rules (web -> refunds)\u{1b}[0m"),
        "{coloured}"
    );

    let (_, plain) = quickstart_on(screen, &["--no-color", DEMO], "");
    assert!(!plain.contains('\u{1b}'));
    let table: Vec<_> = plain.lines().take_while(|line| !line.is_empty()).collect();
    let longest = table.iter().map(|line| line.chars().count()).max();
    assert_eq!(longest, Some(100));
    assert!(table.iter().any(|line| line.ends_with('…')));
    // Reasons are what the reader needs: they are never cut.
    assert!(plain.ends_with("from v1alpha2 on it is a whole number\n"));
}

#[test]
fn wide_letters_keep_the_columns_aligned() {
    // Of what no server checks: a name there has no wide letters.
    let metrics = |name| {
        format!(
            "---\n{{apiVersion: metrics.smi-spec.io/v1alpha2, kind: TrafficMetrics, metadata: {{name: {name}}}, resource: {{kind: Pod, name: a}}, metrics: []}}\n"
        )
    };
    let (_, text) = quickstart(&["-"], &[metrics("db"), metrics("数据库")].concat());
    let lines: Vec<_> = text.lines().skip(1).take(2).collect();
    assert_eq!(
        lines,
        [
            "TrafficMetrics  v1alpha2  db      Pod a: no values",
            "TrafficMetrics  v1alpha2  数据库  Pod a: no values"
        ]
    );
}
