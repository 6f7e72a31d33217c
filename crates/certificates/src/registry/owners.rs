//! In whose hands an identity was: what `EthereumDIDRegistry` (ERC-1056) records, followed from the slot that names the last change back through every change. Whoever has an identity
//! hands it on as often as it likes, so that no more is read than a trace shows.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolEvent as _, SolEventInterface as _};
use chancery_contracts::{EthereumDIDRegistry, predeploys};
use chancery_reference_points::{
    Code, DoorResult,
    chain_records::{EventQuery, EventRecord},
    trace::{HandOver, HandedBy, MAX_HAND_OVERS},
};

use super::{Registry, malformed_answer};

/// Most blocks with changes of one identity that are followed back.
pub const MAX_CHANGED_BLOCKS: usize = 64;

/// One change of an identity.
struct Change {
    /// Its new owner, if it has one.
    owner: Option<Address>,
    /// The block of the change before.
    previous: U256,
}

impl Registry<'_> {
    /// In whose hands an identity was, oldest first: every owner that ERC-1056 records after the identity itself; and whether there were more before, which are not read. Who had it
    /// before the oldest that is shown is not known then.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn identity_owners(&self, identity: Address) -> DoorResult<(Vec<HandOver>, bool)> {
        let main = self.directory.main();
        let call = EthereumDIDRegistry::changedCall { identity };
        let (mut block, _) = self.call(&main, predeploys::ETHEREUM_DID_REGISTRY, call).await?;
        let mut newest_first: Vec<(Address, EventRecord)> = Vec::new();
        for _ in 0..MAX_CHANGED_BLOCKS {
            if block.is_zero() || newest_first.len() > MAX_HAND_OVERS {
                break;
            }
            let events = match self.s2p.events(self.changes_in(identity, block.saturating_to())).await {
                Ok(events) => events,
                // More in this block than one query answers.
                Err(error) if error.code() == Code::MalformedRequest => break,
                Err(error) => return Err(error),
            };
            let mut previous = None;
            for event in events.into_iter().rev() {
                let Some(change) = change(&event) else { continue };
                newest_first.extend(change.owner.map(|owner| (owner, event)));
                // The first change of the block names the one before.
                previous = Some(change.previous);
            }
            block = previous.filter(|previous| *previous < block).ok_or_else(|| {
                malformed_answer(&main, &"a change of an identity that is not where it is said to be")
            })?;
        }
        let cut = !block.is_zero();
        let mut owner = (!cut).then_some(identity);
        let path = newest_first.into_iter().rev().map(|(to, event)| HandOver {
            of: identity,
            from: owner.replace(to).map(|from| from.to_string()),
            to: Some(to.to_string()),
            at: event.block_time_ms,
            // The contract takes a change from the present owner alone.
            how: HandedBy::Approval,
            recorded: Some(event.locator),
        });
        Ok((path.collect(), cut))
    }

    /// Every change of an identity in one block.
    fn changes_in(&self, identity: Address, block: u64) -> EventQuery {
        let changes = vec![
            EthereumDIDRegistry::DIDOwnerChanged::SIGNATURE_HASH,
            EthereumDIDRegistry::DIDDelegateChanged::SIGNATURE_HASH,
            EthereumDIDRegistry::DIDAttributeChanged::SIGNATURE_HASH,
        ];
        EventQuery {
            chain: Some(self.directory.main()),
            contract: Some(predeploys::ETHEREUM_DID_REGISTRY),
            topics: [changes, vec![identity.into_word()], Vec::new(), Vec::new()],
            from_block: block,
            to_block: Some(block),
            ..EventQuery::default()
        }
    }
}

fn change(event: &EventRecord) -> Option<Change> {
    type Events = EthereumDIDRegistry::EthereumDIDRegistryEvents;
    Some(match Events::decode_raw_log(&event.topics, &event.data).ok()? {
        Events::DIDOwnerChanged(change) => Change { owner: Some(change.owner), previous: change.previousChange },
        Events::DIDDelegateChanged(change) => Change { owner: None, previous: change.previousChange },
        Events::DIDAttributeChanged(change) => Change { owner: None, previous: change.previousChange },
    })
}
