//! What an event of a predeployed contract is in a history. Only public facts: no content is ever read here.

use alloy::sol_types::SolEvent;
use alloy_primitives::{Address, B256, LogData};
use chancery_contracts::{
    AccessRuleRegistry as Rules, CertificateRegistry as Certificates, ChangeApprovals as Changes,
    ContractReleases as Releases, DataBlockRegistry as Blocks, DataFormatRegistry as Formats,
    EthereumDIDRegistry as Identities, GenesisAccessManager as Access, OrganizationRegistry as Organizations,
};
use chancery_ledger::{Chain, Event};
use chancery_primitives::{CertificateStatus, OrganizationCode, Outcome, Right};
use chancery_reference_points::v2m::{Happening, HistoryEntry, Verification};

use crate::recording::event_locator;

/// The events that histories show, by the hash of their signature.
pub(super) const KNOWN_EVENTS: [(B256, Happening); 27] = [
    (Certificates::CertificateIssued::SIGNATURE_HASH, Happening::Created),
    (Certificates::CertificateRenewed::SIGNATURE_HASH, Happening::Updated),
    (Certificates::CertificateStatusChanged::SIGNATURE_HASH, Happening::Updated),
    (Certificates::CertificateInspected::SIGNATURE_HASH, Happening::Inspected),
    (Blocks::DataBlockRecorded::SIGNATURE_HASH, Happening::Created),
    (Formats::DataFormatConfigured::SIGNATURE_HASH, Happening::Configured),
    (Formats::DataFormatWithdrawn::SIGNATURE_HASH, Happening::Configured),
    (Organizations::OrganizationRegistered::SIGNATURE_HASH, Happening::Configured),
    (Organizations::OrganizationUpdated::SIGNATURE_HASH, Happening::Configured),
    (Organizations::AdministratorChanged::SIGNATURE_HASH, Happening::Configured),
    (Organizations::OrganizationSuspended::SIGNATURE_HASH, Happening::Configured),
    (Organizations::OrganizationResumed::SIGNATURE_HASH, Happening::Configured),
    (Organizations::RightGranted::SIGNATURE_HASH, Happening::Configured),
    (Organizations::RightRevoked::SIGNATURE_HASH, Happening::Configured),
    (Organizations::KeyAuthorized::SIGNATURE_HASH, Happening::Configured),
    (Organizations::KeyRevoked::SIGNATURE_HASH, Happening::Configured),
    (Identities::DIDOwnerChanged::SIGNATURE_HASH, Happening::Updated),
    (Identities::DIDAttributeChanged::SIGNATURE_HASH, Happening::Updated),
    (Releases::ContractProposed::SIGNATURE_HASH, Happening::Configured),
    (Releases::ReleaseChanged::SIGNATURE_HASH, Happening::Configured),
    (Releases::FactoryAppointed::SIGNATURE_HASH, Happening::Configured),
    (Rules::AccessRuleConfigured::SIGNATURE_HASH, Happening::Configured),
    (Changes::ChangeProposed::SIGNATURE_HASH, Happening::Configured),
    (Changes::ChangeDecided::SIGNATURE_HASH, Happening::Configured),
    (Changes::ChangeApplied::SIGNATURE_HASH, Happening::Configured),
    (Access::RoleGranted::SIGNATURE_HASH, Happening::Configured),
    (Access::RoleRevoked::SIGNATURE_HASH, Happening::Configured),
];

/// What is particular to one event.
pub(super) struct Facts {
    pub(super) name: &'static str,
    pub(super) by: Option<Address>,
    pub(super) subject: String,
    pub(super) revision: Option<u64>,
    pub(super) facts: String,
}

/// The entry of an event; `None` for one that histories do not show.
pub(super) fn entry(chain: &Chain, event: &Event, verification: Verification) -> Option<HistoryEntry> {
    let signature = event.topics.first()?;
    let (_, happening) = KNOWN_EVENTS.iter().find(|(known, _)| known == signature)?;
    let log = LogData::new(event.topics.clone(), event.data.clone())?;
    let facts = certificate(&log)
        .or_else(|| data(&log))
        .or_else(|| organization(&log))
        .or_else(|| organization_key(&log))
        .or_else(|| identity(&log))
        .or_else(|| super::releases::facts(&log))
        .or_else(|| super::changes::facts(&log))
        .or_else(|| super::access::facts(&log))?;
    Some(HistoryEntry {
        time_ms: event.block_time_ms,
        happening: *happening,
        name: facts.name.to_owned(),
        by: facts.by,
        subject: facts.subject,
        recorded: Some(event_locator(chain, event)),
        revision: facts.revision,
        facts: facts.facts,
        right: None,
        verified: Some(verification),
    })
}

