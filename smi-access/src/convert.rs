//! The versions of TrafficTarget and IdentityBinding, and the way of each to the hub v1alpha4 and back.
//!
//! | from | to | what cannot be said | what is said |
//! | --- | --- | --- | --- |
//! | v1alpha1, v1alpha2 | v1alpha4 | `destination.port`, with rules | the rule `smi-port-<port>`, in the place of all TCPRoutes |
//! | | | `destination.port`, without rules | nothing: a port narrows, it grants nothing |
//! | | | `sources[].port` | nothing: it never had a meaning |
//! | | | rules of the kind UDPRoute | nothing: they have no meaning there |
//! | any before v1alpha4 | v1alpha4 | subjects of the kind IdentityBinding | nothing: they have no meaning there |
//! | v1alpha4 | v1alpha1, v1alpha2 | the one TCPRoute `smi-port-<port>`, where that is known to stand for a port | the port |
//! | | | other TCPRoutes | no rules: at these versions a TCPRoute means every port |
//! | | | UDPRoutes | the other rules |
//! | v1alpha4 | any before | a source that is no ServiceAccount | the other sources |
//! | | | a destination that is no ServiceAccount | one that nobody has, and no rules |
//!
//! What a newer version gave a meaning to must not gain it on the way up, or the object would allow more than its author
//! wrote; and what an older version gives another meaning must not gain that on the way down.

use std::mem;

use kube::core::DynamicObject;
use smi_core::{
    convert::{ConvertError, Converter, Converters, Hub, Loss, LossReason},
    path::FieldPath,
};

use crate::{
    subject::{IDENTITY_BINDING, UNREPRESENTABLE},
    v1alpha1, v1alpha2, v1alpha3,
    v1alpha4::{self, Subject, TrafficTargetSpec},
};

mod of_hub;
mod port_route;
mod with_port;
mod without_port;

/// The versions of TrafficTarget.
pub fn traffic_targets() -> Converter<v1alpha4::TrafficTarget> {
    Converter::new()
        .version::<v1alpha1::TrafficTarget>()
        .version::<v1alpha2::TrafficTarget>()
        .version::<v1alpha3::TrafficTarget>()
        .draft::<v1alpha4::TrafficTarget>()
}

/// The one version of IdentityBinding.
pub fn identity_bindings() -> Converter<v1alpha4::IdentityBinding> {
    Converter::new().draft::<v1alpha4::IdentityBinding>()
}

/// The kinds of this group.
pub fn converters() -> Converters {
    Converters::new().with(traffic_targets()).with(identity_bindings())
}

impl Hub for v1alpha4::TrafficTarget {
    fn companions(&self) -> Result<Vec<DynamicObject>, ConvertError> {
        port_route::companions(&self.metadata, &self.spec.rules)
    }
}

impl Hub for v1alpha4::IdentityBinding {}

/// The items that stay; of each other one, why it leaves.
fn kept<T>(
    items: Vec<T>,
    at: &FieldPath,
    losses: &mut Vec<Loss>,
    why_not: impl Fn(&T) -> Option<LossReason>,
) -> Vec<T> {
    let mut kept = Vec::with_capacity(items.len());
    for (position, item) in items.into_iter().enumerate() {
        match why_not(&item) {
            Some(reason) => losses.push(Loss::new(at.index(position), reason)),
            None => kept.push(item),
        }
    }
    kept
}

/// Takes out the subjects that v1alpha4 alone gives a meaning to. A destination cannot be absent, so it becomes one that
/// nobody has, without rules.
fn with_accounts_only(spec: &mut TrafficTargetSpec, at: &FieldPath, rules_at: &FieldPath, losses: &mut Vec<Loss>) {
    if is_new(&spec.destination) {
        spec.destination = Subject::service_account(UNREPRESENTABLE);
        losses.push(Loss::new(at.child("destination"), LossReason::NoSuchKind));
        kept(mem::take(&mut spec.rules), rules_at, losses, |_| {
            Some(LossReason::Withdrawn)
        });
    }
    // Of all the objects that an informer reads hardly any has one, and to name the place is not free.
    if spec.sources.iter().any(is_new) {
        spec.sources = kept(mem::take(&mut spec.sources), &at.child("sources"), losses, |source| {
            is_new(source).then_some(LossReason::NoSuchKind)
        });
    }
}

/// Whether a subject is one that only v1alpha4 can name: of another kind, or of a group, which no ServiceAccount has.
fn is_new(subject: &Subject) -> bool {
    subject.kind == IDENTITY_BINDING || subject.group.as_deref().is_some_and(|group| !group.is_empty())
}

#[cfg(test)]
mod tests;
