//! What is an alert, and of what.

use chancery_reference_points::{
    Code, DoorError,
    alert::AlertRule,
    data_search::{AuditReport, Difference, SourceTimes},
    quota::QuotaReport,
};

use crate::alerts::Raised;

/// A source's clock that differs from the journal's by more than this is off, in milliseconds: an hour.
const MAX_DRIFT_MS: u64 = 3_600_000;
/// Most alerts about times that one part raises.
const MAX_OF_A_PART: usize = 100;

/// A difference, by its check and its place: another one is another alert.
pub(super) fn of_difference(difference: &Difference) -> Raised {
    let Difference { check, place, file, offset, detail, .. } = difference;
    let at = if file.is_empty() { String::new() } else { format!(" ({file}, byte {offset})") };
    Raised {
        rule: AlertRule::DataDifference,
        subject: format!("{check} {place}"),
        summary: format!("{check} at {place}{at}: {detail}"),
        difference: Some(difference.clone()),
    }
}

/// What does not follow in time: of the journal, and of the clocks of sources. Longest gaps and disorder are measured too, and are no alert: a source may say little, and
/// send what it has gathered in any order.
pub(super) fn of_times(report: &AuditReport) -> Vec<Raised> {
    let raised =
        |subject: String, summary: String| Raised { rule: AlertRule::TimeSequence, subject, summary, difference: None };
    let journal = report.sequence.iter().map(|finding| raised(finding.clone(), finding.clone()));
    let sources = report.sources.iter().filter(|times| is_off(times)).map(|times| {
        let SourceTimes { source, least_drift, most_drift, .. } = times;
        let subject = format!("clock of source {source:#x}");
        raised(subject.clone(), format!("{subject}: it differs from the journal's by {least_drift} to {most_drift} ms"))
    });
    journal.chain(sources).take(MAX_OF_A_PART).collect()
}

fn is_off(times: &SourceTimes) -> bool {
    times.least_drift.unsigned_abs().max(times.most_drift.unsigned_abs()) > MAX_DRIFT_MS
}

/// Why the audit does not go on.
pub(super) fn of_trouble(error: &DoorError) -> Raised {
    let code = error.code();
    let (rule, subject) = if code == Code::ChainUnreachable {
        let chain = error.members().get("chain").and_then(serde_json::Value::as_str).unwrap_or("a chain");
        (AlertRule::ChainUnreachable, chain.to_owned())
    } else {
        (AlertRule::AuditStandsStill, code.name().to_owned())
    };
    Raised { rule, subject, summary: format!("{}: {}", code.name(), error.detail()), difference: None }
}

/// What is used up.
pub(super) fn of_quotas(report: &QuotaReport) -> Vec<Raised> {
    let used_up = report.usage.iter().filter(|usage| !usage.used_up.is_empty());
    let raised = used_up.map(|usage| Raised {
        rule: AlertRule::QuotaExhausted,
        subject: usage.subject.to_string(),
        summary: format!("the quota of {} is used up: {}", usage.subject, usage.used_up.join(", ")),
        difference: None,
    });
    raised.collect()
}
