//! Quantities: grammar, arithmetic, canonical forms, and how they are read and written.

use kube::CustomResourceExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::decode::excerpt;

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Spelling, nanos (None: an error), canonical form. The canonical forms were compared with apimachinery's
/// `CanonicalizeBytes`.
const ROWS: &[(&str, Option<i128>, &str)] = &[
    ("0", Some(0), "0"),
    ("-0", Some(0), "0"),
    ("0m", Some(0), "0"),
    ("0e99", Some(0), "0"),
    ("0e99999999999999999999", Some(0), "0"),
    ("1", Some(1_000_000_000), "1"),
    ("1000", Some(1_000_000_000_000), "1k"),
    ("1024", Some(1_024_000_000_000), "1024"),
    ("0.5", Some(500_000_000), "500m"),
    (".5", Some(500_000_000), "500m"),
    ("5.", Some(5_000_000_000), "5"),
    ("+5", Some(5_000_000_000), "5"),
    ("-5", Some(-5_000_000_000), "-5"),
    ("01", Some(1_000_000_000), "1"),
    ("1.5", Some(1_500_000_000), "1500m"),
    ("1.500", Some(1_500_000_000), "1500m"),
    ("500m", Some(500_000_000), "500m"),
    ("1000m", Some(1_000_000_000), "1"),
    ("100u", Some(100_000), "100u"),
    ("1n", Some(1), "1n"),
    ("1k", Some(1_000_000_000_000), "1k"),
    ("1M", Some(1_000_000_000_000_000), "1M"),
    ("1e3", Some(1_000_000_000_000), "1e3"),
    ("1E3", Some(1_000_000_000_000), "1e3"),
    ("1e+3", Some(1_000_000_000_000), "1e3"),
    ("1e4", Some(10_000_000_000_000), "10e3"),
    ("10e4", Some(100_000_000_000_000), "100e3"),
    ("1000e-3", Some(1_000_000_000), "1"),
    ("1e-9", Some(1), "1e-9"),
    ("1E", Some(1_000_000_000_000_000_000_000_000_000), "1E"),
    (
        "20000000000000000000",
        Some(20_000_000_000_000_000_000_000_000_000),
        "20E",
    ),
    ("1000E", Some(1_000_000_000_000_000_000_000_000_000_000), "1000E"),
    ("1e30", None, "1e30"),
    ("1e2000000000", None, "100e1999999998"),
    ("1Ki", Some(1_024_000_000_000), "1Ki"),
    ("1.5Ki", Some(1_536_000_000_000), "1536"),
    ("0.1Ki", Some(102_400_000_000), "102400m"),
    ("0.5Ki", Some(512_000_000_000), "512"),
    ("-1.5Ki", Some(-1_536_000_000_000), "-1536"),
    ("1024Ki", Some(1_048_576_000_000_000), "1Mi"),
    ("1000Ki", Some(1_024_000_000_000_000), "1000Ki"),
    ("1.5Gi", Some(1_610_612_736_000_000_000), "1536Mi"),
    (
        "8Ei",
        Some(9_223_372_036_854_775_808_000_000_000),
        "9223372036854775807",
    ),
    ("1.0000000001Ki", None, "1024000000103n"),
    ("0.0000000001Ki", None, "103n"),
    ("0.1n", None, "1n"),
    ("-0.1n", None, "-1n"),
    ("1e-10", None, "1e-9"),
    ("1e-2000000000", None, "1e-9"),
    ("0.3333333333", None, "333333334n"),
    (
        "123456789012345678901234567890",
        Some(123_456_789_012_345_678_901_234_567_890_000_000_000),
        "123456789012345678901234567890",
    ),
];

#[test]
fn the_worth_of_a_spelling_is_exact() {
    for (text, nanos, _) in ROWS {
        assert_eq!(quantity(text).nanos().ok(), *nanos, "{text}");
    }
}

#[test]
fn the_canonical_form_is_that_of_go() {
    for (text, _, canonical) in ROWS {
        assert_eq!(quantity(text).canonical(), *canonical, "{text}");
    }
}

#[test]
fn values_without_exact_nanos_say_why() {
    assert_eq!(
        quantity("0.1n").nanos().unwrap_err().to_string(),
        "the quantity `0.1n` is finer than a nano unit (10^-9)"
    );
    assert_eq!(
        quantity("1e30").nanos().unwrap_err().to_string(),
        "the quantity `1e30` is too large"
    );
}

#[test]
fn what_is_no_quantity_is_refused_by_name() {
    for text in [
        "", " ", "+", "-", ".", "m", "-.", "1 ", " 1", "1kk", "1K", "1mi", "1e", "1e+", "1e1.5", "0x10", "1_0",
        "1.2.3", "--1", "+-1", "1,5", "NaN", "inf", "٣", "1µ", "e3", "1Kim", "1i", "\0", "½",
    ] {
        let error = text.parse::<Quantity>().unwrap_err();
        assert!(matches!(error, QuantityError::Format { .. }), "{text}: {error}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("`{}` is not a quantity", excerpt(text))),
            "{error}"
        );
    }
}

