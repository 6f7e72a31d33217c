//! Asking for access: a transaction of the reader's own, to the asset's contract (S-RULES). It names the key to which the data key is to be sealed.

use std::sync::Arc;

use alloy_primitives::{Address, U256, keccak256};
use alloy_sol_types::{SolCall as _, SolEvent as _};
use chancery_contracts::DigitalAsset;
use chancery_ledger::{Call, Chain, FinalTransaction, LedgerError, SubmitterKey};

use crate::sealing::ReaderKey;

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The chain, or the contract by its reason.
    #[error(transparent)]
    Chain(#[from] LedgerError),
    /// The contract is no asset.
    #[error("the contract at {0} took the request and gave it no number: it is no asset")]
    NoAsset(Address),
}

/// A request that is final.
#[derive(Debug)]
pub struct Asked {
    /// Its number at the asset.
    pub request: u64,
    /// The transaction.
    pub transaction: FinalTransaction,
}

/// Asks for a version of an asset and waits until the request is final. Of the purpose its keccak256 stands on the chain.
///
/// # Errors
/// [`AskError`]; `NotListed` and `VersionUnknown` are reasons of the contract.
pub async fn ask(
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    asset: Address,
    version: u32,
    reader: &ReaderKey,
    purpose: &str,
) -> Result<Asked, AskError> {
    let call =
        DigitalAsset::requestCall { version, readerKey: reader.0.into(), purpose: keccak256(purpose.as_bytes()) };
    let transaction = chain.submit(key, Call { to: Some(asset), data: call.abi_encode().into() }).await?;
    let proven = chain.transaction(transaction.tx_hash, Some(transaction.block.number)).await?;
    let number = proven
        .events
        .iter()
        .filter(|event| {
            event.contract == asset && event.topics.first() == Some(&DigitalAsset::AccessRequested::SIGNATURE_HASH)
        })
        .find_map(|event| u64::try_from(U256::from_be_bytes(event.topics.get(1)?.0)).ok());
    let request = number.ok_or(AskError::NoAsset(asset))?;
    Ok(Asked { request, transaction })
}
