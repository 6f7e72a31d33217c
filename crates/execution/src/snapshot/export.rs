//! From a store to a snapshot.

use std::io::Write;

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY};
use schnellru::{ByLength, LruMap};

use super::{
    ANCESTORS, BlockEntry, FORMAT_VERSION, Handover, HandoverEntry, Head, MAX_BEHIND_HEAD, MAX_HANDOVERS, Manifest,
    SnapshotError, SnapshotOptions, SnapshotSummary,
    entries::{AccountEntry, Entry},
    frame::{FrameWriter, Kind, STATE_CHUNK_BYTES},
};
use crate::{
    Blockchain, FinalizedBlock, changed_epochs,
    store::{StoreView, encode_receipts},
};

/// Codes that are remembered as written, so that they are written once; one that was forgotten is written again.
const REMEMBERED_CODES: u32 = 65_536;
/// Changes of the validators that are read at once.
const HANDOVERS_AT_ONCE: usize = 256;

impl Blockchain {
    /// Writes a snapshot of the newest final block that has a certificate of its own. The chain goes on meanwhile.
    ///
    /// # Errors
    /// [`SnapshotError`]: there is no such block near the head, the store fails, `out` fails.
    pub fn export_snapshot(&self, out: impl Write, options: SnapshotOptions) -> Result<SnapshotSummary, SnapshotError> {
        let _kept = self.keep_all();
        let state = self.head_state();
        let view = state.base().ok_or(SnapshotError::NoCertificate { from: 0, head: 0 })?;
        let (height, certificate) = self.newest_certified(view.snapshot_head())?;
        let view = view.at(height);
        let block = self.needed_block(height)?;
        let hash = block.block().hash();
        let handovers = self.handovers_to(height)?;
        let first_ancestor = height.saturating_sub(ANCESTORS).max(1);

        let mut writer = FrameWriter::start(out)?;
        let head = Head {
            chain_id: self.chain_id(),
            genesis: self.genesis_hash(),
            header: alloy_rlp::encode(block.block().header().inner()).into(),
            certificate: certificate.clone(),
            handovers: handovers.len() as u64,
            ancestors: height - first_ancestor,
            has_blocks: options.with_blocks,
        };
        writer.write(Kind::Head, &alloy_rlp::encode(head))?;
        for handover in handovers {
            let Handover { header, certificate, record } = handover;
            let entry = HandoverEntry { header, certificate, record: record.encode() };
            writer.write(Kind::Handover, &alloy_rlp::encode(entry))?;
        }
        let ancestors = (first_ancestor..height).map(|height| self.needed_header(height));
        writer.write(Kind::Ancestors, &alloy_rlp::encode(ancestors.collect::<Result<Vec<_>, _>>()?))?;
        writer.write(Kind::Anchor, &alloy_rlp::encode(entry_of(&block, Bytes::new())))?;

        let mut manifest = Manifest { slots: write_slots(&mut writer, &view)?, ..Manifest::default() };
        (manifest.accounts, manifest.codes) = write_accounts(&mut writer, &view)?;
        if options.with_blocks {
            for height in self.earliest_block()?.max(1)..height {
                let certificate = self.certificate(height)?.unwrap_or_default();
                let entry = entry_of(&*self.needed_block(height)?, certificate);
                writer.write(Kind::Block, &alloy_rlp::encode(entry))?;
                manifest.blocks += 1;
            }
        }
        (manifest.frames, manifest.digest) = (writer.frames(), writer.digest());
        writer.write(Kind::End, &alloy_rlp::encode(manifest))?;
        writer.flush()?;
        tracing::info!(height, %hash, version = FORMAT_VERSION, "snapshot written");
        Ok(manifest.summary(self.chain_id(), height, hash))
    }

    fn newest_certified(&self, head: u64) -> Result<(u64, Bytes), SnapshotError> {
        let from = head.saturating_sub(MAX_BEHIND_HEAD).max(self.earliest_state()?).max(1);
        for height in (from..=head).rev() {
            if let Some(certificate) = self.certificate(height)? {
                return Ok((height, certificate));
            }
        }
        Err(SnapshotError::NoCertificate { from, head })
    }

