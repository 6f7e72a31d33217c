//! Which stores of this process are not written at present, for `GET /metrics`.

use std::sync::Arc;

use chancery_gateway::metrics::MetricsSource;
use chancery_stores::Known;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Store {
    store: &'static str,
}

/// The source of the metrics.
pub(super) fn source() -> MetricsSource {
    Arc::new(|| written(&chancery_stores::all()))
}

fn written(known: &[Known]) -> String {
    let mut registry = Registry::with_prefix("chancery_store");
    let stands = Family::<Store, Gauge>::default();
    let help = "How long a store of this process has not been written, in seconds; 0: it is";
    registry.register("stands_seconds", help, stands.clone());
    for known in known {
        // Less than a second is no zero.
        let seconds = known.stands_for.map_or(0, |stands_for| stands_for.as_secs().max(1));
        stands.get_or_create(&Store { store: known.store }).set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }
    let mut text = String::new();
    // Writing to a string does not fail.
    encode(&mut text, &registry).ok();
    text.strip_suffix("# EOF\n").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    // STORE-3
    #[test]
    fn a_store_that_stands_is_measured_and_one_that_is_written_is_zero() {
        let known = [
            Known { store: "journal", stands_for: Some(Duration::from_secs(7)) },
            Known { store: "messages", stands_for: Some(Duration::from_millis(3)) },
            Known { store: "search", stands_for: None },
        ];
        let text = written(&known);
        for (store, seconds) in [("journal", 7), ("messages", 1), ("search", 0)] {
            let line = format!("chancery_store_stands_seconds{{store=\"{store}\"}} {seconds}");
            assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
        }
        assert!(!text.contains("# EOF"));
    }
}
