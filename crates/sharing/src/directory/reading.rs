//! Reading the contracts of directory and assets. What the directory had at the newest block that was seen is kept, so that a search costs one view while no
//! block is made.

mod newest;
mod opened;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use chancery_contracts::{DigitalAsset, ResourceDirectory};
use chancery_reference_points::{Actor, Code, DoorError, DoorResult, operation::ChainName, s2p::Retrieval};

use super::{
    Accesses, AssetState, Descriptions, Entry, ResourceDescription, ResourceName, VersionEntry, Visibility,
    opening::Record,
};

pub(super) use newest::{Found, Search};
use opened::several;

/// Most versions that are shown of an asset.
const MAX_SHOWN_VERSIONS: u32 = 20;
/// Most records of the directory that are kept; with descriptions at most 4 MiB.
const MAX_KEPT_RECORDS: usize = 1024;

/// Where the directory is.
#[derive(Clone, Debug)]
pub struct DirectoryAt {
    /// The chain.
    pub chain: ChainName,
    /// The contract `ResourceDirectory`.
    pub contract: Address,
    /// Descriptions and openings that are not on the chain.
    pub descriptions: Arc<dyn Descriptions>,
    /// Who came for shared assets, as their owners tell it.
    pub accesses: Arc<dyn Accesses>,
}

/// The directory, as the services read it.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    at: DirectoryAt,
    kept: Arc<Mutex<Kept>>,
}

/// Records of one block, the newest that was seen.
#[derive(Debug, Default)]
struct Kept {
    block: u64,
    records: HashMap<B256, Arc<Record>>,
}

impl Directory {
    pub(super) fn new(at: DirectoryAt) -> Self {
        Self { at, kept: Arc::default() }
    }

    /// The contract of the directory.
    pub(super) const fn contract(&self) -> Address {
        self.at.contract
    }

    /// Where the city keeps who came.
    pub(super) fn accesses(&self) -> &dyn Accesses {
        self.at.accesses.as_ref()
    }

    /// Asks a contract that somebody named.
    pub(super) async fn call<C: SolCall>(
        &self,
        chains: &dyn Retrieval,
        contract: Address,
        call: C,
    ) -> DoorResult<C::Return> {
        Ok(self.read(chains, contract, call).await?.0)
    }

    /// The same, with the block that has it.
    pub(super) async fn call_at<C: SolCall>(
        &self,
        chains: &dyn Retrieval,
        contract: Address,
        call: C,
    ) -> DoorResult<(C::Return, u64)> {
        self.read(chains, contract, call).await
    }

    /// The names of the directory from a place on, and the block that has them.
    pub(super) async fn names(
        &self,
        chains: &dyn Retrieval,
        first: usize,
        limit: usize,
    ) -> DoorResult<(Vec<B256>, u64)> {
        let call = ResourceDirectory::resourcesCall { offset: U256::from(first), limit: U256::from(limit) };
        self.read(chains, self.at.contract, call).await
    }

    /// What the contract has of a name now.
    pub(super) async fn record(&self, chains: &dyn Retrieval, word: B256) -> DoorResult<Arc<Record>> {
        let call = ResourceDirectory::resourceAtCall { resource: word };
        let (record, block) = self.read(chains, self.at.contract, call).await?;
        let record = Arc::new(record);
        let mut kept = self.kept();
        if block > kept.block {
            *kept = Kept { block, records: HashMap::new() };
        }
        if block == kept.block && kept.records.len() < MAX_KEPT_RECORDS {
            kept.records.insert(word, Arc::clone(&record));
        }
        Ok(record)
    }

