//! What the server counts, in the text format of OpenMetrics.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// The content type of what [`Metrics::text`] gives.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResult {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

/// The metrics of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    reviews: Family<ByResult, Counter>,
    refused: Family<ByReason, Counter>,
    pub(crate) objects: Counter,
    pub(crate) duration: Histogram,
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
    bytes: Gauge,
    not_after: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // From half a millisecond to 16 seconds.
        let duration = Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        let mut metrics = Self {
            registry: Registry::with_prefix("smi_webhook"),
            reviews: Family::default(),
            refused: Family::default(),
            objects: Counter::default(),
            duration,
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            bytes: Gauge::default(),
            not_after: Gauge::default(),
        };
        metrics.register();
        // Series that are there from the start, so that rates and alerts do not wait for the first.
        for result in [CONVERTED, FAILED] {
            drop(metrics.reviews.get_or_create(&ByResult { result }));
        }
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("reviews", "Reviews answered, by result", self.reviews.clone());
        registry.register(
            "refused",
            "Requests and connections refused, by reason",
            self.refused.clone(),
        );
        registry.register("objects", "Objects converted", self.objects.clone());
        registry.register_with_unit(
            "review_duration",
            "Time from the head of a review to its answer",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register(
            "reviews_in_flight",
            "Reviews read, waiting or converted now",
            self.in_flight.clone(),
        );
        registry.register("connections", "Connections that are open", self.connections.clone());
        registry.register_with_unit(
            "in_flight",
            "Reserved for reviews in flight and their answers",
            Unit::Bytes,
            self.bytes.clone(),
        );
        registry.register_with_unit(
            "certificate_not_after_timestamp",
            "When the certificate that is presented ends, since 1970; 0 without one",
            Unit::Seconds,
            self.not_after.clone(),
        );
    }

    pub(crate) fn reviewed(&self, converted: bool) {
        let result = if converted { CONVERTED } else { FAILED };
        self.reviews.get_or_create(&ByResult { result }).inc();
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ByReason { reason }).inc();
    }

    /// The metrics as text, with what is only known when it is asked for.
    pub(crate) fn text(&self, not_after: Option<SystemTime>, bytes: usize) -> String {
        let since_1970 = not_after.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        self.not_after
            .set(since_1970.map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX)));
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}

const CONVERTED: &str = "converted";
const FAILED: &str = "failed";
