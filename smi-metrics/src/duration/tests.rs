//! Durations as Go reads and prints them.

use proptest::prelude::*;

use super::*;

#[test]
fn durations_are_printed_as_go_prints_them() {
    for (nanos, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1\u{b5}s"),
        (2_200_000, "2.2ms"),
        (500_000_000, "500ms"),
        (1_500_000_000, "1.5s"),
        (30_000_000_000, "30s"),
        (60_000_000_000, "1m0s"),
        (3_600_000_000_000, "1h0m0s"),
        (90_061_000_000_001, "25h1m1.000000001s"),
        (-90_000_000_000, "-1m30s"),
        (i64::MAX, "2562047h47m16.854775807s"),
        (i64::MIN, "-2562047h47m16.854775808s"),
    ] {
        assert_eq!(GoDuration::from_nanos(nanos).to_string(), text);
        assert_eq!(text.parse(), Ok(GoDuration::from_nanos(nanos)));
    }
}

#[test]
fn every_spelling_of_go_is_read() {
    for (text, nanos) in [
        ("0", 0),
        ("-0", 0),
        ("+5s", 5_000_000_000),
        ("60s", 60_000_000_000),
        ("1.5h", 5_400_000_000_000),
        (".5s", 500_000_000),
        ("5.s", 5_000_000_000),
        ("1us2\u{b5}s3\u{3bc}s", 6_000),
        ("0.3333333333333333333h", 1_199_999_999_999),
        ("0.100000000000000000000h", 360_000_000_000),
        ("1s1h", 3_601_000_000_000),
    ] {
        assert_eq!(text.parse(), Ok(GoDuration::from_nanos(nanos)), "{text}");
    }
}

#[test]
fn what_is_no_duration_is_refused_by_name() {
    for text in [
        "",
        "30",
        "s",
        ".s",
        "-",
        "+",
        "1 s",
        "30S",
        "1d",
        "--1s",
        "1.1.1s",
        "1e3s",
        "9223372036854775808ns",
        "2562048h",
        "٣s",
        "1sé",
    ] {
        let error = text.parse::<GoDuration>().unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("`{text}` is not a duration")),
            "{error}"
        );
    }
    assert!(GoDuration::try_from(Duration::MAX).is_err());
    assert!(Duration::try_from(GoDuration::from_nanos(-1)).is_err());
}

proptest! {
    #[test]
    fn printing_and_reading_give_the_same_duration(nanos in any::<i64>()) {
        let duration = GoDuration::from_nanos(nanos);
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
    }

    #[test]
    fn any_text_is_a_duration_or_an_error(text in "\\PC*|[0-9.hmsun+µ-]{0,40}") {
        if let Ok(duration) = text.parse::<GoDuration>() {
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }
    }
}