    /// The entry of a name, when there is one that the actor may see: as it was at the block `since` or later, or, without, as it is now.
    pub(super) async fn entry(
        &self,
        actor: &Actor,
        chains: &dyn Retrieval,
        word: B256,
        since: Option<u64>,
    ) -> DoorResult<Option<Entry>> {
        let found = match since.and_then(|block| self.kept_record(word, block)) {
            Some(record) => record,
            None => self.record(chains, word).await?,
        };
        // Whoever registers chooses the name; one that is none here stands for another, or cannot be asked for.
        let Ok(resource) = ResourceName::from_bytes32(word) else { return self.opened(actor, word, &found).await };
        let visibility = Visibility(found.visibility);
        if found.registeredAt == 0 || !visibility.admits(actor) {
            return Ok(None);
        }
        let mut entry = Entry {
            resource,
            organization: ascii(found.organization),
            asset: found.asset,
            registered_at: found.registeredAt,
            visible_to: visibility.names(),
            description_hash: found.descriptionHash,
            opening: None,
            title: None,
            description: None,
            columns: Vec::new(),
            service: None,
            state: None,
        };
        let text = if found.description.is_empty() {
            self.text(&entry.resource, found.descriptionHash).await?
        } else {
            Some(found.description.clone())
        };
        // What an owner writes is its own affair; what is no description is shown without one.
        if let Some(Ok(described)) = text.as_deref().map(ResourceDescription::parse) {
            entry.title = Some(described.title);
            entry.description = Some(described.description);
            entry.columns = described.columns;
            entry.service = described.service;
        }
        Ok(Some(entry))
    }

    /// The entry of a name, or of a word that stands for one, as it is now. Entries of one asset are one.
    pub(super) async fn named(&self, actor: &Actor, chains: &dyn Retrieval, resource: &str) -> DoorResult<Entry> {
        let mut found: Vec<Entry> = Vec::new();
        for word in self.words_of(resource).await? {
            if let Some(entry) = self.entry(actor, chains, word, None).await?
                && !found.iter().any(|known| known.asset == entry.asset)
            {
                found.push(entry);
            }
        }
        if found.len() > 1 {
            return Err(several(found.iter().map(Entry::word)));
        }
        let unknown = || DoorError::new(Code::UnknownResource, "there is no such resource that you may see");
        found.pop().ok_or_else(unknown)
    }

    /// What the contract of an asset says.
    pub(super) async fn state(&self, chains: &dyn Retrieval, asset: Address) -> DoorResult<AssetState> {
        let owner = self.call(chains, asset, DigitalAsset::ownerCall {}).await?;
        let automatic = self.call(chains, asset, DigitalAsset::automaticCall {}).await?;
        let key_epoch = self.call(chains, asset, DigitalAsset::keyEpochCall {}).await?;
        let latest: u32 = self.call(chains, asset, DigitalAsset::latestVersionCall {}).await?;
        let mut versions = Vec::new();
        for version in (latest.saturating_sub(MAX_SHOWN_VERSIONS) + 1..=latest).rev() {
            let found = self.call(chains, asset, DigitalAsset::versionAtCall { version }).await?;
            versions.push(VersionEntry {
                version,
                fingerprint: found.fingerprint,
                size: found.size,
                published_at: found.publishedAt,
                key_epoch: found.keyEpoch,
            });
        }
        Ok(AssetState { owner, automatic, key_epoch, versions })
    }

    /// Keeps the description of a resource; the caller has compared its hash with the chain's.
    pub(super) async fn keep(&self, resource: &ResourceName, text: String) -> DoorResult<B256> {
        let (descriptions, resource) = (Arc::clone(&self.at.descriptions), resource.clone());
        on_disk(move || descriptions.keep(&resource, &text)).await
    }

    async fn text(&self, resource: &ResourceName, hash: B256) -> DoorResult<Option<String>> {
        let (descriptions, resource) = (Arc::clone(&self.at.descriptions), resource.clone());
        on_disk(move || descriptions.find(&resource, hash)).await
    }

    async fn read<C: SolCall>(
        &self,
        chains: &dyn Retrieval,
        contract: Address,
        call: C,
    ) -> DoorResult<(C::Return, u64)> {
        let answer = chains.view(&self.at.chain, contract, Bytes::from(call.abi_encode())).await?;
        // Whoever registers chooses the asset's contract.
        let foreign = "the contract answers with something else than its interface says";
        let read = C::abi_decode_returns(&answer.data).map_err(|_| DoorError::new(Code::UnknownResource, foreign))?;
        Ok((read, answer.block_number))
    }

    fn kept_record(&self, word: B256, since: u64) -> Option<Arc<Record>> {
        let kept = self.kept();
        if kept.block < since { None } else { kept.records.get(&word).cloned() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Files are read beside the tasks that answer requests.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> DoorResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(DoorError::internal)?.map_err(DoorError::internal)
}

/// Text of a word: the characters before the zeros.
pub(super) fn ascii(word: B256) -> String {
    let end = word.iter().position(|byte| *byte == 0).unwrap_or(word.len());
    String::from_utf8_lossy(&word[..end]).into_owned()
}
