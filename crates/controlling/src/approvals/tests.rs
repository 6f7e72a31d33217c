#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use alloy_primitives::Bytes;
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Role,
    c2r::C2r,
    c2s::C2s,
    change_approval::{Approvals, ProposedChange},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation, ReleaseStep},
    o2c::O2c,
    operation::ChainName,
    organization::Organization,
};

use super::*;

const FIRST: Address = Address::repeat_byte(1);
const SECOND: Address = Address::repeat_byte(2);
const NAME: B256 = B256::repeat_byte(0xcc);

/// A city that wants two operators for services, with one proposal at most; what it was told to apply.
#[derive(Default)]
struct City {
    proposed: Mutex<Option<ChangeReview>>,
    applied: Mutex<Vec<Change>>,
    fails: Mutex<bool>,
}

fn nothing() -> ChangeResult {
    ChangeResult { effects: Vec::new(), recorded: Vec::new() }
}

#[async_trait]
impl C2s for City {
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        if mode == Mode::Apply {
            if *self.fails.lock().unwrap() {
                return Err(DoorError::new(Code::DatabaseUnreachable, "no journal"));
            }
            self.applied.lock().unwrap().push(change.clone());
        }
        Ok(ChangeResult { effects: vec!["service any: withdrawn".into()], recorded: Vec::new() })
    }
}

#[async_trait]
impl C2r for City {
    async fn control(&self, _: &Change, _: Mode) -> DoorResult<ChangeResult> {
        Ok(nothing())
    }
}

#[async_trait]
impl C2p for City {
    async fn control(&self, _: &Mandate, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        let mut proposed = self.proposed.lock().unwrap();
        match (change, mode) {
            (Change::ProposeChange { proposal, by }, Mode::Apply) => {
                let (kind, _) = read_text(&proposal.content)?;
                *proposed = Some(review(proposal.clone(), kind, *by));
            }
            (Change::DecideChange { decision, by }, Mode::Apply) => {
                let known = &mut proposed.as_mut().unwrap().proposal;
                known.status = decision.status;
                known.decided = Some(ReleaseStep { operator: *by, time: 2 });
            }
            (Change::ApplyChange { .. }, _) => {
                let known = &mut proposed.as_mut().unwrap().proposal;
                if known.status != ApprovalStatus::Approved {
                    return Err(DoorError::new(Code::ChangeConflict, "not approved"));
                }
                if mode == Mode::Apply {
                    known.status = ApprovalStatus::Applied;
                }
            }
            _ => {}
        }
        Ok(nothing())
    }
    async fn organizations(&self) -> DoorResult<Vec<Organization>> {
        Ok(Vec::new())
    }
    async fn simulate_contract(&self, _: &Mandate, _: &ContractArtifact) -> DoorResult<ContractSimulation> {
        Err(DoorError::new(Code::UnknownContract, "no"))
    }
    async fn contracts(&self, _: &ChainName, _: u64) -> DoorResult<Vec<ContractRelease>> {
        Ok(Vec::new())
    }
    async fn contract(&self, _: &ChainName, _: B256) -> DoorResult<ContractReview> {
        Err(DoorError::new(Code::UnknownContract, "no"))
    }
    async fn approvals(&self, _: u64) -> DoorResult<Approvals> {
        Ok(Approvals { required: vec![ChangeKind::Services], changes: Vec::new() })
    }
    async fn change(&self, _: B256) -> DoorResult<ChangeReview> {
        self.proposed.lock().unwrap().clone().ok_or_else(|| DoorError::new(Code::UnknownChange, "no"))
    }
}

fn review(signed: SignedChange, kind: ChangeKind, by: Address) -> ChangeReview {
    let proposal = ProposedChange {
        change: NAME,
        kind,
        status: ApprovalStatus::Proposed,
        change_hash: keccak256(&signed.content),
        expires_at: signed.expires_at,
        proposed_block: 1,
        proposed: ReleaseStep { operator: by, time: 1 },
        decided: None,
        withdrawn: None,
        applied: None,
    };
    ChangeReview { proposal, signed }
}

fn controlling(city: &Arc<City>) -> Controlling {
    Controlling::new(city.clone(), city.clone(), city.clone())
}

fn operator(address: Address) -> Actor {
    Actor::new(address, [Role::Operator])
}

fn withdraw() -> Change {
    Change::OfferService { service: "any".into(), offered: false, by: FIRST }
}

fn signed(content: String) -> SignedChange {
    SignedChange { content, salt: B256::ZERO, expires_at: 9, deadline: 9, signature: Bytes::new() }
}

fn decide(status: ApprovalStatus) -> Change {
    let decision = SignedDecision { change: NAME, status, reason: "why".into(), deadline: 9, signature: Bytes::new() };
    Change::DecideChange { decision, by: SECOND }
}

