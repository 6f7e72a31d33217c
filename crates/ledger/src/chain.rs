use std::{collections::HashMap, fmt, sync::Arc};

use alloy::rpc::client::RpcClient;
use alloy_primitives::{Address, B256, Bytes, U64};
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    Block, Call, ChainConfig, ChainHead, Event, EventFilter, FinalTransaction, Finality, KeptEvents, LedgerError,
    LedgerLimits, MeasuredCall, ProvenTransaction, RevertReasons, StateEvidence, SubmitterKey, Underway, View,
    connection::Connection,
    reading::Reader,
    submission::{Pipeline, Watch},
};

/// One chain of the city. Cheap to clone.
#[derive(Clone)]
pub struct Chain {
    reader: Arc<Reader>,
    watch: Arc<Watch>,
    pipelines: Arc<Mutex<HashMap<Address, Arc<Pipeline>>>>,
}

impl Chain {
    /// Makes the chain known; nothing is asked of it yet. Must be called within a tokio runtime.
    pub(crate) fn new(
        config: ChainConfig,
        client: Option<RpcClient>,
        limits: LedgerLimits,
        reasons: RevertReasons,
    ) -> Result<Self, LedgerError> {
        if client.is_none() && !config.is_kept_to_itself() {
            return Err(LedgerError::InClear { chain: config.name });
        }
        let trusted = match config.essentials.clone() {
            None => None,
            Some(essentials) => {
                let trusted = chancery_light::TrustedChain::new(essentials).map_err(|error| {
                    let chain = config.name.clone();
                    LedgerError::GenesisUnusable { chain, reason: error.to_string() }
                })?;
                Some(trusted)
            }
        };
        let reader = Arc::new(Reader::new(Connection::new(config, client, limits), trusted, reasons));
        let watch = Watch::start(&reader);
        Ok(Self { reader, watch, pipelines: Arc::default() })
    }

    /// How it was configured.
    #[must_use]
    pub fn config(&self) -> &ChainConfig {
        &self.reader.connection.config
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.reader.connection.name()
    }

    /// Makes sure that the endpoint answers and is of this chain (LEDGER-1).
    ///
    /// # Errors
    /// `ChainUnreachable`, `WrongChainId`, `WrongGenesis`.
    pub async fn identify(&self) -> Result<(), LedgerError> {
        self.reader.connection.identify().await
    }

    /// The newest final block.
    ///
    /// # Errors
    /// `ChainUnreachable`, `ProofRefused`.
    pub async fn head(&self) -> Result<ChainHead, LedgerError> {
        self.reader.head().await.map(|block| ChainHead::from(block.as_ref()))
    }

    /// A final block, verified.
    ///
    /// # Errors
    /// `UnknownBlock`, `ChainUnreachable`, `ProofRefused`.
    pub async fn block(&self, number: u64) -> Result<Arc<Block>, LedgerError> {
        self.reader.block(number).await
    }

    /// The same, asked of the node again: it may have been put on another branch since it was asked first.
    ///
    /// # Errors
    /// As [`Self::block`].
    pub async fn block_anew(&self, number: u64) -> Result<Block, LedgerError> {
        self.reader.block_anew(number).await
    }

    /// The number of the first final block that is not older than a time (Unix milliseconds); one beyond the newest when all are older.
    ///
    /// # Errors
    /// `ChainUnreachable`, `ProofRefused`.
    pub async fn first_block_at(&self, time_ms: u64) -> Result<u64, LedgerError> {
        self.reader.first_block_at(time_ms).await
    }

    /// Sends a call and waits until it is final, at most [`LedgerLimits::submission_deadline`].
    ///
    /// # Errors
    /// `Reverted` with the contract's reason, `SubmissionRefused`, `Busy`, `ChainUnreachable`; `NotFinalYet` when its end is unknown.
    pub async fn submit(&self, key: &Arc<SubmitterKey>, call: Call) -> Result<FinalTransaction, LedgerError> {
        let deadline = Instant::now() + self.reader.connection.limits.submission_deadline;
        Box::pin(self.pipeline(key).submit(call, deadline)).await
    }

    /// Begins to send calls that rest on one another, in their order and with gas limits of the caller: in one block, if the chain lets them. Each ends by itself, and
    /// all are on their way when this returns; what is given later by the same key comes after them. None is estimated, so a refusal costs a failed transaction.
    ///
    /// # Errors
    /// `Busy`, `ChainUnreachable`: none was sent.
    pub async fn begin_row(
        &self,
        key: &Arc<SubmitterKey>,
        calls: Vec<MeasuredCall>,
    ) -> Result<Vec<Underway>, LedgerError> {
        let deadline = Instant::now() + self.reader.connection.limits.submission_deadline;
        self.pipeline(key).begin_row(calls, deadline).await
    }

    fn pipeline(&self, key: &Arc<SubmitterKey>) -> Arc<Pipeline> {
        let mut pipelines = self.pipelines.lock();
        let pipeline = pipelines
            .entry(key.address())
            .or_insert_with(|| Pipeline::new(Arc::clone(&self.reader), Arc::clone(&self.watch), Arc::clone(key)));
        Arc::clone(pipeline)
    }

