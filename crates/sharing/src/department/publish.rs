//! Extracting parts and publishing them as versions of the asset (S-ODS, S-ASSET, SHARE-8). Part *n* is version *n*.

use std::io::Write as _;

use alloy_primitives::{Address, B256};
use chancery_contracts::DigitalAsset;
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};

use super::{Department, DepartmentError};
use crate::{
    directory::is_control,
    extract::{
        Declaration, EpochKey, ExtractError, PublishedPart, Source, extract_part, remove_superseded, reseal_part,
    },
    release::{MAX_TEXT_BYTES, check_link},
    sealing::{BEGINNING_BYTES, DataKey, SealError, Sealed, SealingWriter, is_sealed_under},
    storage::Location,
};

/// Data type of an extract, as the contract has it.
const PARQUET: &[u8] = b"parquet";
/// Hash algorithm of a fingerprint, as the contract has it.
const SHA_256: &[u8] = b"sha-256";

/// A version on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedVersion {
    /// From 1.
    pub version: u32,
    /// Its part.
    pub part: PublishedPart,
    /// Whether it had to be sealed anew, since a reader was removed after it was extracted.
    pub resealed: bool,
    /// The transaction.
    pub tx_hash: B256,
    /// Its final block.
    pub block_number: u64,
}

/// What stands in a version's metadata, sealed under its data key (S-ODS): where the file is, for whoever has the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessInformation {
    /// Where in the store.
    pub location: Location,
    /// Rows in it.
    pub rows: u64,
}

impl Department {
    /// Extracts the next part of a source. None when there are no further rows.
    ///
    /// # Errors
    /// [`DepartmentError`]; nothing is published or recorded then. [`DepartmentError::SharesTexts`] and [`DepartmentError::OtherVersion`] when the newest version
    /// is none of this folder's parts: no part could be published behind it.
    pub async fn extract(
        &self,
        source: &dyn Source,
        declaration: &Declaration,
    ) -> Result<Option<PublishedPart>, DepartmentError> {
        self.check_newest().await?;
        let key = self.present_key().await?;
        let (store, asset, path) = (self.store.as_ref(), self.resource.object(), self.folder.extract_path());
        Ok(extract_part(source, declaration, &key, store, asset, &path).await?)
    }

    /// The number of the newest version, which is the part of that number, counted behind those of owners before.
    pub(super) async fn check_newest(&self) -> Result<u32, DepartmentError> {
        let version = self.asset.latest_version().await?;
        if version < self.versions_before {
            return Err(DepartmentError::Answer);
        }
        if let Some(last) = self.part_index(version) {
            let found = self.asset.fingerprint(version).await?;
            if found.is_zero() {
                return Err(DepartmentError::SharesTexts { version });
            }
            let known = self.folder.extract()?.parts.get(last).map(|part| B256::from(part.fingerprint.0));
            if known != Some(found) {
                return Err(DepartmentError::OtherVersion { version });
            }
        }
        Ok(version)
    }

    /// Publishes the next part that is not on the chain yet. None when all are. A crash in between is found by the next call: the chain says which version is the newest.
    ///
    /// # Errors
    /// [`DepartmentError`]; the version is then on the chain or it is not, and the next call goes on. [`DepartmentError::OtherSeal`] for a part that the key of its epoch does not open.
    pub async fn publish_next(&self) -> Result<Option<PublishedVersion>, DepartmentError> {
        remove_superseded(self.store.as_ref(), &self.folder.extract_path()).await?;
        let state = self.folder.extract()?;
        let latest = self.check_newest().await?;
        let index = self.part_index(latest + 1).ok_or(DepartmentError::Answer)?;
        let Some(part) = state.parts.get(index).cloned() else { return Ok(None) };
        let key = self.present_key().await?;
        let epoch = key.epoch;
        let resealed = part.key_epoch != epoch;
        let part = if resealed {
            let old = self.folder.keys().of(part.key_epoch)?;
            let (store, asset) = (self.store.as_ref(), self.resource.object());
            reseal_part(index, &old, &key, store, asset, &self.folder.extract_path()).await?
        } else {
            self.check_seal(latest + 1, &part, &key).await?;
            part
        };
        let metadata = seal(&AccessInformation { location: part.location.clone(), rows: part.rows }, &key.key)?;
        let version = latest + 1;
        let call = DigitalAsset::publishCall {
            version,
            dataType: B256::right_padding_from(PARQUET),
            hashAlgorithm: B256::right_padding_from(SHA_256),
            fingerprint: part.fingerprint.0.into(),
            size: part.bytes,
            keyEpoch_: epoch,
            metadata: metadata.into(),
        };
        let made = self.asset.send(&self.key, call).await?;
        let (tx_hash, block_number) = (made.tx_hash, made.block.number);
        Ok(Some(PublishedVersion { version, part, resealed, tx_hash, block_number }))
    }

