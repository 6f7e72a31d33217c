//! A city made by hand, for tests: one validator, an organization with a key, and blocks that show what a test says. Everything is derived from a number.
#![allow(clippy::unwrap_used)]

use alloy_consensus::{Eip658Value, Header, Receipt, ReceiptEnvelope, SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, Log, Signature, U256, keccak256};
use alloy_sol_types::SolEvent as _;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, KECCAK_EMPTY, Nibbles, TrieAccount, proof::ProofRetainer};
use chancery_certificates::keys::PersonKeys;
use chancery_contracts::{DataBlockRegistry, predeploys};
use chancery_light::{
    AccountProof, BUNDLE_VERSION, ChainEssentials, ChainReference, FinalityProof, ProofBundle, ReceiptInclusion,
    StateProof, StorageProof, TransactionInclusion, TrustedChain, ValidatorKey, finality_namespace, ordered_trie_root,
    prove_inclusion,
};
use chancery_primitives::{OrganizationCode, UnixSeconds};
use chancery_reference_points::{data_block::TransactionLocator, operation::ChainName};
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_cryptography::bls12381::primitives::{group::Private, ops, variant::MinPk};

use crate::{
    chain::{Standing, slots},
    envelope::{self, Content, Sealed},
    members::RIGHT,
    proof::{MessageProof, ProvenStatement, leaf_of},
    statement::{City, Correspondent, Head, Stated, Statement, VERSION_BETWEEN_CITIES},
};

/// The time of everything that a test makes, Unix seconds.
pub(crate) const NOW_S: u64 = 1_800_000_000;
/// The block with the deposit; the standing is shown by a later one.
pub(crate) const DEPOSIT_BLOCK: u64 = 5;
/// The block that shows the standing.
pub(crate) const STANDING_BLOCK: u64 = 6;

/// A word of `OrganizationRegistry`: numbers at their first bits.
pub(crate) fn word(parts: &[(u64, usize)]) -> U256 {
    parts.iter().fold(U256::ZERO, |word, (value, bit)| word | (U256::from(*value) << *bit))
}

/// A city with one validator.
pub(crate) struct MadeCity {
    private: Private,
    essentials: ChainEssentials,
}

impl MadeCity {
    /// Another number is another city, whose chain has the same id.
    pub(crate) fn new(number: u8) -> Self {
        let mut scalar = vec![0; 32];
        scalar[31] = number;
        let private = Private::decode(scalar).unwrap();
        let key = ops::compute_public::<MinPk>(&private).encode().to_vec();
        let validators = vec![ValidatorKey::from_slice(&key)];
        let essentials = ChainEssentials { chain_id: 7100, genesis_hash: B256::repeat_byte(number), validators };
        Self { private, essentials }
    }

    pub(crate) fn chain(&self) -> TrustedChain {
        TrustedChain::new(self.essentials.clone()).unwrap()
    }

    pub(crate) fn city(&self) -> City {
        City { chain_id: self.essentials.chain_id, genesis: self.essentials.genesis_hash }
    }

    /// The head of a message from this city to another.
    pub(crate) fn head(&self, from: Correspondent, to: Correspondent, to_city: City) -> Head {
        Head {
            version: VERSION_BETWEEN_CITIES,
            chain_id: self.essentials.chain_id,
            genesis: Some(self.essentials.genesis_hash),
            to_city: Some(to_city),
            from,
            to,
            sent: UnixSeconds(NOW_S),
            in_reply_to: None,
        }
    }

    /// A block that is final, and the proof of it.
    fn block(&self, mut header: Header) -> (Header, FinalityProof) {
        let (view, parent) = (header.number, header.number - 1);
        let mut extra = vec![1u8];
        extra.extend(0u32.to_be_bytes());
        extra.extend(view.to_be_bytes());
        extra.extend(parent.to_be_bytes());
        extra.resize(32, 0);
        header.gas_limit = 100_000_000;
        header.extra_data = extra.into();
        let hash = header.hash_slow();
        // Epoch, view and parent view: numbers under 128 are varints of one byte.
        let message = [&[0, view as u8, parent as u8][..], hash.as_slice()].concat();
        let mut namespace = finality_namespace(self.essentials.chain_id, self.essentials.genesis_hash);
        namespace.extend_from_slice(b"_FINALIZE");
        let signature = ops::sign_message::<MinPk>(&self.private, &namespace, &message).encode().to_vec();
        let certificate = [message, 1u64.to_be_bytes().to_vec(), vec![1], signature].concat();
        let header_rlp = Bytes::from(alloy_rlp::encode(&header));
        let proof = FinalityProof {
            header: header_rlp,
            certificate: certificate.into(),
            descendants: Vec::new(),
            handovers: Vec::new(),
        };
        (header, proof)
    }