async fn propose(city: &Arc<City>, content: String) -> DoorResult<ChangeResult> {
    let change = Change::ProposeChange { proposal: signed(content), by: FIRST };
    controlling(city).control(&operator(FIRST), change, Mode::Apply).await
}

// CONTROLLING-4, CHANGE-2, M-CON-3
#[tokio::test]
async fn what_needs_two_operators_is_applied_with_the_second_ones_approval_and_once() {
    let city = Arc::new(City::default());
    let controlling = controlling(&city);
    let checked = controlling.control(&operator(FIRST), withdraw(), Mode::Check).await.unwrap();
    assert!(checked.effects[1].contains("second operator"), "{:?}", checked.effects);
    let refused = controlling.control(&operator(FIRST), withdraw(), Mode::Apply).await.unwrap_err();
    assert_eq!(refused.code(), Code::ApprovalRequired);
    let content = refused.members()["change"].as_str().unwrap().to_owned();
    assert_eq!(read_text(&content).unwrap().1, withdraw(), "the refusal says what would be approved");
    assert_eq!(refused.members()["changeHash"], keccak256(&content).to_string());

    let proposed = propose(&city, content).await.unwrap();
    assert_eq!(proposed.effects, ["once approved: service any: withdrawn"]);
    controlling.control(&operator(SECOND), decide(ApprovalStatus::Approved), Mode::Check).await.unwrap();
    let apply = Change::ApplyChange { proposed: NAME, by: SECOND };
    let early = controlling.control(&operator(SECOND), apply.clone(), Mode::Apply).await.unwrap_err();
    assert_eq!(early.code(), Code::ChangeConflict);
    assert!(city.applied.lock().unwrap().is_empty(), "nothing is applied without an approval");

    controlling.control(&operator(SECOND), decide(ApprovalStatus::Approved), Mode::Apply).await.unwrap();
    assert_eq!(*city.applied.lock().unwrap(), [withdraw()]);
    controlling.control(&operator(SECOND), apply, Mode::Apply).await.unwrap_err();
    assert_eq!(city.applied.lock().unwrap().len(), 1, "an approval counts once");
}

// CONTROLLING-4: kinds that the city does not name are changed by one.
#[tokio::test]
async fn other_kinds_need_one_operator() {
    let city = Arc::new(City::default());
    let change = Change::SuspendOrganization { organization: "A-1".into(), suspended: true };
    controlling(&city).control(&operator(FIRST), change.clone(), Mode::Apply).await.unwrap();
    assert_eq!(*city.applied.lock().unwrap(), [change]);
}

// CHANGE-2, CHANGE-3
#[tokio::test]
async fn a_rejected_change_and_a_disguised_one_are_never_applied() {
    let city = Arc::new(City::default());
    propose(&city, text_of(&withdraw()).unwrap()).await.unwrap();
    controlling(&city).control(&operator(SECOND), decide(ApprovalStatus::Rejected), Mode::Apply).await.unwrap();
    assert!(city.applied.lock().unwrap().is_empty());

    // Sent to the chain directly, as a change of another kind.
    *city.proposed.lock().unwrap() = Some(review(signed(text_of(&withdraw()).unwrap()), ChangeKind::Quotas, FIRST));
    let approve = decide(ApprovalStatus::Approved);
    let refused = controlling(&city).control(&operator(SECOND), approve, Mode::Apply).await.unwrap_err();
    assert_eq!(refused.code(), Code::ConfigurationInvalid);
    // In another's name.
    let other = Change::OfferService { service: "any".into(), offered: false, by: SECOND };
    let refused = propose(&city, text_of(&other).unwrap()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ConfigurationInvalid);
    assert!(city.applied.lock().unwrap().is_empty());
}

// CONTROLLING-4: what fails after its approval was used is said, and is proposed again.
#[tokio::test]
async fn a_failure_after_the_approval_says_that_it_is_used() {
    let city = Arc::new(City::default());
    propose(&city, text_of(&withdraw()).unwrap()).await.unwrap();
    *city.fails.lock().unwrap() = true;
    let approve = decide(ApprovalStatus::Approved);
    let failed = controlling(&city).control(&operator(SECOND), approve, Mode::Apply).await.unwrap_err();
    assert_eq!((failed.code(), &failed.members()["approved"]), (Code::DatabaseUnreachable, &NAME.to_string().into()));
    let status = city.proposed.lock().unwrap().as_ref().unwrap().proposal.status;
    assert_eq!(status, ApprovalStatus::Applied);
}

// CONTROLLING-1
#[tokio::test]
async fn only_operators_propose_and_decide() {
    let city = Arc::new(City::default());
    let supervisor = Actor::new(SECOND, [Role::Supervisor]);
    let refused =
        controlling(&city).control(&supervisor, decide(ApprovalStatus::Approved), Mode::Apply).await.unwrap_err();
    assert_eq!(refused.code(), Code::RoleRequired);
}
