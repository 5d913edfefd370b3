//! The keys by which TrafficSplits are looked up: functions for the indexes of an informer.

use smi_core::key::ObjectKey;

use crate::v1alpha4::TrafficSplit;

/// The apex: the Service whose traffic is divided.
pub fn apex(split: &TrafficSplit) -> Option<ObjectKey> {
    Some(service(split, &split.spec.service))
}

/// The Services that share the traffic, those with weight 0 too.
pub fn backend(split: &TrafficSplit) -> Vec<ObjectKey> {
    let backends = split.spec.backends.iter();
    backends.map(|backend| service(split, &backend.service)).collect()
}

fn service(split: &TrafficSplit, name: &str) -> ObjectKey {
    ObjectKey::new(split.metadata.namespace.as_deref().unwrap_or_default(), name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1alpha4::{Backend, TrafficSplitSpec};

    #[test]
    fn services_are_those_of_the_namespace_of_the_split() {
        let mut split = TrafficSplit::new(
            "canary",
            TrafficSplitSpec {
                service: "web".into(),
                backends: vec![Backend::new("web-v1", 1), Backend::new("web-v2", 0)],
                ..Default::default()
            },
        );
        split.metadata.namespace = Some("shop".into());
        let shop = |name| ObjectKey::new("shop", name);
        assert_eq!(apex(&split), Some(shop("web")));
        assert_eq!(backend(&split), [shop("web-v1"), shop("web-v2")]);
    }
}
