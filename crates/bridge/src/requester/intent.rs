//! What an idempotency key stands for: the same calls, whoever of a member asks again, in whichever process.

use std::collections::BTreeSet;

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::Alliance;
use chancery_ledger::EventFilter;
use futures::future::{try_join_all, try_join3};

use super::{MAX_ATTEMPTS, RequestError, Requester, attempt_key, readable, view_error};
use crate::{
    alliance::{certificate::MAX_IDENTITY_S, decision::RequestState, message::Part},
    contracts::ViewError,
    relay::reserved_part,
};

/// Identity certificates of one member that are looked through for its nodes, the newest.
const MAX_IDENTITIES: usize = 4096;

impl Requester {
    /// The numbers that an intent has got so far from this node, in the order of its attempts. Each has to be of these calls, as far as the chains show it yet:
    /// what is not reserved is compared when it is committed ([`Self::execute`]).
    ///
    /// # Errors
    /// `IntentDiffers`: the key stands for other calls; `AskedElsewhere`: another node of the member has used it; `View`.
    pub async fn earlier(&self, idempotency_key: B256, calls: &[(B256, Bytes)]) -> Result<Vec<u64>, RequestError> {
        self.check_other_nodes(idempotency_key).await?;
        let mut numbers = Vec::new();
        for attempt in 0..MAX_ATTEMPTS {
            let key = attempt_key(idempotency_key, attempt);
            let known = self.alliance.number_of(self.identity.member, self.identity.node, key).await?;
            let Some(number) = known else { break };
            self.unread(number, calls, &[]).await?;
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// The alliance counts keys by node. A member that asks from two of them would have its intent committed twice.
    async fn check_other_nodes(&self, idempotency_key: B256) -> Result<(), RequestError> {
        let (alliance, member) = (&self.alliance, self.identity.member);
        let since_s = alliance.time_s().await?.saturating_sub(MAX_IDENTITY_S);
        let filter = EventFilter {
            contracts: vec![alliance.address],
            topics: [vec![Alliance::IdentityIssued::SIGNATURE_HASH], Vec::new(), vec![member], Vec::new()],
            from_block: alliance.chain.first_block_at(since_s.saturating_mul(1000)).await.map_err(ViewError::from)?,
            to_block: None,
        };
        let issued = alliance.chain.latest_events(&filter, MAX_IDENTITIES).await.map_err(ViewError::from)?;
        let nodes: BTreeSet<B256> = issued.iter().filter_map(|event| event.topics.get(3).copied()).collect();
        for node in nodes.into_iter().filter(|node| *node != self.identity.node) {
            let known = alliance.number_of(member, node, attempt_key(idempotency_key, 0)).await?;
            if let Some(number) = known {
                return Err(RequestError::AskedElsewhere { node, number });
            }
        }
        Ok(())
    }

    /// That a request which was committed is of these calls. `signed` are the parts that were signed last, which are known without the members' chains.
    ///
    /// # Errors
    /// `IntentDiffers`; `Unread` when it cannot be told.
    pub(super) async fn compare(
        &self,
        number: u64,
        calls: &[(B256, Bytes)],
        signed: &[Part],
    ) -> Result<(), RequestError> {
        match self.unread(number, calls, signed).await {
            Ok(unread) if unread.is_empty() => Ok(()),
            Ok(unread) => {
                let names: Vec<_> = unread.into_iter().map(readable).collect();
                let reason = format!("what it asks of {} is not to be read on chain yet", names.join(", "));
                Err(RequestError::Unread { number, reason })
            }
            Err(error @ RequestError::IntentDiffers { .. }) => Err(error),
            Err(error) => Err(RequestError::Unread { number, reason: error.to_string() }),
        }
    }

    /// Members whose part of a request cannot be compared with a call of these.
    ///
    /// # Errors
    /// `IntentDiffers` for other members, or another call; `View`.
    async fn unread(&self, number: u64, calls: &[(B256, Bytes)], signed: &[Part]) -> Result<Vec<B256>, RequestError> {
        let all = || calls.iter().map(|(member, _)| *member).collect();
        let hashes = try_join_all(calls.iter().map(|(member, _)| self.alliance.part_hash(number, *member)));
        let (decision, parties, hashes) =
            Box::pin(try_join3(self.alliance.decision(number), self.alliance.parties(number), hashes)).await?;
        let Some(decision) = decision else { return Ok(all()) };
        // Of an invalid one the alliance keeps no parts; nothing of it is or will be in force.
        if decision.state() == RequestState::Invalid {
            return Ok(Vec::new());
        }
        let is_asked = |member: &B256| calls.iter().any(|(asked, _)| asked == member);
        if parties.len() != calls.len() || !parties.iter().all(is_asked) {
            return Err(RequestError::IntentDiffers { number });
        }
        let mut unread = Vec::new();
        for ((member, call), hash) in calls.iter().zip(hashes) {
            let own = signed.iter().find(|part| part.member == *member && part.hash() == hash);
            let part = match own {
                Some(part) => Some(part.clone()),
                None => {
                    let contract = &self.member(*member)?.contract;
                    reserved_part(contract, number, hash, &decision).await.map_err(view_error)?
                }
            };
            match part {
                None => unread.push(*member),
                Some(part) if part.call != *call => return Err(RequestError::IntentDiffers { number }),
                Some(_) => {}
            }
        }
        Ok(unread)
    }
}
