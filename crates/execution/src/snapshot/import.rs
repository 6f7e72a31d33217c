//! From a snapshot to a store: every part is held against what the certificate names before the store becomes one.

use std::{error::Error, io::Read, path::Path, sync::Arc};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, Sealable as _, Sealed, U256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::Nibbles;

use super::{
    ANCESTORS, BlockEntry, Handover, HandoverEntry, Head, MAX_HANDOVERS, Manifest, SnapshotError, SnapshotSummary,
    entries::{AccountEntry, Entry},
    frame::{FrameReader, Kind},
};
use crate::{
    Block, Epochs, Genesis, Receipt, RegistryRecord, StateView, StoreConfig, StoreError,
    block::transactions_root,
    changed_epochs,
    executor::receipts_root,
    recover_senders,
    state::{AccountRecord, slot_rlp},
    store::{StagedStore, decode_receipts},
    trie::{Branch, Child, TrieBuilder, root_hash},
};

/// Who says whether a block is final. Asked for the handovers in order, then for the block.
pub trait Trust {
    /// Other validators decide from an epoch on. `is_last`: their members are named too.
    ///
    /// # Errors
    /// What does not hold.
    fn follow(&mut self, handover: &Handover, is_last: bool) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// The block of a header is final.
    ///
    /// # Errors
    /// What does not hold.
    fn accept(&mut self, block: &SnapshotBlock) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// The block that a snapshot says it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotBlock {
    /// RLP of its header.
    pub header: Bytes,
    /// Its finality certificate.
    pub certificate: Bytes,
}

/// Makes a store in the empty directory `dir` from a snapshot. When this fails, remove the directory: it holds no store.
///
/// # Errors
/// [`SnapshotError`].
pub fn import_snapshot(
    from: impl Read,
    genesis: &Genesis,
    dir: &Path,
    config: &StoreConfig,
    trust: &mut dyn Trust,
) -> Result<SnapshotSummary, SnapshotError> {
    let mut reader = FrameReader::start(from)?;
    let (kind, bytes) = reader.read()?;
    let head: Head = expect(&reader, Kind::Head, kind, &bytes)?;
    let expected = genesis.block.hash();
    if head.genesis != expected || head.chain_id != genesis.config.chain_id {
        return Err(SnapshotError::OtherChain { found: head.genesis, expected });
    }
    if head.handovers > MAX_HANDOVERS || head.ancestors > ANCESTORS {
        return Err(malformed(&reader, "it announces more than a snapshot has"));
    }
    let header = sealed(&reader, &head.header)?;
    let handovers = follow(&mut reader, head.handovers, trust)?;
    let block = SnapshotBlock { header: head.header.clone(), certificate: head.certificate.clone() };
    trust.accept(&block).map_err(SnapshotError::Untrusted)?;

    let store = StagedStore::create(dir, expected, header.number, config)?;
    let mut import = Import { reader, store, header, counted: Manifest::default() };
    import.write_before(genesis, &handovers, &head)?;
    import.read_anchor(&head)?;
    import.finish(&head, handovers)
}

/// Reads a snapshot to its end and finds out whether anything is missing or damaged. Whether it is true, an import says.
///
/// # Errors
/// [`SnapshotError`].
pub fn check_snapshot(from: impl Read) -> Result<SnapshotSummary, SnapshotError> {
    let mut reader = FrameReader::start(from)?;
    let (kind, bytes) = reader.read()?;
    let head: Head = expect(&reader, Kind::Head, kind, &bytes)?;
    let header = sealed(&reader, &head.header)?;
    loop {
        let (frames, digest) = (reader.frames(), reader.digest());
        let (kind, bytes) = reader.read()?;
        if kind == Kind::End {
            let manifest: Manifest = expect(&reader, Kind::End, kind, &bytes)?;
            if (manifest.frames, manifest.digest) != (frames, digest) {
                return Err(SnapshotError::Manifest);
            }
            reader.finish()?;
            return Ok(manifest.summary(head.chain_id, header.number, header.hash()));
        }
    }
}

fn follow<R: Read>(
    reader: &mut FrameReader<R>,
    count: u64,
    trust: &mut dyn Trust,
) -> Result<Vec<Handover>, SnapshotError> {
    let mut handovers = Vec::new();
    for index in 0..count {
        let (kind, bytes) = reader.read()?;
        let HandoverEntry { header, certificate, record } = expect(reader, Kind::Handover, kind, &bytes)?;
        let record = RegistryRecord::decode(&record).ok_or_else(|| malformed(reader, "it holds no registry record"))?;
        let is_last = index + 1 == count;
        let handover = Handover { header, certificate, record };
        trust.follow(&handover, is_last).map_err(SnapshotError::Untrusted)?;
        handovers.push(if is_last {
            handover
        } else {
            Handover { record: handover.record.without_members(), ..handover }
        });
    }
    Ok(handovers)
}

