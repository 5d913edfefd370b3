//! Durations as Go spells them.

use std::{borrow::Cow, fmt, num::TryFromIntError, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smi_core::decode::excerpt;

/// A duration in whole nanoseconds as Go's `time.Duration` has it, negative ones included.
///
/// Reads everything that Go's `time.ParseDuration` reads (`30s`, `1h15m30.918s`, `1.5h`, `-500ms`, `0`) and prints what
/// Go's `String` prints (`1m0s` for sixty seconds). `kube`'s own `Duration` computes with floats and prints as Rust
/// does (`60s`). The one difference on reading: a fraction beyond the nanosecond is cut off exactly, where Go's floats
/// may be a nanosecond off.
///
/// ```
/// use smi_metrics::duration::GoDuration;
///
/// let window: GoDuration = "90s".parse()?;
/// assert_eq!(window, GoDuration::from_secs(90));
/// assert_eq!(window.to_string(), "1m30s");
/// # Ok::<(), smi_metrics::duration::InvalidDuration>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a duration (expected numbers with units, such as `30s`, `1m30s` or `1.5h`, below 292 years)")]
pub struct InvalidDuration {
    /// The text, shortened if it is long.
    pub value: String,
}

/// The units from the longest, in nanoseconds; both signs for micro are in use.
const UNITS: [(&str, u64); 8] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ns", 1),
];
const SECOND: u64 = 1_000_000_000;

impl GoDuration {
    /// A duration of whole seconds.
    pub const fn from_secs(seconds: u32) -> Self {
        // 2^32 seconds are under half of what fits.
        Self(seconds as i64 * 1_000_000_000)
    }

    /// A duration of nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The duration in nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }
}

/// Fails above 2^63-1 nanoseconds, some 292 years.
impl TryFrom<Duration> for GoDuration {
    type Error = TryFromIntError;

    fn try_from(duration: Duration) -> Result<Self, TryFromIntError> {
        duration.as_nanos().try_into().map(Self)
    }
}

/// Fails on negative durations.
impl TryFrom<GoDuration> for Duration {
    type Error = TryFromIntError;

    fn try_from(duration: GoDuration) -> Result<Self, TryFromIntError> {
        duration.0.try_into().map(Self::from_nanos)
    }
}

impl FromStr for GoDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let magnitude = if unsigned == "0" { Some(0) } else { magnitude(unsigned) };
        let signed = |nanos: u64| {
            if text.starts_with('-') {
                0_i64.checked_sub_unsigned(nanos)
            } else {
                i64::try_from(nanos).ok()
            }
        };
        magnitude
            .and_then(signed)
            .map(Self)
            .ok_or_else(|| InvalidDuration { value: excerpt(text) })
    }
}

/// The sum of one or more numbers with units, without a sign.
fn magnitude(mut text: &str) -> Option<u64> {
    let mut total = 0_u64;
    loop {
        let (whole, rest) = digits(text);
        let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = rest
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end)?;
        let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == name)?;
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(*unit)?)?;
        // Digits beyond the eighteenth are under a nanosecond, even as a fraction of an hour.
        let (mut part, mut scale) = (0_u128, 1_u128);
        for digit in fraction.bytes().take(18) {
            part = part * 10 + u128::from(digit - b'0');
            scale *= 10;
        }
        total = total.checked_add(u64::try_from(part * u128::from(*unit) / scale).ok()?)?;
        if rest.is_empty() {
            return Some(total);
        }
        text = rest;
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// As Go's `time.Duration.String`: `0s`, `1.5µs`, `500ms`, `30s`, `1m0s`, `1h0m0.5s`.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let nanos = self.0.unsigned_abs();
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => write!(
                f,
                "{}\u{b5}s",
                Decimal {
                    units: nanos,
                    places: 3
                }
            ),
            1_000_000..SECOND => write!(
                f,
                "{}ms",
                Decimal {
                    units: nanos,
                    places: 6
                }
            ),
            _ => {
                let minutes = nanos / (60 * SECOND);
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write!(
                    f,
                    "{}s",
                    Decimal {
                        units: nanos % (60 * SECOND),
                        places: 9
                    }
                )
            }
        }
    }
}

/// A number of units of 10^-places, without trailing zeros after the point.
struct Decimal {
    units: u64,
    places: u32,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_u64.pow(self.places);
        write!(f, "{}", self.units / one)?;
        let mut rest = self.units % one;
        if rest != 0 {
            f.write_str(".")?;
        }
        while rest != 0 {
            rest *= 10;
            write!(f, "{}", rest / one)?;
            rest %= one;
        }
        Ok(())
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for GoDuration {
    fn schema_name() -> Cow<'static, str> {
        "GoDuration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A duration, such as 30s or 1m30s.", "type": "string" })
    }
}

#[cfg(test)]
mod tests;
