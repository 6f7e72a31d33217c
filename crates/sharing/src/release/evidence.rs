//! Reading a grant and a version out of the final state, proven (SHARE-9).

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use chancery_contracts::DigitalAsset;
use chancery_ledger::{Chain, ChainHead};

use super::{Grant, ReleaseError, grant::owner_slot, grant_slot, version_slots};
use crate::sealing::{Fingerprint, Sealed};

/// What is believed of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainTrust {
    /// Oldest final block that is accepted, in seconds: within so long an ended grant is noticed even when a node hides its end.
    pub max_block_age_s: u64,
    /// Whether the word of a node of a chain without finality certificates is enough. Answers then say so.
    pub accept_unproven: bool,
}

impl Default for ChainTrust {
    fn default() -> Self {
        Self { max_block_age_s: 60, accept_unproven: false }
    }
}

/// On what an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A storage proof against a header with a finality certificate of this block.
    Proven(ChainHead),
    /// The word of a node about this block.
    Assumed(ChainHead),
}

impl Standing {
    /// The block.
    #[must_use]
    pub const fn block(&self) -> &ChainHead {
        match self {
            Self::Proven(block) | Self::Assumed(block) => block,
        }
    }
}

/// A version as it stands on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedVersion {
    /// Fingerprint and length of the sealed file.
    pub file: Sealed,
    /// Under which of the asset's keys it is sealed.
    pub key_epoch: u32,
    /// On what this stands.
    pub standing: Standing,
}

/// Checks that a grant stands in the final state as it is given, and is not over at `now_s` (Unix seconds, this side's clock).
///
/// # Errors
/// [`ReleaseError::NotGranted`], [`ReleaseError::OtherGrant`], [`ReleaseError::Over`], [`ReleaseError::Stale`],
/// [`ReleaseError::Unproven`], [`ReleaseError::Chain`].
pub async fn grant_standing(
    chain: &Chain,
    trust: &ChainTrust,
    asset: Address,
    request: u64,
    grant: &Grant,
    now_s: u64,
) -> Result<Standing, ReleaseError> {
    let (standing, stored) = match chain.state(asset, &[grant_slot(request)]).await? {
        Some(evidence) => {
            let stored = evidence.state.storage.first().ok_or(ReleaseError::Answer)?.1;
            (Standing::Proven(evidence.block), B256::from(stored))
        }
        None => {
            unproven_accepted(trust)?;
            let view = chain.view(asset, &DigitalAsset::grantsCall { id: request }.abi_encode().into()).await?;
            let stored = DigitalAsset::grantsCall::abi_decode_returns(&view.data).map_err(|_| ReleaseError::Answer)?;
            (Standing::Assumed(view.block), stored)
        }
    };
    young_enough(&standing, trust, now_s)?;
    if stored.is_zero() {
        return Err(ReleaseError::NotGranted { request });
    }
    if stored != grant.commitment() {
        return Err(ReleaseError::OtherGrant { request });
    }
    // Neither a clock of ours that is behind nor a chain that is slow lengthens a grant.
    if grant.valid_until != 0 && now_s.max(standing.block().time_ms / 1000) > grant.valid_until {
        return Err(ReleaseError::Over { request, valid_until: grant.valid_until });
    }
    Ok(standing)
}

/// Checks that an account owns an asset in the final state: who does not any more hands nothing out, whatever it has kept (SHARE-15).
///
/// # Errors
/// [`ReleaseError::NotOwner`], [`ReleaseError::Stale`], [`ReleaseError::Unproven`], [`ReleaseError::Chain`].
pub async fn owner_standing(
    chain: &Chain,
    trust: &ChainTrust,
    asset: Address,
    account: Address,
    now_s: u64,
) -> Result<Standing, ReleaseError> {
    let (standing, owner) = match chain.state(asset, &[owner_slot()]).await? {
        Some(evidence) => {
            let packed = evidence.state.storage.first().ok_or(ReleaseError::Answer)?.1;
            (Standing::Proven(evidence.block), Address::from_word(packed.into()))
        }
        None => {
            unproven_accepted(trust)?;
            let view = chain.view(asset, &DigitalAsset::ownerCall {}.abi_encode().into()).await?;
            let owner = DigitalAsset::ownerCall::abi_decode_returns(&view.data).map_err(|_| ReleaseError::Answer)?;
            (Standing::Assumed(view.block), owner)
        }
    };
    young_enough(&standing, trust, now_s)?;
    if owner == account { Ok(standing) } else { Err(ReleaseError::NotOwner { owner }) }
}

/// Reads a version with a file from the final state.
///
/// # Errors
/// [`ReleaseError::NoVersion`] also for a version without a file; [`ReleaseError::Stale`], [`ReleaseError::Unproven`], [`ReleaseError::Chain`].
pub async fn published_version(
    chain: &Chain,
    trust: &ChainTrust,
    asset: Address,
    version: u32,
    now_s: u64,
) -> Result<PublishedVersion, ReleaseError> {
    let (standing, fingerprint, bytes, key_epoch) = match chain.state(asset, &version_slots(version)).await? {
        Some(evidence) => {
            let [(_, fingerprint), (_, packed)] = evidence.state.storage.as_slice() else {
                return Err(ReleaseError::Answer);
            };
            (
                Standing::Proven(evidence.block),
                B256::from(*fingerprint),
                low_u64(*packed),
                low_u64(*packed >> 128) as u32,
            )
        }
        None => {
            unproven_accepted(trust)?;
            let view = chain.view(asset, &DigitalAsset::versionAtCall { version }.abi_encode().into()).await?;
            let found =
                DigitalAsset::versionAtCall::abi_decode_returns(&view.data).map_err(|_| ReleaseError::Answer)?;
            (Standing::Assumed(view.block), found.fingerprint, found.size, found.keyEpoch)
        }
    };
    young_enough(&standing, trust, now_s)?;
    if fingerprint.is_zero() || bytes == 0 {
        return Err(ReleaseError::NoVersion { version });
    }
    Ok(PublishedVersion { file: Sealed { fingerprint: Fingerprint(fingerprint.0), bytes }, key_epoch, standing })
}

fn unproven_accepted(trust: &ChainTrust) -> Result<(), ReleaseError> {
    if trust.accept_unproven { Ok(()) } else { Err(ReleaseError::Unproven) }
}

pub(super) fn young_enough(standing: &Standing, trust: &ChainTrust, now_s: u64) -> Result<(), ReleaseError> {
    let age_s = now_s.saturating_sub(standing.block().time_ms / 1000);
    let max_age_s = trust.max_block_age_s;
    if age_s > max_age_s { Err(ReleaseError::Stale { age_s, max_age_s }) } else { Ok(()) }
}

/// The 64 bits on the right; packed fields lie beside one another.
fn low_u64(word: U256) -> u64 {
    word.as_limbs()[0]
}
