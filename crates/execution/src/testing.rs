//! What the tests of this crate share: keys, transactions, a small chain.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, crypto::secp256k1::sign_message};
use alloy_eips::Encodable2718;
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, Bytes, FixedBytes, Signature, TxKind, U256, address, hex};

use crate::{
    Block, Blockchain, BuildAttributes, BuildBudget, ExecutedBlock, ExecutionConfig, Finalization, FinalizedBlock,
    Genesis, GenesisConfig, MAX_BLOCK_BYTES, RecoveredTransaction, SignedTransaction, ValidatorConfig,
};

pub(crate) const CHAIN_ID: u64 = 7100;
pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;
pub(crate) const ONE_ETHER: u128 = 1_000_000_000_000_000_000;

/// Writes its second word of calldata to the slot named by the first: `sstore(calldataload(0), calldataload(32))`.
pub(crate) const WRITER: Address = address!("0x00000000000000000000000000000000000000a1");
pub(crate) const WRITER_CODE: [u8; 7] = hex!("6020355f355500");

/// Emits a log whose only topic is its first word of calldata.
pub(crate) const LOGGER: Address = address!("0x00000000000000000000000000000000000000a2");
const LOGGER_CODE: [u8; 6] = hex!("5f355f5fa100");

/// A key.
#[derive(Clone, Copy)]
pub(crate) struct Wallet(B256);

impl Wallet {
    pub(crate) fn new(number: u64) -> Self {
        Self(B256::from(U256::from(number + 1)))
    }

    pub(crate) fn sign_hash(&self, hash: B256) -> Signature {
        sign_message(self.0, hash).unwrap()
    }

    pub(crate) fn address(&self) -> Address {
        self.sign_hash(B256::repeat_byte(1)).recover_address_from_prehash(&B256::repeat_byte(1)).unwrap()
    }

    pub(crate) fn sign(&self, transaction: impl SignableTransaction<Signature> + Into<TxEnvelopeInput>) -> Bytes {
        let signature = self.sign_hash(transaction.signature_hash());
        let envelope: TxEnvelope = transaction.into().into_signed(signature);
        envelope.encoded_2718().into()
    }

    /// A call with the usual gas and no fees.
    pub(crate) fn call(&self, nonce: u64, to: Address, input: Bytes) -> Bytes {
        self.sign(call(nonce, to, input))
    }

    /// A transfer without fees.
    pub(crate) fn transfer(&self, nonce: u64, to: Address, value: u128) -> Bytes {
        self.sign(TxEip1559 { value: U256::from(value), gas_limit: 21_000, ..call(nonce, to, Bytes::new()) })
    }

    pub(crate) fn write(&self, nonce: u64, slot: u64, value: u64) -> Bytes {
        self.call(nonce, WRITER, words(&[slot, value]))
    }

    pub(crate) fn log(&self, nonce: u64, topic: u64) -> Bytes {
        self.call(nonce, LOGGER, words(&[topic]))
    }
}

/// The transaction types that tests sign.
pub(crate) struct TxEnvelopeInput(alloy_consensus::TypedTransaction);

impl TxEnvelopeInput {
    fn into_signed(self, signature: Signature) -> TxEnvelope {
        TxEnvelope::from(SignableTransaction::into_signed(self.0, signature))
    }
}

impl<T: Into<alloy_consensus::TypedTransaction>> From<T> for TxEnvelopeInput {
    fn from(transaction: T) -> Self {
        Self(transaction.into())
    }
}

pub(crate) fn call(nonce: u64, to: Address, input: Bytes) -> TxEip1559 {
    TxEip1559 { chain_id: CHAIN_ID, nonce, gas_limit: 100_000, to: TxKind::Call(to), input, ..TxEip1559::default() }
}

pub(crate) fn words(words: &[u64]) -> Bytes {
    words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect::<Vec<u8>>().into()
}

pub(crate) fn signed(encoded: Bytes) -> Arc<SignedTransaction> {
    Arc::new(SignedTransaction::decode(encoded).unwrap())
}

pub(crate) fn recovered(encoded: Bytes) -> RecoveredTransaction {
    RecoveredTransaction::recover(signed(encoded)).unwrap()
}

/// Eight funded wallets and the two contracts.
pub(crate) fn genesis_config() -> GenesisConfig {
    let mut alloc: BTreeMap<Address, GenesisAccount> = (0..8)
        .map(|number| {
            (Wallet::new(number).address(), GenesisAccount::default().with_balance(U256::from(100 * ONE_ETHER)))
        })
        .collect();
    let contract =
        |code: &[u8]| GenesisAccount::default().with_nonce(Some(1)).with_code(Some(Bytes::copy_from_slice(code)));
    alloc.insert(WRITER, contract(&WRITER_CODE));
    alloc.insert(LOGGER, contract(&LOGGER_CODE));
    GenesisConfig {
        name: "main".into(),
        chain_id: CHAIN_ID,
        timestamp: GENESIS_TIME,
        gas_limit: 100_000_000,
        validators: vec![ValidatorConfig {
            name: "first".into(),
            bls_public_key: FixedBytes::repeat_byte(0xb1),
            proof_of_possession: FixedBytes::ZERO,
            voting_account: None,
            peer_public_key: FixedBytes::repeat_byte(0xed),
        }],
        alloc,
        predeploys: Vec::new(),
    }
}

