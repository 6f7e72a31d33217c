//! What marshal keeps of final blocks.
//!
//! The execution store has every final block that the node keeps, and every certificate. Marshal needs blocks and certificates durably
//! before the application has them, and may be asked for any of them by a peer that is behind. So the newest are in
//! archives of consensus' own, which are pruned, and everything older is read from the execution store: nothing is kept
//! twice for long, and a peer can still be helped from any height.

use std::{
    num::{NonZeroU16, NonZeroU64, NonZeroUsize},
    sync::Arc,
};

use chancery_execution::{Blockchain, StoreError};
use commonware_codec::{Decode as _, Encode as _};
use commonware_consensus::{
    marshal::store::{Blocks, Certificates},
    simplex::types::Finalization,
    types::Height,
};
use commonware_cryptography::certificate::Verifier as _;
use commonware_runtime::{
    Clock, Handle, Metrics, Storage,
    buffer::paged::{CacheRef, page_size},
};
use commonware_storage::{
    archive::{self, Identifier, prunable},
    translator::EightCap,
};
use commonware_utils::{NZU64, NZUsize};

use crate::{BlockDigest, ConsensusBlock, ConsensusScheme, NodeError, block::hash};

/// A finality certificate as consensus has it.
pub(crate) type BlockFinalization = Finalization<ConsensusScheme, BlockDigest>;

/// Final blocks that consensus keeps itself. More than the application can be behind, and enough for a peer that was away
/// for a moment; older ones come from the execution store.
pub(crate) const RETAINED_BLOCKS: u64 = 512;
/// Blocks in one file: what one pruning removes.
pub(crate) const BLOCKS_PER_SECTION: NonZeroU64 = NZU64!(128);
/// Six chains share a small process, so buffers are small; they bound memory, not the size of a block.
pub(crate) const REPLAY_BUFFER_BYTES: NonZeroUsize = NZUsize!(64 * 1024);
/// See [`REPLAY_BUFFER_BYTES`].
pub(crate) const WRITE_BUFFER_BYTES: NonZeroUsize = NZUsize!(64 * 1024);
/// Bytes of a cached page of consensus' files: with its checksum it fills one page of the disk.
const PAGE_BYTES: NonZeroU16 = page_size(4096);
/// Pages cached a chain: 1 MiB. Consensus reads back little but what it has just written.
const CACHED_PAGES: NonZeroUsize = NZUsize!(256);

type Archive<E, V> = prunable::Archive<EightCap, E, BlockDigest, V>;

/// The page cache of one chain's consensus files.
pub(crate) fn page_cache() -> CacheRef {
    CacheRef::new(PAGE_BYTES, CACHED_PAGES)
}

/// Why finalized blocks or certificates cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FinalizedError {
    /// Consensus' own archive fails.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The execution store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate in the execution store is not one.
    #[error("the certificate of block {0} in the store is damaged")]
    Certificate(u64),
}

/// Opens both archives of a chain.
pub(crate) async fn open<E: Storage + Metrics + Clock>(
    context: &E,
    partition: &str,
    cache: &CacheRef,
    chain: &Blockchain,
) -> Result<(FinalizedBlocks<E>, FinalizedCertificates<E>), NodeError> {
    let failed =
        |error: archive::Error| NodeError::ConsensusStorage { partition: partition.into(), message: error.to_string() };
    let blocks =
        prunable::Archive::init(context.child("finalized_blocks"), config(&format!("{partition}-blocks"), cache, ()))
            .await
            .map_err(failed)?;
    let certificates = prunable::Archive::init(
        context.child("finalizations"),
        config(&format!("{partition}-finalizations"), cache, ConsensusScheme::certificate_codec_config_unbounded()),
    )
    .await
    .map_err(failed)?;
    let blocks = FinalizedBlocks { recent: blocks, chain: chain.clone() };
    let certificates = FinalizedCertificates { recent: certificates, chain: chain.clone() };
    Ok((blocks, certificates))
}

