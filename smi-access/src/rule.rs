//! The kinds of routes that a rule names. Reading takes any text: an unknown kind allows nothing.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// An HTTPRouteGroup of specs.smi-spec.io.
pub const HTTP_ROUTE_GROUP: &str = "HTTPRouteGroup";

/// A TCPRoute of specs.smi-spec.io.
pub const TCP_ROUTE: &str = "TCPRoute";

/// A UDPRoute of specs.smi-spec.io; rules may name it from v1alpha3 on.
pub const UDP_ROUTE: &str = "UDPRoute";

/// The schema of a rule's kind, from v1alpha3 on.
pub(crate) fn kind_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": [HTTP_ROUTE_GROUP, TCP_ROUTE, UDP_ROUTE] })
}

/// Turns the schema of a list of rules into that of v1alpha1 and v1alpha2, which do not know UDPRoute.
pub(crate) fn without_udp_routes(rules: &mut Schema) {
    if let Some(kinds) = rules
        .pointer_mut("/items/properties/kind/enum")
        .and_then(Value::as_array_mut)
    {
        kinds.retain(|kind| *kind != json!(UDP_ROUTE));
    }
}
