//! What `require` has done so far, in a file: for the own `join`, and for the other members.

use std::path::Path;

use alloy_primitives::{Address, B256, U256};
use anyhow::{Context as _, Result, ensure};
use chancery_bridge::establish::{Candidate, Declared, Made, OpenRequirement, Prepared};
use serde::{Deserialize, Serialize};

use crate::{
    alliance::text_of,
    commands::{read_bounded, replace},
};

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
    /// The transaction that made it: others look at what it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor_transaction: Option<B256>,
    /// On the member's chain, follows the alliance's; absent: the file was found on the alliance chain, by somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor_of_alliance: Option<Address>,
    /// Where the node contract will stand.
    pub(super) node_contract: Address,
    /// Hash of the member's genesis header; absent: a foreign chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) genesis_hash: Option<B256>,
}

impl DeclaredFile {
    pub(super) fn new(
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
            anchor: prepared.to_alliance.map(|made| made.address),
            anchor_transaction: prepared.to_alliance.map(|made| made.transaction),
            anchor_of_alliance: Some(prepared.to_member),
            node_contract: prepared.node_contract,
            genesis_hash,
        }
    }

    /// What the alliance chain shows of a member that has sent no file.
    pub(super) fn found(
        alliance_chain_id: u64,
        registry: Address,
        requirement: &OpenRequirement,
        declared: Declared,
    ) -> Self {
        Self {
            version: VERSION,
            member: text_of(requirement.name),
            alliance_chain_id,
            chain_id: requirement.chain_id,
            registry,
            requirement: Some(declared.id),
            anchor: declared.anchor.map(|made| made.address),
            anchor_transaction: declared.anchor.map(|made| made.transaction),
            anchor_of_alliance: None,
            node_contract: requirement.node_contract,
            genesis_hash: requirement.genesis_hash,
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
        ensure!(
            file.anchor.is_some() == file.anchor_transaction.is_some(),
            "{} names an anchor without the transaction that made it, or that without the other",
            path.display()
        );
        Ok(file)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        replace(path, &serde_json::to_vec_pretty(self)?)
    }

    pub(super) fn prepared(&self) -> Result<Prepared> {
        let to_member = self.anchor_of_alliance.with_context(|| {
            format!(
                "this file of {} was found on the alliance chain: give what its own `chancery alliance require` wrote",
                self.member
            )
        })?;
        Ok(Prepared { to_member, to_alliance: self.made(), node_contract: self.node_contract })
    }

    fn made(&self) -> Option<Made> {
        self.anchor.zip(self.anchor_transaction).map(|(address, transaction)| Made { address, transaction })
    }

    /// That the requirement says what the file says.
    pub(super) fn check_against(&self, candidate: &Candidate) -> Result<()> {
        let differs = |what: &str| {
            format!(
                "the requirement is of {} and has another {what} than the file of {}: ask for the right file, and do not vote",
                text_of(candidate.name),
                self.member
            )
        };
        ensure!(self.registry == candidate.registry, differs("registry"));
        ensure!(self.member == text_of(candidate.name), differs("name"));
        ensure!(self.chain_id == candidate.chain_id, differs("chain"));
        ensure!(self.genesis_hash == candidate.genesis_hash, differs("genesis"));
        ensure!(self.node_contract == candidate.node_contract, differs("node contract"));
        Ok(())
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
        Ok(Declared { id: self.requirement.with_context(unfinished)?, anchor: self.made() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::alliance::name_of;

    // A-EST: others need nothing more of a member than what the chain shows; the member itself does.
    #[test]
    fn a_file_that_was_found_is_for_others() {
        let made = Made { address: Address::repeat_byte(5), transaction: B256::repeat_byte(6) };
        let requirement = OpenRequirement {
            id: 4,
            authority: Address::repeat_byte(4),
            purpose: name_of("mortgages").unwrap(),
            name: name_of("bank").unwrap(),
            chain_id: 7101,
            genesis_hash: Some(B256::repeat_byte(2)),
            node_contract: Address::repeat_byte(3),
            open_until: 0,
            partners: Vec::new(),
            endorsers: Vec::new(),
        };
        let declared = Declared { id: U256::from(4), anchor: Some(made) };
        let file = DeclaredFile::found(1, Address::repeat_byte(1), &requirement, declared);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("declared-4.json");
        file.write(&path).unwrap();
        let read = DeclaredFile::read(&path).unwrap();
        assert_eq!((read.member.as_str(), read.declared(&path).unwrap()), ("bank", declared));
        assert!(read.prepared().unwrap_err().to_string().contains("was found on the alliance chain"));
    }

    // A-EST: a file that shows another member than the requirement is of is told before anybody votes by it.
    #[test]
    fn a_file_that_shows_another_member_than_its_requirement_is_refused() {
        let prepared = Prepared { to_member: Address::ZERO, to_alliance: None, node_contract: Address::repeat_byte(3) };
        let (registry, genesis) = (Address::repeat_byte(1), Some(B256::repeat_byte(2)));
        let file = DeclaredFile::new("bank".to_owned(), 1, (7101, genesis), registry, &prepared);
        let honest = Candidate {
            registry,
            name: name_of("bank").unwrap(),
            authority: Address::repeat_byte(4),
            chain_id: 7101,
            genesis_hash: genesis,
            node_contract: Address::repeat_byte(3),
            endorsers: Vec::new(),
            present: None,
        };
        file.check_against(&honest).unwrap();
        let others = [
            ("registry", Candidate { registry: Address::repeat_byte(9), ..honest.clone() }),
            ("name", Candidate { name: name_of("tax office").unwrap(), ..honest.clone() }),
            ("chain", Candidate { chain_id: 7102, ..honest.clone() }),
            ("genesis", Candidate { genesis_hash: None, ..honest.clone() }),
            ("node contract", Candidate { node_contract: Address::repeat_byte(9), ..honest }),
        ];
        for (what, other) in others {
            let refused = file.check_against(&other).unwrap_err().to_string();
            assert!(refused.contains(&format!("another {what}")), "{refused}");
        }
    }
}
