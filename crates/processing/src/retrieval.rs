//! S2P: retrieval from the chains, with proofs.

use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use chancery_ledger::{Chain, Event, EventFilter, LedgerError, ProvenTransaction};
use chancery_light::StateProof;
use chancery_reference_points::{
    Actor, DoorResult,
    access_rule::AccessRule,
    chain_records::{ChainStatus, EventQuery, EventRecord, TransactionRecord, ViewRecord},
    data_block::TransactionLocator,
    mandate::Mandate,
    operation::ChainName,
    s2p::{MAX_EVENTS, Retrieval, S2p},
};
use futures::future::join_all;

use crate::{
    Processing,
    error::door_error,
    processing::{malformed, name_of},
    recording::event_locator,
    validity::Asked,
};

#[async_trait]
impl S2p for Processing {
    async fn chains(&self, by: &Mandate) -> DoorResult<Vec<ChainStatus>> {
        self.permit(by, Asked::Chains).await?;
        Retrieval::chains(self).await
    }

    async fn transaction(
        &self,
        by: &Mandate,
        chain: Option<&ChainName>,
        block: u64,
        tx_hash: B256,
    ) -> DoorResult<TransactionRecord> {
        self.permit(by, Asked::Transaction(chain)).await?;
        Retrieval::transaction(self, chain, block, tx_hash).await
    }

    async fn events(&self, by: &Mandate, query: EventQuery) -> DoorResult<Vec<EventRecord>> {
        let chain = query.chain.as_ref().ok_or_else(|| malformed("name the chain of the events"))?;
        self.permit(by, Asked::Contract(chain, query.contract)).await?;
        Retrieval::events(self, query).await
    }

    async fn view(&self, by: &Mandate, chain: &ChainName, contract: Address, call: Bytes) -> DoorResult<ViewRecord> {
        self.permit(by, Asked::Contract(chain, Some(contract))).await?;
        Retrieval::view(self, chain, contract, call).await
    }

    async fn state_proof(
        &self,
        by: &Mandate,
        chain: &ChainName,
        contract: Address,
        slots: Vec<B256>,
    ) -> DoorResult<Option<StateProof>> {
        self.permit(by, Asked::Contract(chain, Some(contract))).await?;
        Retrieval::state_proof(self, chain, contract, slots).await
    }

    async fn access_rules(&self, service: Option<&str>) -> DoorResult<Vec<AccessRule>> {
        match service {
            None => self.rules_in_force().await,
            Some(service) => self.rule_versions(service).await,
        }
    }

    async fn is_office(&self, by: &Mandate) -> DoorResult<bool> {
        self.is_an_office(by).await
    }

    async fn standing(&self, by: &Mandate) -> DoorResult<Actor> {
        self.standing_of(by).await
    }
}

#[async_trait]
impl Retrieval for Processing {
    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        Ok(join_all(self.ledger.chains().map(|chain| self.status(chain))).await)
    }

    async fn transaction(&self, chain: Option<&ChainName>, block: u64, tx_hash: B256) -> DoorResult<TransactionRecord> {
        if let Some(name) = chain {
            let chain = self.chain(name)?;
            let found = chain.transaction(tx_hash, Some(block)).await.map_err(door_error)?;
            return Ok(transaction_record(chain, found));
        }
        let answers = join_all(
            self.ledger.chains().map(|chain| async move { (chain, chain.transaction(tx_hash, Some(block)).await) }),
        );
        let mut uncertain = None;
        for (chain, answer) in answers.await {
            match answer {
                Ok(found) => return Ok(transaction_record(chain, found)),
                Err(LedgerError::UnknownTransaction { .. }) => {}
                Err(error) => uncertain = Some(error),
            }
        }
        // PROCESSING-3: it may be on the chain that did not answer.
        let nowhere = LedgerError::UnknownTransaction { chain: "no chain".to_owned(), tx_hash };
        Err(door_error(uncertain.unwrap_or(nowhere)))
    }

    async fn events(&self, query: EventQuery) -> DoorResult<Vec<EventRecord>> {
        let name = query.chain.as_ref().ok_or_else(|| malformed("name the chain of the events"))?;
        let chain = self.chain(name)?;
        let Some((from_block, to_block)) = blocks_of(chain, &query).await? else { return Ok(Vec::new()) };
        let contracts = query.contract.into_iter().collect();
        let filter = EventFilter { contracts, topics: query.topics, from_block, to_block };
        let events = chain.events(&filter, MAX_EVENTS).await.map_err(door_error)?;
        Ok(events.into_iter().map(|event| event_record(chain, event)).collect())
    }

    async fn view(&self, chain: &ChainName, contract: Address, call: Bytes) -> DoorResult<ViewRecord> {
        let view = self.chain(chain)?.view(contract, &call).await.map_err(door_error)?;
        Ok(ViewRecord { block_number: view.block.number, block_time_ms: view.block.time_ms, data: view.data })
    }

    async fn state_proof(
        &self,
        chain: &ChainName,
        contract: Address,
        slots: Vec<B256>,
    ) -> DoorResult<Option<StateProof>> {
        let evidence = self.chain(chain)?.state(contract, &slots).await.map_err(door_error)?;
        Ok(evidence.map(|evidence| evidence.proof))
    }
}

