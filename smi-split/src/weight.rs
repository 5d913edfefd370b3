//! Weights: Kubernetes quantities at v1alpha1, whole numbers from 0 to [`MAX`] from v1alpha2 on.

use std::fmt;

use serde::{
    Deserializer,
    de::{self, Visitor},
};
use smi_core::{decode::excerpt, quantity::Quantity};

/// The largest weight: that of a signed 32-bit number, as Go clients read no more on 32-bit machines.
pub const MAX: u32 = i32::MAX as u32;

/// Reads a whole number, also where it is spelled as a float (`90.0`), which the published CRDs admit.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    deserializer.deserialize_any(WeightVisitor)
}

struct WeightVisitor;

impl Visitor<'_> for WeightVisitor {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {MAX}")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<u32, E> {
        match u32::try_from(number) {
            Ok(weight) if weight <= MAX => Ok(weight),
            _ => Err(out_of_range(number)),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<u32, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(out_of_range(number)),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<u32, E> {
        if number.fract() != 0.0 || !number.is_finite() {
            return Err(E::custom(format_args!("the weight `{number}` is not a whole number")));
        }
        if !(0.0..=f64::from(MAX)).contains(&number) {
            return Err(out_of_range(number));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and in range, see above"
        )]
        Ok(number as u32)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u32, E> {
        let text = excerpt(text);
        Err(E::custom(format_args!(
            "the weight `{text}` is a string: from v1alpha2 on it is a whole number"
        )))
    }
}

fn out_of_range<E: de::Error>(number: impl fmt::Display) -> E {
    E::custom(format_args!("the weight `{number}` is not from 0 to {MAX}"))
}

/// Nano units of a v1alpha1 weight, or why it has none.
pub(crate) fn nanos(weight: &Quantity) -> Result<u128, String> {
    let nanos = weight.nanos().map_err(|error| error.to_string())?;
    u128::try_from(nanos).map_err(|_| format!("the weight `{weight}` is negative"))
}

/// Weights that stand in the same proportion as the quantities of a split.
pub(crate) struct Scaled {
    pub(crate) weights: Vec<u32>,
    /// Whether the proportion is only nearly the same, as the exact one does not fit.
    pub(crate) rounded: bool,
}

/// Brings the weights of one object, in nano units, to one common scale: 1 where all are whole, else the first of a
/// thousand, a million and a billion that makes them whole. Where the largest does not fit then, all are divided by what
/// they have in common, and at last so that it fits; no positive weight becomes 0.
pub(crate) fn scale(nanos: &[u128]) -> Scaled {
    const NANOS_OF_SCALES: [u128; 4] = [1_000_000_000, 1_000_000, 1_000, 1];
    let whole = |unit: &u128| nanos.iter().all(|nanos| nanos % unit == 0);
    let unit = NANOS_OF_SCALES.into_iter().find(whole).unwrap_or(1);
    let exact: Vec<u128> = nanos.iter().map(|nanos| nanos / unit).collect();
    if let Some(weights) = fitting(&exact) {
        return Scaled {
            weights,
            rounded: false,
        };
    }
    let common = exact.iter().copied().fold(0, gcd);
    let reduced: Vec<u128> = exact.iter().map(|weight| weight / common.max(1)).collect();
    if let Some(weights) = fitting(&reduced) {
        return Scaled {
            weights,
            rounded: false,
        };
    }
    Scaled {
        weights: round(&reduced),
        rounded: true,
    }
}

fn fitting(weights: &[u128]) -> Option<Vec<u32>> {
    weights
        .iter()
        .map(|weight| u32::try_from(*weight).ok().filter(|weight| *weight <= MAX))
        .collect()
}

/// Divides `weights` so that the largest becomes [`MAX`].
fn round(weights: &[u128]) -> Vec<u32> {
    let largest = weights.iter().copied().max().unwrap_or_default();
    // Low bits go where the product below would not fit into 128 bits; 96 of them are far more than the result has.
    let shift = (u128::BITS - largest.leading_zeros()).saturating_sub(96);
    let largest = (largest >> shift).max(1);
    let scaled = |weight: &u128| {
        let scaled = ((weight >> shift) * u128::from(MAX) + largest / 2) / largest;
        let least = u128::from(*weight > 0);
        u32::try_from(scaled.clamp(least, u128::from(MAX))).unwrap_or(MAX)
    };
    weights.iter().map(scaled).collect()
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests;
