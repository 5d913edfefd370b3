//! Why a migration, or one object of it, did not succeed.

use serde::{Serialize, Serializer};
use smi_core::{failure, path::FieldPath};

/// Why a CRD was not migrated, or an object not rewritten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The server refused, or could not be reached.
    #[error("{}", failure::said(.0))]
    Kube(#[from] kube::Error),
    /// No version of the CRD is the storage version.
    #[error("the CRD has no storage version")]
    NoStorageVersion,
    /// Objects have to be read, and written, at a version that the server does not serve.
    #[error("`{version}` is not served: what is stored at it cannot be read without loss")]
    NotServed {
        /// The version.
        version: String,
    },
    /// The object has a field that the API server would drop: the CRD has no conversion webhook.
    #[error("`{path}` would be lost: `{version}` has no such field, and the CRD no conversion webhook")]
    Loses {
        /// The field.
        path: FieldPath,
        /// The storage version.
        version: String,
    },
    /// So many objects failed that the others were not tried.
    #[error("given up after `{failures}` objects that cannot be rewritten")]
    GivenUp {
        /// How many failed.
        failures: usize,
    },
    /// The CRD changed each time while its objects were rewritten.
    #[error("the CRD changed under each of `{rounds}` migrations")]
    Changing {
        /// How many were begun.
        rounds: usize,
    },
}

/// As it prints.
impl Serialize for MigrateError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
