//! A small chain made by hand: four validators that sign with the consensus library itself, three blocks, three
//! transactions with a log each, a state with one contract. Everything is derived from constants, so it is the same every time.
#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub)]

pub mod golden;
pub mod points;
mod validators;

use alloy_consensus::{Eip658Value, Header, Receipt, ReceiptEnvelope, SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, LogData, Signature, U256, address, b256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, KECCAK_EMPTY, Nibbles, TrieAccount, proof::ProofRetainer};
use chancery_light::{
    AccountProof, BUNDLE_VERSION, ChainEssentials, ChainReference, FinalityProof, ProofBundle, ReceiptInclusion,
    StateProof, StorageProof, TransactionInclusion, finality_namespace, ordered_trie_root, prove_inclusion,
};
use chancery_primitives::extra_data::validator_set_hash;
use commonware_codec::{Encode, Read};
use commonware_consensus::{
    simplex::types::Proposal,
    types::{Epoch, Round, View},
};
pub use validators::{Digest, TestFinalization, Validators};

pub const CHAIN_ID: u64 = 7100;
pub const CONTRACT: Address = address!("C4A0000000000000000000000000000000000006");
pub const STATUS_SLOT: U256 = U256::from_limbs([7, 0, 0, 0]);
pub const ABSENT_SLOT: U256 = U256::from_limbs([8, 0, 0, 0]);
pub const GENESIS_TIME_SECONDS: u64 = 1_790_000_000;

/// The chain: genesis, block 1, block 2 (with three transactions), block 3.
pub struct TestChain {
    pub validators: Validators,
    pub essentials: ChainEssentials,
    pub genesis: Header,
    pub blocks: Vec<Header>,
    pub transactions: Vec<Vec<u8>>,
    pub receipts: Vec<Vec<u8>>,
    pub state: TestState,
}

impl TestChain {
    pub fn new(chain_id: u64, validators: u64) -> Self {
        let validators = Validators::new(validators, 11);
        let state = TestState::new();
        let keys: Vec<_> = validators.keys.iter().map(|key| key.0).collect();
        let genesis = Header {
            number: 0,
            gas_limit: 100_000_000,
            timestamp: GENESIS_TIME_SECONDS,
            state_root: state.root,
            extra_data: Bytes::copy_from_slice(validator_set_hash(&keys).as_slice()),
            base_fee_per_gas: Some(0),
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(b256!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
            ..Default::default()
        };
        let transactions: Vec<_> = (0..3).map(transaction).collect();
        let receipts: Vec<_> = (0..3).map(receipt).collect();
        let mut blocks: Vec<Header> = Vec::new();
        for number in 1..=3u64 {
            let parent = blocks.last().unwrap_or(&genesis);
            let mut header = genesis.clone();
            header.number = number;
            header.parent_hash = parent.hash_slow();
            header.timestamp += number;
            header.mix_hash = keccak256(header.parent_hash);
            // View 2 was skipped: block 2 was proposed in view 3 on the block of view 1.
            let (view, parent_view) = [(1, 0), (3, 1), (4, 3)][number as usize - 1];
            header.extra_data = extra_data(0, view, parent_view, 250);
            if number == 2 {
                header.transactions_root = ordered_trie_root(&transactions);
                header.receipts_root = ordered_trie_root(&receipts);
            }
            blocks.push(header);
        }
        let essentials =
            ChainEssentials { chain_id, genesis_hash: genesis.hash_slow(), validators: validators.keys.clone() };
        Self { validators, essentials, genesis, blocks, transactions, receipts, state }
    }

    pub fn namespace(&self) -> Vec<u8> {
        finality_namespace(self.essentials.chain_id, self.essentials.genesis_hash)
    }

    pub fn proposal(&self, number: usize) -> Proposal<Digest> {
        let header = &self.blocks[number - 1];
        let extra = &header.extra_data;
        let view = |at: usize| u64::from_be_bytes(extra[at..at + 8].try_into().unwrap());
        proposal(view(5), view(13), header.hash_slow())
    }

    pub fn certificate(&self, number: usize, signers: &[usize]) -> Bytes {
        self.validators.finalize(&self.namespace(), &self.proposal(number), signers).encode().to_vec().into()
    }

    /// The sum of these signers' signatures that finalise a block, compressed.
    pub fn signature(&self, number: usize, signers: &[usize]) -> Vec<u8> {
        self.validators.signature(&self.namespace(), "_FINALIZE", &self.proposal(number), signers)
    }

    pub fn finality(&self, number: usize) -> FinalityProof {
        FinalityProof {
            header: rlp(&self.blocks[number - 1]),
            certificate: self.certificate(number, &[0, 1, 3]),
            descendants: vec![],
            handovers: vec![],
        }
    }

    pub fn bundle(&self, index: usize) -> ProofBundle {
        ProofBundle {
            version: BUNDLE_VERSION,
            chain: ChainReference { chain_id: self.essentials.chain_id, genesis_hash: self.essentials.genesis_hash },
            finality: self.finality(2),
            transaction: TransactionInclusion {
                index: index as u64,
                transaction: self.transactions[index].clone().into(),
                proof: prove_inclusion(&self.transactions, index).unwrap(),
            },
            receipt: ReceiptInclusion {
                index: index as u64,
                receipt: self.receipts[index].clone().into(),
                proof: prove_inclusion(&self.receipts, index).unwrap(),
            },
            state: Some(StateProof { finality: Some(self.finality(3)), account: self.state.proof() }),
        }
    }
}

pub fn proposal(view: u64, parent: u64, hash: B256) -> Proposal<Digest> {
    Proposal::new(Round::new(Epoch::new(0), View::new(view)), View::new(parent), Digest::from(hash.0))
}

pub fn rlp(header: &Header) -> Bytes {
    alloy_rlp::encode(header).into()
}

pub fn extra_data(epoch: u32, view: u64, parent_view: u64, milliseconds: u16) -> Bytes {
    let mut extra = vec![1u8];
    extra.extend_from_slice(&epoch.to_be_bytes());
    extra.extend_from_slice(&view.to_be_bytes());
    extra.extend_from_slice(&parent_view.to_be_bytes());
    extra.extend_from_slice(&milliseconds.to_be_bytes());
    extra.resize(32, 0);
    extra.into()
}

fn transaction(nonce: u64) -> Vec<u8> {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 100_000,
        to: CONTRACT.into(),
        input: Bytes::from(vec![nonce as u8; 40]),
        ..Default::default()
    };
    TxEnvelope::from(transaction.into_signed(Signature::test_signature())).encoded_2718()
}