/// The blocks of a query: those that it names, of the time that it names, which is looked for among the headers. None when there are none.
async fn blocks_of(chain: &Chain, query: &EventQuery) -> DoorResult<Option<(u64, Option<u64>)>> {
    let (mut first, mut last) = (query.from_block, query.to_block);
    if let Some(from_ms) = query.from_ms.filter(|from_ms| *from_ms > 0) {
        first = first.max(chain.first_block_at(from_ms).await.map_err(door_error)?);
    }
    if let Some(to_ms) = query.to_ms {
        let Some(before) = chain.first_block_at(to_ms).await.map_err(door_error)?.checked_sub(1) else {
            return Ok(None);
        };
        last = Some(last.map_or(before, |last| last.min(before)));
    }
    if let Some(last) = last {
        return Ok((first <= last).then_some((first, Some(last))));
    }
    // All blocks are older, and a node may refuse to be asked for one that is to come.
    if query.from_ms.is_some() && first > chain.head().await.map_err(door_error)?.number {
        return Ok(None);
    }
    Ok(Some((first, None)))
}

impl Processing {
    async fn status(&self, chain: &Chain) -> ChainStatus {
        let config = chain.config();
        let name = name_of(chain);
        let head = chain.head().await.ok();
        let genesis_hash = match config.genesis_hash {
            Some(hash) => hash,
            None => chain.block(0).await.map(|block| block.hash).unwrap_or_default(),
        };
        let rpc_url = self.config.public_rpc_urls.get(&name).cloned().unwrap_or_else(|| config.shown_rpc_url());
        ChainStatus {
            chain_id: config.chain_id,
            rpc_url,
            genesis_hash,
            genesis: self.config.genesis_files.get(&name).cloned(),
            height: head.map(|head| head.number),
            block_time_ms: head.map(|head| head.time_ms),
            name,
        }
    }
}

/// A proven transaction in the terms of the doors.
pub(crate) fn transaction_record(chain: &Chain, transaction: ProvenTransaction) -> TransactionRecord {
    TransactionRecord {
        locator: TransactionLocator {
            chain: name_of(chain),
            tx_hash: transaction.tx_hash,
            block_number: transaction.block.number,
            block_hash: transaction.block.hash,
        },
        block_time_ms: transaction.block.time_ms,
        from: transaction.from,
        to: transaction.to,
        input: transaction.input,
        succeeded: transaction.succeeded,
        events: transaction.events.into_iter().map(|event| event_record(chain, event)).collect(),
        proof: transaction.bundle,
    }
}

fn event_record(chain: &Chain, event: Event) -> EventRecord {
    EventRecord {
        locator: event_locator(chain, &event),
        block_time_ms: event.block_time_ms,
        log_index: event.log_index,
        contract: event.contract,
        topics: event.topics,
        data: event.data,
    }
}
