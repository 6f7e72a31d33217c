//! SNAPSHOT-1: whose certificates count for a snapshot, with real signatures. The registry of these chains is a contract that writes what it is told.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, error::Error, path::PathBuf, time::Duration};

use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::Encodable2718 as _,
    genesis::GenesisAccount,
    network::TxSignerSync as _,
    primitives::{Address, B256, Bytes, TxKind, U256, hex},
    signers::local::PrivateKeySigner,
};
use chancery_execution::{
    Block, Blockchain, BuildAttributes, BuildBudget, ExecutionConfig, Finalization as Final, GenesisConfig, Handover,
    MAX_BLOCK_BYTES, SnapshotBlock, SnapshotError, SnapshotOptions, SnapshotSummary, Trust,
};
use chancery_primitives::{
    extra_data::validator_set_hash,
    validator_registry::{
        CHANGED_EPOCHS_SLOT, EPOCH_LENGTH_SLOT, PEER_KEYS_SLOT, SET_HASH_SLOT, VALIDATOR_REGISTRY, changed_epochs_slot,
        peer_key_slot, record_slot,
    },
};
use commonware_codec::Encode as _;
use commonware_consensus::{
    simplex::types::{Finalization, Finalize, Proposal},
    types::{Epoch, Round, View},
};
use commonware_parallel::Sequential;
use commonware_utils::iter::NonEmpty;

use super::{place::SnapshotTarget, trust::Followed, *};
use crate::{ConsensusScheme, ValidatorKeys, ValidatorSet, block::digest};

const CHAIN_ID: u64 = 7100;
const EPOCH: u64 = 4;
/// `sstore(calldataload(0), calldataload(32))`
const WRITER: [u8; 7] = hex!("6020355f355500");

/// The slots that make these validators the set.
fn set_slots(keys: &[ValidatorKeys]) -> Vec<(U256, U256)> {
    let hash = validator_set_hash(&keys.iter().map(|keys| keys.bls_public_key().0).collect::<Vec<_>>());
    let mut slots = vec![(SET_HASH_SLOT, hash.into()), (PEER_KEYS_SLOT, U256::from(keys.len()))];
    for (index, keys) in keys.iter().enumerate() {
        let (peer, bls) = (B256::from(keys.peer_public_key_bytes().0), keys.bls_public_key());
        let record = record_slot(peer);
        let mut last = B256::ZERO;
        last[16..].copy_from_slice(&bls[32..]);
        let organization = B256::right_padding_from(format!("member {index}").as_bytes());
        slots.push((peer_key_slot(index), peer.into()));
        slots.push((record, organization.into()));
        slots.push((record + U256::from(1), B256::from_slice(&bls[..32]).into()));
        slots.push((record + U256::from(2), last.into()));
    }
    slots
}

fn members(seeds: std::ops::Range<u64>) -> Vec<ValidatorKeys> {
    let mut keys: Vec<_> = seeds.map(ValidatorKeys::from_seed).collect();
    keys.sort_by_key(|keys| keys.peer_public_key_bytes());
    keys
}

/// A chain whose validators change at the end of its first epoch.
struct Consortium {
    genesis: GenesisConfig,
    chain: Blockchain,
    first: Vec<ValidatorKeys>,
    second: Vec<ValidatorKeys>,
    account: PrivateKeySigner,
    nonce: u64,
    dir: tempfile::TempDir,
}

