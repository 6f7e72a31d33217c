//! From the state of an alliance to the words of the interface.

use std::collections::BTreeMap;

pub(super) use crate::alliance::text_of as name;
use alloy_primitives::B256;
use chancery_bridge::{
    alliance::{certificate::SignatureFault, store::Outcome},
    progress::{
        AllianceState, End, Endorsing, MemberStanding, PartyProgress, Place, Reading, Reason, RequestProgress, Source,
        Standing, Status, Step, StepName, StepState,
    },
    requester::Lost,
};
use chancery_rest::{
    types::alliance as rest,
    values::{HexAddress, HexHash, Timestamp},
};

/// What the chains of an alliance are called here, and how far each was read.
pub(super) struct Chains {
    pub(super) alliance: String,
    pub(super) standing: Standing,
    pub(super) readings: BTreeMap<Source, Reading>,
}

pub(super) const fn state(state: Option<AllianceState>) -> rest::AllianceState {
    match state {
        Some(AllianceState::Proposed) => rest::AllianceState::Proposed,
        Some(AllianceState::Active) => rest::AllianceState::Active,
        Some(AllianceState::Dissolved) => rest::AllianceState::Dissolved,
        None => rest::AllianceState::Unknown,
    }
}

const fn missing(lost: Lost) -> rest::MissingGuarantee {
    match lost {
        Lost::AtomicityAgainstItsEndorsers => rest::MissingGuarantee::AtomicityAgainstItsEndorsers,
        Lost::AtomicityAgainstReorganisation => rest::MissingGuarantee::AtomicityAgainstReorganisation,
        Lost::ProofOfReads => rest::MissingGuarantee::ProofOfReads,
    }
}

const fn status(status: Status) -> rest::AllianceRequestStatus {
    match status {
        Status::Sequenced => rest::AllianceRequestStatus::Sequenced,
        Status::Committed => rest::AllianceRequestStatus::Committed,
        Status::Aborted => rest::AllianceRequestStatus::Aborted,
        Status::Invalid => rest::AllianceRequestStatus::Invalid,
    }
}

const fn step_name(name: StepName) -> rest::AllianceStepName {
    match name {
        StepName::Endorse => rest::AllianceStepName::Endorse,
        StepName::Sequence => rest::AllianceStepName::Sequence,
        StepName::Reserve => rest::AllianceStepName::Reserve,
        StepName::Decide => rest::AllianceStepName::Decide,
        StepName::Apply => rest::AllianceStepName::Apply,
    }
}

const fn step_state(state: StepState) -> rest::AllianceStepState {
    match state {
        StepState::Ahead => rest::AllianceStepState::Ahead,
        StepState::Awaited => rest::AllianceStepState::Awaited,
        StepState::Done => rest::AllianceStepState::Done,
        StepState::Failed => rest::AllianceStepState::Failed,
        StepState::Omitted => rest::AllianceStepState::Omitted,
        StepState::Unseen => rest::AllianceStepState::Unseen,
    }
}

const fn outcome(outcome: Outcome) -> rest::AllianceOutcome {
    match outcome {
        Outcome::Reserved => rest::AllianceOutcome::Reserved,
        Outcome::Refused => rest::AllianceOutcome::Refused,
        Outcome::Applied => rest::AllianceOutcome::Applied,
        Outcome::Released => rest::AllianceOutcome::Released,
    }
}

const fn refusal(reason: Reason) -> rest::AllianceRefusal {
    match reason {
        Reason::Stale { expected, actual } => rest::AllianceRefusal::Stale { expected, actual },
        Reason::Conflict { holder } => rest::AllianceRefusal::Conflict { holder },
        Reason::Malformed => rest::AllianceRefusal::Malformed,
        Reason::Rejected => rest::AllianceRefusal::Rejected,
    }
}

/// As the contract and every other interface name it.
fn fault(fault: SignatureFault) -> Option<String> {
    serde_json::to_value(fault).ok()?.as_str().map(str::to_owned)
}

fn endorsing(of: &Endorsing) -> rest::AllianceEndorsing {
    let names = |nodes: &[B256]| nodes.iter().map(|node| name(*node)).collect();
    let weight = |weight: u128| u64::try_from(weight).unwrap_or(u64::MAX);
    let faulty = of.faulty.iter().map(|faulty| rest::FaultyEndorsement {
        certificate: faulty.certificate,
        node: faulty.node.map(name),
        fault: faulty.fault.and_then(fault),
    });
    rest::AllianceEndorsing {
        seen: of.is_seen,
        endorsed: names(&of.endorsed),
        faulty: faulty.collect(),
        missing: names(&of.missing),
        weight: weight(of.weight),
        total_weight: weight(of.total),
    }
}

impl Chains {
    /// Everybody, with what is missing because of whom.
    pub(super) fn members(&self) -> Vec<rest::AllianceMember> {
        let all = self.standing.members.iter().map(|member| rest::AllianceMember {
            name: name(member.name),
            chain: member.chain.clone(),
            chain_id: member.chain_id,
            node_contract: HexAddress(member.node_contract),
            active: member.is_active,
            height: self.reading(member.name).map(|reading| reading.head.block),
            up_to_date: self.reading(member.name).is_some_and(|reading| reading.is_up_to_date),
            missing: member.missing().iter().map(|lost| missing(*lost)).collect(),
            unreachable: member.is_unreachable,
            frozen_anchors: self.frozen(member),
        });
        all.collect()
    }

