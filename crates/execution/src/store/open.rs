//! Opening and creating a store.

use std::{fs, io::ErrorKind, path::Path, sync::Arc};

use alloy_primitives::B256;
use fjall::{
    CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode,
    compaction::Leveled,
    config::{CompressionPolicy, FilterPolicy, PartitioningPolicy, PinningPolicy},
};

use super::{
    FORMAT_VERSION, OLDEST_VERSION, OpenError, PARTS_APART_VERSION, Store, StoreConfig, StoreError,
    cache::Caches,
    keys::{self, Kind},
    volumes::Volumes,
};

impl Store {
    /// Opens the store in `dir`; the second value is true when it was created now and holds nothing yet.
    pub(crate) fn open(dir: &Path, genesis: B256, config: &StoreConfig) -> Result<(Self, bool), OpenError> {
        fs::create_dir_all(dir).map_err(|source| OpenError::Io { path: dir.into(), source })?;
        let builder = Database::builder(dir)
            .cache_size(config.block_cache_bytes)
            .worker_threads(config.worker_threads)
            .max_journaling_size(config.journal_bytes)
            .manual_journal_persist(true);
        let database = builder.open().map_err(|error| classify(dir, error))?;
        let keyspace = |name: &str, content: Content| -> Result<Keyspace, OpenError> {
            database.keyspace(name, || content.options(config)).map_err(|error| classify(dir, error))
        };
        // What is refused is not changed: nothing else is made before.
        let chain = keyspace("chain", Content::Documents)?;
        let version = identity(&chain, dir, genesis)?;
        let mut store = Self {
            chain,
            blocks: keyspace("blocks", Content::Parts)?,
            changes: keyspace("changes", Content::Parts)?,
            lookup: keyspace("lookup", Content::Hashes)?,
            accounts: keyspace("accounts", Content::Hashes)?,
            slots: keyspace("slots", Content::Hashes)?,
            history: keyspace("history", Content::Past)?,
            nodes: keyspace("nodes", Content::Known)?,
            caches: Caches::new(config),
            volumes: Volumes::new(config.volume_entries),
            apart_from: 0,
            run_ahead: config.run_ahead,
            database,
        };
        let created = version.is_none();
        if created {
            if !store.blocks.is_empty().map_err(StoreError::while_doing("opening"))? {
                return Err(unversioned(dir));
            }
            store.apart_from = if config.parts_apart { 0 } else { u64::MAX };
        } else {
            if let Some(older) = version.filter(|version| *version < FORMAT_VERSION) {
                store.upgrade(older)?;
            }
            let problem = "the volumes of its history are out of order".into();
            let corrupt = || OpenError::Corrupt { path: dir.into(), problem };
            store.volumes = store.read_volumes(config.volume_entries)?.ok_or_else(corrupt)?;
            store.apart_from = store.meta_height(keys::META_APART_FROM)?.unwrap_or_default();
        }
        Ok((store, created))
    }

    /// Durable before anything is written otherwise: an older build must not read past it.
    fn upgrade(&self, from: u32) -> Result<(), StoreError> {
        tracing::info!(from, to = FORMAT_VERSION, "the store's format is brought up to date");
        let mut batch = self.batch();
        if from < PARTS_APART_VERSION {
            let next = self.head_height()?.map_or(0, |head| head + 1);
            batch.insert(&self.chain, keys::meta(keys::META_APART_FROM), next.to_be_bytes());
        }
        batch.insert(&self.chain, keys::meta(keys::META_VERSION), FORMAT_VERSION.to_be_bytes());
        batch.commit().map_err(StoreError::while_doing("bringing the format up to date"))
    }

    /// Where a part of the block at a height stands.
    pub(super) fn part(&self, kind: Kind, height: u64) -> (&Keyspace, [u8; 9]) {
        match kind {
            Kind::Body | Kind::Receipts if height >= self.apart_from => (&self.blocks, keys::part(kind, height)),
            Kind::Changes if height >= self.apart_from => (&self.changes, keys::part(kind, height)),
            _ => (&self.chain, keys::block(kind, height)),
        }
    }

    /// Tells the caches where the chain stands.
    pub(crate) fn resume(&self, head: u64) {
        self.caches.advance(head);
    }

    pub(super) fn meta(&self, name: &str) -> Result<Option<fjall::UserValue>, StoreError> {
        meta(&self.chain, name)
    }

    pub(super) fn meta_height(&self, name: &str) -> Result<Option<u64>, StoreError> {
        let Some(value) = self.meta(name)? else { return Ok(None) };
        let bytes = value.as_ref().try_into().map_err(|_| StoreError::damaged("a height is no number"))?;
        Ok(Some(u64::from_be_bytes(bytes)))
    }

