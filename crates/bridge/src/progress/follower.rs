//! From chains to facts. It keeps nothing: started anew, it reads the newest requests from the chains again.
//!
//! No member is read further than the alliance: the heads of the members are asked first, then the alliance is read to its head, then the members to those heads. What a
//! member has done for a request rests on a final header of the alliance, so the request is known before.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall as _, SolEvent as _, SolEventInterface as _};
use chancery_contracts::Alliance;
use chancery_ledger::{Chain, ChainHead, Event, EventFilter};
use futures::future::join_all;
use tokio::time::timeout;

use super::{
    Standing,
    told::{AllianceFact, Asked, End, Head, Place, Reason, Signed, Source, Told},
};
use crate::{
    alliance::{
        certificate::SignatureFault,
        message::{PartReference, Request},
        store::Outcome,
    },
    contracts::{AllianceContract, ViewError},
    progress::window::MAX_REQUESTS,
};

mod events;
mod member;
mod ways;

use events::read_events;
use member::Followed;

/// Most blocks that are read of a chain in one turn.
const MAX_BLOCKS: u64 = 2_000;
/// Most changes of members that are read when it starts.
const MAX_ADMISSIONS: usize = 4_096;
/// Longest that a member's head is waited for: one that is silent keeps nobody waiting.
const MAX_HEAD_WAIT: Duration = Duration::from_secs(2);
/// Certificates whose nodes are remembered.
const MAX_CERTIFICATES: usize = 4_096;

/// Reads an alliance and its members.
#[derive(Debug)]
pub struct Follower {
    alliance: AllianceContract,
    chains: Vec<Chain>,
    requests: usize,
    /// The next block of the alliance; `None`: it has not begun.
    next: Option<u64>,
    members: BTreeMap<B256, Followed>,
    /// Member and node of transaction certificates: they never change.
    nodes: BTreeMap<u64, (B256, B256)>,
    /// Certificates that there were none of in this turn.
    unknown: BTreeSet<u64>,
    /// Members that could not be followed in the last turn.
    silent: BTreeSet<B256>,
    registry: Option<Address>,
    /// What was told last of who is of the alliance.
    standing: Option<Standing>,
    turns: u32,
}

impl Follower {
    /// Of the newest [`MAX_REQUESTS`] requests. Members whose chain is not among `chains` are shown by what the alliance is shown of them.
    #[must_use]
    pub fn new(alliance: AllianceContract, chains: Vec<Chain>) -> Self {
        Self {
            alliance,
            chains,
            requests: MAX_REQUESTS,
            next: None,
            members: BTreeMap::new(),
            nodes: BTreeMap::new(),
            unknown: BTreeSet::new(),
            silent: BTreeSet::new(),
            registry: None,
            standing: None,
            turns: 0,
        }
    }

    /// Reads what is new. After an error the same is read again.
    ///
    /// # Errors
    /// The alliance chain does not answer, or shows what does not verify. A member's chain that does not answer is logged, and read later.
    pub async fn read(&mut self) -> Result<Vec<Told>, ViewError> {
        let mut told = Vec::new();
        self.unknown.clear();
        let next = match self.next {
            Some(next) => next,
            None => self.begin(&mut told).await?,
        };
        let (heads, mut failed) = self.heads().await;
        let head = self.alliance.chain.head().await?;
        let last = head.number.min(next.saturating_add(MAX_BLOCKS - 1));
        let filter = self.filter(&[]);
        let (events, read_to) = read_events(&self.alliance.chain, filter, next, last).await?;
        let mut standing_changed = self.next.is_none();
        for event in &events {
            standing_changed |= changes_members(event);
            if let Some(fact) = Box::pin(self.fact(event)).await? {
                told.push(Told::Alliance(Place::of(event), fact));
            }
        }
        if standing_changed {
            let standing = Box::pin(self.read_standing()).await?;
            told.push(Told::Standing(standing));
        }
        self.next = Some(read_to.saturating_add(1));
        if read_to >= head.number {
            told.push(Told::Head(Source::Alliance, Head { block: head.number, time_ms: head.time_ms }));
            let reads = self.members.iter_mut().filter_map(|(name, followed)| {
                let (name, head) = (*name, *heads.get(name)?);
                Some(async move { (name, followed.read(name, head).await) })
            });
            for (name, read) in join_all(reads.collect::<Vec<_>>()).await {
                match read {
                    Ok(more) => told.extend(more),
                    Err(error) => drop(failed.insert(name, error.to_string())),
                }
            }
        }
        let is_news = self.note(&failed);
        told.extend(Box::pin(self.standing_again(is_news)).await.map(Told::Standing));
        Ok(told)
    }

