//! Why a patch cannot be applied.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Why a patch cannot be applied.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchError {
    /// The patch itself cannot be read: 400 `BadRequest`.
    #[error("{0}")]
    Malformed(String),
    /// The patch does not fit the object: 422 `Invalid`. The text is for logs: the real server does not say why.
    #[error("{0}")]
    DoesNotFit(String),
    /// The patch has too many operations: 413 `RequestEntityTooLarge`.
    #[error("The allowed maximum operations in a JSON patch is {most}, got {operations}")]
    TooMany {
        /// How many are allowed.
        most: usize,
        /// How many there are.
        operations: usize,
    },
}

/// Why an applied configuration was not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApplyError {
    /// Other managers own fields that the configuration changes: 409 `Conflict`, with a cause for each field.
    #[error("{}", conflict_message(.0))]
    Conflicts(Vec<Conflict>),
    /// The configuration is not what an applied configuration must be: 400 `BadRequest`.
    #[error("{0}")]
    Malformed(String),
    /// The configuration is not of the types of the schema: 500, as the real server answers.
    #[error("{0}")]
    NotTyped(String),
}

/// A field that another manager owns with another value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The other manager as it is shown: `kubectl-edit`, `"kubectl" using v1`.
    pub manager: String,
    /// The field with a leading dot: `.spec.backends[service="web"].weight`.
    pub field: String,
}

impl ApplyError {
    /// The `details.causes` of the `Status` that answers the request: one for each conflict.
    pub fn causes(&self) -> Vec<Value> {
        match self {
            Self::Conflicts(conflicts) => conflicts
                .iter()
                .map(|conflict| {
                    json!({
                        "reason": "FieldManagerConflict",
                        "message": format!("conflict with {}", conflict.manager),
                        "field": conflict.field,
                    })
                })
                .collect(),
            Self::Malformed(_) | Self::NotTyped(_) => Vec::new(),
        }
    }
}

fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [Conflict { manager, field }] = conflicts {
        return format!("Apply failed with 1 conflict: conflict with {manager}: {field}");
    }
    let mut managers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for conflict in conflicts {
        managers.entry(&conflict.manager).or_default().push(&conflict.field);
    }
    let lines: Vec<String> = managers
        .into_iter()
        .flat_map(|(manager, fields)| {
            let fields = fields.into_iter().map(|field| format!("- {field}"));
            std::iter::once(format!("conflicts with {manager}:")).chain(fields)
        })
        .collect();
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}
