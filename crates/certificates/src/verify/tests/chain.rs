//! A chain of one validator, made by hand: block 1 records a certificate, block 2 has the registry's storage. What it claims can be altered
//! before it is finalized, so that everything else about the file is right.

use alloy_consensus::{Eip658Value, Header, Receipt, ReceiptEnvelope, SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, Signature, U256, b256, keccak256};
use alloy_sol_types::SolEvent;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles, TrieAccount, proof::ProofRetainer};
use chancery_contracts::{CertificateRegistry, predeploys};
use chancery_light::{
    AccountProof, BUNDLE_VERSION, ChainEssentials, ChainReference, FinalityProof, ProofBundle, ReceiptInclusion,
    StateProof, StorageProof, TransactionInclusion, TrustedChain, ValidatorKey, finality_namespace, ordered_trie_root,
    prove_inclusion,
};
use chancery_primitives::{
    SignedOperation as _, UnixSeconds,
    certificate_storage::{CertificateSlots, StatusWord, commitment},
    extra_data::validator_set_hash,
};
use commonware_codec::Encode;
use commonware_consensus::{
    simplex::{
        scheme::bls12381_multisig::Scheme,
        types::{Finalization, Finalize, Proposal},
    },
    types::{Epoch, Round, View},
};
use commonware_cryptography::{
    Signer,
    bls12381::primitives::{group::Private, ops, variant::MinPk},
    ed25519, sha256,
};
use commonware_math::algebra::Random;
use commonware_parallel::Sequential;
use commonware_utils::{iter::NonEmpty, ordered::BiMap};
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    keys::PersonKeys,
    recorded_city::{BEFORE, directory, office, samples::Degree},
};

pub(crate) const CHAIN_ID: u64 = 7103;

/// What the chain will say.
pub(super) struct Claim {
    pub(super) degree: Degree,
    pub(super) issuer: &'static PersonKeys,
    /// Of the event and of the storage.
    pub(super) contract: Address,
    pub(super) succeeded: bool,
    pub(super) word: StatusWord,
    /// Alters the event before it is recorded.
    pub(super) event: fn(&mut CertificateRegistry::CertificateIssued),
    /// Alters slots and values before they are stored.
    pub(super) slots: fn(&mut [(B256, U256)]),
}

impl Claim {
    pub(super) fn of(degree: Degree, word: StatusWord) -> Self {
        Self {
            degree,
            issuer: office(),
            contract: predeploys::CERTIFICATE_REGISTRY,
            succeeded: true,
            word,
            event: |_| {},
            slots: |_| {},
        }
    }

    /// The chain, and the proof of what it says.
    pub(super) fn proven(&self) -> (TrustedChain, ProofBundle) {
        let validator = Validator::new();
        let transactions = [transaction()];
        let receipts = [self.receipt()];
        let (state_root, account) = self.account();
        let genesis = genesis(&validator);
        let (chain_id, genesis_hash) = (CHAIN_ID, genesis.hash_slow());
        let issuing = Header {
            transactions_root: ordered_trie_root(&transactions),
            receipts_root: ordered_trie_root(&receipts),
            ..child(&genesis, 1)
        };
        let later = Header { state_root, ..child(&issuing, 2) };
        let namespace = finality_namespace(chain_id, genesis_hash);
        let bundle = ProofBundle {
            version: BUNDLE_VERSION,
            chain: ChainReference { chain_id, genesis_hash },
            finality: validator.finalize(&namespace, &issuing),
            transaction: TransactionInclusion {
                index: 0,
                transaction: transactions[0].clone().into(),
                proof: prove_inclusion(&transactions, 0).unwrap(),
            },
            receipt: ReceiptInclusion {
                index: 0,
                receipt: receipts[0].clone().into(),
                proof: prove_inclusion(&receipts, 0).unwrap(),
            },
            state: Some(StateProof { finality: Some(validator.finalize(&namespace, &later)), account }),
        };
        let essentials = ChainEssentials { chain_id, genesis_hash, validators: vec![validator.key] };
        (TrustedChain::new(essentials).unwrap(), bundle)
    }

    fn receipt(&self) -> Vec<u8> {
        let issue = &self.degree.issue;
        let digest = issue.digest(&directory().certificate_domain(issue.kind).unwrap());
        let mut event = CertificateRegistry::CertificateIssued {
            certificateId: issue.certificate_id.to_bytes32(),
            organization: issue.organization.to_bytes32(),
            holder: issue.holder,
            operation: issue.into(),
            issuer: self.issuer.address(),
            digest,
            signature: self.issuer.sign_digest(digest).unwrap().to_vec().into(),
            sealedPayload: self.degree.sealed.as_bytes().to_vec().into(),
        };
        (self.event)(&mut event);
        let log = Log { address: self.contract, data: event.encode_log_data() };
        let receipt =
            Receipt { status: Eip658Value::Eip658(self.succeeded), cumulative_gas_used: 50_000, logs: vec![log] };
        ReceiptEnvelope::Eip1559(receipt.with_bloom()).encoded_2718()
    }

