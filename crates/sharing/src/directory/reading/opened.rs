//! Entries that are not for everybody: what the chain has of them says nothing without the opening that the city keeps (S-DIR).

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_reference_points::{Actor, Code, DoorError, DoorResult, s2p::Retrieval};

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

    /// The asset under a name, or under a word that stands for one, and whether the actor may see it. Where it sees none: the first that was registered.
    pub(in crate::directory) async fn asset_of(
        &self,
        actor: &Actor,
        chains: &dyn Retrieval,
        resource: &str,
    ) -> DoorResult<Option<(Address, bool)>> {
        let mut seen: Vec<(Address, B256)> = Vec::new();
        let mut first: Option<(u64, Address)> = None;
        for word in self.words_of(resource).await? {
            let record = self.record(chains, word).await?;
            let Some(visibility) = self.visibility(word, &record).await? else { continue };
            if !visibility.admits(actor) {
                let other = (record.registeredAt, record.asset);
                first = Some(first.filter(|known| known.0 <= other.0).unwrap_or(other));
            } else if !seen.iter().any(|(asset, _)| *asset == record.asset) {
                seen.push((record.asset, word));
            }
        }
        match seen[..] {
            [] => Ok(first.map(|(_, asset)| (asset, false))),
            [(asset, _)] => Ok(Some((asset, true))),
            _ => Err(several(seen.iter().map(|(_, word)| *word))),
        }
    }

    /// Who may see what a word stands for; none when there is nothing that is known.
    async fn visibility(&self, word: B256, found: &Record) -> DoorResult<Option<Visibility>> {
        if ResourceName::from_bytes32(word).is_ok() {
            return Ok((found.registeredAt != 0).then_some(Visibility(found.visibility)));
        }
        Ok(self.opening(word, found).await?.map(|(opening, _)| opening.visibility()))
    }

    /// Keeps an opening; the caller has compared it with the chain. False when too many entries have its name.
    pub(in crate::directory) async fn keep_opening(&self, opening: Opening, text: String) -> DoorResult<bool> {
        let descriptions = Arc::clone(&self.at.descriptions);
        on_disk(move || descriptions.keep_opening(&opening, &text)).await
    }

    /// Under what the contract may have what somebody asks for: a name itself, then the words that stand for it; or such a word alone, in hexadecimal digits
    /// with `0x`.
    pub(in crate::directory) async fn words_of(&self, resource: &str) -> DoorResult<Vec<B256>> {
        if resource.starts_with("0x")
            && let Ok(word) = resource.parse::<B256>()
        {
            // Also the word of a name: where several entries have it, that is the way to the one that is for everybody.
            return Ok(vec![word]);
        }
        let Ok(name) = resource.parse::<ResourceName>() else { return Ok(Vec::new()) };
        let (descriptions, own) = (Arc::clone(&self.at.descriptions), name.to_bytes32());
        let others = on_disk(move || descriptions.words(&name)).await?;
        Ok(std::iter::once(own).chain(others).collect())
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

/// Several entries that somebody may see have one name: none of them is taken for the one that is meant.
pub(super) fn several(words: impl Iterator<Item = B256>) -> DoorError {
    let words: Vec<String> = words.map(|word| word.to_string()).collect();
    let detail = "several resources that you may see have this name: ask for one of `words` in place of it";
    DoorError::new(Code::MalformedRequest, detail).with("member", "resource").with("words", words)
}
