//! Proofs, parts, outcomes and numbers that do not belong together, and steps that are not their turn.

use alloy_primitives::Bytes;
use chancery_bridge::alliance::submission::Submission;
use chancery_contracts::{Alliance, Anchor, StoreNode};

use super::{
    APPLIED, forged_value, outcome_proven, part_proven, party, path, refused, request_proven, solidity_part,
    to_alliance,
};
use crate::support::partnership::{Partnership, name};

/// Both requests are sequenced, and no member has heard of either. Afterwards the first member has reserved its part of the first.
pub(super) async fn forged(partnership: &Partnership, requests: &[(u64, Submission)]) {
    let [(number, submission), (other, _)] = requests else { panic!("two requests") };
    reservations(partnership, *number, *other, submission).await;
    outcomes(partnership, *number, *other).await;
    turns(partnership, *number, submission).await;
}

async fn reservations(partnership: &Partnership, number: u64, other: u64, submission: &Submission) {
    let bank = &partnership.partners[0];
    let (host, node, anchor) = (&bank.chain, bank.link.node_contract, bank.link.to_member.anchor);
    let proven = part_proven(partnership, &bank.link, number).await;
    let part = solidity_part(&submission.parts[0]);
    let honest = StoreNode::reserveCall { number, part, anchored: proven.anchored, proof: path(&proven) };

    let lie = StoreNode::reserveCall { anchored: proven.anchored + 1_000_000, ..honest.clone() };
    refused("a block that is not anchored", host, node, &lie, "AccountNotAnchored").await;
    let account = Anchor::proveAccountCall { number: proven.anchored + 1_000_000, account: node, proof: Vec::new() };
    refused("an account of such a block", host, anchor, &account, "NotAnchored").await;
    let account = Anchor::proveAccountCall {
        number: proven.anchored,
        account: partnership.relay.contract,
        proof: honest.proof.clone(),
    };
    refused("another path to the account", host, anchor, &account, "AccountNotProven").await;

    let mut lie = honest.clone();
    lie.proof[0] = changed(&lie.proof[0]);
    refused("a path with a bit changed", host, node, &lie, "StorageNotProven").await;
    let mut lie = honest.clone();
    lie.proof.pop();
    refused("a path without its end", host, node, &lie, "StorageNotProven").await;
    let mut lie = honest.clone();
    lie.part.writes[0].value = forged_value();
    refused("a part with another value", host, node, &lie, "PartNotSequenced").await;
    let mut lie = honest.clone();
    lie.part.reads[0].version += 1;
    refused("a part with another version", host, node, &lie, "PartNotSequenced").await;
    let mut lie = honest.clone();
    lie.part = solidity_part(&submission.parts[1]);
    refused("another member's part", host, node, &lie, "PartNotSequenced").await;
    let elsewhere = part_proven(partnership, &bank.link, other).await;
    let lie = StoreNode::reserveCall {
        number: other,
        anchored: elsewhere.anchored,
        proof: path(&elsewhere),
        ..honest.clone()
    };
    refused("a part under another request's number", host, node, &lie, "PartNotSequenced").await;

    let release = StoreNode::releaseCall {
        number,
        part: honest.part.clone(),
        anchored: proven.anchored,
        proof: honest.proof.clone(),
    };
    refused("a release of what is not reserved", host, node, &release, "NotReserved").await;
    assert!(host.tries(node, &honest).await, "the truth is taken after all that");
}