struct Import<R> {
    reader: FrameReader<R>,
    store: StagedStore,
    header: Sealed<Header>,
    /// What stood in the snapshot so far.
    counted: Manifest,
}

impl<R: Read> Import<R> {
    /// The genesis, the blocks that changed the validators, and the headers before the snapshot's block.
    fn write_before(&mut self, genesis: &Genesis, handovers: &[Handover], head: &Head) -> Result<(), SnapshotError> {
        self.store.block(&genesis.block, &[], &[])?;
        for handover in handovers {
            let header = sealed(&self.reader, &handover.header)?;
            self.store.header(header.number, &header.hash(), &handover.header)?;
            self.store.certificate(header.number, &handover.certificate)?;
            self.store.registry(&handover.record)?;
        }
        let (kind, bytes) = self.reader.read()?;
        let ancestors: Vec<Bytes> = expect(&self.reader, Kind::Ancestors, kind, &bytes)?;
        let wanted = (self.header.number - 1).min(ANCESTORS);
        if ancestors.len() as u64 != head.ancestors || head.ancestors != wanted {
            return Err(malformed(&self.reader, "it has another number of ancestors"));
        }
        let mut child = self.header.clone();
        for rlp in ancestors.iter().rev() {
            let header = sealed(&self.reader, rlp)?;
            if header.hash() != child.parent_hash || Some(header.number) != child.number.checked_sub(1) {
                return Err(SnapshotError::NotAnAncestor { height: child.number - 1 });
            }
            self.store.header(header.number, &header.hash(), rlp)?;
            child = header;
        }
        Ok(())
    }

    fn read_anchor(&mut self, head: &Head) -> Result<(), SnapshotError> {
        let (kind, bytes) = self.reader.read()?;
        let entry: BlockEntry = expect(&self.reader, Kind::Anchor, kind, &bytes)?;
        let block = decode_block(&self.reader, &entry)?;
        if block.hash() != self.header.hash() {
            return Err(SnapshotError::BlockContent { height: block.height(), what: "its header" });
        }
        self.write_block(&block, &entry.receipts)?;
        Ok(self.store.certificate(block.height(), &head.certificate)?)
    }

    fn write_block(&mut self, block: &Block, receipts: &[u8]) -> Result<(), SnapshotError> {
        let content = |what| SnapshotError::BlockContent { height: block.height(), what };
        let receipts = decode_receipts(receipts).ok_or_else(|| malformed(&self.reader, "it holds no receipts"))?;
        if transactions_root(block.transactions()) != block.header().transactions_root {
            return Err(content("its transactions"));
        }
        let (root, bloom) = receipts_root(&receipts);
        if root != block.header().receipts_root || bloom != block.header().logs_bloom {
            return Err(content("its receipts"));
        }
        let senders: Option<Vec<Address>> = recover_senders(block.transactions()).into_iter().collect();
        let senders = senders.ok_or_else(|| content("a signature"))?;
        Ok(self.store.block(block, &senders, &receipts as &[Receipt])?)
    }

    /// The state, the earlier blocks, the end.
    fn finish(mut self, head: &Head, handovers: Vec<Handover>) -> Result<SnapshotSummary, SnapshotError> {
        let mut next = (Kind::Anchor, Vec::new());
        self.advance(&mut next)?;
        let owners = self.read_slots(&mut next)?;
        self.store.flush()?;
        let top = self.read_accounts(&mut next, owners)?;
        let found = root_hash(top.as_ref());
        if found != self.header.state_root {
            return Err(SnapshotError::StateRoot { expected: self.header.state_root, found });
        }
        let earliest = self.read_blocks(&mut next, head)?;
        let (kind, bytes) = next;
        let manifest: Manifest = expect(&self.reader, Kind::End, kind, &bytes)?;
        let Self { reader, store, header, counted } = self;
        let of_frames = Manifest { frames: manifest.frames, digest: manifest.digest, ..counted };
        if manifest != of_frames {
            return Err(SnapshotError::Manifest);
        }
        reader.finish()?;
        let view = store.finish(top.as_ref(), earliest)?;
        let state = StateView::of_store(view);
        check_handovers(&state, header.number, &handovers)?;
        Ok(manifest.summary(head.chain_id, header.number, header.hash()))
    }

