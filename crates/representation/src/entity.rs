//! The entity and what it is made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use alloy_primitives::Address;
use chancery_ingest::{Ingest, OpenError};
use chancery_reference_points::{
    DoorError,
    application::OperationHandlers,
    data_format::DataFormat,
    journal::{Clock, Journal},
    operation::ChainName,
    p2r::P2r,
};

use crate::{
    Limits,
    batching::Batching,
    formats::{FormatStore, Formats},
    ports::OperationIndex,
    refusals::Refusals,
};

/// Data blockchain representation.
pub struct Representation {
    pub(crate) p2r: Arc<dyn P2r>,
    pub(crate) handlers: OperationHandlers,
    pub(crate) formats: Arc<Formats>,
    pub(crate) ingest: Ingest,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) refusals: Refusals,
    pub(crate) index: Arc<dyn OperationIndex>,
    pub(crate) clock: Clock,
    pub(crate) chains: BTreeSet<ChainName>,
    pub(crate) acts_for: BTreeMap<Address, BTreeSet<Address>>,
    pub(crate) limits: Limits,
    pub(crate) batching: Batching,
}

/// Where submissions of registered sources are kept, and which chain records them.
pub struct SourceData {
    /// The folder of journal and index.
    pub directory: PathBuf,
    /// The chain.
    pub chain: ChainName,
    /// Its EIP-155 id.
    pub chain_id: u64,
    /// Signs receipts.
    pub receipt_key: chancery_data::Signer,
    /// Bounds.
    pub limits: chancery_ingest::Limits,
}

/// Why representation does not open.
#[derive(Debug, thiserror::Error)]
pub enum RepresentationError {
    /// The formats.
    #[error(transparent)]
    Formats(#[from] DoorError),
    /// What was submitted.
    #[error(transparent)]
    SourceData(#[from] OpenError),
}

/// What representation is made of.
pub struct Parts {
    /// Submissions of registered sources.
    pub source_data: SourceData,
    /// The door to processing.
    pub p2r: Arc<dyn P2r>,
    /// The applications' operations.
    pub handlers: OperationHandlers,
    /// The applications' formats.
    pub formats: Vec<DataFormat>,
    /// Where configured formats are kept.
    pub format_store: Arc<dyn FormatStore>,
    /// The chains that record data blocks.
    pub chains: Vec<ChainName>,
    /// What was submitted.
    pub journal: Arc<dyn Journal>,
    /// Which block holds which operation.
    pub index: Arc<dyn OperationIndex>,
    /// The time.
    pub clock: Clock,
    /// Who may hand in operations that others signed: an office's machine for the office's keys.
    pub acts_for: BTreeMap<Address, BTreeSet<Address>>,
    /// Bounds.
    pub limits: Limits,
}

impl Representation {
    /// Opens formats and journal. Needs a tokio runtime.
    ///
    /// # Errors
    /// `ConfigurationInvalid`, `Internal` when a kept format cannot be read; a journal that is damaged.
    pub fn open(parts: Parts) -> Result<Self, RepresentationError> {
        let (p2r, index, clock) = (parts.p2r, parts.index, parts.clock);
        let batching = Batching::new(Arc::clone(&p2r), Arc::clone(&index), Arc::clone(&clock), parts.limits);
        let formats = Arc::new(Formats::open(parts.formats, parts.format_store)?);
        let SourceData { directory, chain, chain_id, receipt_key, limits } = parts.source_data;
        let ingest = Ingest::open(chancery_ingest::Parts {
            directory,
            chain,
            chain_id,
            receipt_key,
            p2r: Arc::clone(&p2r),
            rules: formats.clone(),
            clock: Arc::clone(&clock),
            limits,
        })?;
        Ok(Self {
            formats,
            ingest,
            handlers: parts.handlers,
            refusals: Refusals::new(Arc::clone(&parts.journal), Arc::clone(&clock)),
            journal: parts.journal,
            chains: parts.chains.into_iter().collect(),
            acts_for: parts.acts_for,
            limits: parts.limits,
            p2r,
            index,
            clock,
            batching,
        })
    }

    /// Reads what registered sources submitted, beside the writer.
    #[must_use]
    pub fn source_data(&self) -> chancery_ingest::reading::JournalReader {
        self.ingest.reader()
    }
}

#[cfg(test)]
mod tests;
