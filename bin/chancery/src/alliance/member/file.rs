//! `member.toml`: a member of an alliance, as its engineer describes it. Paths are relative to it.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use anyhow::{Context as _, Result, bail, ensure};
use chancery_bridge::{
    contracts::AllianceContract,
    establish::{Endorsing, Joining, Made, NodeContractKind, Site},
};
use serde::Deserialize;

use super::authority_key;
use crate::alliance::{chains::ChainSection, configuration, name_of};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberFile {
    /// What it is called in the alliance.
    name: String,
    /// What the alliance is for; the same in every member's file.
    purpose: String,
    /// Names of the members that it wants to communicate with.
    partners: Vec<String>,
    /// Hexadecimal key of its authority, readable by its owner alone, or the name of a key in a token (`pkcs11:...`). It pays on both chains, and owns the node contract.
    key_file: PathBuf,
    /// `store`, `rules`, or the address at which it puts its own.
    node_contract: String,
    /// Where requirements are declared, on the alliance chain; `require`, `propose` and `join` need it.
    registry: Option<Address>,
    /// The transaction that made the registry, which is looked at.
    registry_transaction: Option<B256>,
    /// Whose word counts for it, and how much.
    endorsers: Vec<EndorserSection>,
    /// The chain that decides.
    alliance_chain: ChainSection,
    /// The member's own.
    chain: ChainSection,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndorserSection {
    /// The node's name.
    node: String,
    weight: u64,
}

/// A member with its chains.
pub(super) struct Member {
    pub(super) home: Site,
    pub(super) joining: Joining,
    pub(super) purpose: B256,
    pub(super) partners: Vec<B256>,
    registry: Option<Made>,
}

/// Reads the file, and connects to both chains.
pub(super) async fn open(config: &Path) -> Result<Member> {
    let file: MemberFile = configuration(config)?;
    let name = name_of(&file.name)?;
    let partners = file.partners.iter().map(|partner| name_of(partner)).collect::<Result<Vec<_>>>()?;
    ensure!(!partners.contains(&name), "partners name the member itself: name the others alone");
    let endorsers = file.endorsers.iter().map(|it| Ok(Endorsing { node: name_of(&it.node)?, weight: it.weight }));
    let endorsers = endorsers.collect::<Result<Vec<_>>>()?;
    let directory = config.parent().unwrap_or_else(|| Path::new(""));
    let key = authority_key(&file.key_file, directory)?;
    let home = file.alliance_chain.site(config).await?;
    let site = file.chain.site(config).await?;
    let (own, of_alliance) = (site.chain.config().chain_id, home.chain.config().chain_id);
    ensure!(own != of_alliance, "chain and alliance_chain are both chain {own}: a member has a chain of its own");
    let kind = kind(&file.node_contract)?;
    let registry = match (file.registry, file.registry_transaction) {
        (Some(address), Some(transaction)) => Some(Made { address, transaction }),
        (None, None) => None,
        _ => bail!("give registry and registry_transaction, both as `chancery alliance open-registry` has told them"),
    };
    Ok(Member {
        home,
        joining: Joining { name, site, key, kind, endorsers },
        purpose: name_of(&file.purpose)?,
        partners,
        registry,
    })
}

fn kind(text: &str) -> Result<NodeContractKind> {
    match text {
        "store" => Ok(NodeContractKind::Store),
        "rules" => Ok(NodeContractKind::Rules),
        own => own
            .parse()
            .map(NodeContractKind::Own)
            .with_context(|| format!("node_contract is `store`, `rules` or an address, not {own:?}")),
    }
}

impl Member {
    pub(super) fn registry(&self) -> Result<Made> {
        self.registry.context("give registry and registry_transaction in the file: `chancery alliance open-registry` makes one, and all members name the same")
    }

    pub(super) fn alliance(&self, contract: Address) -> AllianceContract {
        AllianceContract { chain: self.home.chain.clone(), address: contract }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const FILE: &str = r#"
        name = "bank"
        purpose = "mortgages"
        partners = ["land registry"]
        key_file = "authority.key"
        node_contract = "rules"
        registry = "0x00000000000000000000000000000000000000aa"
        registry_transaction = "0x00000000000000000000000000000000000000000000000000000000000000bb"

        [[endorsers]]
        node = "node 1"
        weight = 2

        [alliance_chain]
        name = "main"
        rpc = "http://127.0.0.1:8545"
        genesis = "main/genesis.json"

        [chain]
        name = "bank"
        rpc = "http://127.0.0.1:8546"
        genesis = "bank/genesis.json"
    "#;

    // A-EST: the file of the specification is read, and one with a slip in it is not.
    #[test]
    fn a_member_is_described_in_one_file() {
        let file: MemberFile = toml::from_str(FILE).unwrap();
        assert_eq!((file.name.as_str(), file.endorsers.first().unwrap().weight), ("bank", 2));
        assert_eq!(kind(&file.node_contract).unwrap(), NodeContractKind::Rules);
        assert!(toml::from_str::<MemberFile>(&FILE.replace("weight", "wieght")).is_err());
        assert!(kind("storage").unwrap_err().to_string().contains("`store`, `rules` or an address"));
    }
}
