use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use alloy_primitives::{B256, U64};
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::{
    sync::{Notify, broadcast::error::RecvError, oneshot},
    time::{sleep, timeout},
};

use crate::{LedgerError, connection::Connection, reading::Reader};

/// What is needed of a receipt to go on: where, and whether it succeeded. It is proven when it is read (LEDGER-2).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mined {
    pub(crate) block_number: U64,
    pub(crate) block_hash: B256,
    #[serde(default = "succeeded")]
    pub(crate) status: U64,
}

/// What is in a block, by hash.
#[derive(Debug, Deserialize)]
struct Contents {
    transactions: Vec<B256>,
}

/// Before Byzantium there was no status, and failing transactions had other marks.
fn succeeded() -> U64 {
    U64::from(1)
}

/// Looks for waiting transactions in new blocks. Asks the chain nothing while nobody waits.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    waiting: Mutex<HashMap<B256, oneshot::Sender<Mined>>>,
    arrival: Notify,
}

impl Watch {
    /// Begins to watch a chain; ends when the chain is dropped.
    pub(crate) fn start(reader: &Arc<Reader>) -> Arc<Self> {
        let watch = Arc::new(Self::default());
        tokio::spawn(run(Arc::downgrade(&watch), Arc::downgrade(reader)));
        watch
    }

    /// Waits for a transaction. Register before sending it: then no block can be missed.
    pub(super) fn register(&self, hash: B256) -> oneshot::Receiver<Mined> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(hash, sender);
        self.arrival.notify_one();
        receiver
    }

    pub(super) fn forget(&self, hash: B256) {
        self.waiting.lock().remove(&hash);
    }

    fn hashes(&self) -> Vec<B256> {
        let mut waiting = self.waiting.lock();
        waiting.retain(|_, sender| !sender.is_closed());
        let mut hashes: Vec<B256> = waiting.keys().copied().collect();
        // In one order: what a node is asked does not depend on how a map is seeded.
        hashes.sort_unstable();
        hashes
    }

    /// Whether somebody waited for it.
    fn deliver(&self, hash: B256, mined: Mined) -> bool {
        let Some(sender) = self.waiting.lock().remove(&hash) else { return false };
        // A caller that has gone in the meantime is no error.
        let _ = sender.send(mined);
        true
    }
}

/// Asks for one receipt.
pub(super) async fn receipt(connection: &Connection, hash: B256) -> Result<Option<Mined>, LedgerError> {
    connection.find("eth_getTransactionReceipt", (hash,)).await
}

/// How often a dropped watch is noticed while nothing arrives.
const IDLE_CHECK: Duration = Duration::from_secs(30);

async fn run(watch: Weak<Watch>, reader: Weak<Reader>) {
    let mut scan = Scan::default();
    let mut pause = Duration::ZERO;
    let mut heads = None;
    loop {
        let (Some(watch), Some(reader)) = (watch.upgrade(), reader.upgrade()) else { return };
        if watch.hashes().is_empty() {
            pause = Duration::ZERO;
            // Only for so long, so that the strong references are not held for ever.
            let _ = timeout(IDLE_CHECK, watch.arrival.notified()).await;
            continue;
        }
        let limits = reader.connection.limits;
        pause = match scan.step(&watch, &reader).await {
            Ok(true) => limits.poll_min,
            // Added to, not doubled: a look that comes late by a part of the pause costs that part of a short block.
            Ok(false) => (pause + limits.poll_min).min(limits.poll_max),
            Err(error) => {
                tracing::debug!(chain = reader.connection.name(), %error, "no new blocks seen");
                heads = None;
                limits.poll_max
            }
        };
        if heads.is_none() {
            heads = reader.connection.heads().await;
        }
        drop(reader);
        match heads.as_mut() {
            // A subscription says at once; polling stays as the slow second way.
            Some(subscription) => {
                // One that lags had more heads than anybody read while nothing was waited for: it goes on.
                if let Ok(Err(RecvError::Closed)) = timeout(limits.poll_max, subscription.recv()).await {
                    heads = None;
                }
            }
            // A transaction that was just sent is likely mined at once: begin with short pauses again.
            None => {
                if timeout(pause, watch.arrival.notified()).await.is_ok() {
                    pause = Duration::ZERO;
                    sleep(limits.poll_min).await;
                }
            }
        }
    }
}

