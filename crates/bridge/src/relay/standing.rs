//! Anchors that stand: made where there is none, found again by whoever made them, and looked at.

use alloy_primitives::{Address, B256, Bytes};
use chancery_contracts::{Anchor, anchor_code};

use super::{AnchorRelay, RelayError, factory::Made, view};

/// Transactions of a relay's account that are looked through for an anchor that it made, the first of them and the last. It makes its anchors early: before them it has
/// at most woken a chain that stood still, once at each start, and pushed to anchors that it had made already.
const MAX_SEARCHED_FIRST: u64 = 512;
/// See [`MAX_SEARCHED_FIRST`]: what a relay made that was let make contracts late, and ended soon after.
const MAX_SEARCHED_LAST: u64 = 64;

/// What an anchor has of the chain that it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest header that it keeps; `None` before the first, and while it is frozen.
    pub newest: Option<AnchoredHeader>,
    /// Two final headers of one number were shown: nothing counts until the organizations have voted (ANCHOR-4).
    pub is_frozen: bool,
}

/// A header that an anchor keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchoredHeader {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time by the followed chain, in milliseconds since 1970.
    pub time_ms: u64,
}

impl AnchorRelay {
    /// An anchor of `followed` on `host`: found there, or made now. Where it is `known` to stand is looked at first; then the factory of the host is asked for it. A host that has
    /// none was founded by an earlier version: there it is looked for among the first and last transactions of this relay's key, which makes it. It may have to
    /// [begin](Self::ensure_begun).
    ///
    /// # Errors
    /// `NoCertificate` for a chain that cannot be followed; `NotPermitted` when the host lets this account make no contracts; see [`RelayError`].
    pub async fn find_or_make(self, known: Option<Address>) -> Result<Self, RelayError> {
        let essentials = self.followed.config().essentials.as_ref().ok_or_else(|| self.no_certificate())?;
        let (chain_id, genesis_hash) = (essentials.chain_id, essentials.genesis_hash);
        if let Some(anchor) = known
            && follows(&self.host, anchor, chain_id, genesis_hash).await?
        {
            return Ok(Self { anchor, ..self });
        }
        if let Made::At(anchor) = Box::pin(self.made_anchor(chain_id, genesis_hash)).await? {
            return Ok(Self { anchor, ..self });
        }
        let next = self.host.next_nonce(&self.key).await?;
        for anchor in searched(next).map(|nonce| self.key.address().create(nonce)) {
            if follows(&self.host, anchor, chain_id, genesis_hash).await? {
                return Ok(Self { anchor, ..self });
            }
        }
        let anchor = self.host.deploy(&self.key, anchor_code(chain_id, genesis_hash)).await?;
        Ok(Self { anchor, ..self })
    }

    /// Shows the genesis header (RLP), unless somebody has shown it already.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn ensure_begun(&self, genesis_header: Bytes) -> Result<(), RelayError> {
        if self.has_begun().await? {
            return Ok(());
        }
        match self.begin(genesis_header).await {
            // Somebody else was there meanwhile.
            Err(error) if error.is_refusal() && self.has_begun().await? => Ok(()),
            begun => begun,
        }
    }

    /// What the anchor has.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn standing(&self) -> Result<Standing, RelayError> {
        if view(&self.host, self.anchor, &Anchor::conflictCall {}).await?.first != B256::ZERO {
            return Ok(Standing { newest: None, is_frozen: true });
        }
        let number = view(&self.host, self.anchor, &Anchor::latestCall {}).await?;
        if number == 0 {
            return Ok(Standing { newest: None, is_frozen: false });
        }
        let record = view(&self.host, self.anchor, &Anchor::recordCall { number }).await?;
        let time_ms = record.timestamp.saturating_mul(1000).saturating_add(record.millisecond.into());
        Ok(Standing { newest: Some(AnchoredHeader { number, hash: record.hash, time_ms }), is_frozen: false })
    }

    async fn has_begun(&self) -> Result<bool, RelayError> {
        Ok(view(&self.host, self.anchor, &Anchor::chainCall {}).await?.keysHash != B256::ZERO)
    }
}

/// Nonces of transactions by which an account that sends `next` next may have made its anchors.
pub(super) fn searched(next: u64) -> impl Iterator<Item = u64> {
    let first = next.min(MAX_SEARCHED_FIRST);
    (0..first).chain(next.saturating_sub(MAX_SEARCHED_LAST).max(first)..next)
}

/// Whether an anchor of that chain stands there. Where there is another contract, or none, it does not.
async fn follows(
    host: &chancery_ledger::Chain,
    contract: Address,
    chain_id: u64,
    genesis_hash: B256,
) -> Result<bool, RelayError> {
    match view(host, contract, &Anchor::chainCall {}).await {
        Ok(chain) => Ok(chain.chainId == chain_id && chain.genesisHash == genesis_hash),
        Err(RelayError::Answer(_) | RelayError::Ledger(chancery_ledger::LedgerError::Reverted { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ANCHOR-1, C-CHAINS: whatever the account had to send before it made its anchors, they are found again.
    #[test]
    fn an_anchor_is_looked_for_among_the_first_and_the_last_transactions() {
        assert_eq!(searched(0).count(), 0);
        assert!(searched(3).eq(0..3));
        assert!(searched(500).eq(0..500) && searched(570).eq(0..570), "each once");
        let of_many: Vec<_> = searched(10_000).collect();
        assert_eq!(of_many.len(), 576);
        assert!(of_many.starts_with(&[0, 1]) && of_many.contains(&511) && of_many.ends_with(&[9998, 9999]));
        assert!(of_many.contains(&9936) && !of_many.contains(&9935));
    }
}