    /// Reads the chunk after `next` in its place; what is in the manifest about chunks is checked when the end is read.
    fn advance(&mut self, next: &mut (Kind, Vec<u8>)) -> Result<(), SnapshotError> {
        let (frames, digest) = (self.reader.frames(), self.reader.digest());
        *next = self.reader.read()?;
        if next.0 == Kind::End {
            let manifest: Manifest = expect(&self.reader, Kind::End, Kind::End, &next.1)?;
            if (manifest.frames, manifest.digest) != (frames, digest) {
                return Err(SnapshotError::Manifest);
            }
        }
        Ok(())
    }

    /// How many accounts have storage.
    fn read_slots(&mut self, next: &mut (Kind, Vec<u8>)) -> Result<u64, SnapshotError> {
        let height = self.header.number;
        let (mut owner, mut trie, mut owners) = (None::<Address>, TrieBuilder::new(height), 0);
        while next.0 == Kind::Slots {
            let mut rest = &next.1[..];
            let mut is_first = true;
            while !rest.is_empty() {
                match Entry::decode(&mut rest) {
                    Some(Entry::Owner(address)) => {
                        if owner != Some(address) {
                            owners +=
                                self.close_storage(owner, std::mem::replace(&mut trie, TrieBuilder::new(height)))?;
                            if owner.is_some_and(|before| before >= address) {
                                return Err(malformed(&self.reader, "its accounts are not in order"));
                            }
                            owner = Some(address);
                        } else if !is_first {
                            return Err(malformed(&self.reader, "it names an account twice"));
                        }
                    }
                    Some(Entry::Slot(key, value)) if !is_first => self.slot(owner, &mut trie, key, value)?,
                    _ => return Err(malformed(&self.reader, "it holds something else than slots")),
                }
                is_first = false;
            }
            self.advance(next)?;
        }
        owners += self.close_storage(owner, trie)?;
        Ok(owners)
    }

    fn slot(
        &mut self,
        owner: Option<Address>,
        trie: &mut TrieBuilder,
        key: B256,
        value: U256,
    ) -> Result<(), SnapshotError> {
        let Some(owner) = owner else { return Err(malformed(&self.reader, "it holds slots of nobody")) };
        self.store.slot(owner, &key, value)?;
        self.counted.slots += 1;
        let (is_ascending, written) =
            with_branches(&mut self.store, Some(owner), |write| trie.push(key, slot_rlp(value), write));
        written?;
        if is_ascending { Ok(()) } else { Err(malformed(&self.reader, "its slots are not in order")) }
    }

    /// 1 when there was an account to close.
    fn close_storage(&mut self, owner: Option<Address>, trie: TrieBuilder) -> Result<u64, SnapshotError> {
        let Some(owner) = owner else { return Ok(0) };
        let (top, written) = with_branches(&mut self.store, Some(owner), |write| trie.finish(write));
        written?;
        let Some(top) = top else { return Err(malformed(&self.reader, "it names an account without slots")) };
        self.store.set_storage_top(owner, &top)?;
        Ok(1)
    }

    /// The top of the account trie.
    fn read_accounts(&mut self, next: &mut (Kind, Vec<u8>), owners: u64) -> Result<Option<Child>, SnapshotError> {
        let (mut trie, mut code, mut met) = (TrieBuilder::new(self.header.number), None::<B256>, 0);
        while next.0 == Kind::Accounts {
            let mut rest = &next.1[..];
            while !rest.is_empty() {
                match Entry::decode(&mut rest) {
                    Some(Entry::Code(bytes)) if code.is_none() => {
                        let hash = keccak256(&bytes);
                        self.store.code(hash, &bytes)?;
                        self.counted.codes += 1;
                        code = Some(hash);
                    }
                    Some(Entry::Account(account)) => {
                        if code.take().is_some_and(|hash| hash != account.code_hash) {
                            return Err(malformed(&self.reader, "it holds code that the next account does not have"));
                        }
                        met += self.account(&mut trie, account)?;
                    }
                    _ => return Err(malformed(&self.reader, "it holds something else than accounts")),
                }
            }
            self.advance(next)?;
        }
        if code.is_some() {
            return Err(malformed(&self.reader, "it ends with code that no account has"));
        }
        let (top, written) = with_branches(&mut self.store, None, |write| trie.finish(write));
        written?;
        if met == owners { Ok(top) } else { Err(SnapshotError::StrayStorage(owners.saturating_sub(met))) }
    }

