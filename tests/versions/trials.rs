//! How many policies are tried.

use std::env;

use crate::release::pairs;

/// Requests for each policy.
pub(crate) const REQUESTS: usize = 50;

/// Policies for each law over all pairs of releases; `SMI_POLICIES` asks for another number.
const POLICIES: u32 = 10_000;

/// The policies for one pair of releases.
pub(crate) fn for_each_pair() -> u32 {
    let asked_for = env::var("SMI_POLICIES").ok();
    let policies = asked_for.map_or(POLICIES, |text| text.parse().expect("SMI_POLICIES is a number"));
    policies.div_ceil(u32::try_from(pairs().count()).unwrap_or(1))
}
