//! Asking for access, and ending it: a transaction of the reader's own, to the asset's contract (S-RULES). It names the key to which the data key is to be sealed.

use std::sync::Arc;

use alloy_primitives::{Address, U256, keccak256};
use alloy_sol_types::{SolCall, SolEvent as _};
use chancery_contracts::{DigitalAsset, ResourceDirectory};
use chancery_ledger::{Call, Chain, FinalTransaction, LedgerError, SubmitterKey};

use crate::{
    department::{AssetContract, DepartmentError},
    directory::{Opening, RequestState},
    sealing::ReaderKey,
};

/// Most requests and grants of one reader that are open at once; the contract's own bound.
pub const MAX_OPEN_REQUESTS: usize = 16;

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

/// Whether an opening that was shown for a name, or for the word that stands for it, opens an entry that the directory of the chain has for this asset (S-DIR):
/// the chain says so, not whoever shows it.
///
/// # Errors
/// [`DepartmentError::Chain`], [`DepartmentError::Answer`].
pub async fn is_opening_of(
    directory: &AssetContract,
    resource: &str,
    text: &str,
    asset: Address,
) -> Result<bool, DepartmentError> {
    let Ok(opening) = Opening::parse(text) else { return Ok(false) };
    let word = opening.word();
    let entry = directory.view(ResourceDirectory::resourceAtCall { resource: word }).await?;
    let is_meant = opening.resource.as_str() == resource || word.to_string() == resource;
    Ok(is_meant && entry.asset == asset && Opening::of_entry(word, &entry, text).is_some())
}

/// A request that is final.
#[derive(Debug)]
pub struct Asked {
    /// Its number at the asset.
    pub request: u64,
    /// The transaction.
    pub transaction: FinalTransaction,
}

/// Requests that are looked at to find those of a reader: the newest.
const MAX_SCANNED_REQUESTS: u64 = 1000;

/// Asks for a version of an asset, as one of its readers, and waits until the request is final. Of the purpose its keccak256 stands on the chain.
///
/// # Errors
/// [`AskError`]; `NotListed`, `VersionUnknown` and `TooManyOpenRequests` ([`open_requests`]) are reasons of the contract.
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
    send(chain, key, asset, call).await
}

/// Asks for a version by a right of use, for its purpose: its holder need not be listed.
///
/// # Errors
/// [`AskError`]; `NotHolder`, `RightNotEffective`, `VersionUnknown` and `TooManyOpenRequests` are reasons of the contract.
pub async fn ask_by_right(
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    asset: Address,
    version: u32,
    reader: &ReaderKey,
    right: u64,
) -> Result<Asked, AskError> {
    send(chain, key, asset, DigitalAsset::requestUnderCall { right, version, readerKey: reader.0.into() }).await
}

async fn send(chain: &Chain, key: &Arc<SubmitterKey>, asset: Address, call: impl SolCall) -> Result<Asked, AskError> {
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

/// The requests of a reader that are open, newest first: pending, approved or granted. A grant whose time has passed is open until somebody ends it. Of
/// the asset's requests the newest 1,000 are looked at.
///
/// # Errors
/// [`DepartmentError::Chain`], [`DepartmentError::Answer`].
pub async fn open_requests(asset: &AssetContract, reader: Address) -> Result<Vec<u64>, DepartmentError> {
    let count = asset.request_count().await?;
    let mut open = Vec::new();
    for number in (count.saturating_sub(MAX_SCANNED_REQUESTS) + 1..=count).rev() {
        let asked = asset.request(number).await?;
        let is_open = matches!(asked.state, RequestState::Pending | RequestState::Approved | RequestState::Granted);
        if is_open && asked.reader == reader {
            open.push(number);
        }
        if open.len() == MAX_OPEN_REQUESTS {
            break;
        }
    }
    Ok(open)
}

/// Ends a request or its grant, as its reader or as the owner, and waits until that is final: nothing is handed out on it any more, and its place is free.
///
/// # Errors
/// [`DepartmentError::Chain`]; `NotReader` and `RequestStateWrong` are reasons of the contract.
pub async fn end(
    asset: &AssetContract,
    key: &Arc<SubmitterKey>,
    request: u64,
) -> Result<FinalTransaction, DepartmentError> {
    asset.send(key, DigitalAsset::endCall { id: request }).await
}