    /// 1 when the account has storage.
    fn account(&mut self, trie: &mut TrieBuilder, account: AccountEntry) -> Result<u64, SnapshotError> {
        let AccountEntry { key, nonce, balance, code_hash } = account;
        if code_hash != KECCAK256_EMPTY && !self.store.has_code(&code_hash)? {
            return Err(SnapshotError::MissingCode(code_hash));
        }
        let storage_top = self.store.take_storage_top(&key)?.map(Box::new);
        let storage_root = root_hash(storage_top.as_deref());
        let record = Arc::new(AccountRecord { nonce, balance, code_hash, storage_root, storage_top });
        let leaf = record.leaf_rlp();
        self.store.account(&key, &record)?;
        self.counted.accounts += 1;
        let (is_ascending, written) = with_branches(&mut self.store, None, |write| trie.push(key, leaf, write));
        written?;
        if !is_ascending {
            return Err(malformed(&self.reader, "its accounts are not in order"));
        }
        Ok(u64::from(record.storage_top.is_some()))
    }

    /// The earliest block that is there.
    fn read_blocks(&mut self, next: &mut (Kind, Vec<u8>), head: &Head) -> Result<u64, SnapshotError> {
        let mut before: Option<Block> = None;
        let mut earliest = self.header.number;
        while next.0 == Kind::Block && head.has_blocks {
            let entry: BlockEntry = expect(&self.reader, Kind::Block, Kind::Block, &next.1)?;
            let block = decode_block(&self.reader, &entry)?;
            let follows = match &before {
                Some(before) => block.parent_hash() == before.hash() && block.height() == before.height() + 1,
                None => block.height() > 1 || block.parent_hash() == head.genesis,
            };
            if !follows || block.height() == 0 || block.height() >= self.header.number {
                return Err(SnapshotError::NotAnAncestor { height: block.height() });
            }
            self.write_block(&block, &entry.receipts)?;
            if !entry.certificate.is_empty() {
                self.store.certificate(block.height(), &entry.certificate)?;
            }
            earliest = earliest.min(block.height());
            self.counted.blocks += 1;
            before = Some(block);
            self.advance(next)?;
        }
        match before {
            // Each is held by the one after it, and the last by the snapshot's own.
            Some(last) if last.hash() != self.header.parent_hash => {
                Err(SnapshotError::NotAnAncestor { height: last.height() })
            }
            _ => Ok(earliest),
        }
    }
}

/// Does something with a trie that writes branches; the first failure of writing is kept.
fn with_branches<T>(
    store: &mut StagedStore,
    owner: Option<Address>,
    work: impl FnOnce(&mut dyn FnMut(Nibbles, Branch)) -> T,
) -> (T, Result<(), StoreError>) {
    let mut written = Ok(());
    let done = work(&mut |path, branch| {
        if written.is_ok() {
            written = store.branch(owner, path, &branch);
        }
    });
    (done, written)
}

/// The state says in which epochs the validators changed: all of those before the block's own must have been proven, or a set that no longer
/// decides could have signed it.
fn check_handovers(state: &StateView, height: u64, handovers: &[Handover]) -> Result<(), SnapshotError> {
    let epochs = Epochs::of_state(state)?;
    if !epochs.change() {
        return Ok(());
    }
    let mut followed = handovers.iter().map(|handover| handover.record.epoch);
    let limit = handovers.len() + 1;
    let changed = changed_epochs(state, 0, limit)?;
    for epoch in changed.into_iter().filter(|epoch| *epoch < epochs.of(height)) {
        if followed.next() != Some(epoch) {
            return Err(SnapshotError::StaleValidators { epoch });
        }
    }
    Ok(())
}

fn expect<R: Read, T: Decodable>(
    reader: &FrameReader<R>,
    wanted: Kind,
    found: Kind,
    bytes: &[u8],
) -> Result<T, SnapshotError> {
    if wanted != found {
        return Err(malformed(reader, "another kind of chunk belongs here"));
    }
    let mut rest = bytes;
    let decoded = T::decode(&mut rest).map_err(|_| malformed(reader, "it is no RLP of its kind"))?;
    if rest.is_empty() { Ok(decoded) } else { Err(malformed(reader, "bytes follow what it holds")) }
}

fn malformed<R: Read>(reader: &FrameReader<R>, problem: &'static str) -> SnapshotError {
    SnapshotError::Malformed { index: reader.last(), problem }
}

fn sealed<R: Read>(reader: &FrameReader<R>, rlp: &[u8]) -> Result<Sealed<Header>, SnapshotError> {
    let mut rest = rlp;
    let header = Header::decode(&mut rest).map_err(|_| malformed(reader, "it holds no header"))?;
    if !rest.is_empty() || header.number == 0 || alloy_rlp::encode(&header) != rlp {
        return Err(malformed(reader, "it holds no header"));
    }
    Ok(header.seal_slow())
}

fn decode_block<R: Read>(reader: &FrameReader<R>, entry: &BlockEntry) -> Result<Block, SnapshotError> {
    Block::decode(&entry.block).map_err(|_| malformed(reader, "it holds no block"))
}
