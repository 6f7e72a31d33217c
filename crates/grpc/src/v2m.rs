//! V2M: what monitoring answers supervisors, as messages.

use chancery_reference_points::{
    DoorResult,
    alert::{Alert as DoorAlert, AuditStatus as DoorStatus, WatchReport as DoorWatch},
    data_search::{AuditReport as DoorAudit, Difference as DoorDifference, SourceTimes as DoorTimes},
    quota::{QuotaReport, QuotaSetting as DoorSetting, QuotaUsage as DoorUsage},
    v2m::{Happening, History as DoorHistory, HistoryEntry, Verification as DoorVerification},
};

pub use crate::wire::v2m::v1::{
    Alert, AuditDataRequest, AuditReport, AuditStatus, CertificateName, Difference, Document, Event, Events,
    GetQuotasRequest, GetWatchRequest, History, ListEventsRequest, QuotaSetting, QuotaUsage, Quotas, ReportRequest,
    SourceTimes, Verification, WatchReport, v2m_client, v2m_server,
};
use crate::{o2c::shown, r2d::malformed};

/// Every happening with its name.
const HAPPENINGS: [(Happening, &str); 7] = [
    (Happening::Submitted, "submitted"),
    (Happening::SubmissionRefused, "submission-refused"),
    (Happening::Created, "created"),
    (Happening::Updated, "updated"),
    (Happening::Inspected, "inspected"),
    (Happening::Accessed, "accessed"),
    (Happening::Configured, "configured"),
];

/// The happening of a name.
///
/// # Errors
/// `MalformedRequest` for one that is none.
pub fn happening(name: &str) -> DoorResult<Happening> {
    let known = HAPPENINGS.into_iter().find(|(_, known)| *known == name);
    known.map(|(happening, _)| happening).ok_or_else(|| malformed("happening", "nothing happens so"))
}

fn name_of(happening: Happening) -> String {
    let known = HAPPENINGS.into_iter().find(|(known, _)| *known == happening);
    known.map(|(_, name)| name.to_owned()).unwrap_or_default()
}

impl From<DoorVerification> for Verification {
    fn from(verification: DoorVerification) -> Self {
        let (result, what) = match verification {
            DoorVerification::Verified => ("verified", String::new()),
            DoorVerification::Unproven { missing } => ("unproven", missing),
            DoorVerification::Failed { check } => ("failed", check),
        };
        Self { result: result.to_owned(), what }
    }
}

impl From<HistoryEntry> for Event {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            time_ms: entry.time_ms,
            happening: name_of(entry.happening),
            name: entry.name,
            by: entry.by.map(shown).unwrap_or_default(),
            subject: entry.subject,
            recorded: entry.recorded.map(Into::into),
            facts: entry.facts,
            right: entry.right.map(|right| right.name().to_owned()).unwrap_or_default(),
            verified: entry.verified.map(Into::into),
        }
    }
}

impl From<DoorHistory> for History {
    fn from(history: DoorHistory) -> Self {
        Self {
            entries: history.entries.into_iter().map(Into::into).collect(),
            in_order: history.in_order,
            findings: history.findings,
        }
    }
}

impl From<DoorDifference> for Difference {
    fn from(difference: DoorDifference) -> Self {
        Self {
            check: difference.check,
            place: difference.place,
            index: difference.index,
            file: difference.file,
            offset: difference.offset,
            detail: difference.detail,
        }
    }
}

impl From<DoorTimes> for SourceTimes {
    fn from(times: DoorTimes) -> Self {
        Self {
            source: shown(times.source),
            submissions: times.submissions,
            longest_gap_ms: times.longest_gap,
            disorders: times.disorders,
            least_drift_ms: times.least_drift,
            most_drift_ms: times.most_drift,
        }
    }
}

impl From<DoorAudit> for AuditReport {
    fn from(report: DoorAudit) -> Self {
        Self {
            from: report.from,
            next: report.next,
            complete: report.complete,
            submissions: report.submissions,
            operations: report.operations,
            blocks: report.blocks,
            difference: report.difference.map(Into::into),
            sequence: report.sequence,
            sources: report.sources.into_iter().map(Into::into).collect(),
            compared: report.compared,
        }
    }
}

