//! What the inner doors speak of, and what operators and supervisors are told.

use chancery_light::{AccountProof, ProofBundle, StateProof, StorageProof};
use chancery_reference_points::{
    Actor, Role,
    access_rule::{AccessEffect, AccessEntries, AccessRule, AccessSubject, ServiceAccess},
    chain_records::{ChainStatus, EventQuery, EventRecord, TransactionRecord, ViewRecord},
    change_approval::{
        ApprovalStatus, Approvals, ChangeKind, ChangeReview, ProposedChange, SignedChange, SignedDecision,
    },
    contract_release::{
        ContractArtifact, ContractName, ContractRelease, ContractReview, ContractSimulation, RecordedStep,
        ReleaseStatus, ReleaseStep, SignedProposal, SignedStep,
    },
    data_block::{DataBlock, DataBlockRecord, OperationOutcome, OperationProof, RootOfBlock, TransactionLocator},
    data_format::{DataFormat, FormatId, Title},
    mandate::Mandate,
    o2c::{Change, ChangeResult, Mode},
    operation::{ChainName, InterpretedOperation, OperationType, SignedOperation},
    organization::{Organization, OrganizationKey},
    price::{Price, PriceSetting, PriceSubject},
    quota::{Quota, QuotaReport, QuotaSetting, QuotaSubject, QuotaUsage},
    r2d::{Submission, SubmissionReceipt},
    right::Right,
    u2s::{ServiceDescription, ServiceRequest},
    v2m::{EventFilter, Happening, History, HistoryEntry, Verification},
};

use super::{Dice, Sample, names, sources::proven, structures};

names! { ChainName OperationType FormatId }

structures! {
    Actor { address, roles, organizations }
    Mandate { actor, right }
    SignedOperation { operation_type, chain, message, payload, signature }
    InterpretedOperation { digest, source, content_hash, subject, time }
    TransactionLocator { chain, tx_hash, block_number, block_hash }
    RootOfBlock { chain, root, count, first_time, last_time }
    DataBlock { chain, root, operations, closed_at_ms }
    DataBlockRecord { root, recorded, outcomes }
    OperationProof {
        operation_digest, source, operation_type, content_hash, time, siblings, root, chain, recorded, proof,
    }
    TransactionRecord { locator, block_time_ms, from, to, input, succeeded, events, proof }
    EventRecord { locator, block_time_ms, log_index, contract, topics, data }
    EventQuery { chain, contract, topics, from_block, to_block, from_ms, to_ms }
    ViewRecord { block_number, block_time_ms, data }
    ChainStatus { name, chain_id, rpc_url, genesis_hash, genesis, height, block_time_ms }
    AccountProof { address, balance, code_hash, nonce, storage_hash, account_proof, storage_proof }
    StorageProof { key, value, proof }
    Title { en, zh }
    DataFormat { id, version, chain, title, source, sealed, schema, schema_hash }
    ChangeResult { effects, recorded }
    Organization { code, name, administrator, suspended, keys }
    OrganizationKey { address, right, not_before, not_after, revoked_at }
    Submission { operation, format, metadata, idempotency_key }
    SubmissionReceipt { operation_digest, data_block_root, data_block, operation }
    ServiceDescription { name, description, roles }
    AccessRule { service, version, entries, by, configured_at }
    ServiceAccess { service, roles, versions }
    ServiceRequest { service, parameters }
    EventFilter { from_ms, to_ms, happenings, subject, limit, told }
    History { entries, in_order, findings }
    Quota { operations_per_day, bytes_per_day, operations_per_minute }
    Price { amount, currency, check_amount, mebibyte_amount }
    PriceSetting { subject, price, by, at_ms }
    QuotaSetting { subject, quota, by, at_ms, place, digest, recorded }
    QuotaUsage { subject, operations, bytes, minute_operations, quota, used_up }
    QuotaReport { now_ms, day_ends_ms, settings, changes, usage, left_off }
    ContractArtifact { chain, name, version, creation_code, arguments, interface, source_hash, salt }
    ContractSimulation {
        chain_id, verifying_contract, address, init_code_hash, runtime_code_hash, runtime_code_bytes, interface_hash,
        arguments,
    }
    SignedProposal { artifact, runtime_code_hash, deadline, signature }
    SignedStep { chain, release, status, reason, deadline, signature }
    ReleaseStep { operator, time }
    ContractRelease {
        chain, release, name, version, status, address, init_code_hash, runtime_code_hash, interface_hash, source_hash,
        salt, proposed_block, proposed, reviewed, deployed, released, withdrawn,
    }
    RecordedStep { status, operator, reason, deadline, digest, signature, recorded }
    ContractReview { release, creation_code, arguments, decoded_arguments, interface, deadline, steps }
    SignedChange { content, salt, expires_at, deadline, signature }
    SignedDecision { change, status, reason, deadline, signature }
    ProposedChange {
        change, kind, status, change_hash, expires_at, proposed_block, proposed, decided, withdrawn, applied,
    }
    ChangeReview { proposal, signed }
    Approvals { required, changes }
    HistoryEntry { time_ms, happening, name, by, subject, recorded, revision, facts, right, verified }
}

