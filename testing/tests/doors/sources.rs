//! R2D's part for registered sources, and S2P's and U2S's for their data.

use alloy_primitives::{B256, Bytes, FixedBytes};
use chancery_data::{
    Algorithm, Operation, Signer, SourceId, merkle,
    source::{self, SourceKind, SourceStatement},
    submission::{self, Access, Basis, Control, Statement},
};
use chancery_reference_points::{
    Code,
    data_search::{
        Asset, DataAggregate, DataQuery, Member, OperationPlace, Reading, Subscribe, TraceRequest, Visibility,
    },
    mandate::{Mandate, rights},
    o2c::{Change, Mode, O2c},
    r2d::R2dSources,
    s2p::S2pData,
    source_data::{SourceChange, SourceSubmission},
    u2s::U2sData,
};
use chancery_testing::ingest::{CHAIN_ID, FORMAT, now_ms};
use serde_json::json;

use crate::{
    heard::Heard,
    house::{House, People},
    operations::OFFICE,
    until,
};

/// Operations of registered sources that a city has accepted more when it has conformed.
pub(crate) const ACCEPTED: u64 = 1;
/// What the operation is about.
const SUBJECT: &str = "roof";
/// A place that no journal of a test reaches.
const NOWHERE: u64 = 1 << 40;
/// Longest that the index is waited for, in milliseconds.
const INDEXED_MS: u64 = 20_000;

/// A key of a source, which holds no secret: these cities end with their tests.
fn key(byte: u8) -> Signer {
    Signer::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap()
}

fn name_of(signer: &Signer) -> SourceId {
    signer.public_key().thumbprint().source()
}

fn stated(by: &Signer, statement: &SourceStatement) -> String {
    by.sign(statement, source::TYP).unwrap().text().to_owned()
}

/// One public reading about the subject.
fn submission(signer: &Signer) -> SourceSubmission {
    let content = json!({"station": "ROOF", "temp_max": 21.5});
    let operation = json!({"time": now_ms(), "subject": SUBJECT, "content": content}).to_string();
    let root = merkle::root(&[Operation::name(operation.as_bytes())]).unwrap();
    let statement = Statement {
        chain_id: CHAIN_ID,
        source: name_of(signer),
        key: FixedBytes::repeat_byte(41),
        format: FORMAT.to_owned(),
        format_version: 1,
        time: now_ms(),
        count: 1,
        root,
        control: Control {
            access: Access::Public,
            retention_days: 365,
            basis: Basis::NotPersonal,
            readers: Vec::new(),
        },
    };
    let submission = signer.sign(&statement, submission::TYP).unwrap().text().to_owned();
    SourceSubmission { submission, operations: vec![Bytes::from(operation.into_bytes())] }
}

/// A source is registered, submits, has its key replaced, and its data are found.
pub(crate) async fn conform(house: &House, people: &People, heard: &mut Heard) {
    let (signer, next) = (key(41), key(42));
    let register = SourceStatement::Register {
        chain_id: CHAIN_ID,
        kind: SourceKind::Device,
        organization: OFFICE.to_owned(),
        name: "a station on a roof".to_owned(),
        jwk: signer.public_key().to_jwk(),
        time: now_ms(),
    };
    let source = SourceChange::Statement { statement: stated(&signer, &register), approval: None };
    let change = Change::ChangeSource { source, by: people.operator.address.unwrap() };
    let registered = O2c::control(&house.controlling, &people.operator, change, Mode::Apply).await;
    heard.answered("O2c.Control", registered, |done| done.effects.len().to_string());

    let place = accepted(house, &signer, heard).await;
    rotated(house, people, (&signer, &next), heard).await;
    searched(house, (name_of(&signer), place), heard).await;
    served(house, people, (name_of(&signer), place), heard).await;
    subscribed(house, people, name_of(&signer), heard).await;
}