fn config<C>(partition: &str, cache: &CacheRef, codec_config: C) -> prunable::Config<EightCap, C> {
    prunable::Config {
        translator: EightCap,
        metadata_partition: format!("{partition}-metadata"),
        key_partition: format!("{partition}-keys"),
        key_page_cache: cache.clone(),
        value_partition: format!("{partition}-values"),
        compression: None,
        codec_config,
        items_per_section: BLOCKS_PER_SECTION,
        key_write_buffer: WRITE_BUFFER_BYTES,
        value_write_buffer: WRITE_BUFFER_BYTES,
        replay_buffer: REPLAY_BUFFER_BYTES,
    }
}

/// Final blocks: the newest in an archive, all others in the execution store.
pub(crate) struct FinalizedBlocks<E: Storage + Metrics + Clock> {
    recent: Archive<E, Arc<ConsensusBlock>>,
    chain: Blockchain,
}

impl<E: Storage + Metrics + Clock> FinalizedBlocks<E> {
    /// The block at a height, if it is among the newest.
    pub(crate) async fn recent(&self, height: u64) -> Result<Option<Arc<ConsensusBlock>>, archive::Error> {
        archive::Archive::get(&self.recent, Identifier::Index(height)).await
    }

    fn stored(&self, id: Identifier<'_, BlockDigest>) -> Result<Option<Arc<ConsensusBlock>>, StoreError> {
        let block = match id {
            Identifier::Index(height) => self.chain.block(height)?,
            Identifier::Key(key) => self.chain.block(hash(*key))?,
        };
        Ok(block.map(|block| Arc::new(ConsensusBlock::from(block.block().clone()))))
    }
}

impl<E: Storage + Metrics + Clock> Blocks for FinalizedBlocks<E> {
    type Block = Arc<ConsensusBlock>;
    type Error = FinalizedError;

    async fn put(self, digest: BlockDigest, block: &Self::Block) -> Result<Self, Self::Error> {
        let Self { recent, chain } = self;
        // What somebody claimed falsely is not said again (CHAIN-8).
        let corrected = block.corrected().map(Arc::new);
        let recent = Blocks::put(recent, digest, corrected.as_ref().unwrap_or(block)).await?;
        Ok(Self { recent, chain })
    }

    async fn sync(self) -> Result<Self, Self::Error> {
        let Self { recent, chain } = self;
        Ok(Self { recent: Blocks::sync(recent).await?, chain })
    }

    async fn start_sync(self) -> Result<(Self, Handle<()>), Self::Error> {
        let Self { recent, chain } = self;
        let (recent, handle) = Blocks::start_sync(recent).await?;
        Ok((Self { recent, chain }, handle))
    }

    async fn get(&self, id: Identifier<'_, BlockDigest>) -> Result<Option<Self::Block>, Self::Error> {
        // The identifier is not `Copy`, and the archive takes it whole.
        let again = match &id {
            Identifier::Index(height) => Identifier::Index(*height),
            Identifier::Key(key) => Identifier::Key(*key),
        };
        match Blocks::get(&self.recent, id).await? {
            Some(block) => Ok(Some(block)),
            None => Ok(self.stored(again)?),
        }
    }

    async fn prune(self, min: Height) -> Result<Self, Self::Error> {
        let Self { recent, chain } = self;
        Ok(Self { recent: Blocks::prune(recent, min).await?, chain })
    }

    fn missing_items(&self, start: Height, max: usize) -> Vec<Height> {
        // Up to the head nothing is missing: the execution store has it.
        let start = start.max(Height::new(self.chain.head().block().height()).next());
        Blocks::missing_items(&self.recent, start, max)
    }

    fn next_gap(&self, value: Height) -> (Option<Height>, Option<Height>) {
        let head = Height::new(self.chain.head().block().height());
        if value > head {
            return Blocks::next_gap(&self.recent, value);
        }
        // A node that began from a snapshot, or forgot blocks, has the genesis and nothing between. If the store fails, whoever reads meets it too.
        let earliest = Height::new(self.chain.earliest_block().unwrap_or_default());
        if value < earliest && earliest > Height::new(1) {
            return ((value == Height::zero()).then_some(value), Some(earliest));
        }
        // `value` lies in the range that reaches the head, or beyond if the archive goes on from there.
        let (end, next) = Blocks::next_gap(&self.recent, head.next());
        match end {
            Some(end) => (Some(end), next),
            None => (Some(head), next),
        }
    }

