//! Anchors, and what shows certificates over them, made by the factory in the genesis of their host: whoever knows that genesis knows by what they were made
//! (`docs/specs/trust.md`, "Asked from outside"). Where they stand is asked there, so that nothing has to be noted.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chancery_contracts::{Anchor, AnchorFactory, HeldCertificates, predeploys};
use chancery_ledger::{Call, LedgerError};

use super::{AnchorRelay, RelayError, encoded, view};

/// What the factory says.
pub(super) enum Made {
    /// It stands there.
    At(Address),
    /// The host was founded without a factory, or with one that makes contracts of another version.
    ByOthers,
}

impl AnchorRelay {
    /// The anchor of a chain that the factory has made, or makes now.
    pub(super) async fn made_anchor(&self, chain_id: u64, genesis_hash: B256) -> Result<Made, RelayError> {
        let asked = AnchorFactory::anchorOfCall { chainId: chain_id, genesisHash: genesis_hash };
        let creation_code = Anchor::BYTECODE.clone();
        let make =
            AnchorFactory::makeAnchorCall { chainId: chain_id, genesisHash: genesis_hash, creationCode: creation_code };
        self.made(&asked, &make).await
    }

    /// What the factory has made, or makes now, to show certificates of that chain's registry over this anchor.
    pub(super) async fn made_held_certificates(
        &self,
        certificates: Address,
        max_age_s: u64,
    ) -> Result<Made, RelayError> {
        let essentials = self.followed.config().essentials.as_ref().ok_or_else(|| self.no_certificate())?;
        let (chain_id, genesis_hash) = (essentials.chain_id, essentials.genesis_hash);
        let anchor = AnchorFactory::anchorOfCall { chainId: chain_id, genesisHash: genesis_hash };
        // One that was made by others is shown over by what others make.
        if self.ask(&anchor).await? != Some(self.anchor) {
            return Ok(Made::ByOthers);
        }
        let asked = AnchorFactory::heldCertificatesOfCall { anchor: self.anchor, certificates, maxAge: max_age_s };
        let make = AnchorFactory::makeHeldCertificatesCall {
            chainId: chain_id,
            genesisHash: genesis_hash,
            certificates,
            maxAge: max_age_s,
            creationCode: HeldCertificates::BYTECODE.clone(),
        };
        self.made(&asked, &make).await
    }

    async fn made(&self, asked: &impl SolCall<Return = Address>, make: &impl SolCall) -> Result<Made, RelayError> {
        match self.ask(asked).await? {
            None => return Ok(Made::ByOthers),
            Some(Address::ZERO) => {}
            Some(made) => return Ok(Made::At(made)),
        }
        let call = Call { to: Some(predeploys::ANCHOR_FACTORY), data: encoded(make) };
        match self.host.submit(&self.key, call).await {
            Ok(_) => {}
            Err(LedgerError::Reverted { reason, .. }) if reason.name == "CreationCodeUnknown" => {
                tracing::warn!(
                    host = self.host.name(),
                    "the factory in its genesis makes contracts of another version: what shows certificates there is not proven"
                );
                return Ok(Made::ByOthers);
            }
            // Somebody else was there meanwhile: then it says where.
            Err(error @ LedgerError::Reverted { .. }) => {
                return match self.ask(asked).await? {
                    None | Some(Address::ZERO) => Err(error.into()),
                    Some(made) => Ok(Made::At(made)),
                };
            }
            Err(error) => return Err(error.into()),
        }
        match self.ask(asked).await? {
            None | Some(Address::ZERO) => Ok(Made::ByOthers),
            Some(made) => Ok(Made::At(made)),
        }
    }

    /// `None`: no factory stands there.
    async fn ask(&self, asked: &impl SolCall<Return = Address>) -> Result<Option<Address>, RelayError> {
        match view(&self.host, predeploys::ANCHOR_FACTORY, asked).await {
            Ok(found) => Ok(Some(found)),
            Err(RelayError::Answer(_) | RelayError::Ledger(LedgerError::Reverted { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