async fn accepted(house: &House, signer: &Signer, heard: &mut Heard) -> u64 {
    let r2d = &house.representation;
    let mut verdicts = r2d.accept(vec![submission(signer), submission(&key(43))]).await.into_iter();
    let accepted = heard.answered("R2dSources.Accept", verdicts.next().unwrap(), |accepted| accepted.count.to_string());
    heard.refused("R2dSources.Accept", verdicts.next().unwrap(), Code::UnknownSource);
    let place = accepted.place;
    let state = heard.answered("R2dSources.Submission", r2d.submission(place).await, |state| state.count.to_string());
    assert_eq!(state.digest, accepted.digest);
    heard.refused("R2dSources.Submission", r2d.submission(NOWHERE).await, Code::UnknownSubmission);
    // It is accepted before its data block is final.
    let proof = until(async || r2d.submitted_operation_proof(place, 0).await.ok()).await;
    heard.answered("R2dSources.SubmittedOperationProof", Ok(proof), |proof| proof.proof.is_some().to_string());
    let nowhere = r2d.submitted_operation_proof(NOWHERE, 0).await;
    heard.refused("R2dSources.SubmittedOperationProof", nowhere, Code::UnknownSubmission);
    place
}

/// The present key speaks for the source, and nobody else does here.
async fn rotated(house: &House, people: &People, (signer, next): (&Signer, &Signer), heard: &mut Heard) {
    let (r2d, source) = (&house.representation, name_of(signer));
    let withdraw = SourceChange::Withdraw { source, reason: "it is said at this door".to_owned() };
    let withdrawn = r2d.change_source(&people.operator, withdraw).await;
    heard.refused("R2dSources.ChangeSource", withdrawn, Code::RoleRequired);
    let jwk = next.public_key().to_jwk();
    let rotate = SourceStatement::Rotate { chain_id: CHAIN_ID, source, jwk, time: now_ms() };
    let change = SourceChange::Statement { statement: stated(next, &rotate), approval: Some(stated(signer, &rotate)) };
    let rotated = r2d.change_source(&people.public, change).await;
    heard.answered("R2dSources.ChangeSource", rotated, |source| source.keys.len().to_string());
    heard.answered("R2dSources.Source", r2d.source(source).await, |source| source.name.clone());
    heard.refused("R2dSources.Source", r2d.source(SourceId::repeat_byte(7)).await, Code::UnknownSource);
}

fn asset() -> Asset {
    Asset { organization: OFFICE.to_owned(), format: FORMAT.to_owned(), subject: SUBJECT.to_owned() }
}

fn query(source: SourceId) -> DataQuery {
    DataQuery { sources: vec![source], ..DataQuery::default() }
}

/// S2P: what the mandate covers, and nothing else.
async fn searched(house: &House, (source, place): (SourceId, u64), heard: &mut Heard) {
    let (s2p, by, other) =
        (&house.representation, Mandate::of_the_city(rights::DATA), Mandate::of_the_city(rights::CHAINS));
    let visible = || Visibility { access: vec![Access::Public], now_ms: now_ms() };
    let internal = || Visibility { access: vec![Access::Internal], now_ms: now_ms() };
    let reached = s2p.searchable(&by, place, INDEXED_MS).await;
    heard.answered("S2pData.Searchable", reached, |reached| (*reached > place).to_string());
    heard.refused("S2pData.Searchable", s2p.searchable(&other, 0, 0).await, Code::NotCovered);

    let page = S2pData::search(s2p, &by, query(source), visible()).await;
    let page = heard.answered("S2pData.Search", page, |page| page.operations.len().to_string());
    let beyond = S2pData::search(s2p, &by, query(source), internal()).await;
    heard.refused("S2pData.Search", beyond, Code::NotCovered);
    let at = page.operations[0].at;
    heard.answered("S2pData.Proof", S2pData::proof(s2p, &by, at).await, |proof| proof.proof.is_some().to_string());
    let nowhere = OperationPlace { place: NOWHERE, index: 0 };
    heard.refused("S2pData.Proof", S2pData::proof(s2p, &by, nowhere).await, Code::UnknownSubmission);

    let counts = s2p.statistics(&by).await;
    heard.answered("S2pData.Statistics", counts, |counts| {
        counts.iter().map(|count| count.operations).sum::<u64>().to_string()
    });
    heard.refused("S2pData.Statistics", s2p.statistics(&other).await, Code::NotCovered);
    let request = TraceRequest::from(asset());
    let versions = S2pData::versions(s2p, &by, &request, visible()).await;
    heard.answered("S2pData.Versions", versions, |found| found.versions.len().to_string());
    let beyond = S2pData::versions(s2p, &by, &request, internal()).await;
    heard.refused("S2pData.Versions", beyond, Code::NotCovered);
    let hands = s2p.hand_overs(&by, vec![source]).await;
    heard.answered("S2pData.HandOvers", hands, |hands| hands.len().to_string());
    let unknown = s2p.hand_overs(&by, vec![SourceId::repeat_byte(7)]).await;
    heard.refused("S2pData.HandOvers", unknown, Code::UnknownSource);
    let aggregate = DataAggregate { query: query(source), ..DataAggregate::default() };
    let counted = S2pData::aggregate(s2p, &by, aggregate.clone(), visible()).await;
    heard.answered("S2pData.Aggregate", counted, |counted| counted.aggregates.operations.to_string());
    let beyond = S2pData::aggregate(s2p, &by, aggregate, internal()).await;
    heard.refused("S2pData.Aggregate", beyond, Code::NotCovered);
}

