//! TrafficTargets of every version, and IdentityBindings.

use kube::core::ObjectMeta;
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use smi_sdk::access::{v1alpha1, v1alpha2, v1alpha3, v1alpha4};

use super::{
    Generate, list, metadata, optional,
    text::{name, text},
};

impl Generate for v1alpha1::TrafficTarget {
    fn any() -> BoxedStrategy<Self> {
        old_target()
            .prop_map(|(metadata, destination, sources, specs)| Self {
                metadata,
                spec: v1alpha1::TrafficTargetSpec {
                    destination,
                    sources,
                    specs,
                },
            })
            .boxed()
    }
}

impl Generate for v1alpha2::TrafficTarget {
    fn any() -> BoxedStrategy<Self> {
        old_target()
            .prop_map(|(metadata, destination, sources, rules)| Self {
                metadata,
                spec: v1alpha2::TrafficTargetSpec {
                    destination,
                    sources,
                    rules,
                },
            })
            .boxed()
    }
}

impl Generate for v1alpha3::TrafficTarget {
    fn any() -> BoxedStrategy<Self> {
        let subject = || {
            (subject_kind(), name(), optional(name())).prop_map(|(kind, name, namespace)| v1alpha3::Subject {
                kind,
                name,
                namespace,
            })
        };
        (metadata::object(), subject(), list(subject()), list(rule()))
            .prop_map(|(metadata, destination, sources, rules)| Self {
                metadata,
                spec: v1alpha3::TrafficTargetSpec {
                    destination,
                    sources,
                    rules,
                },
            })
            .boxed()
    }
}

impl Generate for v1alpha4::TrafficTarget {
    fn any() -> BoxedStrategy<Self> {
        let group = prop_oneof![Just("access.smi-spec.io".to_owned()), text()];
        let group = optional(group).boxed();
        let subject = || {
            (group.clone(), subject_kind(), name(), optional(name())).prop_map(|(group, kind, name, namespace)| {
                v1alpha4::Subject {
                    group,
                    kind,
                    name,
                    namespace,
                }
            })
        };
        (metadata::object(), subject(), list(subject()), list(rule()))
            .prop_map(|(metadata, destination, sources, rules)| Self {
                metadata,
                spec: v1alpha4::TrafficTargetSpec {
                    destination,
                    sources,
                    rules,
                },
            })
            .boxed()
    }
}

impl Generate for v1alpha4::IdentityBinding {
    fn any() -> BoxedStrategy<Self> {
        let selector = metadata::texts().prop_map(|match_labels| v1alpha4::PodLabelSelector { match_labels });
        let spiffe = prop_oneof!["spiffe://[a-z.]{1,12}/ns/[a-z]{1,5}/sa/[a-z]{1,5}", text()];
        (metadata::object(), optional(selector), list(spiffe), optional(name()))
            .prop_map(
                |(metadata, pod_label_selector, spiffe_identities, service_account)| Self {
                    metadata,
                    spec: v1alpha4::IdentityBindingSpec {
                        schemes: v1alpha4::IdentitySchemes {
                            pod_label_selector,
                            spiffe_identities,
                            service_account,
                        },
                    },
                },
            )
            .boxed()
    }
}

/// What the versions with ports at their subjects say, whatever they call it.
fn old_target() -> impl Strategy<
    Value = (
        ObjectMeta,
        v1alpha1::Subject,
        Vec<v1alpha1::Subject>,
        Vec<v1alpha1::Rule>,
    ),
> {
    (metadata::object(), old_subject(), list(old_subject()), list(rule()))
}

fn old_subject() -> impl Strategy<Value = v1alpha1::Subject> {
    let port = prop_oneof![Just(1), Just(8080), Just(u16::MAX), 1..=u16::MAX];
    (subject_kind(), name(), optional(name()), optional(port)).prop_map(|(kind, name, namespace, port)| {
        v1alpha1::Subject {
            kind,
            name,
            namespace,
            port,
        }
    })
}

fn subject_kind() -> impl Strategy<Value = String> {
    let known = select(vec!["ServiceAccount", "IdentityBinding", "Group", "serviceaccount"]);
    prop_oneof![4 => Just("ServiceAccount".to_owned()), 2 => known.prop_map(str::to_owned), 1 => text()]
}

fn rule() -> impl Strategy<Value = v1alpha1::Rule> {
    let known = select(vec!["HTTPRouteGroup", "TCPRoute", "UDPRoute"]);
    let kind = prop_oneof![6 => known.prop_map(str::to_owned), 1 => text()];
    (kind, name(), list(text())).prop_map(|(kind, name, matches)| v1alpha1::Rule { kind, name, matches })
}
