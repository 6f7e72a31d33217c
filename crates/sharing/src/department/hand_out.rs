//! Handing out what is granted, and granting what the contract has approved (SHARE-9). Whoever calls has proven who asks.

use alloy_primitives::Address;

use super::{Department, DepartmentError};
use crate::{
    directory::RequestState,
    release::{ChainTrust, PreparedGrant, Released, Standing, grant_standing, prepare_grant, release},
};

/// A grant that is final: what its reader gets before the file.
#[derive(Clone, Debug)]
pub struct HandedOut {
    /// Its terms and the data key, sealed to the reader.
    pub prepared: PreparedGrant,
    /// Length of the sealed file, in bytes, as it was published.
    pub bytes: u64,
    /// On what it stands.
    pub standing: Standing,
}

impl Department {
    /// The final grant of a reader's request. One that the contract has approved is granted first, until `valid_until` (Unix seconds; zero: no end), and that
    /// is waited for.
    ///
    /// # Errors
    /// [`DepartmentError::NoRequest`], [`DepartmentError::NotYourRequest`], [`DepartmentError::NotGranted`], [`DepartmentError::GrantMissing`],
    /// [`DepartmentError::Release`], [`DepartmentError::Chain`].
    pub async fn hand_out(
        &self,
        reader: Address,
        request: u64,
        valid_until: u64,
        trust: &ChainTrust,
        now_s: u64,
    ) -> Result<HandedOut, DepartmentError> {
        let prepared = self.granted(reader, request, valid_until).await?;
        let chain = &self.asset.chain;
        let standing = grant_standing(chain, trust, prepared.asset, request, &prepared.grant, now_s).await?;
        Ok(HandedOut { bytes: self.part_of(&prepared)?.bytes, prepared, standing })
    }

    /// The sealed file of a final grant. The store is not opened before the grant is proven.
    ///
    /// # Errors
    /// As [`Self::hand_out`]; what is approved and not granted is [`DepartmentError::NotGranted`].
    pub async fn file(
        &self,
        reader: Address,
        request: u64,
        trust: &ChainTrust,
        now_s: u64,
    ) -> Result<(u64, Released), DepartmentError> {
        let asked = self.asked(reader, request).await?;
        if asked != RequestState::Granted {
            return Err(DepartmentError::NotGranted { request, state: asked });
        }
        let prepared = self.folder.grant(request)?.ok_or(DepartmentError::GrantMissing(request))?;
        let part = self.part_of(&prepared)?;
        let store = self.store.as_ref();
        let released = release(&self.asset.chain, trust, store, &part.location, &prepared, now_s).await?;
        Ok((part.bytes, released))
    }

    async fn granted(&self, reader: Address, request: u64, valid_until: u64) -> Result<PreparedGrant, DepartmentError> {
        let _turn = self.granting.lock().await;
        match self.asked(reader, request).await? {
            RequestState::Granted => {}
            RequestState::Approved => {
                // What was prepared and not sent before a crash is sent now: its sealed key is the one that is kept.
                let prepared = match self.folder.grant(request)? {
                    Some(prepared) => prepared,
                    None => {
                        let keys = self.folder.keys();
                        let key_of = |epoch| keys.of(epoch).ok();
                        let (chain, asset) = (&self.asset.chain, self.asset.address);
                        let prepared = prepare_grant(chain, asset, request, key_of, valid_until).await?;
                        self.folder.keep_grant(&prepared)?;
                        prepared
                    }
                };
                self.asset.chain.submit(&self.key, prepared.call()).await?;
            }
            state => return Err(DepartmentError::NotGranted { request, state }),
        }
        self.folder.grant(request)?.ok_or(DepartmentError::GrantMissing(request))
    }

    async fn asked(&self, reader: Address, request: u64) -> Result<RequestState, DepartmentError> {
        let asked = self.asset.request(request).await?;
        if asked.reader == reader { Ok(asked.state) } else { Err(DepartmentError::NotYourRequest(request)) }
    }

    fn part_of(&self, prepared: &PreparedGrant) -> Result<crate::extract::PublishedPart, DepartmentError> {
        let version = prepared.grant.version;
        let index = usize::try_from(version).ok().and_then(|version| version.checked_sub(1));
        let part = index.and_then(|index| self.folder.extract().ok()?.parts.get(index).cloned());
        part.ok_or(DepartmentError::OtherVersion { version })
    }
}
