//! What the steps of a release are in a history (S-SVC).

use alloy::sol_types::SolEvent;
use alloy_primitives::LogData;
use chancery_contracts::ContractReleases as Releases;
use chancery_primitives::{ContractName, ReleaseStatus};

use super::entries::Facts;

/// The facts of a step.
pub(super) fn facts(log: &LogData) -> Option<Facts> {
    if let Ok(event) = Releases::ContractProposed::decode_log_data(log) {
        let name = ContractName::from_bytes32(event.name)
            .map_or_else(|_| event.name.to_string(), |name| name.as_str().to_owned());
        return Some(Facts {
            name: "ContractProposed",
            by: Some(event.proposer),
            subject: event.release.to_string(),
            revision: None,
            facts: format!("contract {name} version {}", event.operation.version),
        });
    }
    if let Ok(event) = Releases::FactoryAppointed::decode_log_data(log) {
        return Some(Facts {
            name: "FactoryAppointed",
            by: None,
            subject: event.factory.to_string(),
            revision: None,
            facts: "makes the contracts that are released".to_owned(),
        });
    }
    let event = Releases::ReleaseChanged::decode_log_data(log).ok()?;
    let status = ReleaseStatus::try_from(event.status)
        .map_or_else(|_| event.status.to_string(), |status| status.as_str().to_owned());
    Some(Facts {
        name: "ReleaseChanged",
        by: Some(event.operator),
        subject: event.release.to_string(),
        revision: None,
        facts: status,
    })
}
