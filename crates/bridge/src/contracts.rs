//! The contracts between chains, read at the newest final block. What is read here is the node's word: it is good for preparing messages, and whatever
//! follows from it is proven or signed before it counts.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent as _};
use chancery_contracts::{Alliance, Anchor, RequirementRegistry, StoreNode};
use chancery_ledger::{Chain, EventFilter, LedgerError};
use chancery_primitives::SigningDomain;

use crate::alliance::{
    certificate::{IdentityCertificate, Scope, TransactionCertificate},
    comparison::Suggestion,
    decision::Decision,
    message::{Read, Write},
    store::Outcome,
};

/// Changes of members that are read at a time.
const MAX_ADMISSIONS: usize = 4_096;

/// Why a contract could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The chain does not answer, or the contract refuses.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It answered something else.
    #[error("the contract's answer cannot be read: {0}")]
    Answer(#[from] alloy_sol_types::Error),
}

impl ViewError {
    /// Whether the same may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Ledger(error) if error.is_temporary())
    }
}

/// An `Alliance` on its chain.
#[derive(Clone, Debug)]
pub struct AllianceContract {
    /// The alliance chain.
    pub chain: Chain,
    /// Where the contract stands.
    pub address: Address,
}

impl AllianceContract {
    /// What signatures are made for.
    #[must_use]
    pub fn domain(&self) -> SigningDomain {
        SigningDomain::new(self.chain.config().chain_id, self.address)
    }

    /// Time of the newest final block, in seconds: the only clock that counts.
    ///
    /// # Errors
    /// An unreachable chain.
    pub async fn time_s(&self) -> Result<u64, ViewError> {
        Ok(self.chain.head().await?.time_ms / 1000)
    }

    /// The number that a node's request got under its idempotency key; `None`: it was not sequenced.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn number_of(&self, member: B256, node: B256, idempotency_key: B256) -> Result<Option<u64>, ViewError> {
        let call = Alliance::numberOfCall { member, node, idempotencyKey: idempotency_key };
        Ok(Some(view(&self.chain, self.address, &call).await?).filter(|number| *number != 0))
    }

    /// The highest number.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn request_count(&self) -> Result<u64, ViewError> {
        view(&self.chain, self.address, &Alliance::requestCountCall {}).await
    }

    /// A request as members are shown it; `None`: there is none.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn decision(&self, number: u64) -> Result<Option<Decision>, ViewError> {
        let record = view(&self.chain, self.address, &Alliance::requestAtCall { number }).await?;
        let word = U256::from(record.state)
            | U256::from(record.deadline) << 8
            | U256::from(record.parties) << 72
            | U256::from(record.prepared) << 88;
        Ok(Decision::from_word(word))
    }

    /// The members of its parts, in their order; none for an invalid one.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn parties(&self, number: u64) -> Result<Vec<B256>, ViewError> {
        view(&self.chain, self.address, &Alliance::partiesCall { number }).await
    }

    /// Hash of a member's part; zero if it has none there.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn part_hash(&self, number: u64, member: B256) -> Result<B256, ViewError> {
        view(&self.chain, self.address, &Alliance::partHashOfCall { number, member }).await
    }

    /// Names of the members now.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn members(&self) -> Result<Vec<B256>, ViewError> {
        view(&self.chain, self.address, &Alliance::membersCall {}).await
    }

    /// A number that rises with each change of the members, and of a member's policy or anchor.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn membership(&self) -> Result<u64, ViewError> {
        view(&self.chain, self.address, &Alliance::membershipCall {}).await
    }

    /// Names that were admitted in the blocks from `first` to `last`, whether they are members now or not.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn admitted(&self, first: u64, last: u64) -> Result<BTreeSet<B256>, ViewError> {
        let (mut names, mut next, mut span) = (BTreeSet::new(), first, u64::MAX);
        while next <= last {
            let filter = EventFilter {
                contracts: vec![self.address],
                topics: [vec![Alliance::Admitted::SIGNATURE_HASH], Vec::new(), Vec::new(), Vec::new()],
                from_block: next,
                to_block: Some(last.min(next.saturating_add(span - 1))),
            };
            let read_to = filter.to_block.unwrap_or(last);
            match self.chain.told_events(&filter, MAX_ADMISSIONS).await {
                Ok(events) => names.extend(events.iter().filter_map(|event| event.topics.get(1).copied())),
                Err(LedgerError::TooManyEvents { .. }) if read_to > next => {
                    span = (read_to - next) / 2 + 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            next = read_to.saturating_add(1);
        }
        Ok(names)
    }

    /// Names of everybody who was ever admitted, ascending: those that have left too. Their records stand, and what was sequenced while they were members goes on to its end.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn ever_members(&self) -> Result<BTreeSet<B256>, ViewError> {
        let mut names = self.admitted(0, self.chain.head().await?.number).await?;
        names.extend(self.members().await?);
        Ok(names)
    }

    /// Where a member, or one that was, has its chain, node contract and anchor.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn member(&self, name: B256) -> Result<MemberPlace, ViewError> {
        let record = view(&self.chain, self.address, &Alliance::memberRecordCall { name }).await?;
        Ok(MemberPlace {
            chain_id: record.chainId,
            is_active: record.isActive,
            is_foreign: record.genesisHash.is_zero(),
            node_contract: record.nodeContract,
            anchor: record.anchor,
        })
    }

    /// A transaction certificate with the identity that it rests on; `None`: there is none.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn certificate(
        &self,
        serial: u64,
    ) -> Result<Option<(TransactionCertificate, IdentityCertificate)>, ViewError> {
        let found = view(&self.chain, self.address, &Alliance::transactionCertificateCall { serial }).await?;
        let Some(scope) = Scope::from_code(found.scope).filter(|_| found.identity != 0) else { return Ok(None) };
        let Some(identity) = self.identity(found.identity).await? else { return Ok(None) };
        let transaction = TransactionCertificate {
            identity: found.identity,
            scope,
            valid_until: found.validUntil,
            revoked: found.isRevoked,
        };
        Ok(Some((transaction, identity)))
    }

    /// An identity certificate; `None`: there is none.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn identity(&self, serial: u64) -> Result<Option<IdentityCertificate>, ViewError> {
        let found = view(&self.chain, self.address, &Alliance::identityCertificateCall { serial }).await?;
        let identity = IdentityCertificate {
            node: found.node,
            member: found.member,
            key: found.key,
            valid_until: found.validUntil,
            revoked: found.isRevoked,
        };
        Ok(Some(identity).filter(|identity| !identity.member.is_zero()))
    }

    /// The registry of the requirements that its members were admitted by.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn requirements(&self) -> Result<Address, ViewError> {
        view(&self.chain, self.address, &Alliance::REQUIREMENTSCall {}).await
    }

    /// Endorsers of a requirement in that registry, with their weights.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn endorsers(&self, registry: Address, requirement: U256) -> Result<Vec<(B256, u64)>, ViewError> {
        let declared = view(&self.chain, registry, &RequirementRegistry::declaredCall { id: requirement }).await?;
        Ok(declared.requirement.endorsers.iter().map(|endorser| (endorser.node, endorser.weight)).collect())
    }

    /// What a node weighs for a member, and what all of the member's endorsers weigh.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn weight(&self, member: B256, node: B256) -> Result<U256, ViewError> {
        view(&self.chain, self.address, &Alliance::weightOfCall { name: member, node }).await
    }

    /// What all of a member's endorsers weigh.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn total_weight(&self, member: B256) -> Result<U256, ViewError> {
        view(&self.chain, self.address, &Alliance::totalWeightCall { name: member }).await
    }
}