    /// The proof that a key counts, at a block and its time, with the six words altered before they are proven.
    pub(crate) fn standing(
        &self,
        of: Correspondent,
        number: u64,
        time_s: u64,
        alter: impl FnOnce(&mut [U256; 6]),
    ) -> Standing {
        let key = U256::from_be_bytes(of.address.into_word().0);
        let mut words = [
            word(&[(1, 160)]),
            U256::from(1),
            word(&[(1, 0)]),
            key,
            U256::from_be_bytes(RIGHT.to_bytes32().0),
            word(&[(1, 0)]),
        ];
        alter(&mut words);
        let slots = slots(of.organization, RIGHT, 1, 3).unwrap();
        let hashed = slots.map(keccak256);
        let leaves = hashed.iter().zip(words).filter(|(_, value)| !value.is_zero());
        let (storage_hash, proofs) = trie(leaves.map(|(key, value)| (*key, alloy_rlp::encode(value))), &hashed);
        let account =
            TrieAccount { nonce: 1, balance: U256::ZERO, storage_root: storage_hash, code_hash: KECCAK_EMPTY };
        let other =
            TrieAccount { nonce: 1, balance: U256::ONE, storage_root: EMPTY_ROOT_HASH, code_hash: KECCAK_EMPTY };
        let accounts = [(predeploys::ORGANIZATION_REGISTRY, account), (Address::repeat_byte(9), other)]
            .map(|(address, account)| (keccak256(address), alloy_rlp::encode(account)));
        let (state_root, mut account_proofs) = trie(accounts, &[keccak256(predeploys::ORGANIZATION_REGISTRY)]);
        let (_, finality) = self.block(Header { number, timestamp: time_s, state_root, ..Header::default() });
        let storage_proof = slots
            .iter()
            .zip(words)
            .zip(proofs)
            .map(|((slot, value), proof)| StorageProof { key: U256::from_be_bytes(slot.0), value, proof })
            .collect();
        let account = AccountProof {
            address: predeploys::ORGANIZATION_REGISTRY,
            balance: U256::ZERO,
            code_hash: KECCAK_EMPTY,
            nonce: 1,
            storage_hash,
            account_proof: account_proofs.remove(0),
            storage_proof,
        };
        Standing { record: 3, proof: StateProof { finality: Some(finality), account } }
    }

    /// A statement in a data block of its own.
    pub(crate) fn recorded<S: Statement>(&self, stated: &Stated<S>, signed: Bytes, number: u64) -> ProvenStatement {
        let root = leaf_of(stated).hash();
        let transaction = TxEip1559 { chain_id: self.essentials.chain_id, gas_limit: 100_000, ..TxEip1559::default() };
        let transaction = TxEnvelope::from(transaction.into_signed(Signature::test_signature()));
        let event = DataBlockRegistry::DataBlockRecorded {
            root,
            index: U256::ZERO,
            submitter: Address::repeat_byte(1),
            operationCount: 1,
            firstTime: NOW_S,
            lastTime: NOW_S,
        };
        let log = Log { address: predeploys::DATA_BLOCK_REGISTRY, data: event.encode_log_data() };
        let receipt = Receipt { status: Eip658Value::Eip658(true), cumulative_gas_used: 50_000, logs: vec![log] };
        let receipts = [ReceiptEnvelope::Eip1559(receipt.with_bloom()).encoded_2718()];
        let transactions = [transaction.encoded_2718()];
        let (header, finality) = self.block(Header {
            number,
            timestamp: NOW_S,
            transactions_root: ordered_trie_root(&transactions),
            receipts_root: ordered_trie_root(&receipts),
            ..Header::default()
        });
        let ChainEssentials { chain_id, genesis_hash, .. } = self.essentials;
        let bundle = ProofBundle {
            version: BUNDLE_VERSION,
            chain: ChainReference { chain_id, genesis_hash },
            finality,
            transaction: TransactionInclusion {
                index: 0,
                proof: prove_inclusion(&transactions, 0).unwrap(),
                transaction: transactions[0].clone().into(),
            },
            receipt: ReceiptInclusion {
                index: 0,
                proof: prove_inclusion(&receipts, 0).unwrap(),
                receipt: receipts[0].clone().into(),
            },
            state: None,
        };
        let recorded = TransactionLocator {
            chain: ChainName("main".to_owned()),
            tx_hash: *transaction.tx_hash(),
            block_number: number,
            block_hash: header.hash_slow(),
        };
        ProvenStatement {
            statement: stated.text.clone(),
            signature: signed,
            siblings: Vec::new(),
            root,
            recorded,
            proof: Some(bundle),
        }
    }

    /// A message that is sealed, and what its sender delivers.
    pub(crate) fn delivery(&self, head: Head, sender: &PersonKeys, receiver: &PersonKeys) -> (Sealed, MessageProof) {
        let content = Content { subject: String::new(), media_type: "text/plain".into(), bytes: b"text".to_vec() };
        let from = head.from;
        let keys = [receiver, sender].map(PersonKeys::encryption_public_key);
        let sealed = envelope::seal(head, &content, &keys[0], &keys[1]).unwrap();
        let deposit = self.recorded(&sealed.deposit, sign(sender, &sealed.deposit), DEPOSIT_BLOCK);
        let standing = self.standing(from, STANDING_BLOCK, NOW_S, |_| ());
        (sealed, MessageProof::between(deposit, standing))
    }
}

pub(crate) fn sign<S: Statement>(keys: &PersonKeys, stated: &Stated<S>) -> Bytes {
    Bytes::from(keys.sign_digest(stated.digest()).unwrap().to_vec())
}

pub(crate) fn of(organization: &str, keys: &PersonKeys) -> Correspondent {
    Correspondent { organization: OrganizationCode::parse(organization).unwrap(), address: keys.address() }
}

/// The sender, and the receiver.
pub(crate) fn persons() -> [PersonKeys; 2] {
    [
        "test test test test test test test test test test test junk",
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
    ]
    .map(|phrase| PersonKeys::from_phrase(phrase).unwrap())
}

/// The root of a trie, and the proof of each target.
fn trie(leaves: impl IntoIterator<Item = (B256, Vec<u8>)>, targets: &[B256]) -> (B256, Vec<Vec<Bytes>>) {
    let mut leaves: Vec<_> = leaves.into_iter().collect();
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