    fn last_index(&self) -> Option<Height> {
        let head = Height::new(self.chain.head().block().height());
        Some(Blocks::last_index(&self.recent).map_or(head, |last| last.max(head)))
    }
}

/// Finality certificates: the newest in an archive, all others in the execution store.
pub(crate) struct FinalizedCertificates<E: Storage + Metrics + Clock> {
    recent: Archive<E, BlockFinalization>,
    chain: Blockchain,
}

impl<E: Storage + Metrics + Clock> FinalizedCertificates<E> {
    /// The certificate of the block at a height, if it is among the newest.
    pub(crate) async fn recent(&self, height: u64) -> Result<Option<BlockFinalization>, archive::Error> {
        archive::Archive::get(&self.recent, Identifier::Index(height)).await
    }
}

/// The certificate that the execution store has for exactly this block.
pub(crate) fn stored_certificate(chain: &Blockchain, height: u64) -> Result<Option<BlockFinalization>, FinalizedError> {
    let Some(bytes) = chain.certificate(height)? else {
        return Ok(None);
    };
    BlockFinalization::decode_cfg(bytes.to_vec(), &ConsensusScheme::certificate_codec_config_unbounded())
        .map(Some)
        .map_err(|_| FinalizedError::Certificate(height))
}

impl<E: Storage + Metrics + Clock> Certificates for FinalizedCertificates<E> {
    type BlockDigest = BlockDigest;
    type Commitment = BlockDigest;
    type Scheme = ConsensusScheme;
    type Error = FinalizedError;

    async fn put(
        self,
        height: Height,
        digest: BlockDigest,
        finalization: &BlockFinalization,
    ) -> Result<Self, Self::Error> {
        let Self { recent, chain } = self;
        let recent = Certificates::put(recent, height, digest, finalization).await?;
        Ok(Self { recent, chain })
    }

    async fn sync(self) -> Result<Self, Self::Error> {
        let Self { recent, chain } = self;
        Ok(Self { recent: Certificates::sync(recent).await?, chain })
    }

    async fn start_sync(self) -> Result<(Self, Handle<()>), Self::Error> {
        let Self { recent, chain } = self;
        let (recent, handle) = Certificates::start_sync(recent).await?;
        Ok((Self { recent, chain }, handle))
    }

    async fn get(&self, id: Identifier<'_, BlockDigest>) -> Result<Option<BlockFinalization>, Self::Error> {
        let height = match &id {
            Identifier::Index(height) => Some(*height),
            Identifier::Key(key) => self.chain.height_of(hash(**key))?,
        };
        match (Certificates::get(&self.recent, id).await?, height) {
            (Some(finalization), _) => Ok(Some(finalization)),
            (None, Some(height)) => stored_certificate(&self.chain, height),
            (None, None) => Ok(None),
        }
    }

    async fn has(&self, height: Height) -> Result<bool, Self::Error> {
        Ok(Certificates::has(&self.recent, height).await? || self.chain.certificate(height.get())?.is_some())
    }

    async fn prune(self, min: Height) -> Result<Self, Self::Error> {
        let Self { recent, chain } = self;
        Ok(Self { recent: Certificates::prune(recent, min).await?, chain })
    }

    fn last_index(&self) -> Option<Height> {
        Certificates::last_index(&self.recent)
    }

    fn ranges_from(&self, from: Height) -> impl Iterator<Item = (Height, Height)> {
        Certificates::ranges_from(&self.recent, from)
    }
}

/// The bytes of a certificate, as light clients get them.
pub(crate) fn certificate_bytes(finalization: &BlockFinalization) -> alloy_primitives::Bytes {
    finalization.encode().to_vec().into()
}
