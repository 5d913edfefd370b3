//! Patches: what a PATCH request makes of an object, and who owns which of its fields.
//!
//! Pure functions on JSON values. [`json()`], [`merge()`] and [`strategic()`] give the patched object; the server then prunes,
//! defaults and validates it like any update, and records with [`manage_update`] who changed what. [`apply()`] is
//! server-side apply: it merges and keeps `metadata.managedFields` itself.

mod apply;
mod combine;
mod compare;
mod error;
mod fields;
mod json;
mod managed;
mod shape;
mod strategic;
#[cfg(test)]
mod tests;

pub use apply::{Manager, apply, manage_update};
pub use error::{ApplyError, Conflict, PatchError};
pub use json::{json, merge};
pub use strategic::strategic;
