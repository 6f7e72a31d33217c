//! Data of registered sources.

use chancery_data::{key::Jwk, source::SourceKind, submission::Access};
use chancery_reference_points::{
    alert::{
        AddedReceiver, Alert, AlertReceiver, AlertRule, AuditStatus, Deliveries, MailboxLook, NewReceiver,
        ReceiverSecret, TestedDelivery, WatchReport,
    },
    anchor::{AnchorConflict, AnchorPlace, AnchorStanding, AnchorState},
    data_block::{KeptBlock, KeptBlocks, KeptLeaves, RecordedBlock, RecordedRoots},
    data_search::{
        Aggregates, Aggregation, Asset, AssetAccess, AssetTrace, AssetVersion, AssetVersions, AuditReport,
        AuditRequest, AuditedBlock, DataAggregate, DataOperation, DataPage, DataQuery, DayCount, Delivered, Difference,
        Every, FieldRange, FieldValue, Group, Interval, Member, OperationPlace, Reading, Sort, SourceTimes,
        StandingStore, StoredDifference, Subscribe, Subscription, TimeStamp, TraceRequest, Visibility,
    },
    read_right::ReadRight,
    source_data::{
        AcceptedSubmission, Restoration, Source, SourceChange, SourceKey, SourceOperationProof, SourceSubmission,
        SubmissionState, Withdrawal,
    },
    trace::{Entitled, HandOver, HandedBy, Narrowing, Transfers, UseAct, UseRight},
};

use super::{Dice, Sample, structures};

structures! {
    SourceSubmission { submission, operations }
    AcceptedSubmission { place, digest, source, key, count, accepted_at_ms, repeated, receipt }
    SubmissionState { place, digest, source, count, accepted_at_ms, access, expires_ms, recorded }
    Jwk { kty, crv, x, y }
    SourceKey { jwk, kid, from_ms, until_ms, statement, approval }
    Withdrawal { at_ms, by, reason }
    Restoration { withdrawn, at_ms, by, reason }
    Source { source, kind, organization, name, keys, registered_by, withdrawn, restored }
    OperationPlace { place, index }
    FieldValue { path, value }
    FieldRange { path, at_least, above, at_most, below }
    DataQuery { sources, formats, subject, fields, ranges, text, from, to, time, ascending, limit, after, sort }
    Sort { field, descending, after }
    Member { path, in_formats }
    Every { interval, member }
    DataAggregate { query, value, by, every }
    Group { from, key, operations, values, others, sum, least, most, mean }
    Aggregates { groups, operations, next }
    Aggregation { aggregates, assets, unnamed }
    Subscribe { name, query, days }
    Subscription { id, name, query, start, created_at, expires_at }
    Reading { after, limit, wait_ms }
    Delivered { operations, cursor }
    Visibility { access, now_ms }
    DataOperation {
        at, digest, name, source, organization, format, format_version, access, right, accepted_at, operation,
    }
    DataPage { operations, next, next_key }
    DayCount { day, format, source, operations }
    Asset { organization, format, subject }
    TraceRequest { asset, before }
    AssetVersion { version, operation }
    AssetVersions { versions, older }
    AssetAccess { time, by, service }
    AssetTrace { asset, versions, older, rights, transfers, accesses, cut, findings }
    UseRight { act, by, access, rule, narrowed_by }
    Narrowing { service, version, entries }
    HandOver { of, from, to, at, how, recorded }
    Transfers { transferable, rule, reason, path, cut }
    AuditRequest { from, operations }
    Difference { check, place, index, file, offset, detail, stored }
    StoredDifference { store, id, expected, found }
    KeptBlocks { journal, blocks }
    KeptLeaves { chain, root, count, first_time, last_time, block_number }
    MailboxLook { messages, differences, found, is_end, trouble }
    SourceTimes { source, submissions, longest_gap, disorders, least_drift, most_drift }
    AuditReport {
        from, next, complete, submissions, operations, blocks, difference, sequence, sources, compared, chain, chains,
        recorded, standing,
    }
    StandingStore { store, for_ms }
    AuditedBlock {
        first, place, file, offset, root, count, first_time, last_time, block_number, after_block,
    }
    RecordedBlock { root, count, first_time, last_time, recorded_at, block_number }
    RecordedRoots { total, roots }
    AnchorPlace { host, follows, contract, is_fed }
    AnchorConflict { number, first, second }
    AnchorStanding { newest, conflict }
    AnchorState { place, standing, head }
    AuditStatus {
        operations_per_second, next, next_root, began_at_ms, operations, blocks, completed_at_ms, completed_operations,
        completed_blocks, difference, found_at_ms, trouble, mailbox_messages, mailbox_completed_at_ms,
        mailbox_difference,
    }
    Alert { id, rule, subject, summary, difference, raised_at_ms }
    Deliveries { waiting, delivered, dropped }
    WatchReport { audit, alerts, deliveries }
    NewReceiver { url, allow_private }
    AlertReceiver { id, url, allow_private, added_by, added_at_ms, waiting, delivered_at_ms, trouble }
    AddedReceiver { receiver, secret }
    TestedDelivery { delivered, status, detail }
}

/// A proof that a city has made: the vector of `chancery-data`.
pub(crate) fn proven() -> SourceOperationProof {
    let vector: serde_json::Value =
        serde_json::from_str(include_str!("../../../../data/vectors/operation-proof.json")).unwrap();
    serde_json::from_value(vector["proof"].clone()).unwrap()
}

impl Sample for SourceOperationProof {
    fn sample(dice: &mut Dice) -> Self {
        Self { operation: dice.sample(), siblings: dice.sample(), ..proven() }
    }
}

impl Sample for ReadRight {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&Self::ALL)
    }
}

impl Sample for KeptBlock {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(5) {
            0 => Self::Nothing,
            1 => Self::InJournal,
            2 => Self::Announced,
            3 => Self::Unreadable,
            _ => Self::Leaves(dice.sample()),
        }
    }
}

impl Sample for AlertRule {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&Self::ALL)
    }
}

impl Sample for ReceiverSecret {
    fn sample(dice: &mut Dice) -> Self {
        Self(dice.sample())
    }
}

impl Sample for UseAct {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&Self::ALL)
    }
}

impl Sample for HandedBy {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&Self::ALL)
    }
}

impl Sample for Entitled {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(4) {
            0 => Self::Anybody,
            1 => Self::Roles { roles: dice.sample() },
            2 => Self::Organization { organization: dice.sample() },
            _ => Self::Address { address: dice.sample() },
        }
    }
}

impl Sample for SourceKind {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&[Self::Person, Self::Organization, Self::Device, Self::Application])
    }
}

impl Sample for SourceChange {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self::Statement { statement: dice.sample(), approval: dice.sample() },
            1 => Self::Withdraw { source: dice.sample(), reason: dice.sample() },
            _ => Self::Restore { source: dice.sample(), reason: dice.sample() },
        }
    }
}

impl Sample for Interval {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&[Self::Hour, Self::Day, Self::Month, Self::Year])
    }
}

impl Sample for TimeStamp {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&[Self::Stated, Self::Accepted])
    }
}

impl Sample for Access {
    fn sample(dice: &mut Dice) -> Self {
        dice.one_of(&[Self::Public, Self::Internal, Self::Restricted])
    }
}
