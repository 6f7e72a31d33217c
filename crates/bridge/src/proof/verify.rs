//! Verifying the file. The first check that fails is the answer, by its name.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::Alliance;
use chancery_light::{ProofBundle, TrustedChain, VerifiedBundle};
use serde::Serialize;

use super::{
    file::{MemberProof, ProofFailure, RequestProof},
    ruling::{self, Listed},
    writes,
};
use crate::alliance::{
    decision::{Decision, RequestState},
    message::Part,
};

/// When and where something was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedAt {
    /// EIP-155 id of the chain.
    pub chain_id: u64,
    /// The transaction.
    pub tx_hash: B256,
    /// Its block.
    pub block_number: u64,
    /// Time of the block, Unix seconds.
    pub time: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// On every member.
    Committed,
    /// On none: a member refused, or its deadline passed.
    Aborted,
    /// On none: a signature was bad, or weight was missing.
    Invalid,
}

/// A write that is in force since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvenWrite {
    /// Which key.
    pub key: B256,
    /// The version that it got.
    pub version: u64,
    /// The value that it got.
    pub value: B256,
}

/// Why it was refused, by the contract's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvenRefusal {
    /// 1: stale; 2: in conflict; 3: malformed; 4: the node contract's own rule.
    pub reason: u8,
    /// Because of which key; absent where it is not shown.
    pub key: Option<B256>,
    /// The version that the request had read.
    pub expected: u64,
    /// The version that the key had; of a conflict the request that holds it.
    pub actual: u64,
}

/// What a member did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedMember {
    /// Its name.
    pub member: B256,
    /// On its chain.
    pub node_contract: Address,
    /// Where that is recorded; absent for a chain without finality certificates, of which nothing is proven.
    pub recorded: Option<RecordedAt>,
    /// What was written, and is proven; empty for a refusal.
    pub writes: Vec<ProvenWrite>,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedRequest {
    /// The request's number.
    pub number: u64,
    /// The alliance's contract.
    pub contract: Address,
    /// How it ended.
    pub outcome: Ending,
    /// Where that is recorded.
    pub decided: RecordedAt,
    /// Who did what.
    pub members: Vec<VerifiedMember>,
    /// Who refused it; absent unless a member did.
    pub refused_by: Option<B256>,
    /// Why.
    pub refusal: Option<ProvenRefusal>,
    /// Members of which the file proves nothing, since their chains have no finality certificates.
    pub unproven: Vec<B256>,
    /// The checks that were made, in order.
    pub checks: Vec<&'static str>,
}

const OF_ALLIANCE: [&str; 7] = [
    "file-readable",
    "chain-trusted",
    "block-final",
    "contract-of-alliance",
    "state-of-alliance",
    "state-complete",
    "decision-recorded",
];
const OF_COMMITTED: [&str; 6] = [
    "members-complete",
    "part-of-request",
    "chain-of-member",
    "member-block-final",
    "write-applied",
    "writes-complete",
];
const OF_REFUSED: [&str; 3] = ["chain-of-member", "member-block-final", "refusal-recorded"];

