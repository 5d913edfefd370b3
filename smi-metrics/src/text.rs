//! Optional texts, which Go writes as the empty string where it writes them at all.

use serde::{Deserialize, Deserializer};

/// Reads an optional text; the empty one and `null` are none.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}
