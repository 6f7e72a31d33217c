use std::path::PathBuf;

use alloy_primitives::Address;

use crate::{
    directory::{DescriptionError, RequestState, ResourceName},
    extract::ExtractError,
    release::{LinkError, ReleaseError},
    sealing::KeyError,
};

/// Why a department's work stops.
#[derive(Debug, thiserror::Error)]
pub enum DepartmentError {
    /// Declare it first.
    #[error("this data set has no asset yet: `chancery share declare FILE` comes first")]
    NotDeclared,
    /// The folder belongs to something else.
    #[error("{folder:?} is the state of {found}, not of {expected}: name another folder")]
    OtherState {
        /// The folder.
        folder: PathBuf,
        /// What it is of.
        found: String,
        /// What was declared.
        expected: String,
    },
    /// A file of the state cannot be used.
    #[error("{path:?} cannot be used: {reason}")]
    State {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The folder of state that others may enter.
    #[error("the folder {0:?} holds keys and may be entered by others: chmod 700 it, or name another one")]
    FolderExposed(PathBuf),
    /// Another process works on the folder.
    #[error("another command works on {0:?}: wait until it has ended")]
    Busy(PathBuf),
    /// A data key that others may read.
    #[error(
        "{0:?} may be read by others: chmod 600 it, and remove and list a reader to begin a new key if somebody may have read it"
    )]
    KeyExposed(PathBuf),
    /// A data key that is lost: what is sealed under it cannot be granted any more.
    #[error("the data key of epoch {0} is not in the state folder: restore it from a copy")]
    KeyMissing(u32),
    /// The asset is another account's.
    #[error("the asset is owned by {owner}, and the key given is of {given}: use the owner's key")]
    NotOwner {
        /// Owner.
        owner: Address,
        /// Who asked.
        given: Address,
    },
    /// The folder came with an asset that changed hands, and nobody has looked through it.
    #[error(
        "{0:?} was not taken over with the asset, and may hold keys that the owner before knows: run `chancery share transfer accept FILE` once more, which puts those aside"
    )]
    NotTakenOver(PathBuf),
    /// Keys were to be put aside under which something is sealed.
    #[error(
        "{folder:?} holds keys of epochs {epochs:?}, from the change of hands on, and something is sealed under such a key already: run `chancery share transfer accept FILE --keys keep` if you have made them yourself, with an earlier release, or with `--keys set-aside` if they came with the folder; then what is sealed under them is granted no more"
    )]
    KeysInUse {
        /// The folder.
        folder: PathBuf,
        /// Those of the keys, in order.
        epochs: Vec<u32>,
    },
    /// A part that its readers could not open.
    #[error(
        "the part that would be version {version} does not open with the key of epoch {epoch} in the folder of state: if you have made it with a key that was put aside since, put that one back (keys/aside-N/epoch-{epoch}.key); if it came with the folder, begin another one: declare another `state`, and run `chancery share transfer accept FILE`"
    )]
    OtherSeal {
        /// Which it would be.
        version: u32,
        /// The present key epoch.
        epoch: u32,
    },
    /// Since when somebody owns the asset is not known.
    #[error(
        "the node has no event of an owner of {0}, so it is not known since when the asset is yours: name a node in the declaration that has the whole chain"
    )]
    HistoryMissing(Address),
    /// Nothing to accept.
    #[error(
        "the asset {asset} is not offered to {given}: its owner {owner} offers it with `chancery share transfer offer`"
    )]
    NotOffered {
        /// The asset.
        asset: Address,
        /// Its owner.
        owner: Address,
        /// Who would accept.
        given: Address,
    },
    /// Try again.
    #[error("the system gives no random numbers")]
    Randomness,
    /// The directory has no such name.
    #[error(
        "the directory has no {0}: check the name in the declaration; of an entry that is not for everybody put entry.json of the folder of state before into the declared one"
    )]
    ResourceUnknown(ResourceName),
    /// A right that gives nothing any more.
    #[error("right {0} has expired or was withdrawn: its holder asks the owner for another")]
    RightNotEffective(u64),
    /// There is no such right.
    #[error("the asset has no right {0}")]
    NoRight(u64),
    /// Published by whoever owned the asset before, and not handed over.
    #[error(
        "version {version} was published by an owner before, whose folder of state this one is not: it is handed out by whoever has its data key"
    )]
    EarlierOwner {
        /// Which.
        version: u32,
    },
    /// The name is another asset's.
    #[error("the directory has {resource} already, of asset {asset}: choose another name")]
    ResourceTaken {
        /// The name.
        resource: ResourceName,
        /// Whose it is.
        asset: Address,
    },
    /// The entry is of another organization, which an entry keeps.
    #[error(
        "the directory has {resource} of {found}, and {declared} is declared: declare {found}, or choose another name"
    )]
    OtherOrganization {
        /// The name.
        resource: ResourceName,
        /// Whose it is.
        found: String,
        /// What was declared.
        declared: String,
    },
    /// The chain and the folder disagree about what is published.
    #[error(
        "version {version} of the asset is not part {version} of this state: it was published from another folder; restore that one"
    )]
    OtherVersion {
        /// Which.
        version: u32,
    },
    /// Behind a text no part can be a version.
    #[error(
        "version {version} of the asset is a text, and parts of extracts are versions, one for one: declare another data set, with a state of its own, for extracts"
    )]
    SharesTexts {
        /// Which.
        version: u32,
    },
    /// Not a text that goes on the chain.
    #[error(
        "{0}: a text on the chain is UTF-8 of 1 to 4096 bytes without control characters, and its type 1 to 32 printable ASCII characters"
    )]
    Text(&'static str),
    /// Nothing that could be a version lies behind the link.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Parts are versions, one for one.
    #[error("this data set shares extracts, whose parts are its versions: declare another one for texts and links")]
    SharesExtracts,
    /// There is no such request.
    #[error("the asset has no request {0}")]
    NoRequest(u64),
    /// The request is of another reader.
    #[error("request {0} is another reader's")]
    NotYourRequest(u64),
    /// Nothing is handed out in this state.
    #[error("request {request} is {}", .state.name())]
    NotGranted {
        /// Which.
        request: u64,
        /// How far it is.
        state: RequestState,
    },
    /// Granted elsewhere: there is no sealed key here.
    #[error("request {0} was granted from another folder, which keeps the sealed key")]
    GrantMissing(u64),
    /// Sent by an earlier attempt, and not final yet.
    #[error("the grant of request {0} is on its way: ask again")]
    GrantUnderWay(u64),
    /// The description cannot be put into the directory.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] chancery_ledger::LedgerError),
    /// The contract answers with something else than its interface says.
    #[error("the contract answers with something else than its interface says")]
    Answer,
    /// Extracting or sealing anew.
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// Nothing is handed out.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}
