//! What an operator measures of the listener: Prometheus (OpenMetrics) text beside that of the gateway. Labels are codes and reasons; never a client.

use std::sync::Arc;

use chancery_reference_points::Code;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::metrics::MetricsSource;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    reason: &'static str,
}

/// Metrics of one listener. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ListenerMetrics {
    registry: Arc<Registry>,
    connections: Counter,
    open: Gauge,
    failed_handshakes: Counter,
    messages: Family<Decided, Counter>,
    bytes: Counter,
    undecided: Counter,
    ends: Family<Ended, Counter>,
}

impl Default for ListenerMetrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("chancery_mqtt");
        let metrics = Self {
            registry: Arc::default(),
            connections: Counter::default(),
            open: Gauge::default(),
            failed_handshakes: Counter::default(),
            messages: Family::default(),
            bytes: Counter::default(),
            undecided: Counter::default(),
            ends: Family::default(),
        };
        registry.register("connections", "Connections accepted", metrics.connections.clone());
        registry.register("connections_open", "Connections that are open", metrics.open.clone());
        let failed = metrics.failed_handshakes.clone();
        registry.register("tls_handshakes_failed", "Connections that ended before TLS was agreed on", failed);
        registry.register(
            "messages",
            "Messages decided: accepted, or the code of the problem",
            metrics.messages.clone(),
        );
        registry.register("message_bytes", "Bytes of the messages decided", metrics.bytes.clone());
        registry.register(
            "messages_undecided",
            "Messages that could not be decided yet and were not acknowledged",
            metrics.undecided.clone(),
        );
        registry.register("connections_ended", "Connections ended, by reason", metrics.ends.clone());
        Self { registry: Arc::new(registry), ..metrics }
    }
}

impl ListenerMetrics {
    /// For `GET /metrics` of a gateway.
    #[must_use]
    pub fn source(&self) -> MetricsSource {
        let registry = Arc::clone(&self.registry);
        Arc::new(move || {
            let mut text = String::new();
            // Writing into memory does not fail; half a text would be worse than none.
            if encode(&mut text, &registry).is_err() {
                text.clear();
            }
            text
        })
    }

    /// A connection; it is open until what is returned is dropped.
    pub(super) fn connected(&self) -> OpenConnection {
        self.connections.inc();
        self.open.inc();
        OpenConnection(self.open.clone())
    }

    pub(super) fn handshake_failed(&self) {
        self.failed_handshakes.inc();
    }

    /// A message is decided; `None`: accepted.
    pub(super) fn decided(&self, bytes: usize, refused: Option<Code>) {
        self.messages.get_or_create(&Decided { outcome: refused.map_or("accepted", Code::name) }).inc();
        self.bytes.inc_by(bytes as u64);
    }

    pub(super) fn undecided(&self, messages: usize) {
        self.undecided.inc_by(messages as u64);
    }

    pub(super) fn ended(&self, reason: &'static str) {
        self.ends.get_or_create(&Ended { reason }).inc();
    }
}

/// Counts as open.
#[derive(Debug)]
pub(super) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