    /// What is published as it lies opens with the key that its readers get: another key of the same epoch may have sealed it, of an owner before or from before a change of hands was accepted.
    async fn check_seal(&self, version: u32, part: &PublishedPart, key: &EpochKey) -> Result<(), DepartmentError> {
        let mut stream = self.store.open(&part.location).await.map_err(ExtractError::from)?;
        let mut beginning = Vec::new();
        while beginning.len() < BEGINNING_BYTES {
            let Some(bytes) = stream.try_next().await.map_err(ExtractError::from)? else { break };
            beginning.extend_from_slice(&bytes);
        }
        if is_sealed_under(&beginning, &key.key) {
            return Ok(());
        }
        Err(DepartmentError::OtherSeal { version, epoch: key.epoch })
    }

    /// Publishes a small text as the next version: it stands on the chain, for everybody to read ([`crate::release::published_text`]). The version
    /// and its transaction.
    ///
    /// # Errors
    /// [`DepartmentError::Text`], [`DepartmentError::SharesExtracts`], [`DepartmentError::Chain`].
    pub async fn publish_text(
        &self,
        text: &str,
        data_type: &str,
    ) -> Result<(u32, chancery_ledger::FinalTransaction), DepartmentError> {
        check_text(text, data_type)?;
        if !self.folder.extract()?.parts.is_empty() {
            return Err(DepartmentError::SharesExtracts);
        }
        let version = self.asset.latest_version().await?.checked_add(1).ok_or(DepartmentError::Answer)?;
        let call = DigitalAsset::publishCall {
            version,
            dataType: B256::right_padding_from(data_type.as_bytes()),
            // None: the text is its own fingerprint.
            hashAlgorithm: B256::ZERO,
            fingerprint: B256::ZERO,
            size: 0,
            keyEpoch_: self.asset.key_epoch().await?,
            metadata: text.as_bytes().to_vec().into(),
        };
        Ok((version, self.asset.send(&self.key, call).await?))
    }

    /// Publishes a link as the next version: the URL, and the fingerprint and length of what lies there now ([`crate::release::published_link`]). It stands on the chain, for
    /// everybody to follow. The version, what lies there, and the transaction.
    ///
    /// # Errors
    /// [`DepartmentError::Link`], [`DepartmentError::Text`] for a type that is no name, [`DepartmentError::SharesExtracts`], [`DepartmentError::Chain`].
    pub async fn publish_link(
        &self,
        url: &str,
        data_type: &str,
    ) -> Result<(u32, Sealed, chancery_ledger::FinalTransaction), DepartmentError> {
        check_type(data_type)?;
        if !self.folder.extract()?.parts.is_empty() {
            return Err(DepartmentError::SharesExtracts);
        }
        let file = check_link(url).await?;
        let version = self.asset.latest_version().await?.checked_add(1).ok_or(DepartmentError::Answer)?;
        let call = DigitalAsset::publishCall {
            version,
            dataType: B256::right_padding_from(data_type.as_bytes()),
            hashAlgorithm: B256::right_padding_from(SHA_256),
            fingerprint: file.fingerprint.0.into(),
            size: file.bytes,
            keyEpoch_: self.asset.key_epoch().await?,
            metadata: url.as_bytes().to_vec().into(),
        };
        Ok((version, file, self.asset.send(&self.key, call).await?))
    }

