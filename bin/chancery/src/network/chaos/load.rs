//! Transfers that are sent to every host all the time, and the receipts that hosts have given.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718 as _,
    network::TxSignerSync as _,
    providers::{DynProvider, Provider as _, ProviderBuilder},
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex};
use anyhow::{Context, Result};
use serde_json::Value;
use tokio::{task::JoinSet, time::sleep};

use crate::keys::DEVELOPMENT_PHRASE;

/// Pause between two transactions of a sender.
const PAUSE: Duration = Duration::from_millis(50);
/// Transactions without a receipt that a sender has at most: one that is cut off does not go on for ever.
const MAX_WAITING: usize = 64;

/// Where a transaction stands, as a receipt says.
pub(super) type Receipts = BTreeMap<B256, B256>;

/// Running load; stops when dropped.
pub(super) struct Load {
    given: Arc<Mutex<Receipts>>,
    _senders: JoinSet<Result<()>>,
}

/// A connection to a node.
///
/// # Errors
/// For what is no URL.
pub(super) fn connect(url: &str) -> Result<DynProvider> {
    Ok(ProviderBuilder::new().connect_http(url.parse().with_context(|| format!("{url} is no URL"))?).erased())
}

impl Load {
    /// One sender for each host, with a development account of its own.
    pub(super) async fn start(hosts: &[DynProvider]) -> Result<Self> {
        let given = Arc::new(Mutex::new(Receipts::new()));
        let mut senders = JoinSet::new();
        for (index, host) in (0u32..).zip(hosts) {
            let signer = MnemonicBuilder::<English>::default().phrase(DEVELOPMENT_PHRASE).index(index)?.build()?;
            let chain_id = host.get_chain_id().await?;
            senders.spawn(send(host.clone(), signer, chain_id, given.clone()));
        }
        Ok(Self { given, _senders: senders })
    }

    /// The receipts that were given until now: the block of each transaction.
    pub(super) fn receipts(&self) -> Receipts {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn send(host: DynProvider, signer: PrivateKeySigner, chain_id: u64, given: Arc<Mutex<Receipts>>) -> Result<()> {
    let mut nonce = 0;
    let mut waiting = VecDeque::new();
    loop {
        if waiting.len() < MAX_WAITING {
            let (hash, raw) = transfer(&signer, nonce, chain_id)?;
            // A host that does not answer is asked again with the same transaction.
            let sent: Result<B256, _> = host.raw_request("eth_sendRawTransaction".into(), [raw]).await;
            if sent.is_ok() {
                nonce += 1;
                waiting.push_back(hash);
            }
        }
        // In nonce order: without the first there is none of the later.
        while let Some(hash) = waiting.front().copied() {
            let answer: Result<Value, _> = host.raw_request("eth_getTransactionReceipt".into(), [hash]).await;
            let Some(block) = answer.ok().and_then(|receipt| receipt["blockHash"].as_str()?.parse().ok()) else {
                break;
            };
            given.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, block);
            waiting.pop_front();
        }
        sleep(PAUSE).await;
    }
}

/// One wei to nobody in particular.
fn transfer(signer: &PrivateKeySigner, nonce: u64, chain_id: u64) -> Result<(B256, String)> {
    let mut transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 0,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(Address::left_padding_from(&nonce.to_be_bytes())),
        value: U256::from(1),
        access_list: Default::default(),
        input: Bytes::new(),
    };
    let signature = signer.sign_transaction_sync(&mut transaction)?;
    let envelope = TxEnvelope::Eip1559(transaction.into_signed(signature));
    Ok((*envelope.tx_hash(), hex::encode_prefixed(envelope.encoded_2718())))
}
