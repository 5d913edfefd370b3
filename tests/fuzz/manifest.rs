//! Any bytes read as manifests, leniently and strictly.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a check fails as a test does")]

use std::sync::LazyLock;

use smi_sdk::{
    manifest::{Document, ManifestError, Object, ReadOptions, Reader},
    to_yaml,
};

/// One for the whole run: a new one works out the schemas of the kinds anew, which takes longer than an input.
static LENIENT: LazyLock<Reader> = LazyLock::new(Reader::default);
static STRICT: LazyLock<Reader> = LazyLock::new(|| Reader::new(ReadOptions::default().strict()));

/// Panics where a promise of `smi_sdk::manifest` does not hold.
pub(crate) fn check(data: &[u8]) {
    let lenient = read(data, &LENIENT);
    let strict = read(data, &STRICT);
    assert_eq!(lenient.len(), strict.len());

    for (index, (lenient, strict)) in lenient.iter().zip(&strict).enumerate() {
        for result in [lenient, strict] {
            let at = match result {
                Ok(document) => &document.at,
                Err(error) => &error.at,
            };
            assert_eq!(at.document, index + 1);
            assert!(at.line >= 1, "{at}");
        }
        match (lenient, strict) {
            (Ok(lenient), Ok(strict)) => assert_eq!(lenient.object, strict.object),
            (Ok(_), Err(error)) => one_line(error),
            (Err(lenient), Err(strict)) => {
                one_line(lenient);
                assert_eq!(lenient.to_string(), strict.to_string());
            }
            (Err(error), Ok(_)) => panic!("only read strictly: {error}"),
        }
    }
    written_are_read_back(lenient.into_iter().filter_map(Result::ok).collect());
}

fn read(data: &[u8], reader: &Reader) -> Vec<Result<Document, ManifestError>> {
    reader.read(data, "fuzz").collect()
}

/// The newest versions of objects are objects that strict reading takes, and come back as they are.
fn written_are_read_back(documents: Vec<Document>) {
    let yaml: Vec<String> = documents.iter().map(|document| yaml(&document.object)).collect();
    let yaml = yaml.join("---\n");
    let again: Vec<_> = read(yaml.as_bytes(), &STRICT)
        .into_iter()
        .map(|again| again.map(|document| document.object).map_err(|error| error.to_string()))
        .collect();
    let objects: Vec<_> = documents.into_iter().map(|document| Ok(document.object)).collect();
    assert_eq!(again, objects, "{yaml}");
}

fn yaml(object: &Object) -> String {
    match object {
        Object::TrafficTarget(object) => to_yaml(object),
        Object::IdentityBinding(object) => to_yaml(object),
        Object::HttpRouteGroup(object) => to_yaml(object),
        Object::TcpRoute(object) => to_yaml(object),
        Object::UdpRoute(object) => to_yaml(object),
        Object::TrafficSplit(object) => to_yaml(object),
        Object::TrafficMetrics(object) => to_yaml(object),
        Object::TrafficMetricsList(object) => to_yaml(object),
        Object::Other(value) => to_yaml(value),
        other => panic!("no kind of ours: {other:?}"),
    }
    .unwrap()
}

fn one_line(error: &ManifestError) {
    let message = error.to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
}
