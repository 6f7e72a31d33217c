//! A Byzantine relay over real chains (A-MORE-2): what it forges, replays and puts out of order is refused, each by its name, and changes nothing; what it drops or
//! denies ends nothing. An honest relay brings the same requests to their end.
//!
//! A lying endorser, below and above half of the weight: `alliance.rs`. The same at random and by seed: `seeds.rs`.

mod evidence;
mod headers;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use chancery_bridge::{
    alliance::{
        certificate::SignatureFault,
        decision::RequestState,
        slots,
        store::Outcome,
        submission::{Submission, SubmissionFault},
    },
    relay::{AnchorRelay, Carrier, CarryRefusal, Courier, MemberLink, Proven, Testimony},
    requester::RequestError,
};
use chancery_contracts::{Alliance, StoreNode};
use chancery_ledger::{Call, LedgerError};

use crate::support::{
    chain::TestChain,
    partnership::{Partnership, name},
};

const APPLIED: u8 = Outcome::Applied.code();
/// Somebody.
const NOBODY: Address = Address::repeat_byte(9);

/// A lie is refused by that name, when it is asked about and when it is sent.
async fn refused(lie: &str, chain: &TestChain, to: Address, call: &impl SolCall, named: &str) {
    let asked = Call { to: Some(to), data: call.abi_encode().into() };
    let Err(error) = chain.chain.simulate(NOBODY, &asked).await else { panic!("{lie}: it is taken") };
    let LedgerError::Reverted { reason, .. } = &error else { panic!("{lie}: {error}") };
    assert_eq!(reason.name, named, "{lie}");
    assert!(!chain.tries(to, call).await, "{lie}: it had an effect");
}

fn to_alliance(link: &MemberLink) -> &AnchorRelay {
    let Testimony::Proven(anchor) = &link.to_alliance else { panic!("a foreign member") };
    anchor
}

/// The path to the one slot that was asked for.
fn path(proven: &Proven) -> Vec<Bytes> {
    proven.slots[0].proof.clone()
}

fn solidity_part(part: &chancery_bridge::alliance::message::Part) -> StoreNode::Part {
    StoreNode::Part {
        member: part.member,
        call: part.call.clone(),
        reads: part.reads.iter().map(|read| StoreNode::Read { key: read.key, version: read.version }).collect(),
        writes: part.writes.iter().map(|write| StoreNode::Write { key: write.key, value: write.value }).collect(),
    }
}

fn submit_call(submission: &Submission) -> Alliance::submitCall {
    let request = &submission.request;
    let parts = request.parts.iter();
    let endorsements = submission.endorsements.iter().map(|endorsement| Alliance::Endorsement {
        certificate: endorsement.certificate,
        member: endorsement.member,
        signature: endorsement.signature.clone(),
    });
    Alliance::submitCall {
        asked: Alliance::Request {
            idempotencyKey: request.idempotency_key,
            certificate: request.certificate,
            validUntil: request.valid_until,
            window: request.window,
            parts: parts
                .map(|part| Alliance::PartReference { member: part.member, partHash: part.part_hash })
                .collect(),
        },
        endorsements: endorsements.collect(),
        signature: submission.signature.clone(),
    }
}

// ALLIANCE-1 to ALLIANCE-5, ALLIANCE-13
#[tokio::test(flavor = "multi_thread")]
async fn each_lie_of_a_relay_is_refused_by_its_name_and_an_honest_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let courier = partnership.courier();
    let requester = partnership.requester(courier.clone());
    let mut requests = Vec::new();
    for key in ["parcel 1", "parcel 2"] {
        let calls = partnership.calls(name(key), [40, 60]);
        let submission = partnership.submission(&requester, key, &calls).await;
        let number = courier.carry(&submission).await.unwrap();
        requests.push((number, submission));
    }
    submissions(&partnership, &requests[0].1).await;
    headers::forged(&partnership).await;
    evidence::forged(&partnership, &requests).await;

    let carries = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    for ((number, _), key) in requests.iter().zip(["parcel 1", "parcel 2"]) {
        partnership.settled(*number, name(key), [(APPLIED, 1, 40), (APPLIED, 1, 60)]).await;
        assert_eq!(partnership.state(*number).await, RequestState::Committed.code());
    }
    evidence::replayed(&partnership, &requests[0]).await;
    carries.abort();
}