    fn account(&self) -> (B256, AccountProof) {
        let issue = &self.degree.issue;
        let own = CertificateSlots::of(issue.certificate_id);
        let digest = issue.digest(&directory().certificate_domain(issue.kind).unwrap());
        let committed = commitment(digest, self.issuer.address(), BEFORE);
        let mut slots = [(own.status, encode(&self.word)), (own.commitment, U256::from_be_bytes(committed.0))];
        (self.slots)(&mut slots);
        let kept = slots.iter().filter(|(_, value)| !value.is_zero());
        let leaves = kept.map(|(slot, value)| (keccak256(slot), alloy_rlp::encode(value))).collect();
        let (storage_hash, proofs) = trie(leaves, &slots.map(|(slot, _)| keccak256(slot)));
        let account =
            TrieAccount { nonce: 1, balance: U256::ZERO, storage_root: storage_hash, code_hash: keccak256("code") };
        let target = keccak256(self.contract);
        let (root, mut account_proof) = trie(vec![(target, alloy_rlp::encode(account))], &[target]);
        let storage_proof = slots.iter().zip(proofs).map(|((slot, value), proof)| StorageProof {
            key: U256::from_be_bytes(slot.0),
            value: *value,
            proof,
        });
        let proof = AccountProof {
            address: self.contract,
            balance: account.balance,
            code_hash: account.code_hash,
            nonce: account.nonce,
            storage_hash,
            account_proof: account_proof.remove(0),
            storage_proof: storage_proof.collect(),
        };
        (root, proof)
    }
}

/// As Solidity packs it, from the low end.
fn encode(word: &StatusWord) -> U256 {
    let time = |seconds: UnixSeconds, shift: usize| U256::from(seconds.get()) << shift;
    U256::from(word.status.code())
        | (U256::from(word.reason.code()) << 8)
        | (U256::from(word.revision) << 16)
        | time(word.validity.valid_from, 64)
        | time(word.validity.valid_until, 128)
        | time(word.changed_at, 192)
}

pub(crate) fn genesis(validator: &Validator) -> Header {
    Header {
        number: 0,
        gas_limit: 100_000_000,
        timestamp: BEFORE.get() - 1,
        extra_data: Bytes::copy_from_slice(validator_set_hash(&[validator.key.0]).as_slice()),
        base_fee_per_gas: Some(0),
        withdrawals_root: Some(EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(b256!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
        ..Default::default()
    }
}

/// The next block, a second later, proposed in the view of its number.
pub(crate) fn child(parent: &Header, view: u64) -> Header {
    let mut extra = vec![1u8, 0, 0, 0, 0];
    extra.extend_from_slice(&view.to_be_bytes());
    extra.extend_from_slice(&(view - 1).to_be_bytes());
    extra.resize(32, 0);
    Header {
        number: parent.number + 1,
        parent_hash: parent.hash_slow(),
        timestamp: parent.timestamp + 1,
        mix_hash: keccak256(parent.hash_slow()),
        extra_data: extra.into(),
        ..parent.clone()
    }
}

fn transaction() -> Vec<u8> {
    let transaction = TxEip1559 { chain_id: CHAIN_ID, gas_limit: 100_000, ..Default::default() };
    TxEnvelope::from(transaction.into_signed(Signature::test_signature())).encoded_2718()
}

/// The root of a trie, and the proof of each target.
pub(crate) fn trie(mut leaves: Vec<(B256, Vec<u8>)>, targets: &[B256]) -> (B256, Vec<Vec<Bytes>>) {
    leaves.sort();
    let keys: Vec<_> = targets.iter().map(|target| Nibbles::unpack(*target)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(keys.clone()));
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), &value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proof = |key| nodes.matching_nodes_sorted(key).into_iter().map(|(_, node)| node).collect();
    (root, keys.iter().map(proof).collect())
}

pub(crate) struct Validator {
    pub(crate) key: ValidatorKey,
    private: Private,
    participants:
        BiMap<ed25519::PublicKey, <MinPk as commonware_cryptography::bls12381::primitives::variant::Variant>::Public>,
}

impl Validator {
    pub(crate) fn new() -> Self {
        let private = Private::random(StdRng::seed_from_u64(7));
        let public = ops::compute_public::<MinPk>(&private);
        let peer = ed25519::PrivateKey::from_seed(7).public_key();
        Self {
            key: ValidatorKey::from_slice(&public.encode()),
            private,
            participants: BiMap::try_from(vec![(peer, public)]).unwrap(),
        }
    }

    pub(crate) fn finalize(&self, namespace: &[u8], header: &Header) -> FinalityProof {
        type OwnScheme = Scheme<ed25519::PublicKey, MinPk>;
        let scheme: OwnScheme = Scheme::signer(namespace, self.participants.clone(), self.private.clone()).unwrap();
        let round = Round::new(Epoch::new(0), View::new(header.number));
        let digest = sha256::Digest::from(header.hash_slow().0);
        let vote = Finalize::sign(&scheme, Proposal::new(round, View::new(header.number - 1), digest)).unwrap();
        let finalization: Finalization<OwnScheme, sha256::Digest> =
            Finalization::from_finalizes(&scheme, NonEmpty::try_new([vote].iter()).unwrap(), &Sequential).unwrap();
        FinalityProof {
            header: alloy_rlp::encode(header).into(),
            certificate: finalization.encode().to_vec().into(),
            descendants: Vec::new(),
            handovers: Vec::new(),
        }
    }
}