/// U2S: what anybody is answered. That statistics are refused is heard when the service is withdrawn.
async fn served(house: &House, people: &People, (source, place): (SourceId, u64), heard: &mut Heard) {
    let (u2s, actor) = (&house.provisioning, &people.public);
    let page = u2s.search_data(actor, query(source)).await;
    let page = heard.answered("U2sData.SearchData", page, |page| page.operations.len().to_string());
    assert_eq!(page.operations[0].at, OperationPlace { place, index: 0 });
    let none = DataQuery { limit: Some(0), ..query(source) };
    heard.refused("U2sData.SearchData", u2s.search_data(actor, none).await, Code::MalformedRequest);
    let counts = u2s.data_statistics(actor).await;
    heard.answered("U2sData.DataStatistics", counts, |counts| {
        counts.iter().map(|count| count.operations).sum::<u64>().to_string()
    });
    let trace = u2s.trace_data(actor, asset().into()).await;
    heard.answered("U2sData.TraceData", trace, |trace| {
        format!("{} versions, {} findings", trace.versions.len(), trace.findings.len())
    });
    let nothing = Asset { subject: "nothing".to_owned(), ..asset() };
    heard.refused("U2sData.TraceData", u2s.trace_data(actor, nothing.into()).await, Code::UnknownOperation);
    let proof = u2s.data_proof(actor, page.operations[0].at).await;
    heard.answered("U2sData.DataProof", proof, |proof| proof.proof.is_some().to_string());
    let nowhere = OperationPlace { place: NOWHERE, index: 0 };
    heard.refused("U2sData.DataProof", u2s.data_proof(actor, nowhere).await, Code::UnknownSubmission);
    let value = Some(Member { path: "temp_max".to_owned(), ..Member::default() });
    let aggregate = DataAggregate { query: query(source), value, ..DataAggregate::default() };
    let counted = u2s.aggregate_data(actor, aggregate.clone()).await;
    heard.answered("U2sData.AggregateData", counted, |counted| format!("{:?}", counted.groups));
    let unnamed = DataAggregate { value: Some(Member::default()), ..aggregate };
    heard.refused("U2sData.AggregateData", u2s.aggregate_data(actor, unnamed).await, Code::MalformedRequest);
}

/// U2S: a subscription is somebody's.
async fn subscribed(house: &House, people: &People, source: SourceId, heard: &mut Heard) {
    let (u2s, who, public) = (&house.provisioning, &people.stranger, &people.public);
    let subscribe = Subscribe { name: "a roof".to_owned(), query: query(source), days: None };
    let refused = u2s.subscribe(public, subscribe.clone()).await;
    heard.refused("U2sData.Subscribe", refused, Code::AuthenticationRequired);
    let subscription = u2s.subscribe(who, subscribe).await;
    let id = heard.answered("U2sData.Subscribe", subscription, |kept| kept.name.clone()).id;
    heard.refused("U2sData.Subscriptions", u2s.subscriptions(public).await, Code::AuthenticationRequired);
    heard.answered("U2sData.Subscriptions", u2s.subscriptions(who).await, |kept| kept.len().to_string());
    let delivered = u2s.subscribed_data(who, id, Reading::default()).await;
    heard.answered("U2sData.SubscribedData", delivered, |found| found.operations.len().to_string());
    let unknown = u2s.subscribed_data(who, B256::repeat_byte(7), Reading::default()).await;
    heard.refused("U2sData.SubscribedData", unknown, Code::UnknownSubscription);
    heard.answered("U2sData.Unsubscribe", u2s.unsubscribe(who, id).await, |ended| ended.name.clone());
    heard.refused("U2sData.Unsubscribe", u2s.unsubscribe(who, id).await, Code::UnknownSubscription);
}