    /// Where the next contract of an account will stand, if it sends nothing else before.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn next_contract(&self, key: &Arc<SubmitterKey>) -> Result<Address, LedgerError> {
        Ok(key.address().create(self.next_nonce(key).await?))
    }

    /// Nonce of the next transaction of an account: how many it has sent.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn next_nonce(&self, key: &Arc<SubmitterKey>) -> Result<u64, LedgerError> {
        self.pipeline(key).transaction_count("pending").await
    }

    /// Makes a contract of its creation code, arguments included, and waits until that is final; where it stands.
    ///
    /// # Errors
    /// As [`Self::submit`], and `ProofRefused` when the node shows another transaction instead.
    pub async fn deploy(&self, key: &Arc<SubmitterKey>, creation_code: Bytes) -> Result<Address, LedgerError> {
        let made = self.submit(key, Call { to: None, data: creation_code }).await?;
        let transaction = self.transaction(made.tx_hash, Some(made.block.number)).await?;
        transaction.created.ok_or_else(|| LedgerError::ProofRefused {
            chain: self.name().to_owned(),
            check: "TransactionMalformed".to_owned(),
        })
    }

    /// Executes a call at the newest final block without sending it.
    ///
    /// # Errors
    /// `Reverted` with the contract's reason; `ChainUnreachable`.
    pub async fn simulate(&self, from: Address, call: &Call) -> Result<Bytes, LedgerError> {
        let head = self.reader.head().await?;
        let request = json!({ "from": from, "to": call.to, "input": call.data });
        self.reader.call(&request, head.number).await
    }

    /// The same with no more gas than this: what runs out of it refuses.
    ///
    /// # Errors
    /// As [`Self::simulate`].
    pub async fn simulate_within(&self, from: Address, call: &Call, gas: u64) -> Result<Bytes, LedgerError> {
        let head = self.reader.head().await?;
        let request = json!({ "from": from, "to": call.to, "input": call.data, "gas": U64::from(gas) });
        self.reader.call(&request, head.number).await
    }

    /// Calls a view function at the newest final block.
    ///
    /// # Errors
    /// `Reverted`, `ChainUnreachable`.
    pub async fn view(&self, contract: Address, call: &Bytes) -> Result<View, LedgerError> {
        self.reader.view(contract, call).await
    }

    /// A final transaction, proven. With `block`, it must be there.
    ///
    /// # Errors
    /// `UnknownTransaction`, `ProofRefused`, `ChainUnreachable`.
    pub async fn transaction(&self, tx_hash: B256, block: Option<u64>) -> Result<ProvenTransaction, LedgerError> {
        Box::pin(self.reader.transaction(tx_hash, block)).await
    }

    /// Hash of the transaction of a final block that made a contract; `None`: it was not made there.
    ///
    /// # Errors
    /// `UnknownBlock`, `ProofRefused`, `ChainUnreachable`.
    pub async fn maker(&self, number: u64, contract: Address) -> Result<Option<B256>, LedgerError> {
        Box::pin(self.reader.maker(number, contract)).await
    }

    /// Final events in chain order.
    ///
    /// # Errors
    /// `TooManyEvents`; `ChainUnreachable`, also when the last block that is named is not final here yet.
    pub async fn events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>, LedgerError> {
        Box::pin(self.reader.events(filter, limit)).await
    }

    /// The same as the node tells them, without a look at their blocks: `block_time_ms` is 0, and where they stand is its word. For what is looked at again before it counts.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub async fn told_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>, LedgerError> {
        Box::pin(self.reader.told_events(filter, limit)).await
    }

    /// How many transactions an account has sent, in the newest block: the node's word.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn transaction_count(&self, account: Address) -> Result<u64, LedgerError> {
        self.reader.transaction_count(account, "latest").await
    }

    /// The newest final events, newest first, at most `limit`.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn latest_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>, LedgerError> {
        Box::pin(self.reader.latest_events(filter, limit)).await
    }

    /// The same of the blocks that the node still has: one that prunes says which is its earliest, and what was before is left out instead of refused.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn latest_kept_events(&self, filter: &EventFilter, limit: usize) -> Result<KeptEvents, LedgerError> {
        Box::pin(self.reader.latest_kept_events(filter, limit)).await
    }

    /// Proves that an event stands in its block as given, and says why the block is final.
    ///
    /// # Errors
    /// `ProofRefused`, `ChainUnreachable`.
    pub async fn verify_event(&self, event: &Event) -> Result<Finality, LedgerError> {
        Box::pin(self.reader.verify_event(event)).await
    }

    /// Every event of a final block in its order, and why the block is final. None is left out: their root is that of the verified header.
    ///
    /// # Errors
    /// `UnknownBlock`, `ProofRefused`, `ChainUnreachable`.
    pub async fn block_events(&self, number: u64) -> Result<(Finality, Vec<Event>), LedgerError> {
        Box::pin(self.reader.block_events(number)).await
    }

    /// Storage slots of a contract at the newest final block, proven; `None` on a chain without finality certificates.
    ///
    /// # Errors
    /// `ProofRefused`, `ChainUnreachable`.
    pub async fn state(&self, contract: Address, slots: &[B256]) -> Result<Option<StateEvidence>, LedgerError> {
        self.reader.state(contract, slots).await
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Chain").field(&self.name()).finish()
    }
}
