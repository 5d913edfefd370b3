//! Kubernetes quantities, kept as they were spelled, with exact arithmetic and no floats.
//!
//! `k8s_openapi`'s `Quantity` is a bare string that takes anything and computes nothing; the Go SDK reads weights by
//! their unscaled digits, which turns `1` and `500m` into 1 and 500. [`Quantity`] checks the grammar on reading, says what
//! it is worth ([`nanos`](Quantity::nanos)), and is written back as it was read.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

mod number;
#[cfg(test)]
mod tests;

use number::Number;

/// The grammar of a quantity as a string, for the schemas of CRDs.
///
/// Kubernetes' documentation also lists exponents with a fraction (`1e1.5`), which its parser refuses, and so does
/// this.
pub const PATTERN: &str = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";

/// The longest spelling that is read, in bytes.
pub const MAX_LENGTH: usize = 64;

/// The most digits that a number may have from the first to the last that is not zero.
///
/// Kubernetes stops at about 19 before and 9 after the point.
pub const MAX_DIGITS: usize = 36;

/// A Kubernetes quantity (`90`, `"500m"`, `"1.5Ki"`, `"2e3"`) as it was spelled.
///
/// A JSON integer stays an integer, a string stays that string. A float (an unquoted `0.5` in YAML) becomes its
/// shortest decimal spelling: `"0.5"`, or the integer `90` for `90.0`, because int-or-string schemas have no floats.
///
/// Equality is by spelling, so that a round trip can be checked: `1000m`, `"1"` and `1` all differ.
/// [`same_value`](Self::same_value) compares what they are worth.
///
/// ```
/// use smi_core::quantity::Quantity;
///
/// let half: Quantity = "500m".parse()?;
/// assert_eq!(half.nanos()?, 500_000_000);
/// assert!(half.same_value(&"0.5".parse()?));
/// assert_eq!(Quantity::from(1000).canonical(), "1k");
/// assert_eq!(Quantity::from(1000).to_string(), "1000");
/// # Ok::<(), smi_core::quantity::QuantityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quantity(Spelling);

/// Why a text is not a quantity, or a quantity not a whole number of nano units.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The text does not follow the grammar ([`PATTERN`]).
    #[error(
        "`{value}` is not a quantity (expected a number with at most one suffix, such as `90`, `500m`, `1.5Ki` or `2e3`)"
    )]
    Format {
        /// The text, shortened if it is long.
        value: String,
    },
    /// The text is longer than [`MAX_LENGTH`], has more than [`MAX_DIGITS`] digits, or an exponent out of range.
    #[error("`{value}` is out of range for a quantity (at most {MAX_DIGITS} digits, {MAX_LENGTH} characters)")]
    OutOfRange {
        /// The text, shortened if it is long.
        value: String,
    },
    /// The value in nano units does not fit 128 bits.
    #[error("the quantity `{value}` is too large")]
    TooLarge {
        /// The quantity as it was spelled.
        value: String,
    },
    /// The value is not a whole number of nano units.
    #[error("the quantity `{value}` is finer than a nano unit (10^-9)")]
    TooFine {
        /// The quantity as it was spelled.
        value: String,
    },
}

/// Invariant: the text of `Text` follows the grammar and the bounds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Spelling {
    Integer(i64),
    Text(String),
}

impl Quantity {
    /// The exact value in nano units (10^-9): `1` is 1,000,000,000.
    ///
    /// # Errors
    /// [`QuantityError::TooFine`] when it is not a whole number of nanos (Kubernetes rounds such a value away from
    /// zero, to the next nano; here it is an error, because a weight must not change its worth silently), and
    /// [`QuantityError::TooLarge`] when it does not fit an `i128`, from about 1.7 * 10^29 on.
    pub fn nanos(&self) -> Result<i128, QuantityError> {
        let number = self.number();
        let (nanos, exact) = number.nanos().ok_or_else(|| self.too_large())?;
        if !exact {
            return Err(QuantityError::TooFine {
                value: self.to_string(),
            });
        }
        let nanos = i128::try_from(nanos).map_err(|_| self.too_large())?;
        Ok(if number.negative { -nanos } else { nanos })
    }

    /// Whether both are worth the same, however they are spelled: `1000m` and `1`, `1Ki` and `1024`. Exact for every
    /// quantity, also for those that [`nanos`](Self::nanos) refuses.
    pub fn same_value(&self, other: &Self) -> bool {
        self.number().factors() == other.number().factors()
    }