impl RequestProof {
    /// Verifies everything, knowing which alliance it has to be of, by the genesis of its chain and its contract there, and the genesis of each member's chain that has
    /// finality certificates. A member's chain is never taken for the alliance's: its validators could sign whatever state of the contract they like.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(
        &self,
        (chain, contract): (&TrustedChain, Address),
        trusted: &[TrustedChain],
    ) -> Result<VerifiedRequest, ProofFailure> {
        let found = proven("the alliance chain", &self.alliance, std::slice::from_ref(chain))?;
        if self.contract != contract {
            let detail = format!("the file is of the contract {}, and the alliance is {contract}", self.contract);
            return Err(ProofFailure::new("contract-of-alliance", detail));
        }
        let Some((_, state)) = &found.state else {
            return Err(ProofFailure::new("state-complete", "the proof has no state of the alliance"));
        };
        let names: Vec<_> = self.members.iter().map(|it| it.member).collect();
        if !names.is_sorted_by(|one, next| one < next) {
            return Err(ProofFailure::new("members-complete", "the members do not ascend by name, each once"));
        }
        let (decision, listed) = ruling::read(self.number, self.contract, &names, state)?;
        let (outcome, refused) = self.recorded(&found, &decision)?;
        let mut verified = VerifiedRequest {
            number: self.number,
            contract: self.contract,
            outcome,
            decided: at(&self.alliance, &found),
            members: Vec::new(),
            refused_by: refused.map(|(member, _)| member),
            refusal: refused.map(|(_, refusal)| refusal),
            unproven: Vec::new(),
            checks: OF_ALLIANCE.to_vec(),
        };
        match (outcome, refused) {
            (Ending::Committed, _) => self.committed(&decision, &listed, trusted, &mut verified)?,
            (Ending::Aborted, Some(refused)) => self.refused(refused, &listed, trusted, &mut verified)?,
            _ if self.members.is_empty() => {}
            _ => return Err(ProofFailure::new("members-complete", "no member did anything, and the file names one")),
        }
        Ok(verified)
    }

    /// The transaction ends the request as the state says.
    fn recorded(
        &self,
        found: &VerifiedBundle,
        decision: &Decision,
    ) -> Result<(Ending, Option<(B256, ProvenRefusal)>), ProofFailure> {
        let (number, receipt) = (self.number, &found.receipt.receipt);
        let own = || receipt.logs().iter().filter(|log| receipt.status() && log.address == self.contract);
        let missing = || {
            let detail = format!("the transaction does not record that request {number} is {:?}", decision.state());
            ProofFailure::new("decision-recorded", detail)
        };
        match decision.state() {
            RequestState::Committed => {
                let mut events = own().filter_map(|log| Alliance::Committed::decode_log_data(&log.data).ok());
                events.find(|event| event.number == number).ok_or_else(missing)?;
                Ok((Ending::Committed, None))
            }
            RequestState::Aborted => {
                let mut events = own().filter_map(|log| Alliance::Aborted::decode_log_data(&log.data).ok());
                let event = events.find(|event| event.number == number).ok_or_else(missing)?;
                let (reason, expected, actual) = (event.reason, event.expected, event.actual);
                let refusal = ProvenRefusal { reason, key: None, expected, actual };
                Ok((Ending::Aborted, (!event.member.is_zero()).then_some((event.member, refusal))))
            }
            RequestState::Invalid => {
                let mut events = own().filter_map(|log| Alliance::Invalidated::decode_log_data(&log.data).ok());
                events.find(|event| event.number == number).ok_or_else(missing)?;
                Ok((Ending::Invalid, None))
            }
            RequestState::Sequenced => {
                Err(ProofFailure::new("request-decided", format!("request {number} is not decided in that state")))
            }
        }
    }

    fn committed(
        &self,
        decision: &Decision,
        listed: &[Listed],
        trusted: &[TrustedChain],
        verified: &mut VerifiedRequest,
    ) -> Result<(), ProofFailure> {
        let expected = usize::from(decision.parties());
        if listed.len() != expected {
            let detail = format!("the request has {expected} parts, and the file {} members", listed.len());
            return Err(ProofFailure::new("members-complete", detail));
        }
        for (listed, shown) in listed.iter().zip(&self.members) {
            let part =
                shown.part.as_ref().filter(|part| is_of_request(part, listed)).ok_or_else(|| other_part(listed))?;
            let (recorded, writes) = match bundle(listed, shown)? {
                None => {
                    verified.unproven.push(listed.member);
                    (None, Vec::new())
                }
                Some(bundle) => {
                    let found = proven(&format!("the chain of {:?}", listed.member), bundle, trusted)?;
                    let receipt = &found.receipt.receipt;
                    let logs = if receipt.status() { receipt.logs() } else { &[] };
                    let writes = writes::applied(logs, listed.node_contract, self.number, part)?;
                    (Some(at(bundle, &found)), writes)
                }
            };
            let (member, node_contract) = (listed.member, listed.node_contract);
            verified.members.push(VerifiedMember { member, node_contract, recorded, writes });
        }
        verified.checks.extend(OF_COMMITTED);
        Ok(())
    }

    /// The member that refused shows the key; the alliance chain alone shows the versions.
    fn refused(
        &self,
        (by, refusal): (B256, ProvenRefusal),
        listed: &[Listed],
        trusted: &[TrustedChain],
        verified: &mut VerifiedRequest,
    ) -> Result<(), ProofFailure> {
        let (listed, shown) = match (listed, self.members.as_slice()) {
            ([], []) => return Ok(()),
            ([listed], [shown]) if listed.member == by => (listed, shown),
            _ => {
                return Err(ProofFailure::new(
                    "members-complete",
                    format!("{by:?} refused it, and the file names others"),
                ));
            }
        };
        if shown.part.as_ref().is_some_and(|part| !is_of_request(part, listed)) {
            return Err(other_part(listed));
        }
        let Some(bundle) = bundle(listed, shown)? else {
            verified.unproven.push(by);
            return Ok(());
        };
        let found = proven(&format!("the chain of {by:?}"), bundle, trusted)?;
        let receipt = &found.receipt.receipt;
        let logs = if receipt.status() { receipt.logs() } else { &[] };
        let shown = writes::refused(logs, listed.node_contract, self.number)?;
        if (ProvenRefusal { key: None, ..shown }) != refusal {
            let detail = "the member refused it for another reason than the alliance has recorded";
            return Err(ProofFailure::new("refusal-recorded", detail));
        }
        verified.refusal = Some(shown);
        let (node_contract, recorded) = (listed.node_contract, Some(at(bundle, &found)));
        verified.members.push(VerifiedMember { member: by, node_contract, recorded, writes: Vec::new() });
        verified.checks.extend(OF_REFUSED);
        Ok(())
    }
}

