//! Between the types on the wire and the types of the doors, where they are not the same.

use chancery_reference_points::{
    DoorError,
    data_block::{OperationProof as DoorProof, TransactionLocator},
    organization::{Organization as DoorOrganization, OrganizationKey as DoorKey},
    r2d::SubmissionReceipt,
    right::Right,
    u2s::ServiceRequest,
    v2m::{Happening, History as DoorHistory, HistoryEntry, Verification as DoorVerification},
};
use chancery_rest::{
    types::{
        Recorded,
        events::{Event, EventType, History, ReadRight, Verification},
        operations::{OperationProof, OperationReceipt},
        organizations::{Organization, OrganizationKey},
    },
    values::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{authorization::layer::Caller, problem::ApiResult, state::Shared};

/// Names of services in the catalogue of U2S.
pub(super) mod services {
    /// C-API-4.
    pub(crate) const PUBLIC_KEY: &str = "users.public-key";
    /// The rule of a kind.
    pub(crate) const CONDITIONS: &str = "certificates.conditions";
    /// C-API-5.
    pub(crate) const QUERY: &str = "certificates.query";
    /// The file that is verified without a network.
    pub(crate) const STAPLE: &str = "certificates.staple";
    /// Locator and status by identifier.
    pub(crate) const STATUS: &str = "certificates.status";
    /// Source, owner, rights, renewals and inspections.
    pub(crate) const TRACE_CERTIFICATE: &str = "certificates.trace";
    /// The certificates of a holder.
    pub(crate) const OF_HOLDER: &str = "certificates.of-holder";
    /// What a check finds.
    pub(crate) const CHECK: &str = "certificates.check";
    /// What happens to certificates, counted.
    pub(crate) const ACTIVITY: &str = "certificates.activity";
    /// Recorded inspections.
    pub(crate) const INSPECTIONS: &str = "certificates.inspections";
    /// Answers that are charged for, counted.
    pub(crate) const CHARGES: &str = "fees.charges";
    /// S-DIR.
    pub(crate) const FIND_RESOURCES: &str = "sharing.find";
    /// A resource with the state of its asset.
    pub(crate) const RESOURCE: &str = "sharing.resource";
    /// How far a request for access is.
    pub(crate) const ACCESS_REQUEST: &str = "sharing.request";
    /// Who may read, since when and by which grants.
    pub(crate) const READERS: &str = "sharing.readers";
    /// How often access is asked for and granted, counted.
    pub(crate) const SHARING_ACTIVITY: &str = "sharing.activity";
    /// Source, owners, rights, transfers and accesses.
    pub(crate) const TRACE: &str = "sharing.trace";
    /// Takes from owners who came for their assets.
    pub(crate) const ACCESSES: &str = "sharing.accesses";
    /// Keeps a description that is not on the chain.
    pub(crate) const DESCRIBE: &str = "sharing.describe";
}

/// Asks a service of U2S.
pub(super) async fn ask<A: DeserializeOwned>(
    shared: &Shared,
    caller: &Caller,
    service: &str,
    parameters: &impl Serialize,
) -> ApiResult<A> {
    let answer = shared.doors.u2s.request(&caller.actor, ServiceRequest::new(service, parameters)?).await?;
    Ok(serde_json::from_value(answer).map_err(DoorError::internal)?)
}

/// As JSON.
pub(super) fn to_json(value: &impl Serialize) -> ApiResult<Value> {
    Ok(serde_json::to_value(value).map_err(DoorError::internal)?)
}

pub(super) fn recorded(locator: TransactionLocator) -> Recorded {
    Recorded {
        chain: locator.chain.0,
        tx_hash: locator.tx_hash.into(),
        block_number: locator.block_number,
        block_hash: locator.block_hash.into(),
    }
}

pub(super) fn receipt(receipt: SubmissionReceipt) -> OperationReceipt {
    OperationReceipt {
        operation_digest: receipt.operation_digest.into(),
        data_block_root: receipt.data_block_root.into(),
        data_block: recorded(receipt.data_block),
        operation: receipt.operation.map(recorded),
    }
}

pub(super) fn operation_proof(proof: DoorProof) -> ApiResult<OperationProof> {
    // Where the root is recorded, and what proves that to whoever trusts the chain's genesis alone.
    let mut recorded = to_json(&proof.recorded)?;
    recorded["proof"] = to_json(&proof.proof)?;
    Ok(OperationProof {
        operation_digest: proof.operation_digest.into(),
        source: proof.source.into(),
        operation_type: proof.operation_type.into(),
        content_hash: proof.content_hash.into(),
        time: proof.time,
        siblings: proof.siblings.into_iter().map(Into::into).collect(),
        root: proof.root.into(),
        chain: proof.chain.0,
        recorded,
    })
}

pub(super) fn organization(organization: DoorOrganization) -> Organization {
    let key = |key: DoorKey| OrganizationKey {
        address: key.address.into(),
        right: key.right,
        not_before: Timestamp::from_unix_seconds(key.not_before),
        not_after: key.not_after.map(Timestamp::from_unix_seconds),
        revoked_at: key.revoked_at.map(Timestamp::from_unix_seconds),
    };
    Organization {
        code: organization.code,
        name: organization.name,
        administrator: organization.administrator.into(),
        suspended: organization.suspended,
        keys: organization.keys.into_iter().map(key).collect(),
    }
}

pub(super) const fn happening(event_type: EventType) -> Happening {
    match event_type {
        EventType::Submitted => Happening::Submitted,
        EventType::SubmissionRefused => Happening::SubmissionRefused,
        EventType::Created => Happening::Created,
        EventType::Updated => Happening::Updated,
        EventType::Inspected => Happening::Inspected,
        EventType::Accessed => Happening::Accessed,
        EventType::Configured => Happening::Configured,
    }
}

pub(super) fn event(entry: HistoryEntry) -> Event {
    let event_type = match entry.happening {
        Happening::Submitted => EventType::Submitted,
        Happening::SubmissionRefused => EventType::SubmissionRefused,
        Happening::Created => EventType::Created,
        Happening::Updated => EventType::Updated,
        Happening::Inspected => EventType::Inspected,
        Happening::Accessed => EventType::Accessed,
        Happening::Configured => EventType::Configured,
    };
    let verified = entry.verified.map(|verification| match verification {
        DoorVerification::Verified => Verification::Verified,
        DoorVerification::Unproven { missing } => Verification::Unproven { missing },
        DoorVerification::Failed { check } => Verification::Failed { check },
    });
    Event {
        time: Timestamp::from_unix_milliseconds(entry.time_ms),
        event_type,
        name: entry.name,
        by: entry.by.map(Into::into),
        subject: entry.subject,
        recorded: entry.recorded.map(recorded),
        facts: entry.facts,
        right: entry.right.map(read_right),
        verified,
    }
}

const fn read_right(right: Right) -> ReadRight {
    match right {
        Right::Open => ReadRight::Open,
        Right::OwnData => ReadRight::OwnData,
        Right::SameOrganization => ReadRight::SameOrganization,
        Right::Named => ReadRight::Named,
        Right::Granted => ReadRight::Granted,
        Right::Role => ReadRight::Role,
    }
}

pub(super) fn history(history: DoorHistory) -> History {
    History {
        entries: history.entries.into_iter().map(event).collect(),
        in_order: history.in_order,
        findings: history.findings,
    }
}