    /// Logs members that cannot be followed any more, and those that can again; whether there are any.
    fn note(&mut self, failed: &BTreeMap<B256, String>) -> bool {
        for (member, error) in failed.iter().filter(|(member, _)| !self.silent.contains(*member)) {
            tracing::warn!(%member, %error, "a member cannot be followed at present");
        }
        for member in self.silent.iter().filter(|member| !failed.contains_key(*member)) {
            tracing::info!(%member, "a member is followed again");
        }
        let silent: BTreeSet<_> = failed.keys().copied().collect();
        std::mem::replace(&mut self.silent, silent) != self.silent
    }

    /// The policies of all members, and where the oldest of the newest requests stands.
    async fn begin(&mut self, told: &mut Vec<Told>) -> Result<u64, ViewError> {
        let chain = self.alliance.chain.clone();
        // Before its requests are looked for, so that none between the two is left out.
        let head = chain.head().await?;
        let admissions = self.filter(&[Alliance::Admitted::SIGNATURE_HASH]);
        let admissions = chain.latest_kept_events(&admissions, MAX_ADMISSIONS).await?;
        for event in admissions.events.iter().rev() {
            chain.verify_event(event).await?;
            if let Some(fact) = Box::pin(self.fact(event)).await? {
                told.push(Told::Alliance(Place::of(event), fact));
            }
        }
        // Whose admission the node has forgotten is a member still; its endorsers are not known then.
        if admissions.first_block > 0 {
            for name in self.alliance.members().await? {
                self.meet(name, head.time_ms).await?;
            }
        }
        let numbered = self.filter(&[Alliance::Sequenced::SIGNATURE_HASH, Alliance::Invalidated::SIGNATURE_HASH]);
        let kept = chain.latest_kept_events(&numbered, self.requests).await?;
        // Newest first.
        let first = kept.events.last().map_or(head.number, |event| event.block_number.min(head.number));
        let begin_ms = chain.block(first).await?.time_ms;
        if kept.events.len() >= self.requests || kept.first_block > 0 {
            told.push(Told::Since(begin_ms));
        }
        for followed in self.members.values_mut() {
            followed.begin_at(begin_ms);
        }
        Ok(first)
    }

    /// The heads of the members whose chains answer in time, and why the others do not.
    async fn heads(&self) -> (BTreeMap<B256, ChainHead>, BTreeMap<B256, String>) {
        let asked = self
            .members
            .iter()
            .map(|(name, followed)| async move { (*name, timeout(MAX_HEAD_WAIT, followed.head()).await) });
        let (mut heads, mut failed) = (BTreeMap::new(), BTreeMap::new());
        for (name, answer) in join_all(asked.collect::<Vec<_>>()).await {
            match answer {
                Ok(Ok(Some(head))) => drop(heads.insert(name, head)),
                Ok(Ok(None)) => {}
                Ok(Err(error)) => drop(failed.insert(name, error.to_string())),
                Err(_) => drop(failed.insert(name, "its chain does not answer in time".to_owned())),
            }
        }
        (heads, failed)
    }

    fn filter(&self, names: &[B256]) -> EventFilter {
        EventFilter {
            contracts: vec![self.alliance.address],
            topics: [names.to_vec(), Vec::new(), Vec::new(), Vec::new()],
            ..EventFilter::default()
        }
    }

    /// What an event of the alliance tells; `None`: nothing of a request or a policy.
    async fn fact(&mut self, event: &Event) -> Result<Option<AllianceFact>, ViewError> {
        use Alliance::AllianceEvents as Known;
        let Ok(known) = Known::decode_raw_log(&event.topics, &event.data) else { return Ok(None) };
        Ok(match known {
            Known::Admitted(it) => {
                self.meet(it.member, event.block_time_ms).await?;
                let endorsers = self.endorsers(it.requirement).await?;
                Some(AllianceFact::Policy { member: it.member, endorsers })
            }
            Known::Sequenced(it) => {
                let parties = it.parts.iter().map(|part| part.member).collect();
                let asked = Asked {
                    request_hash: it.requestHash,
                    certificate: it.certificate,
                    requester: self.node(it.certificate).await?,
                    deadline_s: Some(it.deadline),
                    parties,
                    signed: None,
                };
                Some(AllianceFact::Asked { number: it.number, asked: self.with_submission(asked, event).await? })
            }
            Known::Invalidated(it) => {
                let asked = Asked {
                    request_hash: it.requestHash,
                    certificate: it.certificate,
                    requester: self.node(it.certificate).await?,
                    deadline_s: None,
                    parties: Vec::new(),
                    signed: None,
                };
                Some(AllianceFact::Asked { number: it.number, asked: self.with_submission(asked, event).await? })
            }
            Known::BadSignature(it) => Some(AllianceFact::BadSignature {
                number: it.number,
                member: it.member,
                certificate: it.certificate,
                fault: SignatureFault::from_code(it.fault),
            }),
            Known::WeightMissing(it) => Some(AllianceFact::WeightMissing {
                number: it.number,
                member: it.member,
                weight: it.weight,
                total: it.total,
            }),
            Known::Proven(it) => shown(it.number, it.member, it.outcome, false),
            Known::Attested(it) => shown(it.number, it.member, it.outcome, true),
            Known::Committed(it) => Some(AllianceFact::Ended { number: it.number, end: End::Committed }),
            Known::Aborted(it) => {
                let end = End::Aborted {
                    member: Some(it.member).filter(|member| !member.is_zero()),
                    reason: Reason::from_codes(it.reason, it.expected, it.actual),
                };
                Some(AllianceFact::Ended { number: it.number, end })
            }
            _ => None,
        })
    }