#[test]
fn long_spellings_are_refused_in_a_short_message() {
    assert_eq!(quantity(&"9".repeat(MAX_DIGITS)).to_string().len(), MAX_DIGITS);
    for text in [
        "9".repeat(MAX_DIGITS + 1),
        format!("1.{}1", "0".repeat(MAX_DIGITS)),
        format!("0.{}1Ki", "0".repeat(MAX_DIGITS)),
        "1e2000000001".to_owned(),
        "10e2000000000".to_owned(),
        "1e-99999999999999999999".to_owned(),
        "1".repeat(10_000_000),
        "é".repeat(40),
    ] {
        let error = text.parse::<Quantity>().unwrap_err();
        assert!(matches!(error, QuantityError::OutOfRange { .. }), "{error}");
        assert!(error.to_string().len() < 250, "{error}");
    }
}

#[test]
fn json_keeps_integers_and_strings_and_makes_floats_decimal() {
    for (read, written) in [
        (json!(90), json!(90)),
        (json!(-1), json!(-1)),
        (json!("100"), json!("100")),
        (json!("500m"), json!("500m")),
        (json!("+05."), json!("+05.")),
        (json!(0.5), json!("0.5")),
        (json!(0.1), json!("0.1")),
        (json!(90.0), json!(90)),
        (json!(-0.0), json!(0)),
        (json!(1e-10), json!("1e-10")),
        (json!(2.5e25), json!("2.5e25")),
        (json!(u64::MAX), json!("18446744073709551615")),
    ] {
        let quantity: Quantity = serde_json::from_value(read.clone()).unwrap();
        let again = serde_json::to_value(&quantity).unwrap();
        assert_eq!(again, written, "{read}");
        assert_eq!(serde_json::from_value::<Quantity>(again).unwrap(), quantity);
    }
}

#[test]
fn yaml_reads_as_json_does() {
    for (yaml, expected) in [
        ("90", Quantity::from(90)),
        ("0.5", quantity("0.5")),
        ("\"90\"", quantity("90")),
        ("500m", quantity("500m")),
    ] {
        assert_eq!(serde_saphyr::from_str::<Quantity>(yaml).unwrap(), expected, "{yaml}");
    }
    for yaml in [".nan", ".inf", "-.inf"] {
        assert!(serde_saphyr::from_str::<Quantity>(yaml).is_err(), "{yaml}");
    }
}

#[test]
fn other_json_is_refused() {
    for value in [json!(null), json!(true), json!([1]), json!({"a": 1})] {
        let error = serde_json::from_value::<Quantity>(value).unwrap_err().to_string();
        assert!(error.contains("expected a quantity"), "{error}");
    }
    let error = serde_json::from_value::<Quantity>(json!("half"))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("`half` is not a quantity"), "{error}");
}

#[test]
fn equality_is_by_spelling_and_same_value_by_worth() {
    assert_ne!(quantity("1000m"), quantity("1"));
    assert_ne!(quantity("1"), Quantity::from(1));
    for (one, other) in [
        ("1000m", "1"),
        ("1Ki", "1024"),
        ("0", "-0m"),
        ("1000E", "1e21"),
        ("0.1n", "1e-10"),
        ("0.5Ki", "512"),
    ] {
        assert!(quantity(one).same_value(&quantity(other)), "{one} {other}");
    }
    for (one, other) in [
        ("1", "-1"),
        ("1Ki", "1k"),
        ("0.1n", "1n"),
        ("8Ei", "9223372036854775807"),
    ] {
        assert!(!quantity(one).same_value(&quantity(other)), "{one} {other}");
    }
}

#[test]
fn only_what_is_below_zero_is_negative() {
    assert!(quantity("-1n").is_negative() && Quantity::from(-1).is_negative());
    assert!(!quantity("-0").is_negative() && !quantity("1").is_negative() && !Quantity::default().is_negative());
}

#[derive(kube::CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(group = "example.org", version = "v1", kind = "Sample")]
struct SampleSpec {
    /// What it weighs.
    weight: Quantity,
    optional: Option<Quantity>,
    many: Vec<Quantity>,
}

#[test]
fn the_schema_is_an_int_or_string_that_api_servers_take() {
    let crd = serde_json::to_value(Sample::crd()).unwrap();
    let fields = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    let expected = json!({ "maxLength": MAX_LENGTH, "pattern": PATTERN, "x-kubernetes-int-or-string": true });
    let without_description = |field: &Value| {
        let mut field = field.clone();
        field.as_object_mut().unwrap().remove("description").unwrap();
        field
    };
    assert_eq!(fields["weight"]["description"], "What it weighs.");
    assert_eq!(without_description(&fields["weight"]), expected);
    assert_eq!(without_description(&fields["many"]["items"]), expected);
    let mut optional = without_description(&fields["optional"]);
    assert_eq!(optional.as_object_mut().unwrap().remove("nullable"), Some(json!(true)));
    assert_eq!(optional, expected);
}

