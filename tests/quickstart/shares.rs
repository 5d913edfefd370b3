//! Percentages.

use proptest::prelude::*;

use crate::quickstart::shares::percents;

#[test]
fn shares_are_rounded_by_largest_remainder() {
    for (weights, expected) in [
        (vec![90, 10], vec![90, 10]),
        (vec![1, 1, 1], vec![34, 33, 33]),
        (vec![1, 2, 2, 1], vec![17, 33, 33, 17]),
        (vec![0, 1], vec![0, 100]),
        (vec![0, 0], vec![0, 0]),
        (vec![], vec![]),
        (vec![1, 999], vec![0, 100]),
    ] {
        assert_eq!(percents(&weights), expected, "{weights:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shares_sum_to_a_hundred_and_are_within_one_of_the_exact_ones(
        weights in prop::collection::vec(prop_oneof![0..4_u32, 0..=i32::MAX as u32], 1..40),
    ) {
        let percents = percents(&weights);
        let total: f64 = weights.iter().copied().map(f64::from).sum();
        prop_assert_eq!(percents.iter().sum::<u32>(), if total > 0.0 { 100 } else { 0 });
        for (weight, percent) in weights.iter().zip(&percents).filter(|_| total > 0.0) {
            let exact = f64::from(*weight) * 100.0 / total;
            prop_assert!((f64::from(*percent) - exact).abs() < 1.0, "{} for {}", percent, exact);
            prop_assert!(*weight > 0 || *percent == 0);
        }
    }
}