/// The blocks that were looked through.
#[derive(Debug, Default)]
struct Scan {
    last: Option<u64>,
    /// Most of the last block was waited for: likely the next one too.
    is_ours: bool,
}

impl Scan {
    /// Looks through new blocks; whether there were any.
    async fn step(&mut self, watch: &Watch, reader: &Arc<Reader>) -> Result<bool, LedgerError> {
        let connection = &reader.connection;
        let newest: U64 = connection.request("eth_blockNumber", ()).await?;
        let newest = newest.to::<u64>();
        let last = match self.last {
            Some(last) if last == newest => return Ok(false),
            Some(last) if last < newest && newest - last <= connection.limits.max_scanned_blocks => last,
            // The first look, a wide gap, or a chain that went back: ask for each one.
            // Who registers after this line sends after it too, into a later block.
            _ => {
                deliver(watch, connection, watch.hashes()).await?;
                self.last = Some(newest);
                return Ok(true);
            }
        };
        for number in last + 1..=newest {
            if self.is_ours {
                verify_ahead(reader, number);
                // Where there is nothing the block is asked for: a node may not have its receipts yet.
                if let Some(delivered) = deliver_block(watch, connection, number).await.filter(|block| block.all > 0) {
                    self.is_ours = delivered.is_mostly_ours();
                    self.last = Some(number);
                    continue;
                }
            }
            let block: Option<Contents> = connection.find("eth_getBlockByNumber", (U64::from(number), false)).await?;
            let Some(block) = block else { break };
            let count = block.transactions.len();
            let mined: Vec<B256> = {
                let waiting = watch.waiting.lock();
                block.transactions.into_iter().filter(|hash| waiting.contains_key(hash)).collect()
            };
            self.is_ours = Delivered { ours: mined.len(), all: count }.is_mostly_ours();
            if !self.is_ours || deliver_block(watch, connection, number).await.is_none() {
                // A node that does not answer that is not asked so again.
                self.is_ours = false;
                deliver(watch, connection, mined).await?;
            }
            self.last = Some(number);
        }
        Ok(true)
    }
}

/// Whoever is told of a block asks next whether it is final: that is looked up meanwhile. Whether it succeeds is theirs to find out.
fn verify_ahead(reader: &Arc<Reader>, number: u64) {
    if reader.connection.config.essentials.is_some() {
        let reader = Arc::clone(reader);
        tokio::spawn(async move { reader.block(number).await.is_ok() });
    }
}

/// A block is mostly ours if at least one of so many of its transactions is waited for.
const OURS_OF_BLOCK: usize = 4;

/// A receipt among those of its block.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfBlock {
    transaction_hash: B256,
    #[serde(flatten)]
    mined: Mined,
}

/// What a block had for those who wait.
#[derive(Clone, Copy, Debug)]
struct Delivered {
    ours: usize,
    all: usize,
}

impl Delivered {
    /// Then all receipts of such a block are asked for at once.
    const fn is_mostly_ours(self) -> bool {
        self.ours > 1 && self.ours * OURS_OF_BLOCK >= self.all
    }
}

/// Delivers a block's receipts with one request; `None`: the node does not answer that, ask for each.
async fn deliver_block(watch: &Watch, connection: &Connection, number: u64) -> Option<Delivered> {
    const METHOD: &str = "eth_getBlockReceipts";
    let receipts = connection.find::<_, Vec<OfBlock>>(METHOD, (U64::from(number),)).await.ok().flatten()?;
    let (mut ours, all) = (0, receipts.len());
    for receipt in receipts {
        ours += usize::from(watch.deliver(receipt.transaction_hash, receipt.mined));
    }
    Some(Delivered { ours, all })
}

async fn deliver(watch: &Watch, connection: &Connection, hashes: Vec<B256>) -> Result<(), LedgerError> {
    let parallel = connection.limits.max_parallel_requests;
    let mut receipts = stream::iter(hashes)
        .map(|hash| async move { (hash, receipt(connection, hash).await) })
        .buffer_unordered(parallel);
    while let Some((hash, answer)) = receipts.next().await {
        if let Some(mined) = answer? {
            watch.deliver(hash, mined);
        }
    }
    Ok(())
}
