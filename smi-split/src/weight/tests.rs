//! Reading and scaling of weights.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::v1alpha2::Backend;

fn weight(value: &Value) -> Result<u32, String> {
    match serde_json::from_value(json!({"service": "web", "weight": value})) {
        Ok(Backend { weight, .. }) => Ok(weight),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn whole_numbers_are_read_also_where_they_are_spelled_as_floats() {
    for (value, expected) in [
        (json!(0), 0),
        (json!(90), 90),
        (json!(90.0), 90),
        (json!(-0.0), 0),
        (json!(2_147_483_647), 2_147_483_647),
    ] {
        assert_eq!(weight(&value), Ok(expected), "{value}");
    }
}

#[test]
fn what_is_no_whole_number_in_range_is_an_error_that_shows_it() {
    for (value, message) in [
        (json!(33.3), "the weight `33.3` is not a whole number"),
        (
            json!("500m"),
            "the weight `500m` is a string: from v1alpha2 on it is a whole number",
        ),
        (
            json!("90"),
            "the weight `90` is a string: from v1alpha2 on it is a whole number",
        ),
        (json!(-1), "the weight `-1` is not from 0 to 2147483647"),
        (json!(-1.0), "the weight `-1` is not from 0 to 2147483647"),
        (
            json!(2_147_483_648_u64),
            "the weight `2147483648` is not from 0 to 2147483647",
        ),
        (json!(1e300), "is not from 0 to 2147483647"),
    ] {
        let error = weight(&value).unwrap_err();
        assert!(error.contains(message), "{value}: {error}");
    }
    assert!(weight(&json!(null)).is_err());
    assert!(serde_json::from_value::<Backend>(json!({"service": "web"})).is_err());
}

fn scaled(spellings: &[&str]) -> (Vec<u32>, bool) {
    let nanos: Vec<_> = spellings
        .iter()
        .map(|spelling| nanos(&spelling.parse().unwrap()).unwrap())
        .collect();
    let Scaled { weights, rounded } = scale(&nanos);
    (weights, rounded)
}

#[test]
fn quantities_come_to_one_common_scale() {
    for (spellings, weights) in [
        (&["90", "10"][..], &[90, 10][..]),
        (&["1", "500m"], &[1000, 500]),
        (&["10m", "100m", "1500m"], &[10, 100, 1500]),
        (&["1k", "500"], &[1000, 500]),
        (&["0.5", "1.5"], &[500, 1500]),
        (&["100u", "1m"], &[100, 1000]),
        (&["1n", "1"], &[1, 1_000_000_000]),
        (&["0", "0m"], &[0, 0]),
        (&["1Ki"], &[1024]),
        (&[], &[]),
    ] {
        assert_eq!(scaled(spellings), (weights.to_vec(), false), "{spellings:?}");
    }
}

#[test]
fn weights_over_32_bits_that_have_a_common_part_stay_exact() {
    assert_eq!(scaled(&["4G", "8G"]), (vec![1, 2], false));
    assert_eq!(scaled(&["3", "1n"]), (vec![MAX, 1], true));
}

#[test]
fn weights_over_32_bits_are_rounded_and_none_vanishes() {
    assert_eq!(scaled(&["9223372036854775807", "1", "0"]), (vec![MAX, 1, 0], true));
    assert_eq!(scaled(&["10E", "5000000000000000001"]), (vec![MAX, MAX / 2 + 1], true));
}

#[test]
fn a_negative_quantity_has_no_weight() {
    assert_eq!(
        nanos(&"-1".parse().unwrap()).unwrap_err(),
        "the weight `-1` is negative"
    );
}

proptest! {
    /// The scale keeps every proportion exactly, unless it says that it rounds; then it errs by less than one step.
    #[test]
    fn scaled_weights_keep_their_proportions(
        nanos in prop::collection::vec(prop_oneof![0..100_000_u128, any::<u64>().prop_map(u128::from), 0..=1_u128 << 120], 1..8),
    ) {
        let Scaled { weights, rounded } = scale(&nanos);
        prop_assert_eq!(weights.len(), nanos.len());
        for ((a, wa), (b, wb)) in nanos.iter().zip(&weights).zip(nanos.iter().zip(&weights).skip(1)) {
            prop_assert_eq!(*a == 0, *wa == 0);
            prop_assert!(*wa <= MAX);
            if a > b { prop_assert!(wa >= wb); }
            if !rounded && nanos.iter().all(|nanos| *nanos < 1 << 90) {
                prop_assert_eq!(a * u128::from(*wb), b * u128::from(*wa));
            }
        }
    }
}