/// A chain in a directory of its own.
pub(crate) struct TestChain {
    pub(crate) genesis: Genesis,
    pub(crate) chain: Blockchain,
    pub(crate) directory: Arc<tempfile::TempDir>,
}

impl TestChain {
    pub(crate) fn new() -> Self {
        Self::with_config(ExecutionConfig::default())
    }

    pub(crate) fn with_config(config: ExecutionConfig) -> Self {
        Self::of(&genesis_config(), config)
    }

    pub(crate) fn of(genesis: &GenesisConfig, config: ExecutionConfig) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let genesis = genesis.build().unwrap();
        let chain = Blockchain::open(directory.path(), &genesis, config).unwrap();
        Self { genesis, chain, directory }
    }

    /// Drops every handle and opens the directory again, as a new process would.
    pub(crate) fn reopen(self) -> Self {
        let Self { genesis, chain, directory } = self;
        drop(chain);
        let chain = Blockchain::open(directory.path(), &genesis, ExecutionConfig::default()).unwrap();
        Self { genesis, chain, directory }
    }

    pub(crate) fn head(&self) -> Block {
        self.chain.head().block().clone()
    }

    pub(crate) fn add(&self, transactions: Vec<Bytes>) {
        for result in self.chain.pool().add(transactions) {
            result.unwrap();
        }
    }

    /// Builds on `parent` from the pool.
    pub(crate) fn build_on(&self, parent: &Block) -> Arc<ExecutedBlock> {
        self.chain.tree().build(parent.hash(), attributes(parent), budget()).unwrap()
    }

    pub(crate) fn finalize(&self, blocks: &[Block]) -> Vec<Arc<FinalizedBlock>> {
        let finalizations = blocks.iter().map(|block| finalization(block.clone())).collect();
        self.chain.tree().finalize(finalizations).unwrap()
    }

    /// Puts transactions into a final block.
    pub(crate) fn advance(&self, transactions: Vec<Bytes>) -> Block {
        self.add(transactions);
        let block = self.build_on(&self.head()).block().clone();
        self.finalize(std::slice::from_ref(&block));
        block
    }
}

pub(crate) fn finalization(block: Block) -> Finalization {
    let certificate = Some(Bytes::from(block.hash().to_vec()));
    Finalization { block, certificate }
}

/// A block 250 ms after its parent.
pub(crate) fn attributes(parent: &Block) -> BuildAttributes {
    let view = parent.height();
    BuildAttributes {
        time_ms: parent.time_ms() + 250,
        epoch: 0,
        view: view + 1,
        parent_view: view,
        beneficiary: Address::repeat_byte(0xfe),
    }
}

/// Bounds that the tests do not reach.
pub(crate) fn budget() -> BuildBudget {
    BuildBudget { max_time: Duration::from_secs(600), max_bytes: MAX_BLOCK_BYTES, max_transactions: usize::MAX }
}

/// A chain with epochs of four blocks whose registry's slots anybody may write, and a change of the set in epoch 0.
pub(crate) fn with_changed_registry() -> TestChain {
    use chancery_primitives::{extra_data::validator_set_hash, validator_registry::*};
    let mut config = genesis_config();
    let (peer, key) = (B256::repeat_byte(0xed), config.validators[0].bls_public_key);
    let hash = U256::from_be_bytes(validator_set_hash(&[key.0]).0);
    let mut last = B256::ZERO;
    last[16..].copy_from_slice(&key[32..]);
    let slots = [
        (SET_HASH_SLOT, hash),
        (EPOCH_LENGTH_SLOT, U256::from(4)),
        (PEER_KEYS_SLOT, U256::from(1)),
        (peer_key_slot(0), peer.into()),
        (record_slot(peer), U256::from(7)),
        (record_slot(peer) + U256::from(1), B256::from_slice(&key[..32]).into()),
        (record_slot(peer) + U256::from(2), last.into()),
    ];
    let mut registry = config.alloc[&WRITER].clone();
    registry.storage = Some(slots.into_iter().map(|(slot, value)| (B256::from(slot), B256::from(value))).collect());
    config.alloc.insert(VALIDATOR_REGISTRY, registry);
    let genesis = config.build().unwrap();
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let chain = Blockchain::open(directory.path(), &genesis, ExecutionConfig::default()).unwrap();
    let chain = TestChain { genesis, chain, directory };
    let write = |nonce, slot: U256, value: U256| {
        let input = [slot.to_be_bytes::<32>(), value.to_be_bytes::<32>()].concat();
        Wallet::new(0).call(nonce, VALIDATOR_REGISTRY, input.into())
    };
    // The set of epoch 1 has one member whose organization is called otherwise.
    chain.advance(vec![
        write(0, record_slot(peer), U256::from(8)),
        write(1, CHANGED_EPOCHS_SLOT, U256::from(1)),
        write(2, changed_epochs_slot(0), U256::ZERO),
    ]);
    for nonce in 3..7 {
        chain.advance(vec![write(nonce, U256::from(900), U256::from(nonce))]);
    }
    chain
}
