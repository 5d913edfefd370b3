//! The shares of a split's backends.

/// Whole percents in proportion to `weights`. They sum to 100, unless no weight is positive: then all are 0.
///
/// Rounded down first; what is missing from 100 goes to those that lost most, the first of them where they lost the same.
pub(crate) fn percents(weights: &[u32]) -> Vec<u32> {
    let total: u64 = weights.iter().copied().map(u64::from).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let hundredfold = |weight: u32| u64::from(weight) * 100;
    let mut percents: Vec<u32> = weights
        .iter()
        .map(|weight| u32::try_from(hundredfold(*weight) / total).unwrap_or(100))
        .collect();
    let mut by_loss: Vec<usize> = (0..weights.len()).collect();
    by_loss.sort_by_key(|position| std::cmp::Reverse(hundredfold(weights[*position]) % total));
    let missing = 100 - percents.iter().sum::<u32>();
    for position in by_loss.into_iter().take(missing as usize) {
        percents[position] += 1;
    }
    percents
}