/// Where a member's things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberPlace {
    /// EIP-155 id of its chain; 0 for a name that never was a member's.
    pub chain_id: u64,
    /// It is of the alliance now.
    pub is_active: bool,
    /// Its outcomes are attested, not proven.
    pub is_foreign: bool,
    /// On its chain.
    pub node_contract: Address,
    /// On the alliance chain; follows its chain.
    pub anchor: Address,
}

/// A member's node contract on its chain.
#[derive(Clone, Debug)]
pub struct NodeContract {
    /// The member's chain.
    pub chain: Chain,
    /// Where the contract stands.
    pub address: Address,
}

impl NodeContract {
    /// What a call would read and change in the newest final state.
    ///
    /// # Errors
    /// `Reverted` when the node contract does not understand the call; [`ViewError`].
    pub async fn suggest(&self, call: &Bytes) -> Result<Suggestion, ViewError> {
        let found = view(&self.chain, self.address, &StoreNode::suggestCall { call: call.clone() }).await?;
        Ok(Suggestion {
            reads: found.reads.iter().map(|read| Read { key: read.key, version: read.version }).collect(),
            writes: found.writes.iter().map(|write| Write { key: write.key, value: write.value }).collect(),
        })
    }

    /// How often a key was written.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn version(&self, key: B256) -> Result<u64, ViewError> {
        Ok(view(&self.chain, self.address, &StoreNode::entryCall { key }).await?.version)
    }

    /// How often a key was written that no request holds in order to write it; `None`: one does.
    pub(crate) async fn free_version(&self, key: B256) -> Result<Option<u64>, ViewError> {
        let entry = view(&self.chain, self.address, &StoreNode::entryCall { key }).await?;
        Ok((entry.writer == 0).then_some(entry.version))
    }

    /// What became of a number here; `None`: nothing yet.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn outcome(&self, number: u64) -> Result<Option<Outcome>, ViewError> {
        let record = view(&self.chain, self.address, &StoreNode::outcomeCall { number }).await?;
        Ok(Outcome::from_word(U256::from(record.outcome)))
    }

    /// Reason, expected and actual of a refusal; `None`: the number was not refused here.
    pub(crate) async fn refused(&self, number: u64) -> Result<Option<(u8, u64, u64)>, ViewError> {
        let record = view(&self.chain, self.address, &StoreNode::outcomeCall { number }).await?;
        let is_refused = Outcome::from_word(U256::from(record.outcome)) == Some(Outcome::Refused);
        Ok(is_refused.then_some((record.reason, record.expected, record.actual)))
    }

    /// The key because of which a number was refused.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn refused_key(&self, number: u64) -> Result<B256, ViewError> {
        view(&self.chain, self.address, &StoreNode::refusedKeyCall { number }).await
    }

    /// The anchor here that follows the alliance chain.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn anchor(&self) -> Result<Address, ViewError> {
        view(&self.chain, self.address, &StoreNode::ANCHORCall {}).await
    }
}

/// Whether an anchor was shown two final headers of one number (ANCHOR-4).
pub(crate) async fn is_frozen(chain: &Chain, anchor: Address) -> Result<bool, ViewError> {
    Ok(!view(chain, anchor, &Anchor::conflictCall {}).await?.first.is_zero())
}

pub(crate) async fn view<C: SolCall>(chain: &Chain, contract: Address, call: &C) -> Result<C::Return, ViewError> {
    let answer = chain.view(contract, &call.abi_encode().into()).await?;
    Ok(C::abi_decode_returns(&answer.data)?)
}
