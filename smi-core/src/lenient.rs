//! How the wire types read what clusters really hold: functions for `#[serde(deserialize_with = "..")]`.
//!
//! Reading is lenient where the SMI specification, the CRDs that are published for it and the objects in clusters
//! disagree; writing is always the strict form.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, Unexpected, Visitor},
};

use crate::decode::excerpt;

/// Reads a list, and `null` as the empty list; with `#[serde(default)]` an absent list is empty too. It has no room to
/// grow: caches hold many of them for long.
///
/// # Errors
/// Where the value is neither a list of `T` nor `null`.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let mut list = Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default();
    list.shrink_to_fit();
    Ok(list)
}

/// Reads an optional value, and `null` as `T`'s default.
///
/// # Errors
/// Where the value is neither a `T` nor `null`.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads an optional port: a whole number or a string of digits, from 1 to 65535. Older Go clients wrote strings.
///
/// # Errors
/// Where the value is no such number.
pub fn optional_port<'de, D>(deserializer: D) -> Result<Option<u16>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Option::<Port>::deserialize(deserializer)?.map(|Port(port)| port))
}

/// Reads a list of ports, each as [`optional_port`] does, and `null` as the empty list.
///
/// # Errors
/// Where the value is neither `null` nor a list of such numbers.
pub fn ports<'de, D>(deserializer: D) -> Result<Vec<u16>, D::Error>
where
    D: Deserializer<'de>,
{
    let ports: Vec<Port> = list(deserializer)?;
    Ok(ports.into_iter().map(|Port(port)| port).collect())
}

struct Port(u16);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PortVisitor)
    }
}

struct PortVisitor;

impl Visitor<'_> for PortVisitor {
    type Value = Port;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a port from 1 to 65535")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Port, E> {
        match u16::try_from(number) {
            Ok(port) if port != 0 => Ok(Port(port)),
            _ => Err(E::custom(format_args!("the port `{number}` is not from 1 to 65535"))),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Port, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::custom(format_args!("the port `{number}` is not from 1 to 65535"))),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Port, E> {
        // `u16::from_str` would take a leading `+` too.
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse::<u64>().map_or_else(
                |_| {
                    Err(E::custom(format_args!(
                        "the port `{}` is not from 1 to 65535",
                        excerpt(text)
                    )))
                },
                |number| self.visit_u64(number),
            );
        }
        Err(E::invalid_type(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Ports {
        #[serde(default, deserialize_with = "ports")]
        ports: Vec<u16>,
        #[serde(default, deserialize_with = "optional_port")]
        port: Option<u16>,
    }

    fn read(value: serde_json::Value) -> Result<Ports, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn ports_are_read_from_numbers_and_from_strings_of_digits() {
        let read = read(json!({"ports": [1, "8080", 65535], "port": "443"})).unwrap();
        assert_eq!(
            read,
            Ports {
                ports: vec![1, 8080, 65535],
                port: Some(443)
            }
        );
    }

    #[test]
    fn absent_and_null_ports_are_no_ports() {
        for value in [json!({}), json!({"ports": null, "port": null}), json!({"ports": []})] {
            assert_eq!(
                read(value).unwrap(),
                Ports {
                    ports: vec![],
                    port: None
                }
            );
        }
    }

    #[test]
    fn what_is_no_port_is_an_error_that_shows_the_value() {
        for (value, shown) in [
            (json!(0), "`0`"),
            (json!(70_000), "`70000`"),
            (json!(-1), "`-1`"),
            (json!("70000"), "`70000`"),
            (json!("99999999999999999999999"), "`99999999999999999999999`"),
            (json!("+80"), "+80"),
            (json!("http"), "http"),
            (json!(""), "\"\""),
            (json!(80.5), "80.5"),
            (json!(true), "true"),
            (json!({}), "map"),
        ] {
            let error = read(json!({"port": value})).unwrap_err();
            assert!(error.contains(shown), "{value}: {error}");
        }
    }
}