fn receipt(index: u64) -> Vec<u8> {
    let topic = keccak256("CertificateIssued(bytes32,bytes32)");
    let log = Log {
        address: CONTRACT,
        data: LogData::new_unchecked(vec![topic, B256::with_last_byte(index as u8)], Bytes::from(vec![1, 2, 3])),
    };
    let receipt =
        Receipt { status: Eip658Value::Eip658(true), cumulative_gas_used: 50_000 * (index + 1), logs: vec![log] };
    ReceiptEnvelope::Eip1559(receipt.with_bloom()).encoded_2718()
}

/// A state of a few accounts, one with storage.
pub struct TestState {
    pub root: B256,
    account: TrieAccount,
    account_proof: Vec<Bytes>,
    storage: Vec<StorageProof>,
}

impl TestState {
    fn new() -> Self {
        let slots: Vec<_> = [(STATUS_SLOT, U256::from(1)), (U256::from(1), U256::from(5)), (U256::from(2), U256::MAX)]
            .map(|(slot, value)| (keccak256(slot.to_be_bytes::<32>()), alloy_rlp::encode(value)))
            .into();
        let targets = [STATUS_SLOT, ABSENT_SLOT].map(|slot| (slot, keccak256(slot.to_be_bytes::<32>())));
        let (storage_root, proofs) = trie(slots, &targets.map(|(_, key)| key));
        let account = TrieAccount { nonce: 1, balance: U256::ZERO, storage_root, code_hash: keccak256("code") };
        let mut accounts: Vec<_> = (1..=5u8)
            .map(|byte| {
                let account = TrieAccount {
                    nonce: u64::from(byte),
                    balance: U256::from(1000),
                    storage_root: EMPTY_ROOT_HASH,
                    code_hash: KECCAK_EMPTY,
                };
                (keccak256(Address::repeat_byte(byte)), alloy_rlp::encode(account))
            })
            .collect();
        accounts.push((keccak256(CONTRACT), alloy_rlp::encode(account)));
        let (root, mut account_proofs) = trie(accounts, &[keccak256(CONTRACT)]);
        let storage = targets
            .iter()
            .zip(proofs)
            .map(|((slot, _), proof)| {
                let value = if *slot == STATUS_SLOT { U256::from(1) } else { U256::ZERO };
                StorageProof { key: *slot, value, proof }
            })
            .collect();
        Self { root, account, account_proof: account_proofs.remove(0), storage }
    }

    pub fn proof(&self) -> AccountProof {
        AccountProof {
            address: CONTRACT,
            balance: self.account.balance,
            code_hash: self.account.code_hash,
            nonce: self.account.nonce,
            storage_hash: self.account.storage_root,
            account_proof: self.account_proof.clone(),
            storage_proof: self.storage.clone(),
        }
    }
}

/// The root of a trie, and the proof of each target.
pub fn trie(mut leaves: Vec<(B256, Vec<u8>)>, targets: &[B256]) -> (B256, Vec<Vec<Bytes>>) {
    leaves.sort();
    let keys: Vec<_> = targets.iter().map(|target| Nibbles::unpack(*target)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(keys.clone()));
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), &value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proofs =
        keys.iter().map(|key| nodes.matching_nodes_sorted(key).into_iter().map(|(_, node)| node).collect()).collect();
    (root, proofs)
}

pub fn decode_with_the_library(bytes: &[u8], validators: usize) -> Result<TestFinalization, commonware_codec::Error> {
    let mut reader = alloy_primitives::bytes::Bytes::copy_from_slice(bytes);
    let finalization = TestFinalization::read_cfg(&mut reader, &validators)?;
    if reader.is_empty() { Ok(finalization) } else { Err(commonware_codec::Error::ExtraData(reader.len())) }
}
