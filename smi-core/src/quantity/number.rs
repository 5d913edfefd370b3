//! What a quantity is worth: a decimal mantissa with powers of ten and two, as the grammar of Kubernetes gives it.

use super::{MAX_DIGITS, MAX_LENGTH, QuantityError};
use crate::decode::excerpt;

/// `mantissa * 10^exponent * 2^binary`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) negative: bool,
    /// Below 10^[`MAX_DIGITS`].
    pub(super) mantissa: u128,
    exponent: i64,
    /// 0, 10, .. 60; where it is not 0, the exponent is at least [`MIN_BINARY_EXPONENT`].
    binary: u32,
    family: Family,
}

/// The family of suffixes that a quantity is written back in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Family {
    #[default]
    Decimal,
    Binary,
    Exponent,
}

/// The sign and the prime factors of a value; equal for equal values, and (false, 0, 0, 0) for zero.
pub(super) type Factors = (bool, u128, i64, i64);

const DECIMAL: [(&str, i64); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// Where Kubernetes caps binary quantities.
const BINARY_CAP: u128 = i64::MAX as u128;
/// The largest power of ten of a mantissa without trailing zeros; Kubernetes stops at 32 bits.
const MAX_EXPONENT: i64 = 2_000_000_000;
/// Finer numbers with a binary suffix could not be computed in 128 bits.
const MIN_BINARY_EXPONENT: i64 = -36;
const NANO: u128 = 1_000_000_000;

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self {
            negative: value < 0,
            mantissa: u128::from(value.unsigned_abs()),
            ..Self::default()
        }
    }
}

impl Number {
    pub(super) fn parse(text: &str) -> Result<Self, QuantityError> {
        let format = || QuantityError::Format { value: excerpt(text) };
        let out_of_range = || QuantityError::OutOfRange { value: excerpt(text) };
        if text.len() > MAX_LENGTH {
            return Err(out_of_range());
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at_checked(end).ok_or_else(format)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(format());
        }
        let (family, scale, binary) = read_suffix(suffix).ok_or_else(format)?;
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_end_matches('0');
        // A text without significant digits is zero, whatever its suffix.
        if significant.is_empty() {
            return Ok(Self {
                family,
                ..Self::default()
            });
        }
        let exponent = scale + count(digits.len() - significant.len()) - count(fraction.len());
        let significant = significant.trim_start_matches('0');
        if significant.len() > MAX_DIGITS
            || exponent.abs() > MAX_EXPONENT
            || (binary != 0 && exponent < MIN_BINARY_EXPONENT)
        {
            return Err(out_of_range());
        }
        let mantissa = significant.parse().map_err(|_| out_of_range())?;
        Ok(Self {
            negative: text.starts_with('-'),
            mantissa,
            exponent,
            binary,
            family,
        })
    }

    /// The magnitude in nano units, rounded up, and whether that is exact; `None` when it does not fit.
    pub(super) fn nanos(&self) -> Option<(u128, bool)> {
        if self.mantissa == 0 {
            return Some((0, true));
        }
        let scale = self.exponent + 9;
        let power = u32::try_from(scale.unsigned_abs())
            .ok()
            .and_then(|power| 10_u128.checked_pow(power));
        if scale >= 0 {
            let nanos = self.mantissa.checked_mul(power?)?.checked_mul(1 << self.binary)?;
            return Some((nanos, true));
        }
        // Without a binary suffix (see the invariant) no mantissa reaches a nano from there.
        let Some(power) = power else { return Some((1, false)) };
        let whole = (self.mantissa / power).checked_mul(1 << self.binary)?;
        // The product of the rest and 2^binary does not fit, so it is divided bit by bit.
        let (mut rest, mut part) = (self.mantissa % power, 0_u128);
        for _ in 0..self.binary {
            rest *= 2;
            part = part * 2 + rest / power;
            rest %= power;
        }
        let nanos = whole.checked_add(part)?.checked_add(u128::from(rest != 0))?;
        Some((nanos, rest == 0))
    }

    pub(super) fn factors(&self) -> Factors {
        if self.mantissa == 0 {
            return (false, 0, 0, 0);
        }
        let (rest, twos) = without(self.mantissa, 2);
        let (rest, fives) = without(rest, 5);
        (
            self.negative,
            rest,
            twos + self.exponent + i64::from(self.binary),
            fives + self.exponent,
        )
    }

    pub(super) fn canonical(&self) -> String {
        if self.mantissa == 0 {
            return "0".to_owned();
        }
        let sign = if self.negative { "-" } else { "" };
        let (mantissa, exponent) = match self.family {
            Family::Binary => {
                let cap = BINARY_CAP * NANO;
                let nanos = self.nanos().map_or(cap, |(nanos, _)| nanos.min(cap));
                if nanos.is_multiple_of(NANO) && nanos >= 1024 * NANO {
                    return format!("{sign}{}", with_binary_suffix(nanos / NANO));
                }
                (nanos, -9)
            }
            Family::Decimal | Family::Exponent if self.exponent < -9 => {
                (self.nanos().map_or(self.mantissa, |(nanos, _)| nanos), -9)
            }
            Family::Decimal | Family::Exponent => (self.mantissa, self.exponent),
        };
        let (digits, zeros) = without(mantissa, 10);
        let exponent = exponent + zeros;
        let suffixed = match self.family {
            Family::Exponent => exponent - exponent.rem_euclid(3),
            Family::Decimal | Family::Binary => (exponent - exponent.rem_euclid(3)).min(18),
        };
        let padding: String = (suffixed..exponent).map(|_| '0').collect();
        let suffix = match self.family {
            Family::Exponent if suffixed == 0 => String::new(),
            Family::Exponent => format!("e{suffixed}"),
            Family::Decimal | Family::Binary => DECIMAL
                .iter()
                .find(|(_, power)| *power == suffixed)
                .map_or("", |(suffix, _)| suffix)
                .to_owned(),
        };
        format!("{sign}{digits}{padding}{suffix}")
    }
}

/// The family, the power of ten and the power of two.
fn read_suffix(suffix: &str) -> Option<(Family, i64, u32)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((Family::Decimal, *power, 0));
    }
    if let Some(binary) = (0..)
        .step_by(10)
        .zip(BINARY)
        .find_map(|(power, name)| (name == suffix).then_some(power))
    {
        return Some((Family::Binary, 0, binary));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // Far out of range is as good as further out of range.
    let power: i64 = exponent.parse().unwrap_or(i64::MAX);
    Some((Family::Exponent, power.clamp(-2 * MAX_EXPONENT, 2 * MAX_EXPONENT), 0))
}

fn with_binary_suffix(mut units: u128) -> String {
    let mut suffixes = BINARY.iter();
    let mut suffix = suffixes.next();
    while units.is_multiple_of(1024)
        && let Some(next) = suffixes.next()
    {
        units /= 1024;
        suffix = Some(next);
    }
    format!("{units}{}", suffix.map_or("", |suffix| suffix))
}

/// The number without its factors of `factor`, and how many there were. Zero has none.
fn without(mut number: u128, factor: u128) -> (u128, i64) {
    let mut count = 0;
    while number != 0 && number.is_multiple_of(factor) {
        number /= factor;
        count += 1;
    }
    (number, count)
}

/// A count of characters, which [`MAX_LENGTH`] bounds.
fn count(characters: usize) -> i64 {
    i64::try_from(characters).unwrap_or(MAX_EXPONENT)
}
