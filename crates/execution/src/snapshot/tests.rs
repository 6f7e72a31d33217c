#![allow(clippy::unwrap_used)]

use std::{error::Error, fs, path::Path};

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::Nibbles;
use proptest::{prelude::*, test_runner::Config};

use super::{
    entries::{AccountEntry, Entry},
    frame::{FrameReader, FrameWriter, Kind},
    *,
};
use crate::{
    Blockchain, ExecutionConfig, StoreConfig,
    testing::{TestChain, WRITER, Wallet, with_changed_registry},
    trie::{Branch, TrieBuilder, root_hash},
};

/// Believes everything, so that what is refused is refused by what stands in the snapshot.
struct Believer;

impl Trust for Believer {
    fn follow(&mut self, _: &Handover, _: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }

    fn accept(&mut self, _: &SnapshotBlock) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

struct Doubter;

impl Trust for Doubter {
    fn follow(&mut self, _: &Handover, _: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }

    fn accept(&mut self, _: &SnapshotBlock) -> Result<(), Box<dyn Error + Send + Sync>> {
        Err("nobody signed it".into())
    }
}

/// Two senders write and delete slots, transfer, and log, for some blocks.
fn chain(writes: &[(u64, u64)]) -> TestChain {
    let chain = TestChain::new();
    let (writer, other) = (Wallet::new(0), Wallet::new(1));
    for (nonce, (slot, value)) in (0..).zip(writes) {
        let to = Address::repeat_byte((*slot % 250) as u8 + 1);
        chain.advance(vec![writer.write(nonce, *slot, *value), other.transfer(nonce, to, 1)]);
    }
    chain
}

fn exported(chain: &Blockchain, with_blocks: bool) -> Vec<u8> {
    let mut out = Vec::new();
    chain.export_snapshot(&mut out, SnapshotOptions { with_blocks }).unwrap();
    out
}

fn import(chain: &TestChain, bytes: &[u8], dir: &Path) -> Result<SnapshotSummary, SnapshotError> {
    import_snapshot(bytes, &chain.genesis, dir, &StoreConfig::default(), &mut Believer)
}

fn refused(chain: &TestChain, bytes: &[u8]) -> SnapshotError {
    let dir = tempfile::tempdir().unwrap();
    import(chain, bytes, &dir.path().join("new")).unwrap_err()
}

/// The chunks of a snapshot, to be put together otherwise.
fn chunks(bytes: &[u8]) -> Vec<(Kind, Vec<u8>)> {
    let mut reader = FrameReader::start(bytes).unwrap();
    let mut chunks = Vec::new();
    loop {
        chunks.push(reader.read().unwrap());
        if chunks.last().unwrap().0 == Kind::End {
            return chunks;
        }
    }
}

/// A snapshot of these chunks whose hashes and summary are right, as a forger would make it.
fn forged(chunks: &[(Kind, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = FrameWriter::start(&mut out).unwrap();
    for (kind, bytes) in chunks {
        if *kind == Kind::End {
            let said: Manifest = alloy_rlp::Decodable::decode(&mut &bytes[..]).unwrap();
            let honest = Manifest { frames: writer.frames(), digest: writer.digest(), ..said };
            writer.write(Kind::End, &alloy_rlp::encode(honest)).unwrap();
        } else {
            writer.write(*kind, bytes).unwrap();
        }
    }
    out
}

/// The snapshot with the chunk of a kind changed.
fn with_changed(bytes: &[u8], kind: Kind, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut chunks = chunks(bytes);
    change(&mut chunks.iter_mut().find(|(found, _)| *found == kind).unwrap().1);
    forged(&chunks)
}

fn entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        entries.push(Entry::decode(&mut bytes).unwrap());
    }
    entries
}

fn with_entries(bytes: &[u8], kind: Kind, change: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
    with_changed(bytes, kind, |chunk| {
        let mut all = entries(chunk);
        change(&mut all);
        chunk.clear();
        all.iter().for_each(|entry| entry.encode(chunk));
    })
}

const WRITES: [(u64, u64); 6] = [(1, 5), (2, 6), (3, 7), (2, 0), (4, 9), (300, 1)];

// SNAPSHOT-1, SNAPSHOT-2
#[test]
fn a_node_that_begins_from_a_snapshot_has_the_state_its_proofs_and_goes_on() {
    let source = chain(&WRITES);
    let bytes = exported(&source.chain, false);
    let dir = tempfile::tempdir().unwrap();
    let summary = import(&source, &bytes, &dir.path().join("new")).unwrap();
    assert_eq!((summary.height, summary.hash), (6, source.head().hash()));
    // Six slots and a code are those of the block-hash history (EIP-2935).
    assert_eq!((summary.slots, summary.codes), (4 + 6, 2 + 1));
    let copy = Blockchain::open(&dir.path().join("new"), &source.genesis, ExecutionConfig::default()).unwrap();
    let slots: Vec<U256> = [1, 2, 3, 300, 77].map(U256::from).to_vec();
    for address in [WRITER, Wallet::new(0).address(), Address::repeat_byte(9)] {
        assert_eq!(copy.proof(address, &slots, 6).unwrap(), source.chain.proof(address, &slots, 6).unwrap());
    }
    assert_eq!(copy.hash_at(3).unwrap(), source.chain.hash_at(3).unwrap(), "BLOCKHASH reaches back");
    assert!(copy.block(3).unwrap().is_none() && copy.block(6).unwrap().is_some() && copy.block(0).unwrap().is_some());
    assert_eq!((copy.earliest_block().unwrap(), copy.earliest_state().unwrap()), (6, 6));
    assert!(copy.state_at(5).is_err());
    assert_eq!(copy.certificate(6).unwrap(), source.chain.certificate(6).unwrap());

    let next = source.advance(vec![Wallet::new(0).write(6, 1, 0), Wallet::new(2).log(0, 8)]);
    copy.tree().finalize(vec![crate::testing::finalization(next.clone())]).unwrap();
    assert_eq!(copy.head().block().hash(), next.hash());
    assert_eq!(exported(&copy, false), exported(&source.chain, false), "one state has one form");
}

#[test]
fn earlier_blocks_come_along_if_they_are_asked_for() {
    let source = chain(&WRITES);
    let dir = tempfile::tempdir().unwrap();
    let summary = import(&source, &exported(&source.chain, true), &dir.path().join("new")).unwrap();
    assert_eq!(summary.blocks, 5);
    let copy = Blockchain::open(&dir.path().join("new"), &source.genesis, ExecutionConfig::default()).unwrap();
    for height in 1..=6 {
        let (ours, theirs) = (copy.block(height).unwrap().unwrap(), source.chain.block(height).unwrap().unwrap());
        assert_eq!(ours.block().encode(), theirs.block().encode());
        assert_eq!((ours.receipts(), ours.senders()), (theirs.receipts(), theirs.senders()));
        let transaction = ours.block().transactions()[0].hash();
        assert_eq!(copy.transaction(transaction).unwrap(), source.chain.transaction(transaction).unwrap());
        assert_eq!(copy.certificate(height).unwrap(), source.chain.certificate(height).unwrap());
    }
    assert_eq!(copy.earliest_block().unwrap(), 1);
}

// The newest block may have become final with a descendant that is not here yet.
#[test]
fn the_state_of_a_block_below_the_head_is_exported_as_it_was() {
    let source = chain(&WRITES[..4]);
    let expected = exported(&source.chain, false);
    for block in [
        vec![Wallet::new(0).write(4, 2, 1), Wallet::new(3).transfer(0, Address::repeat_byte(0x77), 1)],
        vec![Wallet::new(0).write(5, 1, 0)],
    ] {
        source.add(block);
        let block = source.build_on(&source.head()).block().clone();
        source.chain.tree().finalize(vec![crate::Finalization { block, certificate: None }]).unwrap();
    }
    assert_eq!(source.chain.head().block().height(), 6);
    assert_eq!(exported(&source.chain, false), expected);
}

#[test]
fn a_chain_without_a_certificate_makes_no_snapshot() {
    let source = TestChain::new();
    let error = source.chain.export_snapshot(Vec::new(), SnapshotOptions::default()).unwrap_err();
    assert!(matches!(error, SnapshotError::NoCertificate { head: 0, .. }), "{error}");
}

// SNAPSHOT-1
#[test]
fn a_block_that_nobody_signed_is_refused_before_anything_is_written() {
    let source = chain(&WRITES[..2]);
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new");
    let bytes = exported(&source.chain, false);
    let error = import_snapshot(&bytes[..], &source.genesis, &new, &StoreConfig::default(), &mut Doubter).unwrap_err();
    assert!(matches!(error, SnapshotError::Untrusted(_)), "{error}");
    assert!(!new.exists());
}

// SNAPSHOT-4
#[test]
fn what_was_refused_is_no_store() {
    let source = chain(&WRITES);
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new");
    let bytes = exported(&source.chain, false);
    import(&source, &bytes[..bytes.len() - 1], &new).unwrap_err();
    assert!(Blockchain::open(&new, &source.genesis, ExecutionConfig::default()).is_err());
    fs::remove_dir_all(&new).unwrap();
    import(&source, &bytes, &new).unwrap();
}

#[test]
fn another_chains_snapshot_is_named() {
    let source = chain(&WRITES[..2]);
    let mut other = TestChain::new();
    other.genesis = crate::GenesisConfig { timestamp: 1, ..crate::testing::genesis_config() }.build().unwrap();
    let error = refused(&other, &exported(&source.chain, false));
    assert!(matches!(error, SnapshotError::OtherChain { .. }), "{error}");
}

#[test]
fn every_way_of_damaging_a_file_has_its_error() {
    let source = chain(&WRITES);
    let bytes = exported(&source.chain, false);
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    assert!(matches!(refused(&source, b"not a snapshot, not even nearly"), SnapshotError::NotASnapshot));
    assert!(matches!(refused(&source, b""), SnapshotError::NotASnapshot));
    assert!(matches!(refused(&source, &changed(MAGIC.len() + 3)), SnapshotError::Version { found: 0 }));
    assert!(matches!(refused(&source, &changed(bytes.len() - 1)), SnapshotError::Damaged { index: 5 }));
    let trailing = [&bytes[..], &[0]].concat();
    assert!(matches!(refused(&source, &trailing), SnapshotError::TrailingBytes));

    let chunk_at = |bytes: &[u8], wanted: u32| {
        let mut at = MAGIC.len() + 4;
        for _ in 0..wanted {
            at += 13 + 32 + u32::from_be_bytes(bytes[at + 9..at + 13].try_into().unwrap()) as usize;
        }
        at
    };
    let (third, fourth, fifth) = (chunk_at(&bytes, 3), chunk_at(&bytes, 4), chunk_at(&bytes, 5));
    let swapped = [&bytes[..third], &bytes[fourth..fifth], &bytes[third..fourth], &bytes[fifth..]].concat();
    assert!(matches!(refused(&source, &swapped), SnapshotError::OutOfOrder { expected: 3, found: 4 }));
    let left_out = [&bytes[..third], &bytes[fourth..]].concat();
    assert!(matches!(refused(&source, &left_out), SnapshotError::OutOfOrder { expected: 3, found: 4 }));
}

// SNAPSHOT-1: hashes and summary of each of these are right; what they say is not.
#[test]
fn every_forgery_has_its_error() {
    let source = chain(&WRITES);
    let bytes = exported(&source.chain, true);
    assert_eq!(forged(&chunks(&bytes)), bytes, "what is put together again unchanged is the same");

    let richer = with_entries(&bytes, Kind::Accounts, |entries| {
        let Some(Entry::Account(account)) = entries.iter_mut().find(|entry| matches!(entry, Entry::Account(_))) else {
            panic!()
        };
        account.balance += U256::from(1);
    });
    assert!(matches!(refused(&source, &richer), SnapshotError::StateRoot { .. }));
    let other_slot = with_entries(&bytes, Kind::Slots, |entries| {
        let Some(Entry::Slot(_, value)) = entries.last_mut() else { panic!() };
        *value += U256::from(1);
    });
    assert!(matches!(refused(&source, &other_slot), SnapshotError::StateRoot { .. }));
    let lost_account = with_entries(&bytes, Kind::Accounts, |entries| {
        let at = entries.iter().position(
            |entry| matches!(entry, Entry::Account(account) if account.code_hash == alloy_primitives::KECCAK256_EMPTY),
        );
        entries.remove(at.unwrap());
    });
    assert!(matches!(refused(&source, &lost_account), SnapshotError::StateRoot { .. }));
    let stray = with_entries(&bytes, Kind::Slots, |entries| {
        entries.push(Entry::Owner(Address::repeat_byte(0xfe)));
        entries.push(Entry::Slot(B256::ZERO, U256::from(1)));
    });
    assert!(matches!(refused(&source, &stray), SnapshotError::StrayStorage(1)));
    let unsorted = with_entries(&bytes, Kind::Slots, |entries| entries.swap(1, 2));
    assert!(matches!(
        refused(&source, &unsorted),
        SnapshotError::Malformed { problem: "its slots are not in order", .. }
    ));
    let twice = with_entries(&bytes, Kind::Accounts, |entries| entries.push(entries.last().unwrap().clone()));
    assert!(matches!(
        refused(&source, &twice),
        SnapshotError::Malformed { problem: "its accounts are not in order", .. }
    ));
    let other_code = with_entries(&bytes, Kind::Accounts, |entries| {
        let Some(Entry::Code(code)) = entries.iter_mut().find(|entry| matches!(entry, Entry::Code(_))) else {
            panic!()
        };
        code.push(0);
    });
    assert!(matches!(refused(&source, &other_code), SnapshotError::Malformed { .. }));
    let no_code =
        with_entries(&bytes, Kind::Accounts, |entries| entries.retain(|entry| !matches!(entry, Entry::Code(_))));
    assert!(matches!(refused(&source, &no_code), SnapshotError::MissingCode(_)));

    let others = chain(&[(1, 5), (2, 9), (3, 7), (2, 0), (4, 9), (300, 1)]);
    let others = chunks(&exported(&others.chain, true));
    let other_chunk = |kind: Kind| others.iter().find(|(found, _)| *found == kind).unwrap().1.clone();
    let other_block = with_changed(&bytes, Kind::Anchor, |chunk| *chunk = other_chunk(Kind::Anchor));
    assert!(matches!(refused(&source, &other_block), SnapshotError::BlockContent { what: "its header", .. }));
    let other_ancestors = with_changed(&bytes, Kind::Ancestors, |chunk| *chunk = other_chunk(Kind::Ancestors));
    assert!(matches!(refused(&source, &other_ancestors), SnapshotError::NotAnAncestor { height: 5 }));

    let anchor = |change: fn(&mut BlockEntry)| {
        with_changed(&bytes, Kind::Anchor, |chunk| {
            let mut entry: BlockEntry = alloy_rlp::Decodable::decode(&mut &chunk[..]).unwrap();
            change(&mut entry);
            *chunk = alloy_rlp::encode(entry);
        })
    };
    let no_receipts = anchor(|entry| entry.receipts = Bytes::new());
    assert!(matches!(refused(&source, &no_receipts), SnapshotError::BlockContent { what: "its receipts", height: 6 }));
    let no_transactions = anchor(|entry| {
        let block = crate::Block::decode(&entry.block).unwrap();
        entry.block = crate::Block::from_sealed(block.header().clone(), Vec::new()).encode();
    });
    assert!(matches!(refused(&source, &no_transactions), SnapshotError::BlockContent { what: "its transactions", .. }));

    let mut gap = chunks(&bytes);
    let at = gap.iter().position(|(kind, _)| *kind == Kind::Block).unwrap();
    gap.remove(at + 2);
    assert!(matches!(refused(&source, &forged(&gap)), SnapshotError::NotAnAncestor { height: 4 }));
    let mut unlinked = chunks(&bytes);
    unlinked.remove(at + 4);
    assert!(matches!(refused(&source, &forged(&unlinked)), SnapshotError::NotAnAncestor { height: 4 }));
    let mut no_state = chunks(&bytes);
    no_state.retain(|(kind, _)| !matches!(kind, Kind::Slots | Kind::Accounts));
    assert!(matches!(refused(&source, &forged(&no_state)), SnapshotError::StateRoot { .. }));
    let counts = with_changed(&bytes, Kind::Accounts, |_| {});
    let mut counts = chunks(&counts);
    let last = counts.len() - 1;
    let said: Manifest = alloy_rlp::Decodable::decode(&mut &counts[last].1[..]).unwrap();
    counts[last].1 = alloy_rlp::encode(Manifest { slots: said.slots + 1, ..said });
    assert!(matches!(refused(&source, &forged(&counts)), SnapshotError::Manifest));
}

// A set that was voted out can sign on, and leave out that it was; in the state it stands.
#[test]
fn a_change_of_the_validators_that_is_left_out_is_found_in_the_state() {
    let source = with_changed_registry();
    let bytes = exported(&source.chain, false);
    let dir = tempfile::tempdir().unwrap();
    import(&source, &bytes, &dir.path().join("new")).unwrap();
    let copy = Blockchain::open(&dir.path().join("new"), &source.genesis, ExecutionConfig::default()).unwrap();
    assert_eq!(copy.registry_record(0).unwrap(), source.chain.registry_record(0).unwrap());
    assert_eq!(copy.validators_of(1).unwrap(), source.chain.validators_of(1).unwrap());
    assert!(copy.header(3).unwrap().is_some() && copy.certificate(3).unwrap().is_some(), "light clients are led on");

    let mut chunks = chunks(&bytes);
    chunks.retain(|(kind, _)| *kind != Kind::Handover);
    let mut head: Head = alloy_rlp::Decodable::decode(&mut &chunks[0].1[..]).unwrap();
    assert_eq!(head.handovers, 1);
    head.handovers = 0;
    chunks[0].1 = alloy_rlp::encode(head);
    let error = refused(&source, &forged(&chunks));
    assert!(matches!(error, SnapshotError::StaleValidators { epoch: 0 }), "{error}");
}

#[test]
fn check_snapshot_finds_damage_and_reads_the_whole() {
    let source = chain(&WRITES);
    let bytes = exported(&source.chain, true);
    let summary = check_snapshot(&bytes[..]).unwrap();
    assert_eq!((summary.height, summary.blocks), (6, 5));
    assert!(matches!(check_snapshot(&bytes[..bytes.len() - 5]), Err(SnapshotError::Truncated { .. })));
}

// Stores of an earlier version have no records; what is pruned stays readable as far as it is kept.
#[test]
fn bodies_are_forgotten_and_headers_and_certificates_stay() {
    let source = chain(&WRITES);
    let lost = source.chain.block(2).unwrap().unwrap().block().transactions()[0].hash();
    assert_eq!(source.chain.prune_bodies(4).unwrap().bodies, 3);
    let reopened = source.reopen();
    assert!(reopened.chain.block(3).unwrap().is_none() && reopened.chain.block(4).unwrap().is_some());
    assert!(reopened.chain.block(0).unwrap().is_some());
    assert!(reopened.chain.header(2).unwrap().is_some() && reopened.chain.certificate(2).unwrap().is_some());
    assert_eq!(reopened.chain.transaction(lost).unwrap(), None);
    assert_eq!(reopened.chain.earliest_block().unwrap(), 4);
}

#[test]
fn a_chain_keeps_what_its_configuration_says_and_forgets_in_steps() {
    let retention = crate::Retention { state_blocks: Some(10), body_blocks: Some(20) };
    let source = TestChain::with_config(ExecutionConfig { retention, ..ExecutionConfig::default() });
    let mut forgotten = Vec::new();
    for nonce in 0..70 {
        source.advance(vec![Wallet::new(0).write(nonce, nonce % 3, nonce + 1)]);
        source.chain.retain(64).unwrap();
        forgotten.push(source.chain.earliest_state().unwrap());
        let head = source.chain.head().block().height();
        assert!(source.chain.state_at(head.saturating_sub(9)).is_ok(), "ten states are kept at {head}");
    }
    forgotten.dedup();
    assert!(forgotten.len() <= 3, "in batches: {forgotten:?}");
    let (state, block) = (source.chain.earliest_state().unwrap(), source.chain.earliest_block().unwrap());
    assert!((29..=61).contains(&state) && (19..=51).contains(&block), "{state} {block}");
    let kept = source.chain.keep_all();
    for nonce in 70..140 {
        source.advance(vec![Wallet::new(0).write(nonce, nonce % 3, nonce + 1)]);
        source.chain.retain(64).unwrap();
    }
    assert_eq!(source.chain.earliest_state().unwrap(), state, "nothing is forgotten under an export");
    drop(kept);
    source.chain.retain(64).unwrap();
    assert!(source.chain.earliest_state().unwrap() > state);
}

fn built(leaves: &[(B256, Vec<u8>)]) -> (B256, Vec<(Nibbles, Branch)>) {
    let (mut builder, mut branches) = (TrieBuilder::new(9), Vec::new());
    for (key, value) in leaves {
        assert!(builder.push(*key, value.clone(), &mut |path, branch| branches.push((path, branch))));
    }
    let top = builder.finish(&mut |path, branch| branches.push((path, branch)));
    (root_hash(top.as_ref()), branches)
}

proptest! {
    #![proptest_config(Config::with_cases(48))]

    // SNAPSHOT-2, TRIE-3
    #[test]
    fn any_state_comes_out_as_it_went_in(writes in proptest::collection::vec((0u64..40, 0u64..4), 1..12), with_blocks: bool) {
        let source = chain(&writes);
        let bytes = exported(&source.chain, with_blocks);
        let dir = tempfile::tempdir().unwrap();
        import(&source, &bytes, &dir.path().join("new")).unwrap();
        let copy = Blockchain::open(&dir.path().join("new"), &source.genesis, ExecutionConfig::default()).unwrap();
        prop_assert_eq!(exported(&copy, with_blocks), bytes);
        let head = source.head().height();
        let slots: Vec<U256> = (0..40).map(U256::from).collect();
        prop_assert_eq!(copy.proof(WRITER, &slots, head).unwrap(), source.chain.proof(WRITER, &slots, head).unwrap());
    }

    // Whatever is cut or changed, a snapshot is refused or is the same; nothing panics.
    #[test]
    fn a_damaged_snapshot_is_never_imported(at: prop::sample::Index, to: u8, cuts: bool) {
        let source = chain(&WRITES[..3]);
        let bytes = exported(&source.chain, true);
        let mut damaged = bytes.clone();
        let at = at.index(damaged.len());
        if cuts { damaged.truncate(at) } else { damaged[at] = to }
        let dir = tempfile::tempdir().unwrap();
        prop_assert_eq!(import(&source, &damaged, &dir.path().join("new")).is_ok(), damaged == bytes);
    }

    #[test]
    fn a_trie_of_a_stream_has_the_root_of_a_trie(keys in proptest::collection::btree_set((any::<u8>(), any::<u16>(), any::<bool>()), 0..80)) {
        let mut leaves: Vec<(B256, Vec<u8>)> = keys
            .iter()
            .map(|(first, second, hashed)| {
                let mut key = B256::ZERO;
                // Keys that share much, and keys that share nothing.
                (key[0], key[30], key[31]) = (first & 0x11, (second >> 8) as u8, *second as u8);
                let key = if *hashed { keccak256(key) } else { key };
                (key, alloy_rlp::encode(u64::from(*second) + 1))
            })
            .collect();
        leaves.sort();
        leaves.dedup_by_key(|(key, _)| *key);
        let (root, branches) = built(&leaves);
        let mut expected = alloy_trie::HashBuilder::default();
        for (key, value) in &leaves {
            expected.add_leaf(Nibbles::unpack(key), value);
        }
        prop_assert_eq!(root, expected.root());
        // TRIE-1
        prop_assert!(branches.iter().all(|(_, branch)| branch.len() >= 2));
    }

    #[test]
    fn entries_are_read_as_written_and_have_one_form(key: [u8; 32], nonce: u64, balance: [u8; 32], code in proptest::collection::vec(any::<u8>(), 1..40), bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
        let (key, balance) = (B256::from(key), U256::from_be_bytes(balance));
        let account = AccountEntry { key, nonce, balance, code_hash: keccak256(&code) };
        for entry in [Entry::Owner(Address::from_word(key)), Entry::Slot(key, balance | U256::from(1)), Entry::Code(code), Entry::Account(account)] {
            let mut out = Vec::new();
            entry.encode(&mut out);
            prop_assert_eq!(Entry::decode(&mut &out[..]), Some(entry));
        }
        let mut rest = &bytes[..];
        if let Some(entry) = Entry::decode(&mut rest) {
            let mut again = Vec::new();
            entry.encode(&mut again);
            prop_assert_eq!(&again[..], &bytes[..bytes.len() - rest.len()]);
        }
    }
}
