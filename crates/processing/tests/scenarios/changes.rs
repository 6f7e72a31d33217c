//! Access rules, and changes that two operators make together (docs/specs/access.md).
#![allow(unreachable_pub, reason = "the list of scenarios is above")]

use std::sync::Arc;

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use chancery_contracts::predeploys;
use chancery_primitives::{ApprovalStatus, ChangeKind, DecideChange, SignedOperation as _, SigningDomain, UnixSeconds};
use chancery_reference_points::{
    Code, DoorError,
    c2p::C2p,
    change_approval::{MAX_CHANGE_LIFE_S, SignedChange, SignedDecision, text_of},
    m2p::M2p,
    o2c::{Change, Mode},
    quota::QuotaSubject,
    s2p::{Retrieval, S2p},
    v2m::EventFilter,
};
use serde_json::json;

use crate::support::{City, by_operator, by_supervisor, contract_operator, now};

const SERVICE: &str = "certificates.query";

fn rule(version: u32, entries: serde_json::Value) -> Change {
    let entries = serde_json::from_value(entries).unwrap();
    Change::ConfigureAccess { service: SERVICE.into(), version, entries, by: Address::repeat_byte(9) }
}

async fn refused(city: &City, change: &Change) -> DoorError {
    city.processing.control(&by_operator(), change, Mode::Apply).await.unwrap_err()
}

/// ACCESS-5, M-CON-3, M-CON-4, M-MON-2
pub async fn access_rules_are_recorded_version_by_version(city: Arc<City>) {
    assert!(city.processing.access_rules(None).await.unwrap().is_empty());
    assert!(city.processing.access_rules(Some(SERVICE)).await.unwrap().is_empty());
    let first = rule(1, json!({"role:inspector": "deny"}));
    let lost = refused(&city, &rule(2, json!({}))).await;
    assert_eq!((lost.code(), &lost.members()["expected"]), (Code::ConfigurationInvalid, &json!(1)));
    assert_eq!(city.control(first.clone(), Mode::Check).await.len(), 1);
    assert!(city.processing.access_rules(None).await.unwrap().is_empty(), "a check changes nothing");

    assert_eq!(city.processing.control(&by_operator(), &first, Mode::Apply).await.unwrap().recorded.len(), 1);
    let again = city.processing.control(&by_operator(), &first, Mode::Apply).await.unwrap();
    assert!(again.recorded.is_empty(), "it is recorded already");
    city.control(rule(2, json!({})), Mode::Apply).await;
    let versions = city.processing.access_rules(Some(SERVICE)).await.unwrap();
    let numbers: Vec<u32> = versions.iter().map(|rule| rule.version).collect();
    assert_eq!(numbers, [2, 1], "newest first");
    assert_eq!((versions[1].entries.len(), versions[1].by), (1, Address::repeat_byte(9)));
    assert_eq!(city.processing.access_rules(None).await.unwrap(), versions[..1], "the one in force");

    let filter = EventFilter { subject: Some(SERVICE.to_owned()), ..EventFilter::default() };
    let seen = M2p::events(&city.processing, &by_supervisor(), &filter).await.unwrap();
    assert_eq!((seen[0].name.as_str(), seen[0].by), ("AccessRuleConfigured", Some(Address::repeat_byte(9))));
}

async fn main_domain(city: &City) -> SigningDomain {
    let chains = Retrieval::chains(&city.processing).await.unwrap();
    let main = chains.iter().find(|chain| chain.name.0 == "main").unwrap();
    SigningDomain::new(main.chain_id, predeploys::CHANGE_APPROVALS)
}

fn sign(signer: &PrivateKeySigner, digest: B256) -> Bytes {
    signer.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into()
}

fn quota(by: Address) -> Change {
    Change::SetQuota { subject: QuotaSubject::EverySource, quota: None, by }
}

/// A proposal, signed, and its name.
async fn proposal(city: &City, signer: &PrivateKeySigner, salt: u8, expires_at: u64) -> (B256, Change) {
    let by = signer.address();
    let mut proposal = SignedChange {
        content: text_of(&quota(by)).unwrap(),
        salt: B256::repeat_byte(salt),
        expires_at,
        deadline: now() + 600,
        signature: Bytes::new(),
    };
    let name = proposal.operation(ChangeKind::Quotas).digest(&main_domain(city).await);
    proposal.signature = sign(signer, name);
    (name, Change::ProposeChange { proposal, by })
}

