//! The demo mesh.

use crate::{
    program::{DEMO, quickstart},
    quickstart::{ALL_READ, SOME_UNREADABLE},
};

#[test]
fn the_demo_mesh_reads_as_the_snapshot_shows() {
    let (code, text) = quickstart(&[], "");
    assert_eq!(code, ALL_READ, "the demo is broken on purpose");
    insta::assert_snapshot!("demo", text);
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let (_, text) = quickstart(&[], "");
    let readme = include_str!("../../README.md");
    assert!(
        readme.contains(&format!("```text\n{text}```\n")),
        "the README does not show what the demo prints"
    );
}

#[test]
fn the_demo_mesh_has_every_kind_and_old_versions_of_most() {
    let (_, text) = quickstart(&[DEMO], "");
    for row in [
        "TrafficTarget v1alpha1",
        "TrafficTarget v1alpha2",
        "TrafficTarget v1alpha3",
        "TrafficTarget v1alpha4",
        "IdentityBinding v1alpha4",
        "HTTPRouteGroup v1alpha2",
        "HTTPRouteGroup v1alpha4",
        "TCPRoute v1alpha3",
        "TCPRoute v1alpha4",
        "UDPRoute v1alpha4",
        "TrafficSplit v1alpha1",
        "TrafficSplit v1alpha2",
        "TrafficSplit v1alpha3",
        "TrafficSplit v1alpha4",
        "TrafficMetrics v1alpha1",
        "TrafficMetrics v1alpha2",
    ] {
        let is_there = |line: &str| line.split_whitespace().take(2).eq(row.split(' '));
        assert!(text.lines().any(is_there), "no {row}");
    }
}

#[test]
fn the_demo_mesh_has_nothing_that_strict_reading_refuses_besides() {
    assert_eq!(quickstart(&["--strict", DEMO], ""), quickstart(&[DEMO], ""));
}

#[test]
fn what_could_not_be_read_fails_a_folder_that_was_asked_for() {
    let (code, text) = quickstart(&[DEMO], "");
    assert_eq!(code, SOME_UNREADABLE);
    assert_eq!(text, quickstart(&[], "").1);
}
