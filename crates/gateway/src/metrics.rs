//! What an operator measures: Prometheus (OpenMetrics) text at `GET /metrics`. Labels are path templates, codes and statuses; never a person.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// Media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// More metrics of the same process (chains, entities), as OpenMetrics text without the closing `# EOF`.
pub type MetricsSource = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Problem {
    code: &'static str,
}

/// The gateway's own metrics.
pub(crate) struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    problems: Family<Problem, Counter>,
    duration: Family<Route, Histogram>,
    in_flight: Gauge,
    sessions: Gauge,
    sources: Mutex<Vec<MetricsSource>>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("chancery_gateway");
        // 1 ms to about 16 s: from a cached answer to a chain that hardly answers.
        let duration =
            Family::new_with_constructor((|| Histogram::new(exponential_buckets(0.001, 2.0, 15))) as fn() -> Histogram);
        let metrics = Self {
            answered: Family::default(),
            problems: Family::default(),
            duration,
            in_flight: Gauge::default(),
            sessions: Gauge::default(),
            sources: Mutex::default(),
            registry: Registry::default(),
        };
        registry.register("requests", "Requests answered", metrics.answered.clone());
        registry.register("problems", "Problem documents answered", metrics.problems.clone());
        registry.register("request_duration_seconds", "Time to answer", metrics.duration.clone());
        registry.register("requests_in_flight", "Requests under way", metrics.in_flight.clone());
        registry.register("sessions", "Open sessions", metrics.sessions.clone());
        Self { registry, ..metrics }
    }

    pub(crate) fn add_source(&self, source: MetricsSource) {
        self.sources.lock().push(source);
    }

    pub(crate) fn request_begins(&self) {
        self.in_flight.inc();
    }

    pub(crate) fn request_ends(&self) {
        self.in_flight.dec();
    }

    pub(crate) fn answered(
        &self,
        method: &str,
        route: &str,
        status: u16,
        code: Option<&'static str>,
        elapsed: Duration,
    ) {
        // A method is what the caller says; only those that have routes become labels, or labels would grow without bound.
        let method = ["GET", "HEAD", "POST", "PUT", "DELETE", "gRPC"]
            .into_iter()
            .find(|known| *known == method)
            .unwrap_or("other");
        let labels = Answered { method: method.to_owned(), route: route.to_owned(), status };
        self.answered.get_or_create(&labels).inc();
        self.duration.get_or_create(&Route { route: route.to_owned() }).observe(elapsed.as_secs_f64());
        if let Some(code) = code {
            self.problems.get_or_create(&Problem { code }).inc();
        }
    }

    /// Everything as text.
    pub(crate) fn text(&self, open_sessions: usize) -> Result<String, std::fmt::Error> {
        self.sessions.set(i64::try_from(open_sessions).unwrap_or(i64::MAX));
        let mut own = String::new();
        encode(&mut own, &self.registry)?;
        let mut text = own.strip_suffix("# EOF\n").unwrap_or(&own).to_owned();
        for source in self.sources.lock().iter() {
            let more = source();
            text.push_str(more.strip_suffix("# EOF\n").unwrap_or(&more));
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        text.push_str("# EOF\n");
        Ok(text)
    }
}