    /// Adds what only the submission says: whose parts, and who has signed.
    async fn with_submission(&mut self, mut asked: Asked, event: &Event) -> Result<Asked, ViewError> {
        let transaction = self.alliance.chain.transaction(event.tx_hash, Some(event.block_number)).await?;
        let call = Alliance::submitCall::abi_decode(&transaction.input).ok();
        let own = call.filter(|call| {
            transaction.to == Some(self.alliance.address) && request(&call.asked).hash() == asked.request_hash
        });
        let Some(call) = own else { return Ok(asked) };
        asked.parties = call.asked.parts.iter().map(|part| part.member).collect();
        let mut signed = Vec::new();
        for endorsement in &call.endorsements {
            let node = self.node(endorsement.certificate).await?.map(|(_, node)| node);
            signed.push(Signed { member: endorsement.member, certificate: endorsement.certificate, node });
        }
        asked.signed = Some(signed);
        Ok(asked)
    }

    /// Member and node of a transaction certificate.
    async fn node(&mut self, certificate: u64) -> Result<Option<(B256, B256)>, ViewError> {
        if let Some(known) = self.nodes.get(&certificate) {
            return Ok(Some(*known));
        }
        if self.unknown.contains(&certificate) {
            return Ok(None);
        }
        let Some((_, identity)) = self.alliance.certificate(certificate).await? else {
            if self.unknown.len() < MAX_CERTIFICATES {
                self.unknown.insert(certificate);
            }
            return Ok(None);
        };
        if self.nodes.len() >= MAX_CERTIFICATES {
            self.nodes.clear();
        }
        self.nodes.insert(certificate, (identity.member, identity.node));
        Ok(Some((identity.member, identity.node)))
    }

    /// Nodes and weights of a requirement.
    async fn endorsers(&mut self, requirement: U256) -> Result<Vec<(B256, u64)>, ViewError> {
        let registry = match self.registry {
            Some(registry) => registry,
            None => *self.registry.insert(self.alliance.requirements().await?),
        };
        self.alliance.endorsers(registry, requirement).await
    }

    /// A member that is followed from its admission on, a time of the alliance chain, with its chain if that is known here.
    async fn meet(&mut self, name: B256, since_ms: u64) -> Result<(), ViewError> {
        if !self.members.contains_key(&name) {
            let place = self.alliance.member(name).await?;
            let chain = self.chains.iter().find(|chain| chain.config().chain_id == place.chain_id);
            self.members.insert(name, Followed::new(chain.cloned(), place.node_contract, since_ms));
        }
        Ok(())
    }
}

fn shown(number: u64, member: B256, outcome: u8, is_attested: bool) -> Option<AllianceFact> {
    let outcome = Outcome::from_word(U256::from(outcome))?;
    Some(AllianceFact::Shown { number, member, outcome, is_attested })
}

/// Whether an event changes who is of the alliance.
fn changes_members(event: &Event) -> bool {
    let changes = [
        Alliance::Accepted::SIGNATURE_HASH,
        Alliance::Activated::SIGNATURE_HASH,
        Alliance::Admitted::SIGNATURE_HASH,
        Alliance::Removed::SIGNATURE_HASH,
        Alliance::Left::SIGNATURE_HASH,
        Alliance::Dissolved::SIGNATURE_HASH,
    ];
    event.topics.first().is_some_and(|topic| changes.contains(topic))
}

fn request(asked: &Alliance::Request) -> Request {
    Request {
        idempotency_key: asked.idempotencyKey,
        certificate: asked.certificate,
        valid_until: asked.validUntil,
        window: asked.window,
        parts: asked.parts.iter().map(|part| PartReference { member: part.member, part_hash: part.partHash }).collect(),
    }
}
