//! CRDs merged over the versions of a kind, with what is served, stored and converted.

mod conversion;
mod merge;
mod options;

pub use conversion::Conversion;
pub(crate) use merge::merged;
pub use options::{CrdOptions, Serve, Stored};
