//! From the chains to the file.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::{Alliance, StoreNode};
use chancery_ledger::{Chain, EventFilter, LedgerError};
use chancery_light::{ProofBundle, TrustedChain};
use tokio::time::{Duration, Instant, sleep};

use super::{
    file::{MemberProof, REQUEST_PROOF_VERSION, RequestProof},
    ruling,
    verify::VerifiedRequest,
};
use crate::{
    alliance::{
        decision::{Decision, RequestState},
        message::{MAX_WINDOW_S, Part},
        store::Outcome,
    },
    contracts::{NodeContract, ViewError},
    relay::reserved_part,
    requester::{RequestError, Requester, readable, view_error},
};

/// By how many seconds the clock of a member's chain may be ahead of the alliance chain's.
const CLOCK_DIFFERENCE_S: u64 = 3600;
/// Pause between two looks at whether members have applied it.
const PAUSE: Duration = Duration::from_millis(200);

impl Requester {
    /// Waits until each member that is reached has applied a committed request, at most for a time. What is not committed needs no waiting.
    ///
    /// # Errors
    /// `Unprovable` when one has not until then; `View`.
    pub async fn await_applied(&self, number: u64, patience: Duration) -> Result<(), RequestError> {
        let give_up = Instant::now() + patience;
        for member in self.alliance.parties(number).await? {
            let Some(access) = self.members.iter().find(|access| access.name == member) else { continue };
            while access.contract.outcome(number).await? != Some(Outcome::Applied) {
                let decision = self.alliance.decision(number).await?;
                if decision.is_none_or(|decision| decision.state() != RequestState::Committed) {
                    return Ok(());
                }
                if Instant::now() >= give_up {
                    let member = readable(member);
                    return Err(unprovable(format!("{member} has not applied it yet: does a relay carry it?")));
                }
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// The proof of how a request ended, verified before it is given away. `known` are parts that the requester has at hand; others are read where they were reserved.
    ///
    /// # Errors
    /// `Unprovable` names what is missing; `MemberUnknown` for a member that is not reached; `View`.
    pub async fn prove(&self, number: u64, known: &[Part]) -> Result<RequestProof, RequestError> {
        let decision = self.alliance.decision(number).await?;
        let decision = decision.ok_or_else(|| unprovable(format!("the alliance has no request {number}")))?;
        let (event, from) = match decision.state() {
            RequestState::Committed => (Alliance::Committed::SIGNATURE_HASH, earliest(&decision)),
            RequestState::Aborted => (Alliance::Aborted::SIGNATURE_HASH, earliest(&decision)),
            RequestState::Invalid => (Alliance::Invalidated::SIGNATURE_HASH, 0),
            RequestState::Sequenced => return Err(unprovable(format!("request {number} is not decided yet"))),
        };
        let (chain, contract) = (&self.alliance.chain, self.alliance.address);
        let mut alliance = recorded(chain, contract, event, number, from).await?;
        let names = self.concerned(number, &decision, &alliance).await?;
        let slots = ruling::positions(number, &names);
        let evidence = chain.state(contract, &slots).await.map_err(ViewError::from)?;
        let evidence = evidence.ok_or_else(|| unprovable("the alliance chain has no finality certificates"))?;
        alliance.state = Some(evidence.proof);
        let mut members = Vec::new();
        for member in names {
            members.push(Box::pin(self.prove_member(number, member, &decision, known)).await?);
        }
        let proof = RequestProof { version: REQUEST_PROOF_VERSION, number, contract, alliance, members };
        // What does not verify is given to nobody.
        self.verified(&proof)?;
        Ok(proof)
    }

    /// How a request ended, by the proof that this node makes and verifies itself.
    ///
    /// # Errors
    /// As [`Self::prove`].
    pub async fn proven(&self, number: u64) -> Result<VerifiedRequest, RequestError> {
        let proof = Box::pin(self.prove(number, &[])).await?;
        self.verified(&proof)
    }

    fn verified(&self, proof: &RequestProof) -> Result<VerifiedRequest, RequestError> {
        let known = (&self.trusted_alliance()?, self.alliance.address);
        proof.verify(known, &self.trusted()?).map_err(unprovable)
    }

    /// Of a committed request all members; of a refused one who refused it; ascending.
    async fn concerned(
        &self,
        number: u64,
        decision: &Decision,
        alliance: &ProofBundle,
    ) -> Result<Vec<B256>, RequestError> {
        let mut names = match decision.state() {
            RequestState::Committed => self.alliance.parties(number).await?,
            RequestState::Aborted => {
                let found = alliance.verify(&self.trusted_alliance()?).map_err(unprovable)?;
                let logs = found.receipt.receipt.logs().iter();
                let mut events = logs.filter_map(|log| Alliance::Aborted::decode_log_data(&log.data).ok());
                let by = events.find(|event| event.number == number).map(|event| event.member);
                by.into_iter().filter(|member| !member.is_zero()).collect()
            }
            RequestState::Sequenced | RequestState::Invalid => Vec::new(),
        };
        names.sort_unstable();
        // Without the key that a member refused it for, the alliance chain still shows who and why.
        if decision.state() == RequestState::Aborted {
            names.retain(|name| self.members.iter().any(|access| access.name == *name));
        }
        Ok(names)
    }

    async fn prove_member(
        &self,
        number: u64,
        member: B256,
        decision: &Decision,
        known: &[Part],
    ) -> Result<MemberProof, RequestError> {
        let access = self.members.iter().find(|access| access.name == member);
        let contract = &access.ok_or(RequestError::MemberUnknown(member))?.contract;
        let is_committed = decision.state() == RequestState::Committed;
        let part = if is_committed { Some(self.part(number, member, decision, contract, known).await?) } else { None };
        if contract.chain.config().essentials.is_none() {
            return Ok(MemberProof { member, part, proof: None });
        }
        let event = if is_committed { StoreNode::Applied::SIGNATURE_HASH } else { StoreNode::Refused::SIGNATURE_HASH };
        let proof = recorded(&contract.chain, contract.address, event, number, earliest(decision)).await?;
        Ok(MemberProof { member, part, proof: Some(proof) })
    }

    async fn part(
        &self,
        number: u64,
        member: B256,
        decision: &Decision,
        contract: &NodeContract,
        known: &[Part],
    ) -> Result<Part, RequestError> {
        let hash = self.alliance.part_hash(number, member).await?;
        if let Some(part) = known.iter().find(|part| part.member == member && part.hash() == hash) {
            return Ok(part.clone());
        }
        let found = reserved_part(contract, number, hash, decision).await.map_err(view_error)?;
        found.ok_or_else(|| {
            let member = readable(member);
            unprovable(format!("the part of {member} cannot be read from the transaction that reserved it"))
        })
    }

    fn trusted_alliance(&self) -> Result<TrustedChain, RequestError> {
        trust(&self.alliance.chain)?.ok_or_else(|| unprovable("the alliance chain has no finality certificates"))
    }

    fn trusted(&self) -> Result<Vec<TrustedChain>, RequestError> {
        let mut all = Vec::new();
        for access in &self.members {
            all.extend(trust(&access.contract.chain)?);
        }
        Ok(all)
    }
}

fn trust(chain: &Chain) -> Result<Option<TrustedChain>, RequestError> {
    let Some(essentials) = chain.config().essentials.clone() else { return Ok(None) };
    TrustedChain::new(essentials).map(Some).map_err(unprovable)
}

/// Before that nothing of it stands on any chain: an aborted request keeps its deadline.
const fn earliest(decision: &Decision) -> u64 {
    decision.deadline().saturating_sub(MAX_WINDOW_S + CLOCK_DIFFERENCE_S)
}

/// The newest transaction in which a contract has logged an event of a number, with its proof.
async fn recorded(
    chain: &Chain,
    contract: Address,
    event: B256,
    number: u64,
    from_s: u64,
) -> Result<ProofBundle, RequestError> {
    let read = async {
        let filter = EventFilter {
            contracts: vec![contract],
            topics: [vec![event], vec![U256::from(number).into()], Vec::new(), Vec::new()],
            from_block: chain.first_block_at(from_s.saturating_mul(1000)).await?,
            to_block: None,
        };
        let events = chain.latest_events(&filter, 1).await?;
        let Some(event) = events.first() else { return Ok(None) };
        chain.transaction(event.tx_hash, Some(event.block_number)).await.map(Some)
    };
    let found: Result<_, LedgerError> = Box::pin(read).await;
    let name = chain.name();
    let transaction = found.map_err(ViewError::from)?;
    let transaction = transaction
        .ok_or_else(|| unprovable(format!("no transaction of chain {name} records its end of request {number} yet")))?;
    transaction.bundle.ok_or_else(|| unprovable(format!("chain {name} has no finality certificates")))
}

fn unprovable(reason: impl std::fmt::Display) -> RequestError {
    RequestError::Unprovable { reason: reason.to_string() }
}
