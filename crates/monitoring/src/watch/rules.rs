//! What is an alert, and of what.

use chancery_reference_points::{
    Code, DoorError,
    alert::AlertRule,
    data_search::{AuditReport, Difference, SourceTimes, StoredDifference},
    quota::QuotaReport,
};

use crate::alerts::Raised;

/// A source's clock that differs from the journal's by more than this is off, in milliseconds: an hour.
const MAX_DRIFT_MS: u64 = 3_600_000;
/// Most alerts about times that one part raises.
const MAX_OF_A_PART: usize = 100;

/// The subject of an alert that says that the mailboxes cannot be looked at.
pub(super) const MAILBOXES: &str = "mailboxes";
/// How checks of mailboxes are called: their passes are others than those over the journal and the chains.
const OF_MAILBOXES: &str = "mailbox-";

/// A store that has not been written for so long is told of, in milliseconds: a shorter time passes by itself, mostly.
const STANDS_AFTER_MS: u64 = 30_000;

/// A difference, by its check and its place, or where it is kept beside the journal by its name there: another one is another alert.
pub(super) fn of_difference(difference: &Difference) -> Raised {
    let Difference { check, place, file, offset, detail, stored, .. } = difference;
    let (subject, at) = match stored {
        Some(StoredDifference { store, id, .. }) => (format!("{check} {id}"), format!("{id} ({store})")),
        None if file.is_empty() => (format!("{check} {place}"), place.to_string()),
        None => (format!("{check} {place}"), format!("{place} ({file}, byte {offset})")),
    };
    let summary = format!("{check} at {at}: {detail}");
    Raised { rule: AlertRule::DataDifference, subject, summary, difference: Some(difference.clone()) }
}

/// The audit of the mailboxes does not go on.
pub(super) fn of_mailboxes_trouble(trouble: &str) -> Raised {
    let summary = format!("the mailboxes of messages cannot be looked at: {trouble}");
    Raised { rule: AlertRule::AuditStandsStill, subject: MAILBOXES.to_owned(), summary, difference: None }
}

/// Whether a difference is one of the mailboxes.
pub(super) fn is_of_mailboxes(subject: &str) -> bool {
    subject.starts_with(OF_MAILBOXES)
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

/// What is not written where the journal is.
pub(super) fn of_stores(report: &AuditReport) -> Vec<Raised> {
    let standing = report.standing.iter().filter(|standing| standing.for_ms >= STANDS_AFTER_MS);
    let raised = standing.map(|standing| Raised {
        rule: AlertRule::StoreStandsStill,
        subject: standing.store.clone(),
        summary: format!(
            "the store {} has not been written for {} s: its disk is full, or fails",
            standing.store,
            standing.for_ms / 1000
        ),
        difference: None,
    });
    raised.collect()
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
