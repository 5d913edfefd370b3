//! Every kind at every version, in one table. Used with the `Visitor` of the module that includes this file: generated
//! objects have one, the fuzz targets another.

use std::convert::identity;

use smi_sdk::{access, metrics, specs, split};

use super::Visitor;

/// Takes `visitor` to every type that stands for a kind at a version, from the oldest version to the newest.
pub(crate) fn every_kind(visitor: &mut impl Visitor) {
    visitor.custom_resource::<access::v1alpha1::TrafficTarget>();
    visitor.custom_resource::<access::v1alpha2::TrafficTarget>();
    visitor.custom_resource::<access::v1alpha3::TrafficTarget>();
    visitor.custom_resource::<access::v1alpha4::TrafficTarget>();
    visitor.custom_resource::<access::v1alpha4::IdentityBinding>();

    visitor.custom_resource::<specs::v1alpha1::HttpRouteGroup>();
    visitor.custom_resource::<specs::v1alpha2::HttpRouteGroup>();
    visitor.custom_resource::<specs::v1alpha3::HttpRouteGroup>();
    visitor.custom_resource::<specs::v1alpha4::HttpRouteGroup>();

    visitor.custom_resource::<specs::v1alpha1::TcpRoute>();
    visitor.custom_resource::<specs::v1alpha2::TcpRoute>();
    visitor.custom_resource::<specs::v1alpha3::TcpRoute>();
    visitor.custom_resource::<specs::v1alpha4::TcpRoute>();
    visitor.custom_resource::<specs::v1alpha4::UdpRoute>();

    visitor.custom_resource::<split::v1alpha1::TrafficSplit>();
    visitor.custom_resource::<split::v1alpha2::TrafficSplit>();
    visitor.custom_resource::<split::v1alpha3::TrafficSplit>();
    visitor.custom_resource::<split::v1alpha4::TrafficSplit>();

    measured(visitor);
}

fn measured(visitor: &mut impl Visitor) {
    use metrics::{v1alpha1, v1alpha2};
    let (object, list) = ("TrafficMetrics", "TrafficMetricsList");
    visitor.metrics(v1alpha1::API_VERSION, object, |it: v1alpha1::TrafficMetrics| {
        v1alpha2::TrafficMetrics::from(it)
    });
    visitor.metrics(v1alpha1::API_VERSION, list, |it: v1alpha1::TrafficMetricsList| {
        v1alpha2::TrafficMetricsList::from(it)
    });
    visitor.metrics(v1alpha2::API_VERSION, object, identity::<v1alpha2::TrafficMetrics>);
    visitor.metrics(v1alpha2::API_VERSION, list, identity::<v1alpha2::TrafficMetricsList>);
}
