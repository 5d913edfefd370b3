//! What of the hub an older version may not say: one table for all of them.

use serde::Serialize;
use smi_core::convert::{Fields, Items};

use super::is_new;
use crate::v1alpha4::{Rule, TrafficTarget};

/// What the table needs of an older version.
pub(super) trait Older: Sized {
    /// Whom the destination names.
    fn named(&self) -> impl Serialize;
    /// The destination with all that it says.
    fn destination(&self) -> impl Serialize;
    fn sources(&self) -> impl Serialize;
    fn rules(&self) -> &[Rule];
}

/// The fields of the hub that `V` may not say. `is_unsaid` tells the rules that it never says.
pub(super) fn table<V: Older>(fields: &mut Fields<'_, TrafficTarget, V>, is_unsaid: fn(&Rule) -> bool) {
    // A destination that stands in for another does so as long as nobody gives it rules.
    fields.field(
        "spec.destination",
        |hub| &mut hub.spec.destination,
        |older, of| {
            of.add(&older.named());
            of.add(older.rules());
        },
    );
    // Who or what is not seen at the older version keeps what it had, and gains nothing that is written there.
    let sources = Items {
        unsaid: is_new,
        of: |older: &V, of| {
            of.add(&older.destination());
            of.add(older.rules());
        },
        of_all: |older, of| {
            of.add(&older.destination());
            of.add(older.rules());
            of.add(&older.sources());
        },
        same: |one, other| one == other,
    };
    fields.items("spec.sources", |hub| &mut hub.spec.sources, &sources);
    let rules = Items {
        unsaid: is_unsaid,
        of: |older: &V, of| {
            of.add(&older.destination());
            of.add(&older.sources());
        },
        of_all: |older, of| {
            of.add(&older.destination());
            of.add(&older.sources());
            of.add(older.rules());
        },
        same: |one, other| one == other,
    };
    fields.items("spec.rules", |hub| &mut hub.spec.rules, &rules);
}
