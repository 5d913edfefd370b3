//! The ports of TCPRoute and UDPRoute.

use schemars::{Schema, SchemaGenerator, json_schema};
use smi_core::bounds::{PORT_MAX, PORT_MIN};

use crate::bounds::PORTS;

/// The schema of a list of ports. `int32`, as the API server warns about formats without a sign.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": PORTS,
        "items": { "type": "integer", "format": "int32", "minimum": PORT_MIN, "maximum": PORT_MAX },
    })
}