impl Sample for Right {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&Self::ALL)
    }
}

impl Sample for Role {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&Self::ALL)
    }
}

impl Sample for ProofBundle {
    fn sample(_: &mut Dice) -> Self {
        proven().proof.unwrap()
    }
}

impl Sample for StateProof {
    fn sample(dice: &mut Dice) -> Self {
        let finality = dice.sample::<Option<ProofBundle>>().map(|bundle| bundle.finality);
        Self { finality, account: dice.sample() }
    }
}

impl Sample for OperationOutcome {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self::Recorded(dice.sample()),
            1 => Self::InDataBlock,
            _ => Self::Refused(dice.sample()),
        }
    }
}

impl Sample for Mode {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&[Self::Check, Self::Apply])
    }
}

impl Sample for Change {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(19) {
            0 => Self::RegisterOrganization { code: dice.sample(), name: dice.sample(), administrator: dice.sample() },
            1 => Self::AuthorizeKey { organization: dice.sample(), key: dice.sample() },
            2 => Self::RetireKey { organization: dice.sample(), address: dice.sample(), right: dice.sample() },
            3 => Self::RevokeKey { organization: dice.sample(), address: dice.sample(), from: dice.sample() },
            4 => Self::SuspendOrganization { organization: dice.sample(), suspended: dice.sample() },
            5 => Self::ConfigureFormat(dice.sample()),
            6 => Self::SetQuota { subject: dice.sample(), quota: dice.sample(), by: dice.sample() },
            7 => Self::ProposeContract { proposal: dice.sample(), by: dice.sample() },
            8 => Self::ChangeRelease { step: dice.sample(), by: dice.sample() },
            9 => Self::ConfigureAccess {
                service: dice.sample(),
                version: dice.sample(),
                entries: dice.sample(),
                by: dice.sample(),
            },
            10 => Self::ProposeChange { proposal: dice.sample(), by: dice.sample() },
            11 => Self::DecideChange { decision: dice.sample(), by: dice.sample() },
            12 => Self::ApplyChange { proposed: dice.sample(), by: dice.sample() },
            13 => Self::SetConditions { kind: dice.sample(), requires: dice.sample() },
            16 => Self::SuspendUser { address: dice.sample(), suspended: dice.sample(), by: dice.sample() },
            15 => Self::ChangeSource { source: dice.sample(), by: dice.sample() },
            17 => Self::TellOfAlerts {
                receiver: dice.sample(),
                origin: dice.sample(),
                told: dice.sample(),
                by: dice.sample(),
            },
            14 => Self::SetPrice { subject: dice.sample(), price: dice.sample(), by: dice.sample() },
            _ => Self::OfferService { service: dice.sample(), offered: dice.sample(), by: dice.sample() },
        }
    }
}

impl Sample for AccessEntries {
    fn sample(dice: &mut Dice) -> Self {
        let organization = AccessSubject::Organization("HEALTH-1".to_owned());
        let subjects = [AccessSubject::Anybody, AccessSubject::Role(dice.sample()), organization];
        let effects = [AccessEffect::Allow, AccessEffect::Deny];
        (0..dice.below(4)).map(|_| (dice.one_of(&subjects), dice.one_of(&effects))).collect()
    }
}

impl Sample for ChangeKind {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(Self::ALL)
    }
}

impl Sample for ApprovalStatus {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(Self::ALL)
    }
}

impl Sample for ContractName {
    fn sample(dice: &mut Dice) -> Self {
        Self::parse(dice.one_of(&["counter", "a-1", "x"])).unwrap()
    }
}

impl Sample for ReleaseStatus {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(Self::ALL)
    }
}

impl Sample for PriceSubject {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(2) {
            0 => Self::EveryOrganization,
            _ => Self::Organization(dice.one_of(&["SAMPLE-HEALTH-OFFICE", "A-1"]).to_owned()),
        }
    }
}

impl Sample for QuotaSubject {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(4) {
            0 => Self::EveryOrganization,
            1 => Self::EverySource,
            2 => Self::Organization(dice.one_of(&["SAMPLE-HEALTH-OFFICE", "A-1"]).to_owned()),
            _ => Self::Source(dice.sample()),
        }
    }
}

impl Sample for Happening {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&[
            Self::Submitted,
            Self::SubmissionRefused,
            Self::Created,
            Self::Updated,
            Self::Inspected,
            Self::Accessed,
            Self::Configured,
        ])
    }
}

impl Sample for Verification {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self::Verified,
            1 => Self::Unproven { missing: dice.sample() },
            _ => Self::Failed { check: dice.sample() },
        }
    }
}
