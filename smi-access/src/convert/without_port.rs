//! v1alpha3, which has no port and no IdentityBindings.

use kube::core::DynamicObject;
use serde::Serialize;
use smi_core::{
    convert::{ConvertError, Fields, Items, Known, Moved, Spoke},
    path::FieldPath,
};

use super::{
    is_new,
    of_hub::{self, Older},
    port_route, with_accounts_only,
};
use crate::{
    subject::IDENTITY_BINDING,
    v1alpha3::{Subject, TrafficTarget, TrafficTargetSpec},
    v1alpha4,
};

impl Spoke for TrafficTarget {
    type Hub = v1alpha4::TrafficTarget;

    fn up(self) -> Result<Moved<Self::Hub>, ConvertError> {
        let subject = |Subject { kind, name, namespace }| v1alpha4::Subject {
            group: None,
            kind,
            name,
            namespace,
        };
        let spec = v1alpha4::TrafficTargetSpec {
            destination: subject(self.spec.destination),
            sources: self.spec.sources.into_iter().map(subject).collect(),
            rules: self.spec.rules,
        };
        let mut moved = Moved::exactly(v1alpha4::TrafficTarget {
            metadata: self.metadata,
            spec,
        });
        if is_new(&moved.object.spec.destination) || moved.object.spec.sources.iter().any(is_new) {
            let at = FieldPath::root().child("spec");
            with_accounts_only(&mut moved.object.spec, &at, &at.child("rules"), &mut moved.losses);
        }
        Ok(moved)
    }

    fn down(mut hub: Self::Hub, _: &Known<'_>) -> Moved<Self> {
        let mut losses = Vec::new();
        let at = FieldPath::root().child("spec");
        with_accounts_only(&mut hub.spec, &at, &at.child("rules"), &mut losses);
        let subject = |v1alpha4::Subject {
                           kind, name, namespace, ..
                       }| Subject { kind, name, namespace };
        let spec = TrafficTargetSpec {
            destination: subject(hub.spec.destination),
            sources: hub.spec.sources.into_iter().map(subject).collect(),
            rules: hub.spec.rules,
        };
        let object = Self {
            metadata: hub.metadata,
            spec,
        };
        Moved { object, losses }
    }

    fn own(fields: &mut Fields<'_, Self, Self::Hub>) {
        fields.field(
            "spec.destination",
            |target| &mut target.spec.destination,
            |hub, of| of.add(&hub.spec.destination),
        );
        let sources = Items {
            unsaid: |source: &Subject| source.kind == IDENTITY_BINDING,
            of: |_, _| {},
            of_all: |hub: &Self::Hub, of| of.add(&hub.spec.sources),
            same: |one, other| one == other,
        };
        fields.items("spec.sources", |target| &mut target.spec.sources, &sources);
        fields.field(
            "spec.rules",
            |target| &mut target.spec.rules,
            |hub, of| {
                of.add(&hub.spec.destination);
                of.add(&hub.spec.rules);
            },
        );
    }

    fn of_hub(fields: &mut Fields<'_, Self::Hub, Self>) {
        of_hub::table(fields, |_| false);
    }

    fn comes_back(&self) -> bool {
        let mut subjects = self.spec.sources.iter().chain([&self.spec.destination]);
        subjects.all(|subject| subject.kind != IDENTITY_BINDING)
    }

    fn companions(&self) -> Result<Vec<DynamicObject>, ConvertError> {
        port_route::companions(&self.metadata, &self.spec.rules)
    }
}

impl Older for TrafficTarget {
    fn named(&self) -> impl Serialize {
        &self.spec.destination
    }

    fn destination(&self) -> impl Serialize {
        &self.spec.destination
    }

    fn sources(&self) -> impl Serialize {
        &self.spec.sources
    }

    fn rules(&self) -> &[v1alpha4::Rule] {
        &self.spec.rules
    }
}
