//! String formats that kube-apiserver enforces.
//!
//! Not checked: `isbn`, `isbn10`, `isbn13` and `creditcard`.

use std::net::{Ipv4Addr, Ipv6Addr};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

use super::pattern;

/// The formats of strings, spelled without dashes.
const FORMATS: [&str; 21] = [
    "bsonobjectid",
    "byte",
    "cidr",
    "date",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "k8slongname",
    "k8sshortname",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
];

/// The format of `schema`, unless the API server ignores it: it knows few, and each for its type alone.
pub(super) fn supported(schema: &JSONSchemaProps) -> Option<&str> {
    let format = schema.format.as_deref()?;
    let type_ = if schema.x_kubernetes_int_or_string == Some(true) {
        return None;
    } else {
        schema.type_.as_deref().unwrap_or_default()
    };
    let supported = match type_ {
        "" | "string" => known(format),
        "integer" => matches!(format, "int32" | "int64"),
        "number" => matches!(format, "float" | "double"),
        _ => false,
    };
    supported.then_some(format)
}

/// Whether strings are checked against `format`.
pub(super) fn known(format: &str) -> bool {
    let name = format.replace('-', "");
    name == "uuid5" || FORMATS.contains(&name.as_str())
}

/// Whether `text` is of `format`; true for a format that is not known.
pub(super) fn fits(format: &str, text: &str) -> bool {
    let matches = |pattern: &str| pattern::matches(pattern, text);
    match format.replace('-', "").as_str() {
        "bsonobjectid" => matches("^[0-9a-fA-F]{24}$"),
        "byte" => matches("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"),
        "cidr" => text
            .split_once('/')
            .is_some_and(|(address, length)| cidr(address, length)),
        "date" => date(text),
        "datetime" => date_time(text),
        "duration" => duration(text),
        "email" => email(text),
        "hexcolor" => matches("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
        "hostname" => {
            text.len() <= 255
                && text.split('.').all(|label| label.len() <= 63)
                && matches(
                    r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$",
                )
        }
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "k8slongname" => {
            text.len() <= 253 && matches(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
        }
        "k8sshortname" => text.len() <= 63 && matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
        "mac" => matches(
            r"^(?i)(([0-9a-f]{2}:){5}|([0-9a-f]{2}:){7}|([0-9a-f]{2}:){19})[0-9a-f]{2}$|^(([0-9a-f]{2}-){5}|([0-9a-f]{2}-){7}|([0-9a-f]{2}-){19})[0-9a-f]{2}$|^(([0-9a-f]{4}\.){2}|([0-9a-f]{4}\.){3}|([0-9a-f]{4}\.){9})[0-9a-f]{4}$",
        ),
        "rgbcolor" => matches(
            r"^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$",
        ),
        "ssn" => matches(r"^\d{3}[- ]?\d{2}[- ]?\d{4}$"),
        "uri" => uri(text),
        "uuid" => matches("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
        "uuid3" => matches("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
        "uuid4" => matches("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
        "uuid5" => matches("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
        _ => true,
    }
}

fn cidr(address: &str, length: &str) -> bool {
    let within = |most: u8| {
        (length == "0" || !length.starts_with('0')) && length.parse::<u8>().is_ok_and(|length| length <= most)
    };
    (address.parse::<Ipv4Addr>().is_ok() && within(32)) || (address.parse::<Ipv6Addr>().is_ok() && within(128))
}

fn date(text: &str) -> bool {
    if !pattern::matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", text) {
        return false;
    }
    let mut parts = text.split('-').map(|part| part.parse::<u16>().unwrap_or(0));
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn date_time(text: &str) -> bool {
    let text = text.to_lowercase();
    let Some((day, rest)) = text.split_once('t') else {
        return false;
    };
    let time = rest.split('t').next().unwrap_or_default();
    date(day)
        && pattern::matches(
            "^[0-9]{2}:[0-9]{2}:[0-9]{2}(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$",
            time,
        )
        && time.get(0..2).is_some_and(|hour| hour <= "23")
        && time.get(3..5).is_some_and(|minute| minute <= "59")
        && time.get(6..8).is_some_and(|second| second <= "59")
}

/// As Go writes durations (`1h30m`), or words (`5 days`).
fn duration(text: &str) -> bool {
    pattern::matches(r"^[-+]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$", text)
        || pattern::matches(
            r"(?i)[0-9]+\s*(ns|nanos?|nanoseconds?|us|µs|μs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)\b",
            text,
        )
}

/// An address, with or without a display name before it. Quoted local parts and comments are not known.
fn email(text: &str) -> bool {
    let address = match text.trim().strip_suffix('>') {
        Some(named) => named.rsplit_once('<').map(|(_, address)| address).unwrap_or_default(),
        None => text.trim(),
    };
    pattern::matches(
        r"^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*@(\[[^\[\]\\]*\]|[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*)$",
        address,
    )
}

/// What may stand in the request line of HTTP: an absolute URI or an absolute path.
fn uri(text: &str) -> bool {
    let absolute = pattern::matches("^[a-zA-Z][a-zA-Z0-9+.-]*:.", text) || text.starts_with('/');
    absolute
        && !text.bytes().any(|byte| byte <= b' ' || byte == 0x7f)
        && !pattern::matches("%([^0-9a-fA-F]|[0-9a-fA-F][^0-9a-fA-F]|.?$)", text)
}