    /// Starts an atomic, synced batch.
    pub(super) fn batch(&self) -> fjall::OwnedWriteBatch {
        self.database.batch().durability(Some(PersistMode::SyncData))
    }
}

fn meta(chain: &Keyspace, name: &str) -> Result<Option<fjall::UserValue>, StoreError> {
    chain.get(keys::meta(name)).map_err(StoreError::while_doing("reading"))
}

/// Compares version and genesis with what the store says of itself; the version. `None`: it says nothing, for it is new.
fn identity(chain: &Keyspace, dir: &Path, genesis: B256) -> Result<Option<u32>, OpenError> {
    let corrupt = |problem: &str| OpenError::Corrupt { path: dir.into(), problem: problem.into() };
    let Some(version) = meta(chain, keys::META_VERSION)? else {
        let is_empty = chain.is_empty().map_err(StoreError::while_doing("opening"))?;
        return if is_empty { Ok(None) } else { Err(unversioned(dir)) };
    };
    let version =
        version.as_ref().try_into().map(u32::from_be_bytes).map_err(|_| corrupt("its version is no number"))?;
    if !(OLDEST_VERSION..=FORMAT_VERSION).contains(&version) {
        return Err(OpenError::Version { path: dir.into(), found: version, expected: FORMAT_VERSION });
    }
    let found = meta(chain, keys::META_GENESIS)?.ok_or_else(|| corrupt("it names no genesis"))?;
    let found = B256::try_from(found.as_ref()).map_err(|_| corrupt("its genesis is no hash"))?;
    if found != genesis {
        return Err(OpenError::OtherGenesis { path: dir.into(), found, expected: genesis });
    }
    Ok(Some(version))
}

fn unversioned(dir: &Path) -> OpenError {
    OpenError::Corrupt { path: dir.into(), problem: "it has blocks and no version".into() }
}

/// What a keyspace holds, which decides how its tables are made.
#[derive(Clone, Copy)]
enum Content {
    /// Long values that compress.
    Documents,
    /// Such values by height: what is written lies behind all that was, so its tables are never merged and what compresses them comes at once. They
    /// are there when they are asked for.
    Parts,
    /// Short values under keys that may not be there. Nothing of it compresses.
    Hashes,
    /// As hashes, of which ranges are read: filters would tell nothing.
    Past,
    /// As hashes, under keys that are always there when they are asked for: filters would tell nothing either.
    Known,
}

impl Content {
    /// Indices and filters are read in pieces through the block cache: neither does their memory grow with the chain, nor is a large one read
    /// for the sake of one key.
    fn options(self, config: &StoreConfig) -> KeyspaceCreateOptions {
        let options = KeyspaceCreateOptions::default()
            .max_memtable_size(config.write_buffer_bytes)
            .manual_journal_persist(true)
            .index_block_partitioning_policy(PartitioningPolicy::all(true))
            .filter_block_partitioning_policy(PartitioningPolicy::all(true))
            .index_block_pinning_policy(PinningPolicy::all(true))
            .filter_block_pinning_policy(PinningPolicy::all(true));
        match self {
            Self::Documents => options,
            // Nothing is gained by gathering them for longer: no table of theirs is ever merged.
            Self::Parts => options
                .max_memtable_size(config.write_buffer_bytes / 4)
                .data_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4))
                .filter_policy(FilterPolicy::disabled()),
            Self::Hashes => merged(options, config).data_block_compression_policy(CompressionPolicy::disabled()),
            Self::Past => merged(options, config)
                .data_block_compression_policy(CompressionPolicy::disabled())
                .filter_policy(FilterPolicy::disabled()),
            Self::Known => options
                .data_block_compression_policy(CompressionPolicy::disabled())
                .filter_policy(FilterPolicy::disabled()),
        }
    }
}

/// Tables that are merged with one another. The first level has four of them (fjall's default); while that is all of a keyspace, what comes is merged
/// with all of it. With tables of fjall's default of 64 MiB that are 256 MiB at once, which is one core for seconds.
fn merged(options: KeyspaceCreateOptions, config: &StoreConfig) -> KeyspaceCreateOptions {
    options.compaction_strategy(Arc::new(Leveled::default().with_table_target_size(config.table_bytes)))
}

fn classify(dir: &Path, error: fjall::Error) -> OpenError {
    let path = dir.to_path_buf();
    match error {
        fjall::Error::Locked => OpenError::Locked { path },
        fjall::Error::Io(source) if source.kind() == ErrorKind::WouldBlock => OpenError::Locked { path },
        fjall::Error::Io(source) => OpenError::Io { path, source },
        fjall::Error::InvalidVersion(_) => {
            OpenError::Corrupt { path, problem: "the database has a version that this build does not know".into() }
        }
        other => OpenError::Corrupt { path, problem: other.to_string() },
    }
}