/// The grammar as a strategy, with numbers small enough to have nanos.
fn spelling() -> impl Strategy<Value = String> {
    (
        "[+-]?",
        "[0-9]{0,6}(\\.[0-9]{1,6})?|[0-9]{1,6}\\.",
        "[numkMGT]|[KMGT]i|[eE][+-]?[0-6]|",
    )
        .prop_map(|(sign, number, suffix)| format!("{sign}{number}{suffix}"))
        .prop_filter("a digit", |text| {
            text.contains(|c: char| c.is_ascii_digit())
                && !text
                    .trim_start_matches(['+', '-'])
                    .starts_with(['e', 'E', 'm', 'n', 'u', 'k', 'M', 'G', 'T', 'K'])
        })
}

/// The value in units of 10^-16 by the definition, without the code under test.
fn by_definition(text: &str) -> i128 {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("0{whole}{fraction}").replace(['+', '-'], "").parse().unwrap();
    let (ten, two) = match suffix {
        "n" => (-9, 0),
        "u" => (-6, 0),
        "m" => (-3, 0),
        "" => (0, 0),
        "k" => (3, 0),
        "M" => (6, 0),
        "G" => (9, 0),
        "T" => (12, 0),
        "Ki" => (0, 10),
        "Mi" => (0, 20),
        "Gi" => (0, 30),
        "Ti" => (0, 40),
        exponent => (exponent[1..].parse().unwrap(), 0),
    };
    let power = u32::try_from(16 + ten - i32::try_from(fraction.len()).unwrap()).unwrap();
    let value = digits * 10_i128.pow(power) * (1 << two);
    if text.starts_with('-') { -value } else { value }
}

proptest! {
    #[test]
    fn parsing_prints_back_what_it_read(text in spelling()) {
        let quantity: Quantity = text.parse().unwrap();
        prop_assert_eq!(quantity.to_string(), text.clone());
        let json = serde_json::to_string(&quantity).unwrap();
        prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
    }

    #[test]
    fn nanos_follow_the_definition(text in spelling()) {
        let fine = by_definition(&text);
        let nanos = text.parse::<Quantity>().unwrap().nanos();
        if fine % 10_000_000 == 0 {
            prop_assert_eq!(nanos, Ok(fine / 10_000_000));
        } else {
            let too_fine = matches!(nanos, Err(QuantityError::TooFine { .. }));
            prop_assert!(too_fine);
        }
    }

    #[test]
    fn same_value_is_equality_by_definition(one in spelling(), other in spelling()) {
        prop_assert_eq!(quantity(&one).same_value(&quantity(&other)), by_definition(&one) == by_definition(&other));
    }

    #[test]
    fn canonicalising_keeps_the_value_and_is_idempotent(text in spelling()) {
        let quantity = quantity(&text);
        let canonical: Quantity = quantity.canonical().parse().unwrap();
        prop_assert_eq!(canonical.canonical(), canonical.to_string());
        prop_assert_eq!(canonical.same_value(&quantity), quantity.nanos().is_ok());
    }

    #[test]
    fn nanos_of_a_sum_are_the_sum_of_nanos(one in any::<i32>(), other in any::<i32>()) {
        let sum = Quantity::from(i64::from(one) + i64::from(other));
        prop_assert_eq!(sum.nanos().unwrap(), Quantity::from(one).nanos().unwrap() + Quantity::from(other).nanos().unwrap());
        let milli = |value: i64| format!("{value}m").parse::<Quantity>().unwrap().nanos().unwrap();
        prop_assert_eq!(milli(i64::from(one) + i64::from(other)), milli(one.into()) + milli(other.into()));
    }

    #[test]
    fn any_text_is_a_value_or_an_error(text in "\\PC*|[0-9eE+.kKmMinu-]{0,70}") {
        if let Ok(quantity) = text.parse::<Quantity>() {
            let _ = quantity.nanos();
            let canonical: Quantity = quantity.canonical().parse().unwrap();
            prop_assert_eq!(canonical.canonical(), canonical.to_string());
            prop_assert!(quantity.same_value(&quantity));
        }
    }

    #[test]
    fn any_float_is_exactly_its_shortest_spelling_or_an_error(value in any::<f64>()) {
        let json = serde_json::to_value(value).unwrap();
        if let Ok(quantity) = serde_json::from_value::<Quantity>(json) {
            let text = quantity.to_string();
            // Adding zero makes -0 the same as 0, which has no sign as a quantity.
            prop_assert_eq!((text.parse::<f64>().unwrap() + 0.0).to_bits(), (value + 0.0).to_bits());
        }
    }
}
