//! How a real server words failures of its storage, which name the key in etcd.

use serde_json::Value;

use crate::{
    cluster::Target,
    error::{ApiError, GroupResource},
    meta,
};

/// `/example.com/widgets/default/a`; the core group and what has no namespace leave theirs out.
fn key(of: &GroupResource, object: &Value) -> String {
    let parts = [&of.group, &of.resource, meta::namespace(object), meta::name(object)];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.flat_map(|part| ["/", part]).collect()
}

/// What is said of a stored object that is not the one that the request is about.
pub(crate) fn other_uid(of: &GroupResource, stored: &Value, asked: &str) -> String {
    format!(
        "StorageError: invalid object, Code: 4, Key: /registry{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {asked}, UID in object meta: {}",
        key(of, stored),
        meta::uid(stored)
    )
}

/// The answer to a read of an object that cannot be shown at the version that is asked for.
pub(crate) fn unreadable(target: &Target, stored: &Value, why: &ApiError) -> ApiError {
    let of = target.kind.group_resource();
    ApiError::internal(&corrupt("", &of, stored, why))
}

/// The answer to a list that has such an object.
pub(crate) fn unreadable_in_list(target: &Target, stored: &Value, why: &ApiError) -> ApiError {
    let of = target.kind.group_resource();
    let corrupt = corrupt("/registry", &of, stored, why);
    ApiError::unexpected(format!("failed to read one or more {of} from the storage: {corrupt}"))
}

fn corrupt(root: &str, of: &GroupResource, stored: &Value, why: &ApiError) -> String {
    format!(
        "StorageError: corrupt object, Code: 7, Key: {root}{}, ResourceVersion: 0, AdditionalErrorMsg: object not decodable revision={}: {}",
        key(of, stored),
        meta::text(stored, "/metadata/resourceVersion"),
        why.message()
    )
}