async fn outcomes(partnership: &Partnership, number: u64, other: u64) {
    let (home, alliance) = (&partnership.home, partnership.relay.contract);
    let [bank, land] = &partnership.partners[..] else { panic!("two members") };
    let proven = outcome_proven(&bank.link, number).await;
    let honest = Alliance::proveCall { number, party: party(0), anchored: proven.anchored, proof: path(&proven) };

    let lie = Alliance::proveCall { number: 1_000, ..honest.clone() };
    refused("an outcome of a request that is none", home, alliance, &lie, "RequestUnknown").await;
    let lie = Alliance::proveCall { party: party(2), ..honest.clone() };
    refused("an outcome of a party too many", home, alliance, &lie, "PartyUnknown").await;
    let lie = Alliance::proveCall { party: party(1), ..honest.clone() };
    refused("one member's outcome for the other's", home, alliance, &lie, "AccountNotAnchored").await;
    let mut lie = honest.clone();
    lie.proof[0] = changed(&lie.proof[0]);
    refused("an outcome with a bit changed", home, alliance, &lie, "StorageNotProven").await;
    let attested = Alliance::attestCall { number, party: party(0), outcome: 1, attestations: Vec::new() };
    refused("a word for a member that proves", home, alliance, &attested, "EvidenceMismatch").await;

    let early = outcome_proven(&land.link, number).await;
    let lie = Alliance::proveCall { party: party(1), anchored: early.anchored, proof: path(&early), ..honest };
    refused("an outcome before there is one", home, alliance, &lie, "OutcomeOpen").await;
    let open = outcome_proven(&bank.link, other).await;
    let lie = Alliance::proveCall { number: other, party: party(0), anchored: open.anchored, proof: path(&open) };
    refused("another request's outcome before there is one", home, alliance, &lie, "OutcomeOpen").await;
    let expire = Alliance::expireCall { number };
    refused("an end before the deadline", home, alliance, &expire, "DeadlineAhead").await;
    assert_eq!(to_alliance(&bank.link).host.name(), home.chain.name());
}

async fn turns(partnership: &Partnership, number: u64, submission: &Submission) {
    let bank = &partnership.partners[0];
    let (host, node) = (&bank.chain, bank.link.node_contract);
    let proven = request_proven(partnership, &bank.link, number).await;
    let part = solidity_part(&submission.parts[0]);
    let apply =
        StoreNode::applyDecisionCall { number, part: part.clone(), anchored: proven.anchored, proof: path(&proven) };
    refused("applying before the commit", host, node, &apply, "NotCommitted").await;
    let release = StoreNode::releaseCall { number, part, anchored: proven.anchored, proof: path(&proven) };
    refused("releasing before the deadline", host, node, &release, "DecisionOpen").await;
    let mut lie = apply;
    lie.part.writes[0].value = forged_value();
    refused("applying another value", host, node, &lie, "PartDiffers").await;
}

/// After it was applied: the same again, and the opposite.
pub(super) async fn replayed(partnership: &Partnership, request: &(u64, Submission)) {
    let (number, submission) = (request.0, &request.1);
    for (place, partner) in partnership.partners.iter().enumerate() {
        let (host, node) = (&partner.chain, partner.link.node_contract);
        let part = solidity_part(&submission.parts[place]);
        let word = part_proven(partnership, &partner.link, number).await;
        let reserve =
            StoreNode::reserveCall { number, part: part.clone(), anchored: word.anchored, proof: path(&word) };
        assert!(host.tries(node, &reserve).await, "no error, and no effect");
        let decision = request_proven(partnership, &partner.link, number).await;
        let (anchored, proof) = (decision.anchored, path(&decision));
        let apply = StoreNode::applyDecisionCall { number, part: part.clone(), anchored, proof: proof.clone() };
        assert!(host.tries(node, &apply).await, "no error, and no effect");
        let release = StoreNode::releaseCall { number, part, anchored, proof };
        refused("releasing what was applied", host, node, &release, "NotReserved").await;
        let outcome = outcome_proven(&partner.link, number).await;
        let prove = Alliance::proveCall {
            number,
            party: party(place as u64),
            anchored: outcome.anchored,
            proof: path(&outcome),
        };
        assert!(partnership.home.tries(partnership.relay.contract, &prove).await, "no error, and no effect");
    }
    let key = name("parcel 1");
    partnership.settled(number, key, [(APPLIED, 1, 40), (APPLIED, 1, 60)]).await;
    for partner in &partnership.partners {
        let entry = partner.chain.view(partner.link.node_contract, &StoreNode::entryCall { key }).await;
        assert_eq!((entry.writer, entry.readers), (0, 0), "nothing is held again");
    }
}

/// With another last bit: a node's hash is not what its parent says.
fn changed(node: &Bytes) -> Bytes {
    let mut bytes = node.to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    bytes.into()
}
