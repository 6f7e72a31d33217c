//! What `require` has done so far, in a file: for the own `join`, and for the other members.

use std::path::Path;

use alloy_primitives::{Address, B256, U256};
use anyhow::{Context as _, Result, ensure};
use chancery_bridge::establish::{Declared, Prepared};
use serde::{Deserialize, Serialize};

use crate::commands::{read_bounded, replace};

/// Largest file of this kind, in bytes.
const MAX_BYTES: u64 = 64 * 1024;
const VERSION: u32 = 1;

/// The file. Whoever reads another member's believes nothing of it: the alliance chain says whether it is so.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeclaredFile {
    version: u32,
    /// The member's name.
    pub(super) member: String,
    /// EIP-155 id of the alliance chain.
    pub(super) alliance_chain_id: u64,
    /// EIP-155 id of the member's chain.
    pub(super) chain_id: u64,
    /// Where it was declared.
    pub(super) registry: Address,
    /// Its number there; absent: it is not declared yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requirement: Option<U256>,
    /// On the alliance chain, follows the member's; absent: a foreign one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor: Option<Address>,
    /// On the member's chain, follows the alliance's.
    anchor_of_alliance: Address,
    /// Where the node contract will stand.
    node_contract: Address,
    /// Hash of the member's genesis header; absent: a foreign chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    genesis_hash: Option<B256>,
}

impl DeclaredFile {
    pub(super) const fn new(
        member: String,
        alliance_chain_id: u64,
        (chain_id, genesis_hash): (u64, Option<B256>),
        registry: Address,
        prepared: &Prepared,
    ) -> Self {
        Self {
            version: VERSION,
            member,
            alliance_chain_id,
            chain_id,
            registry,
            requirement: None,
            anchor: prepared.to_alliance,
            anchor_of_alliance: prepared.to_member,
            node_contract: prepared.node_contract,
            genesis_hash,
        }
    }

    /// Reads a file; `None` if there is none.
    pub(super) fn read_if_there(path: &Path) -> Result<Option<Self>> {
        if path.exists() { Self::read(path).map(Some) } else { Ok(None) }
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let file: Self = serde_json::from_slice(&read_bounded(path, MAX_BYTES)?)
            .with_context(|| format!("{} is not what `chancery alliance require` writes", path.display()))?;
        ensure!(
            file.version == VERSION,
            "{} is of version {}, this program reads {VERSION}",
            path.display(),
            file.version
        );
        Ok(file)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        replace(path, &serde_json::to_vec_pretty(self)?)
    }

    pub(super) const fn prepared(&self) -> Prepared {
        Prepared { to_member: self.anchor_of_alliance, to_alliance: self.anchor, node_contract: self.node_contract }
    }

    pub(super) const fn with(mut self, declared: Declared) -> Self {
        self.requirement = Some(declared.id);
        self
    }

    /// What others need of it.
    pub(super) fn declared(&self, path: &Path) -> Result<Declared> {
        let unfinished = || {
            format!("{} was not declared to its end: `chancery alliance require` goes on where it was", path.display())
        };
        Ok(Declared { id: self.requirement.with_context(unfinished)?, anchor: self.anchor })
    }
}