    /// Removes a reader: its grants end, and a new data key begins. The new key epoch.
    ///
    /// # Errors
    /// [`DepartmentError`].
    pub async fn remove_reader(&self, reader: Address) -> Result<u32, DepartmentError> {
        self.check_keys().await?;
        self.asset.send(&self.key, DigitalAsset::removeCall { reader }).await?;
        Ok(self.present_key().await?.epoch)
    }

    /// Decides on a request that is pending.
    ///
    /// # Errors
    /// [`DepartmentError`].
    pub async fn decide(&self, request: u64, approved: bool) -> Result<(), DepartmentError> {
        let asked = self.asset.request(request).await?;
        if asked.state != crate::directory::RequestState::Pending {
            return Err(DepartmentError::NotGranted { request, state: asked.state });
        }
        self.asset.send(&self.key, DigitalAsset::decideCall { id: request, approved }).await?;
        Ok(())
    }
}

fn check_text(text: &str, data_type: &str) -> Result<(), DepartmentError> {
    if text.is_empty() || text.len() > MAX_TEXT_BYTES {
        return Err(DepartmentError::Text("the text is empty or too long"));
    }
    if text.contains(|character| !matches!(character, '\n' | '\t') && is_control(character)) {
        return Err(DepartmentError::Text("the text has control characters"));
    }
    check_type(data_type)
}

fn check_type(data_type: &str) -> Result<(), DepartmentError> {
    if !(1..=32).contains(&data_type.len()) || !data_type.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(DepartmentError::Text("the type is no name"));
    }
    Ok(())
}

fn seal(information: &AccessInformation, key: &DataKey) -> Result<Vec<u8>, DepartmentError> {
    let failed = |error: SealError| DepartmentError::from(ExtractError::from(std::io::Error::from(error)));
    let mut writer = SealingWriter::new(Vec::new(), key).map_err(failed)?;
    let text = serde_json::to_vec(information).map_err(|error| ExtractError::Writing(error.to_string()))?;
    writer.write_all(&text).map_err(ExtractError::from)?;
    Ok(writer.finish().map_err(failed)?.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Read as _;

    use super::*;
    use crate::sealing::OpeningReader;

    // S-ASSET
    #[test]
    fn what_is_no_small_text_is_refused() {
        assert!(check_text("Minutes:\n\tagreed.", "text/plain").is_ok());
        assert!(check_text(&"x".repeat(MAX_TEXT_BYTES), "t").is_ok());
        let long = "x".repeat(MAX_TEXT_BYTES + 1);
        let wide = "t".repeat(33);
        for (text, data_type) in [
            ("", "t"),
            (long.as_str(), "t"),
            ("a\u{1b}[2J", "t"),
            ("a\u{202e}b", "t"),
            ("a\u{2066}b", "t"),
            ("a", ""),
            ("a", "a b"),
            ("a", wide.as_str()),
        ] {
            assert!(matches!(check_text(text, data_type), Err(DepartmentError::Text(_))), "{text:?} {data_type:?}");
        }
    }

    // S-ODS
    #[test]
    fn access_information_opens_with_the_data_key_alone() {
        let key = DataKey::random().unwrap();
        let location = Location::Name("weather/1".parse().unwrap());
        let information = AccessInformation { location, rows: 3 };
        let sealed = seal(&information, &key).unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"weather"));
        let mut text = String::new();
        OpeningReader::new(sealed.as_slice(), &key).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(serde_json::from_str::<AccessInformation>(&text).unwrap(), information);
        let other = DataKey::random().unwrap();
        assert!(OpeningReader::new(sealed.as_slice(), &other).unwrap().read_to_string(&mut text).is_err());
    }
}
