//! How watching goes, for `GET /metrics`: asked of monitoring, wherever it runs.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use alloy_primitives::Address;
use chancery_gateway::metrics::MetricsSource;
use chancery_reference_points::{
    Actor, Role,
    alert::{AlertRule, WatchReport},
    v2m::V2mData,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use tokio_util::sync::CancellationToken;

/// How often it is asked.
const PAUSE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Rule {
    rule: &'static str,
}

/// Asks until the city stops; the source of the metrics. While monitoring does not answer, they are those of before.
pub(super) fn follow(v2m: Arc<dyn V2mData>, supervisor: Address, shutdown: CancellationToken) -> MetricsSource {
    let text = Arc::new(RwLock::new(String::new()));
    let source = Arc::clone(&text);
    tokio::spawn(async move {
        let actor = Actor::new(supervisor, [Role::Supervisor]);
        let asking = async {
            loop {
                if let Ok(report) = v2m.audit_status(&actor).await {
                    *text.write().unwrap_or_else(PoisonError::into_inner) = written(&report);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        shutdown.run_until_cancelled(asking).await;
    });
    Arc::new(move || source.read().unwrap_or_else(PoisonError::into_inner).clone())
}

fn written(report: &WatchReport) -> String {
    let WatchReport { audit, alerts, deliveries } = report;
    let mut registry = Registry::with_prefix("chancery_watch");
    let mut gauge = |name: &str, help: &str, value: u64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    gauge("audit_place", "Place in the journal where the audit goes on", audit.next);
    gauge("audit_root", "Number of the chain's root where the audit goes on", audit.next_root);
    gauge("audit_difference", "1: the audit has found a difference, 0: not", audit.difference.is_some().into());
    let in_mailboxes = audit.mailbox_difference.is_some().into();
    gauge("mailbox_difference", "1: the audit of mailboxes has found a difference, 0: not", in_mailboxes);
    let mailboxes_s = audit.mailbox_completed_at_ms.unwrap_or(0) / 1000;
    gauge("mailbox_completed_time_seconds", "When all mailboxes were looked at last; 0: never", mailboxes_s);
    gauge("audit_stands_still", "1: the audit cannot go on, 0: it can", audit.trouble.is_some().into());
    let completed_s = audit.completed_at_ms.unwrap_or(0) / 1000;
    gauge("audit_completed_time_seconds", "When the audit looked at everything last; 0: never", completed_s);
    gauge("messages_waiting", "Messages of alerts that wait for their receivers", deliveries.waiting);
    let open = Family::<Rule, Gauge>::default();
    registry.register("alerts_open", "Alerts that are open", open.clone());
    let mut counts: BTreeMap<&'static str, i64> = AlertRule::ALL.map(|rule| (rule.name(), 0)).into();
    for alert in alerts {
        *counts.entry(alert.rule.name()).or_default() += 1;
    }
    for (rule, count) in counts {
        open.get_or_create(&Rule { rule }).set(count);
    }
    let mut counter = |name: &str, help: &str, value: u64| {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    };
    counter("messages_delivered", "Messages of alerts that were taken", deliveries.delivered);
    counter("messages_dropped", "Messages of alerts that were given up", deliveries.dropped);
    let mut text = String::new();
    // Writing to a string does not fail.
    encode(&mut text, &registry).ok();
    text.strip_suffix("# EOF\n").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use chancery_reference_points::alert::{AuditStatus, Deliveries};

    use super::*;

    // M-MON-4, WATCH-4
    #[test]
    fn what_is_watched_is_measured() {
        let audit = AuditStatus { next: 7, completed_at_ms: Some(9000), ..AuditStatus::default() };
        let deliveries = Deliveries { waiting: 1, delivered: 2, dropped: 3 };
        let text = written(&WatchReport { audit, alerts: Vec::new(), deliveries });
        for line in [
            "chancery_watch_audit_place 7",
            "chancery_watch_audit_difference 0",
            "chancery_watch_mailbox_difference 0",
            "chancery_watch_audit_completed_time_seconds 9",
            "chancery_watch_alerts_open{rule=\"data-difference\"} 0",
            "chancery_watch_messages_dropped_total 3",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
        }
        assert!(!text.contains("# EOF"));
    }
}