/// What a requester has signed cannot be changed, and the same again changes nothing.
async fn submissions(partnership: &Partnership, submission: &Submission) {
    let (home, alliance) = (&partnership.home, partnership.relay.contract);
    let honest = submit_call(submission);
    let count = partnership.alliance().request_count().await.unwrap();
    assert!(home.tries(alliance, &honest).await, "the same again is no error");
    assert_eq!(partnership.alliance().request_count().await.unwrap(), count);

    let mut other = honest.clone();
    other.asked.window += 1;
    refused("another request under its key", home, alliance, &other, "IdempotencyKeyUsed").await;
    let mut fresh = honest.clone();
    fresh.asked.idempotencyKey = name("fresh");
    refused("its signature under another key", home, alliance, &fresh, "RequesterRefused").await;
    fresh.endorsements.pop();
    refused("an endorsement left out", home, alliance, &fresh, "RequesterRefused").await;
    let mut swapped = honest;
    swapped.asked.idempotencyKey = name("swapped");
    swapped.endorsements.reverse();
    refused("endorsements in another order", home, alliance, &swapped, "RequesterRefused").await;
    assert_eq!(partnership.alliance().request_count().await.unwrap(), count, "no number is spent");
}

/// How a relay treats what it is handed.
#[derive(Clone, Copy, Debug)]
enum Treatment {
    /// Drops it, and answers another request's number.
    OtherNumber(u64),
    /// Drops it, and says that its key was used by another one.
    OtherKey(u64),
    /// Drops it, and says that it was refused.
    Denied,
    /// Drops it, and says that it is malformed.
    Malformed,
    /// Has it sequenced and carried, and says that it was refused.
    CarriedAndDenied,
}

struct Liar {
    honest: Arc<Courier>,
    treatment: Treatment,
}

#[async_trait::async_trait]
impl Carrier for Liar {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        let denied = CarryRefusal::RequesterRefused {
            certificate: submission.request.certificate,
            fault: SignatureFault::CertificateRevoked,
        };
        match self.treatment {
            Treatment::OtherNumber(number) => Ok(number),
            Treatment::OtherKey(number) => Err(CarryRefusal::IdempotencyKeyUsed { number }),
            Treatment::Denied => Err(denied),
            Treatment::Malformed => Err(CarryRefusal::Malformed { fault: SubmissionFault::Parts }),
            Treatment::CarriedAndDenied => {
                self.honest.carry(submission).await?;
                Err(denied)
            }
        }
    }
}

// A-ERR: a requester believes its own node about numbers and refusals, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_drops_or_denies_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let honest = partnership.courier();
    let carries = tokio::spawn({
        let courier = honest.clone();
        async move { courier.run().await }
    });
    let requester = partnership.requester(honest.clone());
    let first = requester.execute(name("first"), &partnership.calls(name("other"), [1, 2])).await.unwrap();
    let treatments = [
        Treatment::OtherNumber(first.number),
        Treatment::OtherKey(first.number),
        Treatment::Denied,
        Treatment::Malformed,
        Treatment::CarriedAndDenied,
    ];
    for (place, treatment) in treatments.into_iter().enumerate() {
        let key = name(&format!("parcel {place}"));
        let calls = partnership.calls(key, [40, 60]);
        let mut own = requester.clone();
        own.carrier = Arc::new(Liar { honest: honest.clone(), treatment });
        own.limits.max_tries = 1;
        let is_carried = matches!(treatment, Treatment::CarriedAndDenied);
        if !is_carried {
            // Nobody will have it sequenced: that is to be known soon.
            own.limits.valid_for_s = 3;
        }
        let answer = own.execute(key, &calls).await;
        let number = if is_carried {
            answer.unwrap().number
        } else {
            assert!(matches!(answer, Err(RequestError::Lapsed { .. })), "{treatment:?}: {answer:?}");
            assert_eq!(partnership.outcomes(first.number, key).await[0].1, 0, "{treatment:?}");
            // An honest relay beside it.
            requester.execute(key, &calls).await.unwrap().number
        };
        assert_ne!(number, first.number);
        partnership.settled(number, key, [(APPLIED, 1, 40), (APPLIED, 1, 60)]).await;
    }
    carries.abort();
}

/// Proves, at a member, the word of a part that stands under a number.
async fn part_proven(partnership: &Partnership, link: &MemberLink, number: u64) -> Proven {
    link.to_member.prove(partnership.relay.contract, &[slots::part(number, link.name)]).await.unwrap()
}

/// Proves, at a member, the word of a request.
async fn request_proven(partnership: &Partnership, link: &MemberLink, number: u64) -> Proven {
    link.to_member.prove(partnership.relay.contract, &[slots::request(number)]).await.unwrap()
}

/// Proves, at the alliance, what a member came to.
async fn outcome_proven(link: &MemberLink, number: u64) -> Proven {
    to_alliance(link).prove(link.node_contract, &[slots::outcome(number)]).await.unwrap()
}

fn party(number: u64) -> U256 {
    U256::from(number)
}

/// A key that no request is about.
fn forged_value() -> B256 {
    B256::from(U256::from(1_000_000))
}
