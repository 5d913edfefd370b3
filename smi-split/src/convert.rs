//! The versions of TrafficSplit, and the way of each to the hub v1alpha4 and back.
//!
//! | from | to | what cannot be said | what is said |
//! | --- | --- | --- | --- |
//! | v1alpha1 | v1alpha4 | weights that are quantities | whole numbers in the same proportion |
//! | v1alpha4 | v1alpha1, v1alpha2 | `matches` | one backend, the apex itself: what a request that does not match gets |

use serde_json::Value;
use smi_core::{
    convert::{ConvertError, Converter, Converters, Fields, Fingerprint, Hub, Known, Loss, LossReason, Moved, Spoke},
    path::FieldPath,
    quantity::Quantity,
};

use crate::{
    v1alpha1, v1alpha2, v1alpha3, v1alpha4,
    weight::{self, Scaled},
};

/// The versions of TrafficSplit.
pub fn traffic_splits() -> Converter<v1alpha4::TrafficSplit> {
    Converter::new()
        .version::<v1alpha1::TrafficSplit>()
        .version::<v1alpha2::TrafficSplit>()
        .version::<v1alpha3::TrafficSplit>()
        .version::<v1alpha4::TrafficSplit>()
}

/// The kinds of this group.
pub fn converters() -> Converters {
    Converters::new().with(traffic_splits())
}

impl Hub for v1alpha4::TrafficSplit {
    fn mend(object: &mut Value) -> Vec<Loss> {
        mend_weights(object)
    }
}

impl Spoke for v1alpha1::TrafficSplit {
    type Hub = v1alpha4::TrafficSplit;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        let quantities = self.spec.backends.iter().map(|backend| &backend.weight);
        let (weights, losses) = scaled(quantities)?;
        let backends = self.spec.backends.into_iter().zip(weights);
        let backends = backends.map(|(old, weight)| v1alpha4::Backend {
            service: old.service,
            weight,
        });
        let spec = v1alpha4::TrafficSplitSpec {
            service: self.spec.service,
            backends: backends.collect(),
            matches: Vec::new(),
        };
        let object = v1alpha4::TrafficSplit {
            metadata: self.metadata,
            spec,
        };
        Ok(Moved { object, losses })
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let (spec, losses) = without_matches(hub.spec);
        let quantity = |backend: v1alpha4::Backend| v1alpha1::Backend::new(backend.service, backend.weight);
        let spec = v1alpha1::TrafficSplitSpec {
            service: spec.service,
            backends: spec.backends.into_iter().map(quantity).collect(),
        };
        let object = Self {
            metadata: hub.metadata,
            spec,
        };
        Moved { object, losses }
    }

    fn own(fields: &mut Fields<'_, Self, Self::Hub>) {
        // All at once: weights mean something beside each other only.
        let of = |hub: &Self::Hub, of: &mut Fingerprint| {
            of.add(&hub.spec.service);
            of.add(&hub.spec.backends);
            of.add(&hub.spec.matches);
        };
        fields.field("spec.backends", |split| &mut split.spec.backends, of);
    }

    fn of_hub(fields: &mut Fields<'_, Self::Hub, Self>) {
        matches_of_hub(fields, |split, of| {
            of.add(&split.spec.service);
            of.add(&split.spec.backends);
        });
    }

    fn comes_back(&self) -> bool {
        scaled(self.spec.backends.iter().map(|backend| &backend.weight)).is_ok_and(|(_, losses)| losses.is_empty())
    }
}

impl Spoke for v1alpha2::TrafficSplit {
    type Hub = v1alpha4::TrafficSplit;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        let v1alpha2::TrafficSplitSpec { service, backends } = self.spec;
        let spec = v1alpha4::TrafficSplitSpec {
            service,
            backends,
            matches: Vec::new(),
        };
        Ok(Moved::exactly(v1alpha4::TrafficSplit {
            metadata: self.metadata,
            spec,
        }))
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let (spec, losses) = without_matches(hub.spec);
        let spec = v1alpha2::TrafficSplitSpec {
            service: spec.service,
            backends: spec.backends,
        };
        let object = Self {
            metadata: hub.metadata,
            spec,
        };
        Moved { object, losses }
    }

    fn of_hub(fields: &mut Fields<'_, Self::Hub, Self>) {
        matches_of_hub(fields, |split, of| {
            of.add(&split.spec.service);
            of.add(&split.spec.backends);
        });
    }

    fn comes_back(&self) -> bool {
        true
    }

    fn mend(object: &mut Value) -> Vec<Loss> {
        mend_weights(object)
    }
}

