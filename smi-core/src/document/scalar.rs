//! Owns the meaning of YAML scalars: the rules of Kubernetes' YAML library (go-yaml 2, a mix of YAML 1.1 and 1.2).

use std::borrow::Cow;

use granit_parser::Tag;
use serde_json::{Number, Value};

/// The value of a scalar. `plain` says that it stands without quotes.
///
/// # Errors
/// A message, where JSON has no such value or the text does not fit the tag.
pub(super) fn resolve(text: Cow<'_, str>, plain: bool, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return if plain {
            implicit(text)
        } else {
            Ok(Value::String(text.into_owned()))
        };
    };
    let expected = match tag.core_suffix() {
        Some(expected @ ("null" | "bool" | "int" | "float")) => expected,
        None if tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() == Some("binary") => {
            return Err("the tag `!!binary` is not supported: JSON has no binary values".to_owned());
        }
        _ => return Ok(Value::String(text.into_owned())),
    };
    match (expected, implicit(Cow::Borrowed(&text))?) {
        ("null", Value::Null) => Ok(Value::Null),
        ("bool", Value::Bool(value)) => Ok(Value::Bool(value)),
        ("int", Value::Number(number)) if !number.is_f64() => Ok(Value::Number(number)),
        ("float", Value::Number(number)) => Ok(number.as_f64().and_then(Number::from_f64).into()),
        _ => Err(format!("`{}` does not fit its tag `!!{expected}`", excerpt(&text))),
    }
}

/// The text of a key: JSON has string keys only, so numbers and booleans become their text.
///
/// # Errors
/// What the key is, where it is anything else.
pub(super) fn key(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(match number.as_f64() {
            // `1000` for `1e3`, as Go prints it.
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        }),
        Value::Null => Err("null"),
        Value::Array(_) => Err("a list"),
        Value::Object(_) => Err("a map"),
    }
}

fn implicit(text: Cow<'_, str>) -> Result<Value, String> {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => {
            return Ok(Value::Bool(true));
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => {
            return Ok(Value::Bool(false));
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => return Err(format!("`{text}` is not a number in JSON")),
        _ => {}
    }
    let number = match text.as_bytes().first() {
        Some(b'.') => float(&text),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            let digits = if text.contains('_') {
                Cow::Owned(text.replace('_', ""))
            } else {
                Cow::Borrowed(&*text)
            };
            integer(&digits).or_else(|| float(&digits))
        }
        _ => None,
    };
    Ok(number.map_or_else(|| Value::String(text.into_owned()), Value::Number))
}

/// Decimal, `0x1F`, `0b101`, `0o17`, and octal with a leading zero.
fn integer(text: &str) -> Option<Number> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if digits.starts_with('+') {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        0_i64.checked_sub_unsigned(magnitude).map(Number::from)
    } else {
        Some(Number::from(magnitude))
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, where it is finite as a 64-bit float.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned
        .split_once(['e', 'E'])
        .map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = digits(whole)
        && fraction.is_none_or(digits)
        && !(whole.is_empty() && fraction.is_none_or(str::is_empty))
        && exponent.is_none_or(|part| {
            let part = part.strip_prefix(['-', '+']).unwrap_or(part);
            !part.is_empty() && digits(part)
        });
    if !shaped {
        return None;
    }
    // Infinite (`1e999`): `from_f64` refuses it, and the scalar stays a string.
    text.parse().ok().and_then(Number::from_f64)
}

/// The start of a text, for a message.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}..", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plain(text: &str) -> Value {
        resolve(text.into(), true, None).unwrap()
    }

    #[test]
    fn booleans_and_nulls_are_those_of_yaml_1_1() {
        for text in ["true", "True", "yes", "Y", "on", "ON"] {
            assert_eq!(plain(text), json!(true), "{text}");
        }
        for text in ["false", "FALSE", "no", "n", "Off"] {
            assert_eq!(plain(text), json!(false), "{text}");
        }
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(plain(text), Value::Null, "{text}");
        }
        for text in ["yEs", "nULL", "oN", "tRue", "nope", "yes "] {
            assert_eq!(plain(text), json!(text));
        }
    }

    #[test]
    fn integers_are_exact_and_know_their_radix() {
        for (text, expected) in [
            ("0", json!(0)),
            ("-0", json!(0)),
            ("+5", json!(5)),
            ("010", json!(8)),
            ("-010", json!(-8)),
            ("0o14", json!(12)),
            ("0x1F", json!(31)),
            ("0b101", json!(5)),
            ("1_000", json!(1000)),
            ("9223372036854775807", json!(i64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("18446744073709551615", json!(u64::MAX)),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_floats() {
        for (text, expected) in [
            ("0.5", json!(0.5)),
            (".5", json!(0.5)),
            ("5.", json!(5.0)),
            ("90.0", json!(90.0)),
            ("1e3", json!(1000.0)),
            ("089", json!(89.0)),
            ("-1.5E-3", json!(-0.0015)),
            ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_a_string() {
        for text in [
            "2020-01-01",
            "1:20",
            "500m",
            "1e999",
            "0x",
            "+",
            "-",
            ".",
            "1.2.3",
            "0b2",
            "--1",
            "+-1",
            "0x+1",
            "1e",
            "e5",
        ] {
            assert_eq!(plain(text), json!(text));
        }
    }

    #[test]
    fn tags_and_quotes_decide_the_type() {
        let core = |suffix: &str| Tag::new("tag:yaml.org,2002:", suffix);
        assert_eq!(resolve("5".into(), false, None), Ok(json!("5")));
        assert_eq!(resolve("5".into(), true, Some(&core("str"))), Ok(json!("5")));
        assert_eq!(resolve("5".into(), false, Some(&core("int"))), Ok(json!(5)));
        assert_eq!(resolve("5".into(), true, Some(&core("float"))), Ok(json!(5.0)));
        assert_eq!(resolve("5".into(), true, Some(&Tag::new("!", "mine"))), Ok(json!("5")));
        assert_eq!(
            resolve("x".into(), true, Some(&core("int"))),
            Err("`x` does not fit its tag `!!int`".into())
        );
        assert!(resolve("aGk=".into(), true, Some(&core("binary"))).is_err());
        assert!(resolve(".inf".into(), true, None).is_err());
    }

    #[test]
    fn keys_become_text() {
        assert_eq!(key(json!(1.5)), Ok("1.5".into()));
        assert_eq!(key(plain("1e3")), Ok("1000".into()));
        assert_eq!(key(plain("on")), Ok("true".into()));
        assert_eq!(key(plain("8080")), Ok("8080".into()));
        assert_eq!(key(Value::Null), Err("null"));
    }
}