impl Consortium {
    fn new() -> Self {
        let (first, second) = (members(1..5), members(3..7));
        let account = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).unwrap();
        let mut slots = set_slots(&first);
        slots.push((EPOCH_LENGTH_SLOT, U256::from(EPOCH)));
        let storage: BTreeMap<B256, B256> =
            slots.into_iter().map(|(slot, value)| (B256::from(slot), B256::from(value))).collect();
        let registry = GenesisAccount::default()
            .with_nonce(Some(1))
            .with_code(Some(Bytes::copy_from_slice(&WRITER)))
            .with_storage(Some(storage));
        let genesis = GenesisConfig {
            name: "main".into(),
            chain_id: CHAIN_ID,
            timestamp: 0,
            gas_limit: 100_000_000,
            validators: first.iter().enumerate().map(|(index, keys)| keys.public(&format!("member {index}"))).collect(),
            alloc: [(VALIDATOR_REGISTRY, registry)].into(),
            predeploys: vec![],
        };
        let dir = tempfile::tempdir().unwrap();
        let chain =
            Blockchain::open(&dir.path().join("chain"), &genesis.build().unwrap(), ExecutionConfig::default()).unwrap();
        Self { genesis, chain, first, second, account, nonce: 0, dir }
    }

    fn set(&self, keys: &[ValidatorKeys]) -> ConsensusScheme {
        let hash = self.chain.genesis_hash();
        let genesis = GenesisConfig {
            validators: keys.iter().map(|keys| keys.public("member")).collect(),
            ..self.genesis.clone()
        };
        ValidatorSet::new(&genesis, hash).unwrap().scheme(&keys[0])
    }

    /// What these validators sign.
    fn certificate(&self, block: &Block, epoch: u64, keys: &[ValidatorKeys], signers: usize) -> Bytes {
        let hash = self.chain.genesis_hash();
        let genesis = GenesisConfig {
            validators: keys.iter().map(|keys| keys.public("member")).collect(),
            ..self.genesis.clone()
        };
        let set = ValidatorSet::new(&genesis, hash).unwrap();
        let context = block.context().unwrap();
        let round = Round::new(Epoch::new(epoch), View::new(context.view));
        let proposal = Proposal::new(round, View::new(context.parent_view), digest(block.hash()));
        let votes: Vec<_> =
            keys[..signers].iter().map(|keys| Finalize::sign(&set.scheme(keys), proposal.clone()).unwrap()).collect();
        let votes = NonEmpty::try_new(votes.iter()).unwrap();
        let certificate: Finalization<ConsensusScheme, _> =
            Finalization::from_finalizes(&self.set(keys), votes, &Sequential).unwrap();
        certificate.encode().to_vec().into()
    }

    fn write(&mut self, slot: U256, value: U256) {
        let mut transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: self.nonce,
            gas_limit: 100_000,
            to: TxKind::Call(VALIDATOR_REGISTRY),
            input: [slot.to_be_bytes::<32>(), value.to_be_bytes::<32>()].concat().into(),
            ..TxEip1559::default()
        };
        self.nonce += 1;
        let signature = self.account.sign_transaction_sync(&mut transaction).unwrap();
        let signed: TxEnvelope = transaction.into_signed(signature).into();
        for added in self.chain.pool().add(vec![signed.encoded_2718().into()]) {
            added.unwrap();
        }
    }

    fn build(&self) -> Block {
        let parent = self.chain.head();
        let (height, hash) = (parent.block().height() + 1, parent.block().hash());
        let attributes = BuildAttributes {
            time_ms: height * 1000,
            epoch: u32::try_from(height / EPOCH).unwrap(),
            view: height,
            parent_view: height - 1,
            beneficiary: Address::ZERO,
        };
        let budget =
            BuildBudget { max_time: Duration::from_secs(60), max_bytes: MAX_BLOCK_BYTES, max_transactions: 100 };
        self.chain.tree().build(hash, attributes, budget).unwrap().block().clone()
    }

    fn advance(&self, keys: &[ValidatorKeys]) {
        let block = self.build();
        let certificate = self.certificate(&block, block.height() / EPOCH, keys, 3);
        self.chain.tree().finalize(vec![Final { block, certificate: Some(certificate) }]).unwrap();
    }

    /// Seven blocks: the set changes in the first epoch, and the second has decided four.
    fn changed() -> Self {
        let mut consortium = Self::new();
        for (slot, value) in set_slots(&consortium.second.clone()) {
            consortium.write(slot, value);
        }
        consortium.write(CHANGED_EPOCHS_SLOT, U256::from(1));
        consortium.write(changed_epochs_slot(0), U256::ZERO);
        for height in 1..8 {
            let keys = if height < EPOCH { &consortium.first } else { &consortium.second };
            consortium.advance(keys);
        }
        consortium
    }

    fn snapshot(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.chain.export_snapshot(&mut out, SnapshotOptions::default()).unwrap();
        out
    }

    fn target(&self, replaces: bool) -> SnapshotTarget {
        let at = |name: &str| -> PathBuf { self.dir.path().join("other").join(name) };
        SnapshotTarget { data_dir: at("chain"), consensus_dir: at("consensus"), replaces }
    }

    fn import(&self, bytes: &[u8]) -> Result<SnapshotSummary, ImportError> {
        import(&self.genesis, &ExecutionConfig::default(), &self.target(false), bytes)
    }

    fn trusted(&self) -> Followed {
        let set = ValidatorSet::new(&self.genesis, self.chain.genesis_hash()).unwrap();
        Followed(set.trusted().clone())
    }

    fn handover(&self) -> Handover {
        let height = EPOCH - 1;
        Handover {
            header: alloy::rlp::encode(self.chain.header(height).unwrap().unwrap().inner()).into(),
            certificate: self.chain.certificate(height).unwrap().unwrap(),
            record: self.chain.registry_record(0).unwrap().unwrap(),
        }
    }

    fn head(&self) -> SnapshotBlock {
        let head = self.chain.head();
        SnapshotBlock {
            header: alloy::rlp::encode(head.block().header().inner()).into(),
            certificate: self.chain.certificate(head.block().height()).unwrap().unwrap(),
        }
    }
}

