//! Handing out what is granted, and granting what the contract has approved (SHARE-9), as long as this key owns the asset (SHARE-15). Whoever calls has proven who asks.

use alloy_primitives::Address;
use chancery_ledger::LedgerError;

use super::{Department, DepartmentError, Fetched};
use crate::{
    directory::RequestState,
    release::{
        ChainTrust, PreparedGrant, ReleaseError, Released, Standing, grant_standing, owner_standing, prepare_grant,
        release,
    },
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
    /// [`DepartmentError::NoRequest`], [`DepartmentError::NotYourRequest`], [`DepartmentError::NotGranted`], [`DepartmentError::GrantMissing`], [`DepartmentError::GrantUnderWay`],
    /// [`DepartmentError::KeyMissing`], [`DepartmentError::KeyExposed`], [`DepartmentError::NotTakenOver`], [`DepartmentError::RightNotEffective`], [`DepartmentError::EarlierOwner`], [`DepartmentError::Release`]
    /// ([`crate::release::ReleaseError::NotOwner`] after the asset has changed hands), [`DepartmentError::Chain`].
    pub async fn hand_out(
        &self,
        reader: Address,
        request: u64,
        valid_until: u64,
        trust: &ChainTrust,
        now_s: u64,
    ) -> Result<HandedOut, DepartmentError> {
        let chain = &self.asset.chain;
        let prepared = Box::pin(self.granted(reader, request, valid_until, now_s)).await?;
        owner_standing(chain, trust, self.asset.address, self.key.address(), now_s).await?;
        let standing = grant_standing(chain, trust, prepared.asset, request, &prepared.grant, now_s).await?;
        let bytes = self.part_of(&prepared)?.bytes;
        self.note(&prepared, now_s, Fetched::Key).await?;
        Ok(HandedOut { bytes, prepared, standing })
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
        owner_standing(&self.asset.chain, trust, self.asset.address, self.key.address(), now_s).await?;
        let prepared = self.kept_grant(request)?;
        let part = self.part_of(&prepared)?;
        let store = self.store.as_ref();
        let released = release(&self.asset.chain, trust, store, &part.location, &prepared, now_s).await?;
        self.note(&prepared, now_s, Fetched::File).await?;
        Ok((part.bytes, released))
    }

    /// Who gets something is in the owner's journal before it has it.
    async fn note(&self, prepared: &PreparedGrant, now_s: u64, fetched: Fetched) -> Result<(), DepartmentError> {
        let (grant, request) = (&prepared.grant, prepared.request);
        self.fetches.lock().await.add(now_s, grant.reader, (request, grant.version), fetched)?;
        self.came.notify_one();
        Ok(())
    }

    /// Who was refused, and why, is there too, as far as refusals have lines of their own ([`Fetch::unnoted`](super::Fetch::unnoted)).
    ///
    /// # Errors
    /// [`DepartmentError::State`].
    pub async fn note_refusal(
        &self,
        reader: Address,
        request: u64,
        fetched: Fetched,
        why: &str,
        now_s: u64,
    ) -> Result<(), DepartmentError> {
        if self.fetches.lock().await.refuse(now_s, reader, request, fetched, why)? {
            self.came.notify_one();
        }
        Ok(())
    }

    /// A request that is granted, or was approved and is granted now.
    async fn granted(
        &self,
        reader: Address,
        request: u64,
        valid_until: u64,
        now_s: u64,
    ) -> Result<PreparedGrant, DepartmentError> {
        // Who asks for what is granted, or gets nothing, waits for nobody's grant.
        let is_granted = self.is_granted(reader, request).await?;
        // What the owner before has put into the folder, keys or grants, goes to nobody.
        self.check_keys().await.map_err(|error| match error {
            DepartmentError::NotOwner { owner, .. } => DepartmentError::Release(ReleaseError::NotOwner { owner }),
            other => other,
        })?;
        if is_granted {
            return self.kept_grant(request);
        }
        let _turn = self.granting.lock().await;
        if self.is_granted(reader, request).await? {
            return self.kept_grant(request);
        }
        let prepared = self.prepared(request, valid_until, now_s).await?;
        match self.asset.chain.submit(&self.key, prepared.call()).await {
            Ok(_) => Ok(prepared),
            Err(LedgerError::Reverted { chain, reason, tx_hash }) => {
                // An earlier attempt came through meanwhile, or reader or owner ended the request.
                if self.is_granted(reader, request).await? {
                    return self.kept_grant(request);
                }
                if reason.name == "RequestStateWrong" {
                    return Err(DepartmentError::GrantUnderWay(request));
                }
                Err(LedgerError::Reverted { chain, reason, tx_hash }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What was prepared and not sent before a crash is sent now: its sealed key is the one that is kept. One that would be over by now is prepared anew.
    async fn prepared(&self, request: u64, valid_until: u64, now_s: u64) -> Result<PreparedGrant, DepartmentError> {
        if let Some(prepared) = self.folder.grant(request)?.filter(|prepared| !is_over(prepared, now_s)) {
            return Ok(prepared);
        }
        let asked = self.asset.request(request).await?;
        if self.part_index(asked.version).is_none() {
            return Err(DepartmentError::EarlierOwner { version: asked.version });
        }
        let valid_until = self.asset.until_of_its_right(&asked, valid_until, now_s).await?;
        let key_epoch = self.asset.key_epoch_of(asked.version).await?;
        let key = self.folder.keys().of(key_epoch)?;
        let key_of = |epoch| (epoch == key_epoch).then(|| key.clone());
        let (chain, asset) = (&self.asset.chain, self.asset.address);
        let prepared = prepare_grant(chain, asset, request, key_of, valid_until).await?;
        self.folder.keep_grant(&prepared)?;
        Ok(prepared)
    }

    /// Whether the contract has granted it; false for what it has approved, and an error for what gives nothing.
    async fn is_granted(&self, reader: Address, request: u64) -> Result<bool, DepartmentError> {
        match self.asked(reader, request).await? {
            RequestState::Granted => Ok(true),
            RequestState::Approved => Ok(false),
            state => Err(DepartmentError::NotGranted { request, state }),
        }
    }

    fn kept_grant(&self, request: u64) -> Result<PreparedGrant, DepartmentError> {
        self.folder.grant(request)?.ok_or(DepartmentError::GrantMissing(request))
    }

    async fn asked(&self, reader: Address, request: u64) -> Result<RequestState, DepartmentError> {
        let asked = self.asset.request(request).await?;
        if asked.reader == reader { Ok(asked.state) } else { Err(DepartmentError::NotYourRequest(request)) }
    }

    fn part_of(&self, prepared: &PreparedGrant) -> Result<crate::extract::PublishedPart, DepartmentError> {
        let version = prepared.grant.version;
        let index = self.part_index(version).ok_or(DepartmentError::EarlierOwner { version })?;
        let part = self.folder.extract()?.parts.get(index).cloned();
        part.ok_or(DepartmentError::OtherVersion { version })
    }
}

/// Whether the last second of a grant has passed: the contract would refuse it.
const fn is_over(prepared: &PreparedGrant, now_s: u64) -> bool {
    prepared.grant.valid_until != 0 && prepared.grant.valid_until < now_s
}
