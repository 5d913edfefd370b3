//! What serde says of a wrong value, in the words of someone who writes manifests.

use crate::path::one_line;

/// The longest text that a message shows, in characters.
const LONGEST: usize = 64;

/// What is wrong.
pub(super) enum Said {
    /// A field that must be there is not.
    Missing(String),
    /// Anything else.
    Wrong(String),
}

/// Takes one of serde's standard messages apart; any other message stays as it is.
pub(super) fn said(message: &str) -> Said {
    if let Some(field) = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        return Said::Missing(field.to_owned());
    }
    let wrong = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "));
    // What is found may hold any text; what is expected is ours.
    match wrong.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, expects)) => Said::Wrong(format!("{} is expected, not {}", expected(expects), unexpected(found))),
        // A message of a library's own may hold what it found as it found it.
        None => Said::Wrong(one_line(message).into_owned()),
    }
}

fn expected(text: &str) -> &str {
    match text {
        "a sequence" => "a list",
        "a borrowed string" => "a string",
        "a boolean" => "`true` or `false`",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 up",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i8" | "i16" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        // Types that are written as maps, by their Rust names: `struct Backend`, `ObjectMeta`.
        _ if text.starts_with("struct ") => "a map",
        _ if text.starts_with(char::is_uppercase) && !text.contains(' ') => "a map",
        _ => text,
    }
}

fn unexpected(text: &str) -> String {
    let number = |rest: &str| format!("the number {rest}");
    match text {
        "null" | "unit value" => "`null`".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "a map".to_owned(),
        _ => {
            if let Some(rest) = text
                .strip_prefix("integer ")
                .or_else(|| text.strip_prefix("floating point "))
            {
                number(rest)
            } else if let Some(rest) = text.strip_prefix("boolean ") {
                rest.to_owned()
            } else if let Some(quoted) = text.strip_prefix("string \"").and_then(|rest| rest.strip_suffix('"')) {
                // As serde quotes it: control characters are escaped already, and so are quotes, which need it no more.
                format!("the string `{}`", shortened(&quoted.replace("\\\"", "\"")))
            } else {
                text.to_owned()
            }
        }
    }
}

/// `text` as a message shows it: at most 64 characters, none of them a control character.
///
/// ```
/// assert_eq!(smi_core::decode::excerpt("500m"), "500m");
/// assert_eq!(smi_core::decode::excerpt("\u{1b}[31m"), "\\u{1b}[31m");
/// assert_eq!(smi_core::decode::excerpt(&"9".repeat(1000)).chars().count(), 65);
/// ```
pub fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    for character in shortened(text).chars() {
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, de::DeserializeOwned};
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::value;

    fn error<T: DeserializeOwned>(json: &Value) -> String {
        value::<T>(json).err().unwrap().to_string()
    }

    #[derive(Debug, Deserialize)]
    struct Crate {
        #[serde(rename = "bottles")]
        _bottles: u32,
    }

    #[test]
    fn a_wrong_type_is_said_in_the_words_of_manifests() {
        assert_eq!(error::<Vec<u8>>(&json!({})), "a list is expected, not a map");
        assert_eq!(error::<Vec<u8>>(&json!("a")), "a list is expected, not the string `a`");
        assert_eq!(error::<Crate>(&json!([])), "a map is expected, not a list");
        assert_eq!(error::<Crate>(&json!(null)), "a map is expected, not `null`");
        assert_eq!(error::<String>(&json!(5)), "a string is expected, not the number `5`");
        assert_eq!(
            error::<String>(&json!(5.5)),
            "a string is expected, not the number `5.5`"
        );
        assert_eq!(error::<String>(&json!([])), "a string is expected, not a list");
        assert_eq!(
            error::<bool>(&json!("yes")),
            "`true` or `false` is expected, not the string `yes`"
        );
        assert_eq!(error::<i64>(&json!(true)), "a whole number is expected, not `true`");
        let metadata = error::<k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta>(&json!("a"));
        assert_eq!(metadata, "a map is expected, not the string `a`");
    }

    #[test]
    fn a_number_out_of_range_is_said_with_the_range() {
        let bottles = error::<Crate>(&json!({"bottles": -1}));
        assert_eq!(
            bottles,
            "`bottles`: a whole number from 0 to 4294967295 is expected, not the number `-1`"
        );
    }

    #[test]
    fn a_missing_field_is_named_by_its_path() {
        assert_eq!(
            error::<Vec<Crate>>(&json!([{"bottle": 1}])),
            "`[0].bottles`: the field is missing"
        );
    }

    #[test]
    fn text_that_looks_like_a_message_is_still_text() {
        let odd = r#"a", expected "b"#;
        assert_eq!(
            error::<u8>(&json!(odd)),
            r#"a whole number from 0 to 255 is expected, not the string `a", expected "b`"#
        );
    }

    #[test]
    fn long_text_is_shortened_and_control_characters_are_escaped() {
        let long = error::<u8>(&json!("x".repeat(1 << 20)));
        assert!(long.len() < 200, "{}", long.len());
        assert!(long.ends_with("x…`"), "{long}");
        assert!(!error::<u8>(&json!("a\n\u{1b}[31m")).contains(char::is_control));
        assert_eq!(excerpt("häuser\tß"), "häuser\\tß");
    }
}
