use std::{io, net::SocketAddr, path::PathBuf};

use chancery_execution::{FinalizeError, GenesisError, OpenError, RegistryError, StoreError};
use chancery_light::TrustError;
use chancery_rpc::RpcStartError;

/// A node stops while there is still so much room, so that what it is writing is written whole.
pub(crate) const MIN_FREE_MEBIBYTES: u64 = 32;

/// What makes a node's data whole again. A restore and an import take consensus' files away with the store, and nothing of it touches what stands
/// beside the keys, so no vote is repeated (CHAIN-7).
const REPAIR: &str = "put this node's data back (`chancery restore --replace`), import a snapshot of another node (`chancery snapshot import --replace`), or, where another node has the chain, remove its data directory so that it fetches the chain again; its keys and the `votes-*` beside them stay";

/// Why a node does not start, or why it stopped. Each says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The genesis file makes no chain.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The genesis file's validators make no validator set.
    #[error("the genesis file's validators cannot be used: {0}; correct the genesis file")]
    Validators(#[from] TrustError),
    /// A validator's peer key in the genesis file is no key.
    #[error("the peer key of validator {0} in the genesis file is not an Ed25519 key; correct the genesis file")]
    PeerKey(usize),
    /// Signer bitmaps are over the set in the order of the peer keys, so the file must be in that order.
    #[error(
        "the genesis file's validators must be in ascending order of their peer keys, each key once (validator {0} is not); reorder them"
    )]
    ValidatorOrder(usize),
    /// Nobody has shown to know the secret of a validator's BLS key.
    #[error(
        "the genesis file's proof of possession of validator {validator} does not belong to its BLS key; have the validator run `chancery network key` again and correct the genesis file"
    )]
    Possession {
        /// The validator's name in the genesis file.
        validator: String,
    },
    /// A validator's keys were given to a follower. Two nodes with one key can vote against each other.
    #[error(
        "the keys belong to a validator of chain {chain}, so this node cannot be a follower; make it a validator, or give the follower keys of its own"
    )]
    FollowerIsValidator {
        /// The chain's name.
        chain: String,
    },
    /// The key is none of the chain's validators'.
    #[error(
        "the validator key belongs to none of the validators of chain {chain}; use the key that the genesis file was made with, or another genesis file"
    )]
    NotAValidator {
        /// The chain's name.
        chain: String,
    },
    /// The genesis file pairs this node's two keys with other keys.
    #[error(
        "the genesis file gives this validator another peer key than its key file; use the key file that the genesis was made with"
    )]
    KeyMismatch,
    /// A key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The chain's data cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The chain's data cannot be read or written.
    #[error("{0}; look after the disk and start the node again. If it fails at every start, {REPAIR}")]
    Store(#[from] StoreError),
    /// The chain's data can be read, and are not what they were when they were written.
    #[error("the data of chain {chain} are damaged: {problem}; {REPAIR}")]
    Damaged {
        /// The chain's name.
        chain: String,
        /// What does not fit.
        problem: String,
    },
    /// Consensus delivered something that cannot be made final.
    #[error(
        "chain {chain} stopped, nothing final is lost: {source}; start the node again. If it stops so at every start, {REPAIR}"
    )]
    Finalize {
        /// The chain's name.
        chain: String,
        /// What happened.
        source: Box<FinalizeError>,
    },
    /// Another process listens on the port for validators.
    #[error("the validators' port {address} is taken; stop the process that uses it, or choose another port")]
    P2pPortTaken {
        /// The address.
        address: SocketAddr,
    },
    /// The address for validators cannot be listened on.
    #[error("cannot listen on {address} for validators: {source}; choose an address of this machine")]
    P2pListen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A peer in the configuration is none of the chain's validators.
    #[error(
        "peer {address} has a key that is none of the chain's validators'; correct its key, or list it as a follower"
    )]
    UnknownPeer {
        /// Its address.
        address: SocketAddr,
    },
    /// The configuration names a follower twice.
    #[error("the configuration lists a follower's key twice; remove one of the two")]
    FollowerTwice,
    /// The configuration does not say where a validator listens.
    #[error("the configuration has no address for validator {0} of the genesis file; add it to the peers")]
    MissingPeer(usize),
    /// The validators of an epoch cannot be read from the chain's state.
    #[error("the validators of epoch {epoch} of chain {chain} cannot be read: {source}; {REPAIR}")]
    Registry {
        /// The chain's name.
        chain: String,
        /// The epoch.
        epoch: u64,
        /// What is wrong.
        source: RegistryError,
    },
    /// Which nodes may connect cannot be read from the chain's state.
    #[error("which nodes may connect to chain {chain} cannot be read: {source}; {REPAIR}")]
    Permissions {
        /// The chain's name.
        chain: String,
        /// What is wrong.
        source: RegistryError,
    },
    /// The JSON-RPC server does not start.
    #[error(transparent)]
    Rpc(#[from] RpcStartError),
    /// Consensus' own files cannot be opened. They may go: what was final stands in the chain's data, with its certificate, and in which views this
    /// key may have voted stands beside it (CHAIN-5, CHAIN-7). Older ones must not come back: with them it would vote against itself.
    #[error(
        "the consensus files {partition}* cannot be opened: {message}; never put older ones back: remove all of them (in `consensus` in the data directory) and start the node again. It begins at the newest certificate of the chain's data, fetches what it lacks, and votes again when it cannot contradict itself, by the `votes-*` beside its key, which stay"
    )]
    ConsensusStorage {
        /// What their names begin with.
        partition: String,
        /// What storage says.
        message: String,
    },
    /// The execution store lacks final blocks that consensus has passed on already, and nobody else is there to have them. A node with peers
    /// fetches them.
    #[error(
        "chain {chain} has blocks up to {head}, but consensus has seen them final up to {processed}, and this node has no peers to fetch them from; restore {data_dir} from a backup (`chancery restore --replace`)"
    )]
    ExecutionBehind {
        /// The chain's name.
        chain: String,
        /// Where its data are.
        data_dir: PathBuf,
        /// What the names of the consensus files begin with.
        partition: String,
        /// Last height in the execution store.
        head: u64,
        /// Last height that consensus passed on.
        processed: u64,
    },
    /// The record of the views that the validator may have voted in cannot be read or written. Without it nothing keeps a validator that has lost its
    /// journal from voting twice.
    #[error(
        "the record of votes {path} cannot be used: {source}; make the file and its folder readable and writable. If it is damaged, and this node's data are as they were when it stopped, remove it"
    )]
    VoteRecord {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The evidence against validators cannot be read.
    #[error("{data_dir}/evidence cannot be read: {source}; make it readable, or move it away to keep it")]
    Evidence {
        /// Where the chain's data are.
        data_dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody put the machine's clock back: timers that were set before would fire late by as much.
    #[error(
        "chain {chain} stopped because the clock of this machine was put back by {by_ms} ms; nothing final is lost: check the clock (`timedatectl status`) and start the node again"
    )]
    ClockSetBack {
        /// The chain's name.
        chain: String,
        /// By how much, in milliseconds.
        by_ms: u64,
    },
    /// There is no room left where the chain is kept.
    #[error(
        "the disk is full: {free_mebibytes} MiB are left for {path}, and chain {chain} does not run with less than {MIN_FREE_MEBIBYTES}; nothing final is lost: make room and start the node again"
    )]
    DiskFull {
        /// The chain's name.
        chain: String,
        /// Where its data are.
        path: PathBuf,
        /// What is left.
        free_mebibytes: u64,
    },
    /// A part of the node ended that never should.
    #[error(
        "the {part} of chain {chain} ended unexpectedly; start the node again. If it ends so at every start, its files are damaged: stop it, remove the consensus files (`consensus` in the data directory: what was final stands in the chain's own data), leave the `votes-*` beside its key, start it, and report this with its log"
    )]
    PartEnded {
        /// The chain's name.
        chain: String,
        /// Which part.
        part: &'static str,
    },
}

/// Why a validator key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file system refuses.
    #[error("the key file {path} cannot be {action}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Others may read the file.
    #[error(
        "the key file {path} can be read by others (mode {mode:03o}); run `chmod 600 {path}`, and replace the key if it may have been read"
    )]
    Permission {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Not a key file.
    #[error("{path} is not a validator key file: {reason}; restore it from a backup")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong. Never what stands in it.
        reason: &'static str,
    },
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