async fn decision(city: &City, signer: &PrivateKeySigner, change: B256, status: ApprovalStatus) -> Change {
    let (deadline, reason) = (now() + 600, "as it should be".to_owned());
    let operation = DecideChange { change, status, reason: reason.clone(), deadline: UnixSeconds(deadline) };
    let signature = sign(signer, operation.digest(&main_domain(city).await));
    let decision = SignedDecision { change, status, reason, deadline, signature };
    Change::DecideChange { decision, by: signer.address() }
}

/// CHANGE-1..5, M-CON-3, M-CON-4
pub async fn a_change_is_approved_by_a_second_operator_on_the_main_chain(city: Arc<City>) {
    let (first, second) = (contract_operator(0), contract_operator(1));
    let approvals = city.processing.approvals(0).await.unwrap();
    assert_eq!((approvals.required, approvals.changes.len()), (vec![ChangeKind::Quotas], 0));
    let (name, propose) = proposal(&city, &first, 1, now() + 3600).await;
    assert_eq!(city.control(propose.clone(), Mode::Check).await.len(), 1);
    city.control(propose.clone(), Mode::Apply).await;
    let again = city.processing.control(&by_operator(), &propose, Mode::Apply).await.unwrap();
    assert!(again.recorded.is_empty(), "it is proposed already");

    let apply = Change::ApplyChange { proposed: name, by: first.address() };
    let early = refused(&city, &apply).await;
    assert_eq!((early.code(), &early.members()["status"]), (Code::ChangeConflict, &json!("proposed")));
    let own = refused(&city, &decision(&city, &first, name, ApprovalStatus::Approved).await).await;
    assert_eq!(own.code(), Code::SecondOperatorRequired);
    let stranger = PrivateKeySigner::random();
    let foreign = refused(&city, &decision(&city, &stranger, name, ApprovalStatus::Approved).await).await;
    assert_eq!(foreign.code(), Code::RoleRequired);
    // Signed by one, sent in the name of another.
    let Change::DecideChange { decision: signed, .. } = decision(&city, &second, name, ApprovalStatus::Approved).await
    else {
        panic!()
    };
    let forged = Change::DecideChange { decision: signed, by: first.address() };
    assert_eq!(refused(&city, &forged).await.code(), Code::SignatureInvalid);

    city.control(decision(&city, &second, name, ApprovalStatus::Approved).await, Mode::Apply).await;
    let review = city.processing.change(name).await.unwrap();
    assert_eq!(review.proposal.status, ApprovalStatus::Approved);
    assert_eq!(review.proposal.decided.as_ref().unwrap().operator, second.address());
    assert_eq!(keccak256(&review.signed.content), review.proposal.change_hash);
    assert_eq!(review.signed.content, text_of(&quota(first.address())).unwrap());
    city.control(apply.clone(), Mode::Apply).await;
    let twice = refused(&city, &apply).await;
    assert_eq!((twice.code(), &twice.members()["status"]), (Code::ChangeConflict, &json!("applied")));

    let (other, propose) = proposal(&city, &second, 2, now() + 3600).await;
    city.control(propose, Mode::Apply).await;
    city.control(decision(&city, &first, other, ApprovalStatus::Rejected).await, Mode::Apply).await;
    let after = refused(&city, &decision(&city, &first, other, ApprovalStatus::Approved).await).await;
    assert_eq!(after.code(), Code::ChangeConflict);
    let listed = city.processing.approvals(1).await.unwrap().changes;
    assert_eq!((listed.len(), listed[0].change, listed[0].status), (1, other, ApprovalStatus::Rejected));
    let unknown = city.processing.change(B256::repeat_byte(7)).await.unwrap_err();
    assert_eq!(unknown.code(), Code::UnknownChange);

    for expires_at in [now() - 1, now() + MAX_CHANGE_LIFE_S + 600] {
        let (_, propose) = proposal(&city, &first, 3, expires_at).await;
        assert_eq!(refused(&city, &propose).await.code(), Code::ConfigurationInvalid);
    }
    let filter = EventFilter { subject: Some(name.to_string()), ..EventFilter::default() };
    let seen = M2p::events(&city.processing, &by_supervisor(), &filter).await.unwrap();
    let names: Vec<_> = seen.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["ChangeApplied", "ChangeDecided", "ChangeProposed"], "newest first");
    assert_eq!((seen[1].by, seen[1].facts.as_str()), (Some(second.address()), "approved"));
}