fn is_of_request(part: &Part, listed: &Listed) -> bool {
    part.member == listed.member && !listed.part_hash.is_zero() && part.hash() == listed.part_hash
}

fn other_part(listed: &Listed) -> ProofFailure {
    ProofFailure::new("part-of-request", format!("the part of {:?} is not that of the request", listed.member))
}

/// A member's proof, which is of the chain that the alliance has for it; `None`: that has no finality certificates.
fn bundle<'a>(listed: &Listed, shown: &'a MemberProof) -> Result<Option<&'a ProofBundle>, ProofFailure> {
    let refuse = |detail: String| Err(ProofFailure::new("chain-of-member", detail));
    let (member, chain_id, genesis_hash) = (listed.member, listed.chain_id, listed.genesis_hash);
    match &shown.proof {
        None if genesis_hash.is_zero() && chain_id != 0 => Ok(None),
        None => refuse(format!("there is no proof of what {member:?} did on chain {chain_id}")),
        Some(bundle) if (bundle.chain.chain_id, bundle.chain.genesis_hash) == (chain_id, genesis_hash) => {
            Ok(Some(bundle))
        }
        Some(bundle) => refuse(format!(
            "the proof is of chain {} with genesis {:?}, and {member:?} is chain {chain_id} with genesis {genesis_hash:?}",
            bundle.chain.chain_id, bundle.chain.genesis_hash
        )),
    }
}

/// A bundle that its own chain proves.
fn proven(whose: &str, bundle: &ProofBundle, trusted: &[TrustedChain]) -> Result<VerifiedBundle, ProofFailure> {
    let chain = trusted.iter().find(|chain| bundle.chain.check(chain).is_ok()).ok_or_else(|| {
        let (id, genesis) = (bundle.chain.chain_id, bundle.chain.genesis_hash);
        ProofFailure::new(
            "chain-trusted",
            format!("{whose} is {id} with genesis {genesis:?}, which is not among the trusted"),
        )
    })?;
    bundle.verify(chain).map_err(|error| ProofFailure::of(whose, &error))
}

fn at(bundle: &ProofBundle, found: &VerifiedBundle) -> RecordedAt {
    RecordedAt {
        chain_id: bundle.chain.chain_id,
        tx_hash: found.transaction.hash,
        block_number: found.header.number(),
        time: found.header.header().timestamp,
    }
}
