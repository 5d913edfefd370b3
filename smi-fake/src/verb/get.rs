//! Reads one object.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    cluster::{Cluster, Target},
    error::ApiError,
    storage_error,
};

pub(crate) fn get(cluster: &Cluster, target: &Target) -> Result<Arc<Value>, ApiError> {
    let stored = cluster.lock().store.get(&target.kind.stored_in, &target.key());
    let stored = stored.ok_or_else(|| ApiError::not_found(&target.resource(), &target.name))?;
    let shown = cluster.at_version(&target.kind, &stored, &target.version);
    shown.map_err(|why| storage_error::unreadable(target, &stored, &why))
}
