use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use alloy_primitives::Address;

use chancery_ledger::SubmitterKey;
use chancery_reference_points::{mandate::AccessRight, operation::ChainName};

use crate::{AnchorPlaces, Registrations};

/// What processing is given besides the ledger and the handlers.
#[derive(Clone)]
pub struct ProcessingConfig {
    /// The chain of organizations and formats.
    pub main: ChainName,
    /// Sends data blocks and operations; needs the role `SUBMITTER` of the access manager on every chain.
    pub submitter: Arc<SubmitterKey>,
    /// Sends changes of organizations and formats; needs the role `OPERATOR`. May be the same key.
    pub operator: Arc<SubmitterKey>,
    /// Which side chain carries a certificate kind.
    pub kinds: BTreeMap<String, ChainName>,
    /// The genesis files that light clients trust, as they are given out at `GET /v1/chains`.
    pub genesis_files: BTreeMap<ChainName, serde_json::Value>,
    /// JSON-RPC endpoints as others reach them, where they differ from those that the ledger uses.
    pub public_rpc_urls: BTreeMap<ChainName, String>,
    /// Longest wait for a change of organizations to be shown to side chains that take it over by proof, before its answer says that it is on its way.
    pub shown_patience: Duration,
    /// By which rights the chains are read, besides those of the city itself: the services of the catalogue.
    pub rights: Vec<AccessRight>,
    /// Who is an operator; that somebody says so is not enough.
    pub operators: BTreeSet<Address>,
    /// Who is a supervisor.
    pub supervisors: BTreeSet<Address>,
    /// Who is registered.
    pub registrations: Arc<dyn Registrations>,
    /// Which anchors the chains have of one another.
    pub anchors: Arc<dyn AnchorPlaces>,
}

/// Which chains have to know a right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RightScope {
    /// The main chain and the side chain of the kind, to which it is proven or written.
    Kind(ChainName),
    /// Every chain: inspections and other data are recorded everywhere.
    EveryChain,
    /// The main chain alone: real names are confirmed there, and there is the directory of shared resources.
    Main,
}

impl fmt::Debug for ProcessingConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessingConfig")
            .field("main", &self.main)
            .field("submitter", &self.submitter)
            .field("operator", &self.operator)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}
