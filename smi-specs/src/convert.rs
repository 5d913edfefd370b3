//! The versions of HTTPRouteGroup, TCPRoute and UDPRoute, and the way of each to the hub v1alpha4.
//!
//! Upward nothing is lost: a newer version says all that an older one does.

use smi_core::convert::{ConvertError, Converted, Converter, Converters, Hub, Spoke};

use crate::{v1alpha1, v1alpha2, v1alpha3, v1alpha4};

/// The versions of HTTPRouteGroup.
pub fn http_route_groups() -> Converter<v1alpha4::HttpRouteGroup> {
    Converter::new()
        .version::<v1alpha1::HttpRouteGroup>()
        .version::<v1alpha2::HttpRouteGroup>()
        .version::<v1alpha3::HttpRouteGroup>()
        .version::<v1alpha4::HttpRouteGroup>()
}

/// The versions of TCPRoute.
pub fn tcp_routes() -> Converter<v1alpha4::TcpRoute> {
    Converter::new()
        .version::<v1alpha1::TcpRoute>()
        .version::<v1alpha2::TcpRoute>()
        .version::<v1alpha3::TcpRoute>()
        .version::<v1alpha4::TcpRoute>()
}

/// The one version of UDPRoute.
pub fn udp_routes() -> Converter<v1alpha4::UdpRoute> {
    Converter::new().version::<v1alpha4::UdpRoute>()
}

/// The kinds of this group.
pub fn converters() -> Converters {
    Converters::new()
        .with(http_route_groups())
        .with(tcp_routes())
        .with(udp_routes())
}

impl Hub for v1alpha4::HttpRouteGroup {}
impl Hub for v1alpha4::TcpRoute {}
impl Hub for v1alpha4::UdpRoute {}

impl Spoke for v1alpha1::HttpRouteGroup {
    type Hub = v1alpha4::HttpRouteGroup;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let without_headers = |old: v1alpha1::HttpMatch| v1alpha4::HttpMatch {
            name: old.name,
            methods: old.methods,
            path_regex: old.path_regex,
            headers: Vec::new(),
        };
        let matches = self.spec.matches.into_iter().map(without_headers).collect();
        let spec = v1alpha4::HttpRouteGroupSpec { matches };
        Ok(Converted::exactly(v1alpha4::HttpRouteGroup {
            metadata: self.metadata,
            spec,
        }))
    }
}

impl Spoke for v1alpha2::HttpRouteGroup {
    type Hub = v1alpha4::HttpRouteGroup;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let spec = v1alpha4::HttpRouteGroupSpec {
            matches: self.spec.matches,
        };
        Ok(Converted::exactly(v1alpha4::HttpRouteGroup {
            metadata: self.metadata,
            spec,
        }))
    }
}

impl Spoke for v1alpha3::HttpRouteGroup {
    type Hub = v1alpha4::HttpRouteGroup;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        let spec = v1alpha4::HttpRouteGroupSpec {
            matches: self.spec.matches,
        };
        Ok(Converted::exactly(v1alpha4::HttpRouteGroup {
            metadata: self.metadata,
            spec,
        }))
    }
}

// Before v1alpha4 a TCPRoute says "TCP, whichever the port", which v1alpha4 says with an empty list of ports.

impl Spoke for v1alpha1::TcpRoute {
    type Hub = v1alpha4::TcpRoute;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        Ok(Converted::exactly(v1alpha4::TcpRoute {
            metadata: self.metadata,
            ..Default::default()
        }))
    }
}

impl Spoke for v1alpha2::TcpRoute {
    type Hub = v1alpha4::TcpRoute;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        Ok(Converted::exactly(v1alpha4::TcpRoute {
            metadata: self.metadata,
            ..Default::default()
        }))
    }
}

impl Spoke for v1alpha3::TcpRoute {
    type Hub = v1alpha4::TcpRoute;

    fn into_hub(self) -> Result<Converted<Self::Hub>, ConvertError> {
        Ok(Converted::exactly(v1alpha4::TcpRoute {
            metadata: self.metadata,
            ..Default::default()
        }))
    }
}

#[cfg(test)]
mod tests;
