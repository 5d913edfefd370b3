//! The annotation: its limits, and what is wrong with it.

use serde_json::json;

use super::*;

fn metadata(annotations: &[(&str, String)]) -> ObjectMeta {
    ObjectMeta {
        name: Some("a".to_owned()),
        annotations: Some(
            annotations
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
        ),
        ..ObjectMeta::default()
    }
}

fn entries(sizes: &[usize]) -> BTreeMap<String, Entry> {
    let entry = |size: &usize| Entry {
        of: "0".repeat(16),
        kept: Kept::Value(json!("x".repeat(*size))),
    };
    let paths = (0..).map(|number| format!("spec.f{number}"));
    paths.zip(sizes.iter().map(entry)).collect()
}

/// Writes entries of these sizes; what was kept, what was lost, and how long the text became.
fn written(sizes: &[usize], mut metadata: ObjectMeta) -> (Vec<String>, Vec<String>, usize) {
    let mut losses = Vec::new();
    Stash::new().write("v1", entries(sizes), &mut metadata, &mut losses);
    let text = metadata.annotations.as_ref().and_then(|all| all.get(CONVERSION_DATA));
    let length = text.map_or(0, String::len);
    let kept = Stash::of(&metadata).take_version("v1").into_keys().collect();
    let losses = losses.iter().map(ToString::to_string).collect();
    (kept, losses, length)
}

#[test]
fn what_does_not_fit_is_left_out_and_said() {
    let (kept, losses, length) = written(&[100 * 1024, 60 * 1024, 1024], metadata(&[]));
    assert_eq!(kept, ["spec.f0", "spec.f2"]);
    assert_eq!(
        losses,
        ["`spec.f1`: not kept for the way back: the annotations would be too long"]
    );
    assert!(length <= STASH_MAX, "{length}");
}

#[test]
fn the_room_is_used_to_the_last_bytes() {
    let frame = r#"{"v1":{"spec.f0":{"of":"0000000000000000","value":""}}}"#.len();
    let (kept, _, length) = written(&[STASH_MAX - frame - 2], metadata(&[]));
    assert_eq!((kept.len(), length), (1, STASH_MAX - 2));
    assert_eq!(written(&[STASH_MAX - frame + 1], metadata(&[])).0.len(), 0);
}

#[test]
fn other_annotations_leave_less_room() {
    let others = metadata(&[("a", "y".repeat(200 * 1024))]);
    assert_eq!(written(&[50 * 1024], others.clone()).0.len(), 1);
    assert_eq!(written(&[57 * 1024], others).0.len(), 0);
    let full = metadata(&[("a", "y".repeat(300 * 1024))]);
    assert_eq!(written(&[1], full).0.len(), 0);
}

#[test]
fn what_this_conversion_keeps_goes_before_what_others_kept() {
    let mut stash = Stash::new();
    stash.versions.insert("v0".to_owned(), entries(&[100 * 1024]));
    let (mut metadata, mut losses) = (metadata(&[]), Vec::new());
    stash.write("v1", entries(&[100 * 1024]), &mut metadata, &mut losses);
    let kept: Vec<_> = Stash::of(&metadata).versions.into_keys().collect();
    assert_eq!((kept, losses.len()), (vec!["v1".to_owned()], 1));
}

#[test]
fn a_stash_that_cannot_be_read_is_dropped_with_a_loss() {
    let too_long = format!("{{\"v1\":{{}}}}{}", " ".repeat(STASH_MAX));
    let deep = "[".repeat(10_000);
    for text in [
        "",
        "{",
        "[]",
        "null",
        r#"{"v1":{"spec.a":{"of":1,"value":2}}}"#,
        &deep,
        &too_long,
    ] {
        let mut metadata = metadata(&[(CONVERSION_DATA, text.to_owned()), ("a", "b".to_owned())]);
        let (rest, stash, losses) = Stash::apart(&mut metadata);
        assert!(stash.is_empty(), "{text:.20}");
        assert_eq!(
            losses[0].to_string(),
            "`metadata.annotations[smi-spec.io/conversion-data]`: cannot be read, and is dropped"
        );
        assert_eq!(rest.annotations.unwrap().len(), 1);
    }
}

#[test]
fn a_value_holds_as_long_as_what_stands_for_it_does() {
    let mut fingerprint = Fingerprint::default();
    fingerprint.add("here");
    let entry = Entry {
        of: fingerprint.text().unwrap(),
        kept: Kept::Value(json!(8080)),
    };
    let mut stash = Stash::new();
    stash
        .versions
        .insert("v1".to_owned(), [("port".to_owned(), entry)].into());
    let get = |version, of: &str| stash.get::<u16>(version, "port", |fingerprint| fingerprint.add(of));
    assert_eq!(get("v1", "here"), Some(8080));
    assert_eq!(get("v1", "there"), None);
    assert_eq!(get("v2", "here"), None);
    assert_eq!(
        stash.get::<bool>("v1", "port", |fingerprint| fingerprint.add("here")),
        None
    );
}

#[test]
fn a_value_of_null_is_kept_as_such() {
    let entry = Entry {
        of: String::new(),
        kept: Kept::Value(Value::Null),
    };
    assert_eq!(serde_json::from_str::<Entry>(&text_of(&entry)).unwrap(), entry);
}