impl From<DoorStatus> for AuditStatus {
    fn from(status: DoorStatus) -> Self {
        Self {
            operations_per_second: status.operations_per_second,
            next: status.next,
            next_root: status.next_root,
            began_at_ms: status.began_at_ms,
            operations: status.operations,
            blocks: status.blocks,
            completed_at_ms: status.completed_at_ms,
            completed_operations: status.completed_operations,
            completed_blocks: status.completed_blocks,
            difference: status.difference.map(Into::into),
            found_at_ms: status.found_at_ms,
            trouble: status.trouble,
        }
    }
}

impl From<DoorAlert> for Alert {
    fn from(alert: DoorAlert) -> Self {
        Self {
            id: alert.id,
            rule: alert.rule.name().to_owned(),
            severity: alert.rule.severity().to_owned(),
            subject: alert.subject,
            summary: alert.summary,
            difference: alert.difference.map(Into::into),
            raised_at_ms: alert.raised_at_ms,
        }
    }
}

impl From<DoorWatch> for WatchReport {
    fn from(report: DoorWatch) -> Self {
        Self {
            audit: Some(report.audit.into()),
            alerts: report.alerts.into_iter().map(Into::into).collect(),
            waiting: report.deliveries.waiting,
            delivered: report.deliveries.delivered,
            dropped: report.deliveries.dropped,
        }
    }
}

impl From<DoorSetting> for QuotaSetting {
    fn from(setting: DoorSetting) -> Self {
        Self {
            subject: setting.subject.to_string(),
            quota: setting.quota.map(Into::into),
            by: shown(setting.by),
            at_ms: setting.at_ms,
            place: setting.place,
            digest: shown(setting.digest),
            recorded: setting.recorded.map(Into::into),
        }
    }
}

impl From<DoorUsage> for QuotaUsage {
    fn from(usage: DoorUsage) -> Self {
        Self {
            subject: usage.subject.to_string(),
            operations: usage.operations,
            bytes: usage.bytes,
            minute_operations: usage.minute_operations,
            quota: usage.quota.map(Into::into),
            used_up: usage.used_up,
        }
    }
}

impl From<QuotaReport> for Quotas {
    fn from(report: QuotaReport) -> Self {
        Self {
            now_ms: report.now_ms,
            day_ends_ms: report.day_ends_ms,
            settings: report.settings.into_iter().map(Into::into).collect(),
            changes: report.changes.into_iter().map(Into::into).collect(),
            usage: report.usage.into_iter().map(Into::into).collect(),
            left_off: report.left_off as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_reference_points::Code;

    use super::*;

    // M-MON-2: one happening has one name, here as over REST.
    #[test]
    fn a_happening_is_written_as_it_is_read() {
        for (known, name) in HAPPENINGS {
            assert_eq!((happening(name).unwrap(), name_of(known).as_str()), (known, name));
            assert_eq!(serde_json::to_value(known).unwrap(), name);
        }
        let error = happening("dreamt").unwrap_err();
        assert_eq!((error.code(), error.members()["member"].as_str()), (Code::MalformedRequest, Some("happening")));
    }

    #[test]
    fn what_is_not_backed_by_a_chain_says_so() {
        let entry = |verified| HistoryEntry {
            time_ms: 1,
            happening: Happening::Accessed,
            name: "data.search".into(),
            by: None,
            subject: "s".into(),
            recorded: None,
            revision: None,
            facts: String::new(),
            right: None,
            verified,
        };
        let event = Event::from(entry(None));
        assert!(event.verified.is_none() && event.by.is_empty() && event.right.is_empty());
        let failed = Event::from(entry(Some(DoorVerification::Failed { check: "receipt".into() }))).verified.unwrap();
        assert_eq!((failed.result.as_str(), failed.what.as_str()), ("failed", "receipt"));
    }
}