impl Spoke for v1alpha3::TrafficSplit {
    type Hub = v1alpha4::TrafficSplit;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        let v1alpha3::TrafficSplitSpec {
            service,
            backends,
            matches,
        } = self.spec;
        let spec = v1alpha4::TrafficSplitSpec {
            service,
            backends,
            matches,
        };
        Ok(Moved::exactly(v1alpha4::TrafficSplit {
            metadata: self.metadata,
            spec,
        }))
    }

    fn down(hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let v1alpha4::TrafficSplitSpec {
            service,
            backends,
            matches,
        } = hub.spec;
        let spec = v1alpha3::TrafficSplitSpec {
            service,
            backends,
            matches,
        };
        Moved::exactly(Self {
            metadata: hub.metadata,
            spec,
        })
    }

    fn comes_back(&self) -> bool {
        true
    }

    fn mend(object: &mut Value) -> Vec<Loss> {
        mend_weights(object)
    }
}

/// What a split with matches says where there are none: everybody gets what a request that does not match gets.
fn without_matches(mut spec: v1alpha4::TrafficSplitSpec) -> (v1alpha4::TrafficSplitSpec, Vec<Loss>) {
    if spec.matches.is_empty() {
        return (spec, Vec::new());
    }
    spec.matches.clear();
    spec.backends = vec![v1alpha4::Backend::new(spec.service.clone(), 1)];
    let at = FieldPath::root().child("spec");
    let losses = vec![
        Loss::new(at.child("backends"), LossReason::Withdrawn),
        Loss::new(at.child("matches"), LossReason::NoSuchField),
    ];
    (spec, losses)
}

/// What v1alpha1 and v1alpha2 do not say of the hub; whoever edits the split there, at `of`, replaces both.
fn matches_of_hub<V>(fields: &mut Fields<'_, v1alpha4::TrafficSplit, V>, of: fn(&V, &mut Fingerprint)) {
    fields.field("spec.backends", |hub| &mut hub.spec.backends, of);
    fields.field("spec.matches", |hub| &mut hub.spec.matches, of);
}

/// The quantities as whole numbers in the same proportion, and which of them are spelled otherwise now.
fn scaled<'q>(quantities: impl Iterator<Item = &'q Quantity> + Clone) -> Result<(Vec<u32>, Vec<Loss>), ConvertError> {
    let at = FieldPath::root().child("spec").child("backends");
    let path = |position: usize| at.index(position).child("weight");
    let nanos = quantities.clone().enumerate().map(|(position, quantity)| {
        weight::nanos(quantity).map_err(|message| ConvertError::Value {
            path: path(position),
            message,
        })
    });
    let Scaled { weights, rounded } = weight::scale(&nanos.collect::<Result<Vec<_>, _>>()?);
    let reason = if rounded {
        LossReason::Rounded
    } else {
        LossReason::Respelled
    };
    let respelled = quantities
        .zip(&weights)
        .enumerate()
        .filter(|(_, (quantity, weight))| **quantity != Quantity::from(**weight));
    let losses = respelled
        .map(|(position, _)| Loss::new(path(position), reason))
        .collect();
    Ok((weights, losses))
}

/// Turns the quantities of an object of v1alpha2 or newer into whole numbers. A cluster holds such where its CRD has no
/// conversion webhook and objects were stored at v1alpha1.
fn mend_weights(object: &mut Value) -> Vec<Loss> {
    let backends = object.pointer_mut("/spec/backends").and_then(Value::as_array_mut);
    let Some(backends) = backends else {
        return Vec::new();
    };
    let quantities = backends.iter().map(|backend| {
        let weight = backend.get("weight").cloned().unwrap_or_default();
        serde_json::from_value(weight)
    });
    let Ok(quantities) = quantities.collect::<Result<Vec<Quantity>, _>>() else {
        return Vec::new();
    };
    let Ok((weights, losses)) = scaled(quantities.iter()) else {
        return Vec::new();
    };
    for (backend, weight) in backends.iter_mut().zip(weights) {
        backend["weight"] = weight.into();
    }
    losses
}

#[cfg(test)]
mod tests;