    /// The changes of the validators that lead to those who decide the block at a height.
    fn handovers_to(&self, height: u64) -> Result<Vec<Handover>, SnapshotError> {
        let epochs = self.epochs();
        if !epochs.change() {
            return Ok(Vec::new());
        }
        let (state, epoch) = (self.head_state(), epochs.of(height));
        let mut changed = Vec::new();
        loop {
            let from = changed.last().map_or(0, |last: &u64| last + 1);
            let next = changed_epochs(&state, from, HANDOVERS_AT_ONCE)?;
            let before = changed.len();
            changed.extend(next.into_iter().filter(|changed| *changed < epoch));
            if changed.len() == before {
                break;
            }
        }
        if changed.len() as u64 > MAX_HANDOVERS {
            return Err(SnapshotError::Malformed { index: 0, problem: "the validators changed too often" });
        }
        let last = changed.last().copied();
        changed
            .into_iter()
            .map(|epoch| {
                let height = epochs.last(epoch);
                let missing = |what| SnapshotError::Incomplete { what, height };
                let record = self.registry_record(epoch)?.ok_or_else(|| missing("registry record"))?;
                Ok(Handover {
                    header: self.needed_header(height)?,
                    certificate: self.certificate(height)?.ok_or_else(|| missing("certificate"))?,
                    record: if Some(epoch) == last { record } else { record.without_members() },
                })
            })
            .collect()
    }

    fn needed_header(&self, height: u64) -> Result<Bytes, SnapshotError> {
        let header = self.header(height)?.ok_or(SnapshotError::Incomplete { what: "header", height })?;
        Ok(alloy_rlp::encode(header.inner()).into())
    }

    fn needed_block(&self, height: u64) -> Result<std::sync::Arc<FinalizedBlock>, SnapshotError> {
        self.block(height)?.ok_or(SnapshotError::Incomplete { what: "body", height })
    }
}

impl Manifest {
    pub(super) fn summary(self, chain_id: u64, height: u64, hash: B256) -> SnapshotSummary {
        let Self { accounts, slots, codes, blocks, digest, .. } = self;
        SnapshotSummary { chain_id, height, hash, accounts, slots, codes, blocks, digest }
    }
}

fn entry_of(block: &FinalizedBlock, certificate: Bytes) -> BlockEntry {
    BlockEntry { block: block.block().encode(), receipts: encode_receipts(block.receipts()).into(), certificate }
}

/// Entries gathered until they fill a chunk.
struct Chunk(Vec<u8>);

impl Chunk {
    fn is_full(&self) -> bool {
        self.0.len() >= STATE_CHUNK_BYTES
    }

    fn write<W: Write>(&mut self, kind: Kind, writer: &mut FrameWriter<W>) -> Result<(), SnapshotError> {
        if !self.0.is_empty() {
            writer.write(kind, &self.0)?;
            self.0.clear();
        }
        Ok(())
    }
}

/// All slots; how many.
fn write_slots<W: Write>(writer: &mut FrameWriter<W>, view: &StoreView) -> Result<u64, SnapshotError> {
    let (mut chunk, mut owner, mut slots) = (Chunk(Vec::new()), None::<Address>, 0);
    for slot in view.scan_slots()? {
        let (address, key, value) = slot?;
        if owner != Some(address) || chunk.0.is_empty() {
            Entry::Owner(address).encode(&mut chunk.0);
            owner = Some(address);
        }
        Entry::Slot(key, value).encode(&mut chunk.0);
        slots += 1;
        if chunk.is_full() {
            chunk.write(Kind::Slots, writer)?;
        }
    }
    chunk.write(Kind::Slots, writer)?;
    Ok(slots)
}

/// All accounts with their codes; how many of each.
fn write_accounts<W: Write>(writer: &mut FrameWriter<W>, view: &StoreView) -> Result<(u64, u64), SnapshotError> {
    let mut written = LruMap::<B256, ()>::new(ByLength::new(REMEMBERED_CODES));
    let (mut chunk, mut accounts, mut codes) = (Chunk(Vec::new()), 0, 0);
    for account in view.scan_accounts()? {
        let (key, record) = account?;
        if record.code_hash != KECCAK256_EMPTY && written.get(&record.code_hash).is_none() {
            let code = view.code(&record.code_hash)?.ok_or(SnapshotError::MissingCode(record.code_hash))?;
            Entry::Code(code.original_byte_slice().to_vec()).encode(&mut chunk.0);
            written.insert(record.code_hash, ());
            codes += 1;
        }
        Entry::Account(AccountEntry::of(key, &record)).encode(&mut chunk.0);
        accounts += 1;
        if chunk.is_full() {
            chunk.write(Kind::Accounts, writer)?;
        }
    }
    chunk.write(Kind::Accounts, writer)?;
    Ok((accounts, codes))
}
