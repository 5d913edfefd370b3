//! Metadata, from a bare name to all that a cluster adds.

use std::collections::BTreeMap;

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{FieldsV1, ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference, Time},
    jiff::Timestamp,
};
use proptest::{collection::btree_map, prelude::*, strategy::BoxedStrategy};
use serde_json::json;

use super::{
    list, optional,
    text::{name, text},
};

pub(crate) fn object() -> BoxedStrategy<ObjectMeta> {
    let own = (name(), optional(name()), optional(texts()), optional(texts()));
    (own, optional(by_cluster()))
        .prop_map(|((name, namespace, labels, annotations), by_cluster)| ObjectMeta {
            name: Some(name),
            namespace,
            labels,
            annotations,
            ..by_cluster.unwrap_or_default()
        })
        .boxed()
}

pub(crate) fn list_of_objects() -> impl Strategy<Value = ListMeta> {
    (optional(name()), optional(name()), optional(any::<i64>())).prop_map(
        |(resource_version, continue_, remaining_item_count)| ListMeta {
            continue_,
            remaining_item_count,
            resource_version,
            ..ListMeta::default()
        },
    )
}

/// A time in whole seconds, as Kubernetes writes it.
pub(crate) fn time() -> impl Strategy<Value = Time> {
    (0..4_102_444_800_i64).prop_map(|seconds| Time(Timestamp::from_second(seconds).unwrap_or_default()))
}

pub(crate) fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(text(), text(), 0..4)
}

fn by_cluster() -> impl Strategy<Value = ObjectMeta> {
    let ids = (name(), "[0-9]{1,9}", any::<i64>(), time(), optional(time()));
    (ids, optional(list(name())), optional(list(owner())), managed()).prop_map(
        |((uid, resource_version, generation, created, deleted), finalizers, owner_references, managed)| ObjectMeta {
            uid: Some(uid),
            resource_version: Some(resource_version),
            generation: Some(generation),
            creation_timestamp: Some(created),
            deletion_timestamp: deleted,
            finalizers,
            owner_references,
            managed_fields: Some(vec![managed]),
            ..ObjectMeta::default()
        },
    )
}

fn owner() -> impl Strategy<Value = OwnerReference> {
    (name(), name(), optional(any::<bool>())).prop_map(|(name, uid, controller)| OwnerReference {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        name,
        uid,
        controller,
        block_owner_deletion: None,
    })
}

fn managed() -> impl Strategy<Value = ManagedFieldsEntry> {
    (name(), optional(time()), text()).prop_map(|(manager, time, field)| ManagedFieldsEntry {
        api_version: Some("split.smi-spec.io/v1alpha2".to_owned()),
        fields_type: Some("FieldsV1".to_owned()),
        fields_v1: Some(FieldsV1(
            json!({"f:spec": {format!("f:{field}"): {}, "k:{\"name\":\"a\"}": {".": {}}}}),
        )),
        manager: Some(manager),
        operation: Some("Update".to_owned()),
        subresource: None,
        time,
    })
}
