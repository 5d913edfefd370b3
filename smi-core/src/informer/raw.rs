//! Which object a text is, when it cannot be read as one.

use serde::Deserialize;
use serde_json::Value;

use super::invalid::Invalid;
use crate::{convert::ConvertError, decode::shaped, key::KeyRef};

/// The report of an object whose `text` cannot be read because of `error`.
pub(super) fn invalid(text: &str, error: ConvertError) -> Invalid {
    let Head {
        name,
        namespace,
        uid,
        resource_version,
    } = head(text);
    Invalid {
        object: KeyRef {
            namespace: &namespace.unwrap_or_default(),
            name: &name.unwrap_or_default(),
        }
        .owned(),
        uid: uid.unwrap_or_default(),
        resource_version: resource_version.unwrap_or_default(),
        error,
    }
}

/// The part of the metadata that says which object it is, as far as it can be read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
}

fn head(text: &str) -> Head {
    #[derive(Deserialize)]
    struct Object {
        metadata: Head,
    }
    shaped::text(text).map_or_else(
        |_| {
            let object: Value = serde_json::from_str(text).unwrap_or_default();
            let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
            Head {
                name: text("name"),
                namespace: text("namespace"),
                uid: text("uid"),
                resource_version: text("resourceVersion"),
            }
        },
        |Object { metadata }| metadata,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode::DecodeError, path::FieldPath};

    #[test]
    fn any_json_is_an_object_and_says_which_as_far_as_it_can() {
        for (text, key, version) in [
            (
                r#"{"metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"spec":3}"#,
                "n/a",
                "7",
            ),
            (
                r#"{"metadata":{"name":"a","namespace":"n","resourceVersion":7,"uid":{}}}"#,
                "n/a",
                "",
            ),
            (r#"{"metadata":[]}"#, "", ""),
            (r#"{"metadata":["a","n","u","7"]}"#, "", ""),
            ("null", "", ""),
        ] {
            let error = ConvertError::Decode(DecodeError::new(FieldPath::root(), "no"));
            let found = invalid(text, error);
            assert_eq!(
                (found.object.to_string().as_str(), found.resource_version.as_str()),
                (key, version),
                "{text}"
            );
        }
    }
}