    /// Anchors between a member and the alliance that are frozen.
    fn frozen(&self, member: &MemberStanding) -> Vec<rest::FrozenAnchor> {
        let own = self.chain(Source::Member(member.name));
        let there = rest::FrozenAnchor { host: self.alliance.clone(), follows: own.clone() };
        let here = rest::FrozenAnchor { host: own, follows: self.alliance.clone() };
        let both = [(member.is_frozen_there, there), (member.is_frozen_here, here)];
        both.into_iter().filter_map(|(is_frozen, anchor)| is_frozen.then_some(anchor)).collect()
    }

    fn reading(&self, member: B256) -> Option<&Reading> {
        self.readings.get(&Source::Member(member))
    }

    fn chain(&self, source: Source) -> String {
        match source {
            Source::Alliance => self.alliance.clone(),
            Source::Member(member) => {
                let known = self.standing.members.iter().find(|known| known.name == member);
                known.and_then(|known| known.chain.clone()).unwrap_or_else(|| name(member))
            }
        }
    }

    fn place(&self, source: Source, place: &Place) -> rest::ShownBy {
        rest::ShownBy {
            chain: self.chain(source),
            tx_hash: HexHash(place.tx_hash),
            block_number: place.block,
            block_hash: HexHash(place.block_hash),
            time: Timestamp::from_unix_milliseconds(place.time_ms),
        }
    }

    fn step(&self, step: &Step) -> rest::AllianceStep {
        rest::AllianceStep {
            name: step_name(step.name),
            state: step_state(step.state),
            outcome: step.outcome.map(outcome),
            refusal: step.reason.map(refusal),
            shown_by: step.shown.as_ref().map(|(source, place)| self.place(*source, place)),
        }
    }

    fn party(&self, party: &PartyProgress) -> rest::AllianceParty {
        rest::AllianceParty {
            member: name(party.member),
            endorsing: endorsing(&party.endorsing),
            steps: party.steps.iter().map(|step| self.step(step)).collect(),
        }
    }

    /// A request on its way.
    pub(super) fn request(&self, of: &RequestProgress) -> rest::AllianceRequest {
        let decision = of.end.as_ref().map(|(place, end)| {
            let (member, reason) = match end {
                End::Committed => (None, None),
                End::Aborted { member, reason } => (*member, *reason),
            };
            rest::AllianceDecision {
                member: member.map(name),
                refusal: reason.map(refusal),
                shown_by: self.place(Source::Alliance, place),
            }
        });
        rest::AllianceRequest {
            number: of.number,
            status: status(of.status),
            step: of.step.map(step_name),
            awaited: of.awaited.iter().map(|member| name(*member)).collect(),
            deadline: of.asked.deadline_s.map(Timestamp::from_unix_seconds),
            overdue: of.is_overdue,
            requester: of.asked.requester.map(|(member, _)| name(member)),
            requester_node: of.asked.requester.map(|(_, node)| name(node)),
            request_hash: HexHash(of.asked.request_hash),
            shown_by: self.place(Source::Alliance, &of.asked_at),
            decision,
            parties: of.parties.iter().map(|party| self.party(party)).collect(),
            reports: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ANCHOR-4, A-MULTI: whose anchor is frozen, and whose chain does not answer, is shown.
    #[test]
    fn a_frozen_anchor_and_a_silent_chain_are_named() {
        let member = MemberStanding {
            name: B256::right_padding_from(b"land registry"),
            chain: Some("land".to_owned()),
            chain_id: 7102,
            node_contract: alloy_primitives::Address::ZERO,
            is_active: true,
            is_foreign: false,
            is_unreachable: true,
            is_frozen_there: true,
            is_frozen_here: false,
        };
        let standing = |member| Standing { purpose: B256::ZERO, state: None, members: vec![member] };
        let shown = |member| {
            let chains = Chains { alliance: "main".to_owned(), standing: standing(member), readings: BTreeMap::new() };
            chains.members().remove(0)
        };
        let (main, land) = ("main".to_owned(), "land".to_owned());
        let there = rest::FrozenAnchor { host: main.clone(), follows: land.clone() };
        let here = rest::FrozenAnchor { host: land, follows: main };
        let silent = shown(member.clone());
        assert!(silent.unreachable && silent.frozen_anchors == [there]);
        let other = MemberStanding { is_unreachable: false, is_frozen_there: false, is_frozen_here: true, ..member };
        let heard = shown(other);
        assert!(!heard.unreachable && heard.frozen_anchors == [here]);
    }

    #[test]
    fn a_name_is_text_where_it_is_plain_and_hexadecimal_otherwise() {
        assert_eq!(name(B256::right_padding_from(b"land registry")), "land registry");
        for odd in [&b""[..], b"line\nbreak", b"zero\0inside", "面".as_bytes()] {
            assert!(name(B256::right_padding_from(odd)).starts_with("0x"), "{odd:?}");
        }
    }
}