// Light clients are led from the genesis whatever a node has forgotten.
#[test]
fn a_change_of_the_validators_is_proven_after_the_state_that_made_it_is_pruned() {
    let consortium = Consortium::changed();
    let before = (consortium.chain.registry_record(0).unwrap(), consortium.chain.validators_of(1).unwrap());
    consortium.chain.prune(7).unwrap();
    assert!(consortium.chain.state_at(EPOCH - 1).is_err());
    assert_eq!((consortium.chain.registry_record(0).unwrap(), consortium.chain.validators_of(1).unwrap()), before);
    consortium.trusted().follow(&consortium.handover(), true).unwrap();
    consortium.import(&consortium.snapshot()).unwrap();
}

fn says(refused: Result<(), Box<dyn Error + Send + Sync>>, words: &str) {
    let said = refused.unwrap_err().to_string();
    assert!(said.contains(words), "{said}");
}

#[test]
fn a_snapshot_is_followed_from_the_genesis_to_those_who_decide_now() {
    let consortium = Consortium::changed();
    let summary = consortium.import(&consortium.snapshot()).unwrap();
    assert_eq!((summary.height, summary.hash), (7, consortium.chain.head().block().hash()));
    let target = consortium.target(false);
    let genesis = consortium.genesis.build().unwrap();
    let copy = Blockchain::open(&target.data_dir, &genesis, ExecutionConfig::default()).unwrap();
    let expected = consortium.chain.validators_of(1).unwrap().unwrap();
    assert_eq!(expected.len(), 4);
    assert_eq!(copy.validators_of(1).unwrap().unwrap(), expected);
    assert_eq!(copy.registry_record(0).unwrap(), consortium.chain.registry_record(0).unwrap());
    assert!(copy.validators_of(0).unwrap().is_none());
}

#[test]
fn a_certificate_counts_only_from_a_quorum_of_those_who_decide() {
    let mut consortium = Consortium::changed();
    let mut trust = consortium.trusted();
    // The set of the genesis does not decide any more, whoever signs.
    says(trust.accept(&consortium.head()), "signature");
    trust.follow(&consortium.handover(), true).unwrap();
    trust.accept(&consortium.head()).unwrap();

    consortium.write(U256::from(999), U256::from(1));
    let block = consortium.build();
    let signed =
        |certificate: Bytes| SnapshotBlock { header: alloy::rlp::encode(block.header().inner()).into(), certificate };
    let epoch = block.height() / EPOCH;
    trust.accept(&signed(consortium.certificate(&block, epoch, &consortium.second, 4))).unwrap();
    says(trust.accept(&signed(consortium.certificate(&block, epoch, &consortium.first, 4))), "signature");
    says(trust.accept(&signed(consortium.certificate(&block, 0, &consortium.second, 4))), "epoch");
    let other = consortium.head().certificate;
    says(trust.accept(&signed(other)), "hash");
    says(trust.accept(&signed(Bytes::from_static(b"?"))), "");
}

