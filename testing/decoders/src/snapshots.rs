//! Snapshots: files that anybody may have written, hashes and all, from which a node begins.

use std::{collections::BTreeMap, error::Error, path::Path};

use alloy::genesis::GenesisAccount;
use alloy_primitives::{Address, B256, U256};
use chancery_execution::{
    Blockchain, BuildAttributes, BuildBudget, ExecutionConfig, Finalization, Genesis, Handover, MAX_BLOCK_BYTES,
    SnapshotBlock, SnapshotError, SnapshotOptions, SnapshotSummary, StoreConfig, Trust, check_snapshot,
    import_snapshot, snapshot_chunks, snapshot_of_chunks,
};

use crate::genesis;

/// Chunks that are read of an input.
const MAX_CHUNKS: usize = 64;
/// Small, since each input may make a store.
const CACHE_BYTES: usize = 256 * 1024;

thread_local! {
    static GENESIS: Genesis = the_genesis();
}

/// Says of everything that it is final, or of nothing.
struct Says(bool);

impl Trust for Says {
    fn follow(&mut self, _: &Handover, _: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }

    fn accept(&mut self, _: &SnapshotBlock) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.0 { Ok(()) } else { Err("nobody signed it".into()) }
    }
}

/// What an import takes has been checked to its end, opens as the chain with that block, and is refused when nobody signed the block. The first byte
/// says whether the rest is a file or the chunks of one whose hashes are right.
pub fn check(data: &[u8]) {
    let Some((form, rest)) = data.split_first() else { return };
    let made;
    let snapshot = if form % 2 == 0 {
        rest
    } else {
        let Ok(bytes) = snapshot_of_chunks(&read(rest)) else { return };
        made = bytes;
        made.as_slice()
    };
    let checked = check_snapshot(snapshot);
    let directory = tempfile::tempdir().unwrap();
    GENESIS.with(|genesis| import(snapshot, checked, genesis, directory.path()));
}

fn import(snapshot: &[u8], checked: Result<SnapshotSummary, SnapshotError>, genesis: &Genesis, directory: &Path) {
    let import = |name: &str, is_believed: bool| {
        import_snapshot(snapshot, genesis, &directory.join(name), &store(), &mut Says(is_believed))
    };
    let Ok(summary) = import("believed", true) else { return };
    assert_eq!(checked.unwrap(), summary, "an import takes what a check refuses");
    let config = ExecutionConfig { store: store(), ..ExecutionConfig::default() };
    let chain = Blockchain::open(&directory.join("believed"), genesis, config).unwrap();
    assert_eq!((chain.head().block().height(), chain.head().block().hash()), (summary.height, summary.hash));
    assert!(matches!(import("doubted", false), Err(SnapshotError::Untrusted(_))), "nobody signed it");
}

fn store() -> StoreConfig {
    StoreConfig {
        block_cache_bytes: CACHE_BYTES as u64,
        write_buffer_bytes: CACHE_BYTES as u64,
        state_cache_bytes: CACHE_BYTES,
        trie_cache_bytes: CACHE_BYTES,
        ..StoreConfig::default()
    }
}

/// Kind, length, bytes, as often as there is something; a length beyond the end is what is left.
fn read(mut data: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut chunks = Vec::new();
    while let Some((head, rest)) = data.split_first_chunk::<5>() {
        let [kind, length @ ..] = *head;
        let length = (u32::from_be_bytes(length) as usize).min(rest.len());
        let (bytes, behind) = rest.split_at(length);
        chunks.push((kind, bytes.to_vec()));
        data = behind;
        if chunks.len() == MAX_CHUNKS {
            break;
        }
    }
    chunks
}

fn written(chunks: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let each = chunks.iter().flat_map(|(kind, bytes)| {
        let length = (bytes.len() as u32).to_be_bytes();
        [&[*kind][..], &length, bytes].concat()
    });
    each.collect()
}

/// One with code, storage and an account without either.
fn the_genesis() -> Genesis {
    let mut config = genesis::small();
    let word = |number: u8| B256::repeat_byte(number);
    let contract = GenesisAccount {
        code: Some(vec![0x60, 0, 0x56].into()),
        storage: Some(BTreeMap::from([(word(1), word(2)), (word(3), word(4))])),
        ..GenesisAccount::default()
    };
    let plain = GenesisAccount::default().with_balance(U256::from(5));
    config.alloc = BTreeMap::from([(Address::repeat_byte(0x51), contract), (Address::repeat_byte(0x52), plain)]);
    config.build().unwrap()
}

/// A chain's state after two blocks, with and without the blocks, as files and as chunks.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    let config = ExecutionConfig { store: store(), ..ExecutionConfig::default() };
    let chain = Blockchain::open(directory.path(), &the_genesis(), config).unwrap();
    for view in 1..=2 {
        let head = chain.head();
        let attributes = BuildAttributes {
            time_ms: head.block().time_ms() + 250,
            epoch: 0,
            view,
            parent_view: view - 1,
            beneficiary: Address::repeat_byte(0xfe),
        };
        let budget = BuildBudget {
            max_time: std::time::Duration::from_secs(60),
            max_bytes: MAX_BLOCK_BYTES,
            max_transactions: 1,
        };
        let block = chain.tree().build(head.block().hash(), attributes, budget).unwrap().block().clone();
        let certificate = Some(block.hash().to_vec().into());
        chain.tree().finalize(vec![Finalization { block, certificate }]).unwrap();
    }
    let exported = [false, true].map(|with_blocks| {
        let mut out = Vec::new();
        chain.export_snapshot(&mut out, SnapshotOptions { with_blocks }).unwrap();
        out
    });
    exported
        .into_iter()
        .flat_map(|file| {
            let chunks = written(&snapshot_chunks(&file).unwrap());
            [[&[0][..], &file].concat(), [&[1][..], &chunks].concat()]
        })
        .collect()
}
