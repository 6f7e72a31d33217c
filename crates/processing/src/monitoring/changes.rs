//! What access rules and changes of two operators are in a history (M-CON-3, M-MON-2).

use alloy::sol_types::SolEvent;
use alloy_primitives::LogData;
use chancery_contracts::{AccessRuleRegistry as Rules, ChangeApprovals as Changes};
use chancery_primitives::{ApprovalStatus, ChangeKind};

use super::entries::{Facts, text};

/// The facts of an event.
pub(super) fn facts(log: &LogData) -> Option<Facts> {
    if let Ok(event) = Rules::AccessRuleConfigured::decode_log_data(log) {
        return Some(Facts {
            name: "AccessRuleConfigured",
            by: Some(event.by),
            subject: text(event.service),
            revision: Some(u64::from(event.version)),
            facts: format!("version {}: {}", event.version, String::from_utf8_lossy(&event.rule)),
        });
    }
    if let Ok(event) = Changes::ChangeProposed::decode_log_data(log) {
        let kind = ChangeKind::try_from(event.kind).map_or_else(|_| event.kind.to_string(), |kind| kind.to_string());
        return Some(Facts {
            name: "ChangeProposed",
            by: Some(event.proposer),
            subject: event.change.to_string(),
            revision: None,
            facts: format!("a change of {kind}"),
        });
    }
    if let Ok(event) = Changes::ChangeDecided::decode_log_data(log) {
        let status = ApprovalStatus::try_from(event.status)
            .map_or_else(|_| event.status.to_string(), |status| status.to_string());
        return Some(Facts {
            name: "ChangeDecided",
            by: Some(event.operator),
            subject: event.change.to_string(),
            revision: None,
            facts: status,
        });
    }
    let event = Changes::ChangeApplied::decode_log_data(log).ok()?;
    Some(Facts {
        name: "ChangeApplied",
        by: Some(event.by),
        subject: event.change.to_string(),
        revision: None,
        facts: String::new(),
    })
}
