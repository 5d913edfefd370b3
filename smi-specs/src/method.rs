//! HTTP methods as a match lists them.

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::bounds::METHODS;

/// The method that stands for every method.
pub const ANY: &str = "*";

/// The methods that the published CRDs admit. Reading takes any text: a method that is not here matches no request.
pub const KNOWN: [&str; 10] = [
    ANY, "GET", "HEAD", "PUT", "POST", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// The schema of a list of methods.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": METHODS,
        "items": { "type": "string", "enum": KNOWN },
    })
}