    /// The canonical form that Go's `resource.Quantity` writes: the largest suffix that leaves no fraction, in the
    /// family of suffixes of the original (`1000` is `1k`, `0.5` is `500m`, `1024Ki` is `1Mi`, `10e4` is `100e3`).
    ///
    /// As there, what is finer than a nano is rounded away from zero, and a binary quantity is capped at 2^63-1. Unlike
    /// there, the form is the same for every spelling of a value in one family (Go hands a few, such as `+5`, `01` and
    /// `1E3`, back as they are), and what is larger than the largest suffix keeps its zeros (`1000E`, where Go loses
    /// the suffix and prints `1`).
    pub fn canonical(&self) -> String {
        self.number().canonical()
    }

    /// The same quantity in its [`canonical`](Self::canonical) form, written as a string.
    #[must_use]
    pub fn to_canonical(&self) -> Self {
        Self(Spelling::Text(self.canonical()))
    }

    /// Whether it is below zero. `-0` is not.
    pub fn is_negative(&self) -> bool {
        let number = self.number();
        number.negative && number.mantissa != 0
    }

    fn number(&self) -> Number {
        match &self.0 {
            Spelling::Integer(value) => Number::from(*value),
            // The text was parsed when it came in, so the default is out of reach.
            Spelling::Text(text) => Number::parse(text).unwrap_or_default(),
        }
    }

    fn too_large(&self) -> QuantityError {
        QuantityError::TooLarge {
            value: self.to_string(),
        }
    }

    /// From the shortest decimal spelling of a number: what fits an `i64` is written as an integer, all else as a
    /// string.
    fn from_number(shortest: &str) -> Result<Self, QuantityError> {
        shortest
            .parse::<i64>()
            .map_or_else(|_| shortest.parse(), |integer| Ok(Self::from(integer)))
    }
}

/// Zero, as an integer.
impl Default for Quantity {
    fn default() -> Self {
        Self::from(0)
    }
}

impl From<i64> for Quantity {
    fn from(value: i64) -> Self {
        Self(Spelling::Integer(value))
    }
}

impl From<i32> for Quantity {
    fn from(value: i32) -> Self {
        Self::from(i64::from(value))
    }
}

impl From<u32> for Quantity {
    fn from(value: u32) -> Self {
        Self::from(i64::from(value))
    }
}

/// The spelling as it is, which is written as a string: `"90"` stays `"90"`.
impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Number::parse(text)?;
        Ok(Self(Spelling::Text(text.to_owned())))
    }
}

/// As it was spelled.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Spelling::Integer(value) => value.fmt(f),
            Spelling::Text(text) => text.fmt(f),
        }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Spelling::Integer(value) => serializer.serialize_i64(*value),
            Spelling::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity (a number, or a string such as `500m`)")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Quantity, E> {
                Ok(Quantity::from(value))
            }

            // An integer over 64 bits is no integer to an API server: it becomes a string.
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Quantity, E> {
                Quantity::from_number(&value.to_string()).map_err(E::custom)
            }

            fn visit_i128<E: de::Error>(self, value: i128) -> Result<Quantity, E> {
                Quantity::from_number(&value.to_string()).map_err(E::custom)
            }

            fn visit_u128<E: de::Error>(self, value: u128) -> Result<Quantity, E> {
                Quantity::from_number(&value.to_string()).map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Quantity, E> {
                let plain = value == 0.0 || (1e-9..1e21).contains(&value.abs());
                let shortest = if plain { value.to_string() } else { format!("{value:e}") };
                Quantity::from_number(&shortest).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Quantity, E> {
                value.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// The form that API servers take for a number or a string: `x-kubernetes-int-or-string`, with the grammar as the
/// pattern of the string. The `anyOf` of both types, which some CRDs add, says nothing more, and kube's rewriting would
/// empty its branches.
impl JsonSchema for Quantity {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::Quantity").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A Kubernetes quantity: a whole number, or a string of a number and an optional suffix, such as \"500m\", \"1.5\" or \"2k\". \"1\" is the same as \"1000m\".",
            "maxLength": MAX_LENGTH,
            "pattern": PATTERN,
            "x-kubernetes-int-or-string": true,
        })
    }
}