fn certificate(log: &LogData) -> Option<Facts> {
    if let Ok(event) = Certificates::CertificateIssued::decode_log_data(log) {
        let operation = &event.operation;
        let renewal =
            if operation.previous.is_zero() { String::new() } else { format!(", renews {}", operation.previous) };
        return Some(Facts {
            name: "CertificateIssued",
            by: Some(event.issuer),
            subject: event.certificateId.to_string(),
            revision: Some(0),
            // Issuer and holder are named: monitoring shows them their own certificate's history.
            facts: format!(
                "{} by organization {} to {}{renewal}",
                right(operation.kind),
                code(event.organization),
                event.holder
            ),
        });
    }
    if let Ok(event) = Certificates::CertificateRenewed::decode_log_data(log) {
        return Some(Facts {
            name: "CertificateRenewed",
            by: None,
            subject: event.certificateId.to_string(),
            revision: Some(event.revision),
            facts: format!("renewed by {}", event.renewedBy),
        });
    }
    if let Ok(event) = Certificates::CertificateStatusChanged::decode_log_data(log) {
        let operation = &event.operation;
        let status = CertificateStatus::try_from(operation.status)
            .map_or_else(|_| operation.status.to_string(), |status| status.to_string());
        return Some(Facts {
            name: "CertificateStatusChanged",
            by: Some(event.issuer),
            subject: event.certificateId.to_string(),
            // The operation names the revision that it changes.
            revision: Some(operation.revision.saturating_add(1)),
            facts: format!("status {status}, reason {}", operation.reason),
        });
    }
    let event = Certificates::CertificateInspected::decode_log_data(log).ok()?;
    let outcome =
        |number: u8| Outcome::try_from(number).map_or_else(|_| number.to_string(), |outcome| outcome.to_string());
    Some(Facts {
        name: "CertificateInspected",
        by: Some(event.inspector),
        subject: event.certificateId.to_string(),
        revision: None,
        facts: format!(
            "outcome {}, on the chain {}, by organization {}",
            outcome(event.operation.outcome),
            outcome(event.registeredOutcome),
            code(event.organization)
        ),
    })
}

fn data(log: &LogData) -> Option<Facts> {
    if let Ok(event) = Blocks::DataBlockRecorded::decode_log_data(log) {
        return Some(Facts {
            name: "DataBlockRecorded",
            by: Some(event.submitter),
            subject: event.root.to_string(),
            revision: None,
            facts: format!("{} operations, from {} to {}", event.operationCount, event.firstTime, event.lastTime),
        });
    }
    if let Ok(event) = Formats::DataFormatConfigured::decode_log_data(log) {
        return Some(Facts {
            name: "DataFormatConfigured",
            by: None,
            subject: text(event.format),
            revision: Some(u64::from(event.version)),
            facts: format!("version {}, schema {}", event.version, event.schemaHash),
        });
    }
    let event = Formats::DataFormatWithdrawn::decode_log_data(log).ok()?;
    Some(Facts {
        name: "DataFormatWithdrawn",
        by: None,
        subject: text(event.format),
        revision: None,
        facts: format!("version {}", event.version),
    })
}

fn organization(log: &LogData) -> Option<Facts> {
    let facts =
        |name, organization, facts| Some(Facts { name, by: None, subject: code(organization), revision: None, facts });
    if let Ok(event) = Organizations::OrganizationRegistered::decode_log_data(log) {
        return facts("OrganizationRegistered", event.code, format!("administered by {}", event.administrator));
    }
    if let Ok(event) = Organizations::OrganizationUpdated::decode_log_data(log) {
        return facts("OrganizationUpdated", event.code, String::new());
    }
    if let Ok(event) = Organizations::AdministratorChanged::decode_log_data(log) {
        return facts("AdministratorChanged", event.code, format!("now {}", event.administrator));
    }
    if let Ok(event) = Organizations::OrganizationSuspended::decode_log_data(log) {
        return facts("OrganizationSuspended", event.code, format!("from {}", event.from));
    }
    let event = Organizations::OrganizationResumed::decode_log_data(log).ok()?;
    facts("OrganizationResumed", event.code, format!("from {}", event.from))
}

fn organization_key(log: &LogData) -> Option<Facts> {
    let facts =
        |name, organization, facts| Some(Facts { name, by: None, subject: code(organization), revision: None, facts });
    if let Ok(event) = Organizations::RightGranted::decode_log_data(log) {
        return facts("RightGranted", event.code, format!("{} from {}", right(event.right), event.from));
    }
    if let Ok(event) = Organizations::RightRevoked::decode_log_data(log) {
        return facts("RightRevoked", event.code, format!("{} from {}", right(event.right), event.from));
    }
    if let Ok(event) = Organizations::KeyAuthorized::decode_log_data(log) {
        return facts("KeyAuthorized", event.code, format!("key {} for {}", event.key, right(event.right)));
    }
    let event = Organizations::KeyRevoked::decode_log_data(log).ok()?;
    let what =
        format!("key {} for {}, from {}, reason {}", event.key, right(event.right), event.revokedAt, event.reason);
    facts("KeyRevoked", event.code, what)
}

fn identity(log: &LogData) -> Option<Facts> {
    if let Ok(event) = Identities::DIDOwnerChanged::decode_log_data(log) {
        return Some(Facts {
            name: "DIDOwnerChanged",
            by: Some(event.identity),
            subject: event.identity.to_string(),
            revision: None,
            facts: format!("now {}", event.owner),
        });
    }
    let event = Identities::DIDAttributeChanged::decode_log_data(log).ok()?;
    Some(Facts {
        name: "DIDAttributeChanged",
        by: Some(event.identity),
        subject: event.identity.to_string(),
        revision: None,
        facts: text(event.name),
    })
}

fn code(word: B256) -> String {
    OrganizationCode::from_bytes32(word).map_or_else(|_| word.to_string(), |code| code.to_string())
}

fn right(word: B256) -> String {
    Right::from_bytes32(word).map_or_else(|_| word.to_string(), |right| right.to_string())
}

/// A name that was padded right with zeros; the hexadecimal digits of what is no printable name.
pub(super) fn text(word: B256) -> String {
    let end = word.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let name = &word[..end];
    if !name.is_empty() && name.iter().all(u8::is_ascii_graphic) {
        String::from_utf8_lossy(name).into_owned()
    } else {
        word.to_string()
    }
}
