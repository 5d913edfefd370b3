//! Any bytes read as documents.

#![expect(clippy::unwrap_used, reason = "a check fails as a test does")]

use serde_json::{Value, json};
use smi_core::document::{Document, DocumentError, Options, read};
use smi_core::path::FieldPath;
use smi_core::yaml::to_yaml;

/// Panics where a promise of `smi_core::document` does not hold.
pub(crate) fn check(data: &[u8]) {
    let utf_16 = data.starts_with(b"\xff\xfe") || data.starts_with(b"\xfe\xff");
    let lines = data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;

    for (index, result) in all(data).iter().enumerate() {
        let at = match result {
            Ok(document) => &document.at,
            Err(error) => &error.at,
        };
        assert_eq!(at.document, index + 1);
        assert!(at.line >= 1 && (utf_16 || at.line <= lines), "{at} of {lines} lines");
        match result {
            Ok(document) => check_document(document),
            Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
        }
    }

    if !utf_16 {
        let followed = [data, b"\n...\n---\nkind: Last\n"].concat();
        let last = all(&followed).pop();
        assert_eq!(
            last.map(|last| last.map(|last| last.value).ok()),
            Some(Some(json!({"kind": "Last"})))
        );
    }
}

fn all(data: &[u8]) -> Vec<Result<Document, DocumentError>> {
    read(data, "fuzz", &Options::default()).collect()
}

fn check_document(document: &Document) {
    assert!(document.value.is_object());
    assert_eq!(document.line_of(&FieldPath::root()), document.at.line);
    for duplicate in document.duplicate_keys() {
        assert!(duplicate.first_line >= 1 && duplicate.line >= 1);
    }

    let yaml = to_yaml(&document.value).unwrap();
    let values: Vec<Option<Value>> = all(yaml.as_bytes())
        .into_iter()
        .map(|again| again.ok().map(|it| it.value))
        .collect();
    assert_eq!(values, [Some(document.value.clone())], "{yaml}");
}