#[test]
fn a_handover_that_was_tampered_with_is_refused() {
    let consortium = Consortium::changed();
    let genuine = consortium.handover();
    let follow = |change: &dyn Fn(&mut Handover)| {
        let mut handover = genuine.clone();
        change(&mut handover);
        consortium.trusted().follow(&handover, true)
    };
    follow(&|_| {}).unwrap();
    says(follow(&|handover| handover.record.keys.swap(0, 1)), "");
    says(follow(&|handover| handover.record.epoch += 1), "next validators");
    says(follow(&|handover| handover.record.members.clear()), "does not know");
    says(follow(&|handover| handover.certificate = consortium.head().certificate), "");
    // Peer keys and names are no part of the hash of the set; they are proven on their own.
    let peer = B256::from(consortium.second[0].peer_public_key_bytes().0);
    for (slot, words) in [(peer_key_slot(0), ""), (record_slot(peer), "slot")] {
        let refused = follow(&|handover| {
            let slots = &mut handover.record.members[0].storage;
            let at = slots.iter().position(|found| found.slot == slot).unwrap();
            slots[at].value += U256::from(1);
        });
        says(refused, words);
    }
    says(follow(&|handover| handover.record.members[0].address = Address::ZERO), "not the registry's");
}

// A set that was voted out signs on.
#[test]
fn a_snapshot_by_a_set_that_no_longer_decides_is_refused() {
    let mut consortium = Consortium::new();
    for (slot, value) in set_slots(&consortium.second.clone()) {
        consortium.write(slot, value);
    }
    consortium.write(CHANGED_EPOCHS_SLOT, U256::from(1));
    consortium.write(changed_epochs_slot(0), U256::ZERO);
    for _ in 1..8 {
        consortium.advance(&consortium.first);
    }
    // What an honest node exports cannot be followed by anybody: the first handover leads to others.
    let error = consortium.import(&consortium.snapshot()).unwrap_err();
    assert!(matches!(&error, ImportError::Snapshot(SnapshotError::Untrusted(_))), "{error}");
    assert!(!consortium.target(false).data_dir.exists());
}

#[test]
fn a_folder_that_holds_a_chain_is_left_alone_unless_it_is_to_be_replaced() {
    let consortium = Consortium::changed();
    let bytes = consortium.snapshot();
    // What an import that was killed has left.
    let left = consortium.target(false).data_dir.with_file_name("chain.importing");
    std::fs::create_dir_all(left.join("keyspaces")).unwrap();
    std::fs::write(left.join("0.jnl"), b"half").unwrap();
    consortium.import(&bytes).unwrap();
    assert!(!left.exists());
    let error = consortium.import(&bytes).unwrap_err();
    assert!(matches!(&error, ImportError::Snapshot(SnapshotError::Exists { .. })), "{error}");
    let target = consortium.target(true);
    std::fs::write(target.data_dir.join("evidence"), b"of something").unwrap();
    std::fs::create_dir_all(&target.consensus_dir).unwrap();
    std::fs::write(target.consensus_dir.join("journal"), b"of votes").unwrap();
    let execution = ExecutionConfig::default();
    let refused = import(&consortium.genesis, &execution, &target, &bytes[..bytes.len() / 2]).unwrap_err();
    assert!(matches!(&refused, ImportError::Snapshot(SnapshotError::Truncated { .. })), "{refused}");
    assert!(target.consensus_dir.join("journal").exists(), "what is refused changes nothing");
    import(&consortium.genesis, &execution, &target, &bytes[..]).unwrap();
    assert!(!target.consensus_dir.exists(), "consensus' files are of the chain that was replaced");
    assert_eq!(std::fs::read(target.data_dir.join("evidence")).unwrap(), b"of something");

    // Consensus' files alone are of a chain too.
    std::fs::remove_dir_all(&target.data_dir).unwrap();
    std::fs::create_dir_all(&target.consensus_dir).unwrap();
    std::fs::write(target.consensus_dir.join("journal"), b"of votes").unwrap();
    assert!(consortium.import(&bytes).is_err());
}
