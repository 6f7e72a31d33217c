//! Entries that are not for everybody: what the chain has of them says nothing without the opening that the city keeps (S-DIR).

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_reference_points::{Actor, DoorResult, s2p::Retrieval};

use super::{Directory, ascii, on_disk};
use crate::directory::{Entry, Opening, ResourceName, Visibility, opening::Record};

impl Directory {
    /// The entry that a word stands for, when its opening is kept and the actor may see it.
    pub(super) async fn opened(&self, actor: &Actor, word: B256, found: &Record) -> DoorResult<Option<Entry>> {
        let Some((opening, text)) = self.opening(word, found).await? else { return Ok(None) };
        if !opening.visibility().admits(actor) {
            return Ok(None);
        }
        Ok(Some(Entry {
            resource: opening.resource.clone(),
            organization: ascii(found.organization),
            asset: found.asset,
            registered_at: found.registeredAt,
            visible_to: opening.visibility().names(),
            description_hash: found.descriptionHash,
            opening: Some(text),
            title: Some(opening.description.title),
            description: Some(opening.description.description),
            columns: opening.description.columns,
            service: opening.description.service,
            state: None,
        }))
    }

    /// The asset under a name, whoever asks, and whether the actor may see it: the first that it may see, or else the first.
    pub(in crate::directory) async fn asset_of(
        &self,
        actor: &Actor,
        chains: &dyn Retrieval,
        name: &ResourceName,
    ) -> DoorResult<Option<(Address, bool)>> {
        let plain = self.record(chains, name.to_bytes32()).await?;
        let mut found = Vec::new();
        if plain.registeredAt != 0 {
            // An open name comes before all others.
            found.push((0, plain.asset, Visibility(plain.visibility).admits(actor)));
        }
        for word in self.words(name).await? {
            let record = self.record(chains, word).await?;
            if let Some((opening, _)) = self.opening(word, &record).await? {
                found.push((record.registeredAt, record.asset, opening.visibility().admits(actor)));
            }
        }
        found.sort_by_key(|(registered_at, _, is_visible)| (!is_visible, *registered_at));
        Ok(found.first().map(|(_, asset, is_visible)| (*asset, *is_visible)))
    }

    /// Keeps an opening; the caller has compared it with the chain. False when too many entries have its name.
    pub(in crate::directory) async fn keep_opening(&self, opening: Opening, text: String) -> DoorResult<bool> {
        let descriptions = Arc::clone(&self.at.descriptions);
        on_disk(move || descriptions.keep_opening(&opening, &text)).await
    }

    /// The words that stand for a name.
    pub(super) async fn words(&self, name: &ResourceName) -> DoorResult<Vec<B256>> {
        let (descriptions, name) = (Arc::clone(&self.at.descriptions), name.clone());
        on_disk(move || descriptions.words(&name)).await
    }

    /// What opens an entry, compared with what the chain has of it.
    async fn opening(&self, word: B256, found: &Record) -> DoorResult<Option<(Opening, String)>> {
        if found.registeredAt == 0 || Visibility(found.visibility) != Visibility::NOBODY {
            return Ok(None);
        }
        let (descriptions, hash) = (Arc::clone(&self.at.descriptions), found.descriptionHash);
        let text = on_disk(move || descriptions.find_opening(word, hash)).await?;
        Ok(text.and_then(|text| Some((Opening::of_entry(word, found, &text)?, text))))
    }
}
