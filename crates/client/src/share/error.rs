//! Why nothing is asked for, or nothing is opened.

use std::{io, path::PathBuf};

use alloy_primitives::Address;
use chancery_ledger::LedgerError;
use chancery_sharing::{
    asking::{AskError, MAX_OPEN_REQUESTS, open_requests},
    department::{AssetContract, DepartmentError},
    directory::is_control,
    release::ReleaseError,
    sealing::{KeyError, SealError},
};

use crate::ClientError;

/// Why a reader has nothing.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The gateway or the owner's service refused, or was not reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The chain, while it was asked.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The chain, about the asset's contract.
    #[error(transparent)]
    Department(#[from] DepartmentError),
    /// What came is not what was granted or published, or the chain does not show it.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The reader's key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The file does not open under its key.
    #[error(transparent)]
    Opening(#[from] SealError),
    /// The gateway is of another city than the genesis.
    #[error("the gateway's main chain has the id {listed}, and the one that is trusted {trusted}: it is another city")]
    OtherCity {
        /// Of the gateway.
        listed: u64,
        /// By the genesis.
        trusted: u64,
    },
    /// What the gateway shows of an entry that is not for everybody is none of the chain's.
    #[error(
        "what the gateway shows of {resource} does not open what the directory on the chain has: ask its owner, and another gateway"
    )]
    OtherEntry {
        /// The resource.
        resource: String,
    },
    /// There is no version yet.
    #[error("nothing of {resource} is published yet")]
    NothingPublished {
        /// The resource.
        resource: String,
    },
    /// The directory has no address for it.
    #[error("the directory names no service of {resource}: ask its owner")]
    NoService {
        /// The resource.
        resource: String,
    },
    /// Its owner lists who may ask.
    #[error(
        "{organization} lists who may ask for {resource}, and {reader} is not among them: ask it to list your address"
    )]
    NotListed {
        /// Who shares it.
        organization: String,
        /// The resource.
        resource: String,
        /// Who asked.
        reader: Address,
    },
    /// A right of somebody else, or none.
    #[error("that right of {resource} is not of {reader}: chancery share trace {resource} shows yours")]
    NotHolder {
        /// The resource.
        resource: String,
        /// Who asked.
        reader: Address,
    },
    /// A right that is over.
    #[error("that right of {resource} has expired or was withdrawn: ask {organization} for another")]
    RightOver {
        /// The resource.
        resource: String,
        /// Who gave it.
        organization: String,
    },
    /// As many requests of one reader as may be open.
    #[error(
        "{MAX_OPEN_REQUESTS} of your requests are open, also those whose grant is over: {}\nend one: chancery share end {resource} REQUEST",
        numbers(.open)
    )]
    TooManyOpen {
        /// The resource.
        resource: String,
        /// Their numbers, newest first.
        open: Vec<u64>,
    },
    /// Somebody else's request.
    #[error(
        "request {request} of {resource} is ended by its reader or by the owner of the asset, and {reader} is neither"
    )]
    NotReader {
        /// The resource.
        resource: String,
        /// The request.
        request: u64,
        /// Who would have ended it.
        reader: Address,
    },
    /// It is refused, or has ended.
    #[error("request {request} of {resource} is {state} already")]
    Closed {
        /// The resource.
        resource: String,
        /// The request.
        request: u64,
        /// `refused` or `ended`.
        state: String,
    },
    /// Its owner has not decided in time: wait longer, or come back with its number.
    #[error("request {request} of {resource} is not decided yet")]
    Undecided {
        /// The resource.
        resource: String,
        /// The request.
        request: u64,
    },
    /// The file cannot be kept.
    #[error("cannot write into {}: make the folder first ({cause})", .folder.display())]
    Folder {
        /// Where.
        folder: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The opened file cannot be kept; one that is there is never written over.
    #[error("cannot write {}: {cause}", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// What strangers wrote, without what would act on a terminal.
pub(super) fn printable(text: &str) -> String {
    text.replace(is_control, "")
}

fn numbers(open: &[u64]) -> String {
    open.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

fn reason(failure: &LedgerError) -> Option<&str> {
    match failure {
        LedgerError::Reverted { reason, .. } => Some(&reason.name),
        _ => None,
    }
}

/// Why an asset's contract takes no request.
pub(super) async fn refusal_of_ask(
    failure: AskError,
    contract: &AssetContract,
    reader: Address,
    resource: &str,
    organization: &str,
) -> ShareError {
    let (resource, organization) = (resource.to_owned(), printable(organization));
    let name = match &failure {
        AskError::Chain(failure) => reason(failure),
        AskError::NoAsset(_) => None,
    };
    match name {
        Some("NotListed") => ShareError::NotListed { organization, resource, reader },
        Some("NotHolder") => ShareError::NotHolder { resource, reader },
        Some("RightNotEffective") => ShareError::RightOver { resource, organization },
        Some("TooManyOpenRequests") => match open_requests(contract, reader).await {
            Ok(open) => ShareError::TooManyOpen { resource, open },
            Err(failure) => failure.into(),
        },
        _ => failure.into(),
    }
}

/// Why an asset's contract ends no request.
pub(super) async fn refusal_of_end(
    failure: DepartmentError,
    contract: &AssetContract,
    reader: Address,
    resource: &str,
    request: u64,
) -> ShareError {
    let resource = resource.to_owned();
    let name = match &failure {
        DepartmentError::Chain(failure) => reason(failure),
        _ => None,
    };
    match name {
        Some("NotReader") => ShareError::NotReader { resource, request, reader },
        Some("RequestStateWrong") => match contract.request(request).await {
            Ok(found) => ShareError::Closed { resource, request, state: found.state.name().to_owned() },
            Err(failure) => failure.into(),
        },
        _ => failure.into(),
    }
}
