//! Ages as kubectl shows them.

use k8s_openapi::jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// How long ago the RFC 3339 time `text` was; none for what is no time.
pub(super) fn since(text: &str, now: i64) -> Option<String> {
    let then: Timestamp = text.parse().ok()?;
    Some(human(now - then.as_second()))
}

/// A number of seconds in the two units that say most: `3m38s`, `6y328d`.
fn human(seconds: i64) -> String {
    let two = |size: i64, unit: &str, part: i64, part_unit: &str| match (seconds / size, seconds % size / part) {
        (whole, 0) => format!("{whole}{unit}"),
        (whole, rest) => format!("{whole}{unit}{rest}{part_unit}"),
    };
    match seconds {
        ..=-2 => "<invalid>".into(),
        -1 => "0s".into(), // clocks may differ that much
        0..120 => format!("{seconds}s"),
        120..600 => two(MINUTE, "m", 1, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(HOUR, "h", MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(DAY, "d", HOUR, "h"),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(YEAR, "y", DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_as_kubectl_tells_them() {
        for (seconds, shown) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (218, "3m38s"),
            (3_600, "60m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 61, "3h1m"),
            (47 * HOUR, "47h"),
            (2 * DAY + HOUR, "2d1h"),
            (300 * DAY, "300d"),
            (6 * YEAR + 328 * DAY, "6y328d"),
            (9 * YEAR, "9y"),
        ] {
            assert_eq!(human(seconds), shown, "{seconds}");
        }
        assert_eq!(since("soon", 0), None);
        assert_eq!(since("1970-01-01T00:00:10Z", 70).as_deref(), Some("60s"));
    }
}
