//! The versions of TrafficSplit, and the way of each to the hub v1alpha4.

use smi_core::{
    convert::{ConvertError, Converted, Converter, Converters, Hub, Loss, LossReason, Spoke},
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

impl Hub for v1alpha4::TrafficSplit {}

impl Spoke for v1alpha1::TrafficSplit {
    type Hub = v1alpha4::TrafficSplit;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let at = FieldPath::root().child("spec").child("backends");
        let path = |position: usize| at.index(position).child("weight");
        let mut nanos = Vec::with_capacity(self.spec.backends.len());
        for (position, backend) in self.spec.backends.iter().enumerate() {
            let value = |message| ConvertError::Value {
                path: path(position),
                message,
            };
            nanos.push(weight::nanos(&backend.weight).map_err(value)?);
        }
        let Scaled { weights, rounded } = weight::scale(&nanos);

        let mut losses = Vec::new();
        let mut backends = Vec::with_capacity(weights.len());
        for (position, (old, weight)) in self.spec.backends.into_iter().zip(weights).enumerate() {
            if old.weight != Quantity::from(weight) {
                let reason = if rounded {
                    LossReason::Rounded
                } else {
                    LossReason::Respelled
                };
                losses.push(Loss::new(path(position), reason));
            }
            backends.push(v1alpha4::Backend {
                service: old.service,
                weight,
            });
        }
        let spec = v1alpha4::TrafficSplitSpec {
            service: self.spec.service,
            backends,
            matches: Vec::new(),
        };
        let object = v1alpha4::TrafficSplit {
            metadata: self.metadata,
            spec,
        };
        Ok(Converted {
            losses,
            ..Converted::exactly(object)
        })
    }
}

impl Spoke for v1alpha2::TrafficSplit {
    type Hub = v1alpha4::TrafficSplit;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let v1alpha2::TrafficSplitSpec { service, backends } = self.spec;
        let spec = v1alpha4::TrafficSplitSpec {
            service,
            backends,
            matches: Vec::new(),
        };
        Ok(Converted::exactly(v1alpha4::TrafficSplit {
            metadata: self.metadata,
            spec,
        }))
    }
}

impl Spoke for v1alpha3::TrafficSplit {
    type Hub = v1alpha4::TrafficSplit;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
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
        Ok(Converted::exactly(v1alpha4::TrafficSplit {
            metadata: self.metadata,
            spec,
        }))
    }
}

#[cfg(test)]
mod tests;
