//! The founding file: all that a genesis is made from beside the validators' public keys. Who founds a chain together reads the same file, makes the genesis by it, and
//! compares the hash.

use std::{
    collections::BTreeSet,
    num::NonZeroU64,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::Address;
use anyhow::{Context as _, Result, bail, ensure};
use chancery_contracts::{Authorities, DEFAULT_EPOCH_LENGTH};
use chancery_execution::ValidatorConfig;
use chancery_primitives::ChangeKind;
use serde::{Deserialize, Serialize};

use super::{Founding, chain_ids, chain_members::ChainMembers, city::CitySection, known_keys, requirement};
use crate::{alliance::configuration, city::layout::CityChain};

/// Accounts that a role may have at first.
const MAX_HOLDERS: usize = 64;
/// How far the clock of whoever wrote the file may be ahead.
const CLOCK_TOLERANCE_S: u64 = 300;

/// A founding file, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoundingFile {
    /// EIP-155 id of the main chain; the side chains have the next ones.
    pub(super) chain_id: u64,
    /// Time of the first block, in seconds since 1970.
    pub(super) timestamp: u64,
    /// Blocks after which a changed validator set takes over.
    #[serde(default = "usual_epoch_length")]
    pub(super) epoch_length: NonZeroU64,
    /// Kinds of changes that need two operators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) two_operators: Vec<ChangeKind>,
    /// Grants and revokes roles.
    pub(super) administrator: Address,
    /// Configure organizations and data formats.
    pub(super) operators: Vec<Address>,
    /// Record data blocks.
    pub(super) submitters: Vec<Address>,
    /// People, two or more, who release contracts and approve changes.
    pub(super) contract_operators: Vec<Address>,
    /// Chains that are founded together and run by organizations on their own machines; absent: one chain, or all of a city in one process.
    #[serde(default, skip_serializing_if = "ChainMembers::is_empty")]
    pub(super) chains: ChainMembers,
    /// What a city has to know beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) city: Option<CitySection>,
}

const fn usual_epoch_length() -> NonZeroU64 {
    DEFAULT_EPOCH_LENGTH
}

impl FoundingFile {
    /// Reads a file and checks it. Paths become independent of where it stands.
    ///
    /// # Errors
    /// What is missing, unknown or refused, and in which file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut file: Self = configuration(path)?;
        file.check().with_context(|| format!("{}", path.display()))?;
        if let Some(city) = &mut file.city {
            city.place_keys_in(std::path::absolute(path)?.parent().unwrap_or(Path::new("/")));
        }
        Ok(file)
    }

    /// Checks everything that is the same for everybody and at all times.
    ///
    /// # Errors
    /// The first rule that does not hold (FOUND-1 to FOUND-4, FOUND-8).
    pub(super) fn check(&self) -> Result<()> {
        chain_ids::check(self.chain_id).context("chain_id")?;
        ensure!(self.timestamp > 0, "timestamp: the first block's time lies after 1970");
        holders("operators", &self.operators, 1)?;
        holders("submitters", &self.submitters, 1)?;
        holders("contract_operators", &self.contract_operators, 2)?;
        usable("administrator", &self.administrator)?;
        let others = [&self.operators, &self.submitters, &self.contract_operators];
        ensure!(
            !others.into_iter().flatten().any(|account| *account == self.administrator),
            "administrator: {} has another role too; the key that grants every role is used for nothing else",
            self.administrator
        );
        if let Some(machine) = self.submitters.iter().find(|account| self.contract_operators.contains(account)) {
            bail!("contract_operators: {machine} is a submitter, whose key a machine has; these are people");
        }
        if let Some(city) = &self.city {
            holders("supervisors", &city.supervisors, 0)?;
        }
        self.chains.check().context("[chains]")
    }

    /// What a genesis of these validators is made from.
    ///
    /// # Errors
    /// A first block in the future; an organization that would vote by a key that everybody knows.
    pub(crate) fn founding(&self, validators: Vec<ValidatorConfig>) -> Result<Founding> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        ensure!(
            self.timestamp <= now.saturating_add(CLOCK_TOLERANCE_S),
            "timestamp: {} lies in the future of this machine, whose clock says {now}: no block could follow",
            self.timestamp
        );
        for validator in &validators {
            if let Some(account) = validator.voting_account {
                usable(&format!("the voting account of {}", validator.name), &account)?;
            }
        }
        Ok(Founding {
            validators,
            authorities: self.authorities(),
            epoch_length: self.epoch_length,
            funded: Vec::new(),
            timestamp: self.timestamp,
            main_chain_id: self.chain_id,
        })
    }

    /// Who holds which role.
    pub(crate) fn authorities(&self) -> Authorities {
        Authorities {
            administrator: self.administrator,
            operators: self.operators.clone(),
            submitters: self.submitters.clone(),
            contract_operators: self.contract_operators.clone(),
            approval_requirement: requirement(&self.two_operators),
        }
    }

    /// EIP-155 id of the main chain.
    pub(crate) const fn main_chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Whether it names chains that organizations run on their own machines.
    pub(crate) fn names_chains(&self) -> bool {
        !self.chains.is_empty()
    }

    /// The side chains of the city: those that it names, or all.
    pub(crate) fn sides(&self) -> Vec<CityChain> {
        self.chains.sides()
    }

    /// What the genesis of one of the chains that it names is made from; `known`: the public keys of all validators.
    ///
    /// # Errors
    /// As [`Self::founding`], and a validator whose public keys are not among them.
    pub(crate) fn founding_of(&self, chain: CityChain, known: &[ValidatorConfig]) -> Result<Founding> {
        self.founding(self.chains.validators(chain, known)?)
    }

    /// Checks that each validator whose public keys are given runs one of the chains that it names.
    ///
    /// # Errors
    /// When one runs none: its name is spelt otherwise, or its file is not meant.
    pub(crate) fn ensure_seats_of(&self, known: &[ValidatorConfig]) -> Result<()> {
        for member in known {
            ensure!(
                self.chains.is_anywhere(&member.name),
                "the founding file names {:?} as a validator of no chain",
                member.name
            );
        }
        Ok(())
    }

    /// Checks that the validators of a genesis are those that it names.
    ///
    /// # Errors
    /// When they are others.
    pub(crate) fn ensure_run_by(&self, chain: CityChain, validators: &[ValidatorConfig]) -> Result<()> {
        self.chains.ensure_run_by(chain, validators)
    }

    /// A line for each chain that it names, with who runs it.
    pub(crate) fn chain_lines(&self) -> String {
        let line = |chain: CityChain| format!("{:<18} {}", chain.name, self.chains.names(chain).join(", "));
        self.chains.named().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Where the key is that the city sends its transactions with.
    ///
    /// # Errors
    /// When the file says nothing of a city.
    pub(crate) fn submitter_key(&self) -> Result<&Path> {
        let city = self.city.as_ref().context(
            "[city] is missing: a city has to know submitter_key, the key that the city sends its transactions with",
        )?;
        Ok(&city.submitter_key)
    }

    /// What it says of a city.
    pub(crate) const fn city(&self) -> Option<&CitySection> {
        self.city.as_ref()
    }

    /// Checks that the account of the city's key may do what the city does.
    ///
    /// # Errors
    /// When it lacks a role.
    pub(crate) fn ensure_city_account(&self, account: Address) -> Result<()> {
        for (role, holders) in [("operators", &self.operators), ("submitters", &self.submitters)] {
            ensure!(
                holders.contains(&account),
                "submitter_key is the key of {account}, which is none of {role}: the city configures and records with it, so list it under both operators and submitters"
            );
        }
        Ok(())
    }

    /// People who operate the city: those who hold a role, but no machine.
    pub(crate) fn people(&self) -> BTreeSet<Address> {
        let holders = self.operators.iter().chain(&self.contract_operators);
        holders.filter(|account| !self.submitters.contains(account)).copied().collect()
    }

    /// Who supervises the city.
    pub(crate) fn supervisors(&self) -> BTreeSet<Address> {
        self.city.iter().flat_map(|city| &city.supervisors).copied().collect()
    }
}

/// Checks the accounts of a role.
fn holders(role: &str, accounts: &[Address], least: usize) -> Result<()> {
    ensure!(
        (least..=MAX_HOLDERS).contains(&accounts.len()),
        "{role}: {} accounts are named, and {least} to {MAX_HOLDERS} may be",
        accounts.len()
    );
    let mut seen = BTreeSet::new();
    for account in accounts {
        usable(role, account)?;
        ensure!(seen.insert(account), "{role}: {account} is named twice");
    }
    Ok(())
}

/// Checks that an account can be given an authority.
fn usable(role: &str, account: &Address) -> Result<()> {
    ensure!(!account.is_zero(), "{role}: the zero address is nobody's");
    ensure!(
        !known_keys::is_known(account),
        "{role}: everybody knows the key of {account}, which is an account of development tools; use an account of your own (`chancery key new`)"
    );
    ensure!(
        !is_code_of_genesis(account),
        "{role}: {account} is a contract of the genesis or of the protocol, which has no key: nobody could use its authority, or whoever calls it"
    );
    Ok(())
}

/// Whether code stands at an address from the first block on: contracts of a genesis (`c4a0`, zeros and two bytes), precompiled ones and what the protocol keeps for them.
fn is_code_of_genesis(account: &Address) -> bool {
    const NUMBER_BYTES: usize = 2;
    let (place, _) = account.split_at(Address::len_bytes() - NUMBER_BYTES);
    let (first, rest) = place.split_at(NUMBER_BYTES);
    rest.iter().all(|byte| *byte == 0) && (first == [0xc4, 0xa0] || first == [0, 0])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::address;

    use super::*;

    const FILE: &str = r#"
chain_id = 3377699720527999
timestamp = 1700000000
two_operators = ["keys", "formats"]
administrator = "0x0101010101010101010101010101010101010101"
operators = ["0x0202020202020202020202020202020202020202", "0x0303030303030303030303030303030303030303"]
submitters = ["0x0202020202020202020202020202020202020202"]
contract_operators = ["0x0303030303030303030303030303030303030303", "0x0404040404040404040404040404040404040404"]

[city]
submitter_key = "submitter.key"
supervisors = ["0x0505050505050505050505050505050505050505"]
"#;

    fn read(text: &str) -> Result<FoundingFile> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("founding.toml");
        std::fs::write(&path, text)?;
        FoundingFile::read(&path)
    }

    fn refusal(text: &str) -> String {
        format!("{:#}", read(text).unwrap_err())
    }

    fn account(byte: u8) -> Address {
        Address::repeat_byte(byte)
    }

    // FOUND-1
    #[test]
    fn a_file_says_who_holds_what_and_keeps_its_meaning() {
        let file = read(FILE).unwrap();
        let founding = file.founding(Vec::new()).unwrap();
        assert_eq!(
            (founding.main_chain_id, founding.timestamp, founding.funded.len()),
            (3_377_699_720_527_999, 1_700_000_000, 0)
        );
        assert_eq!(founding.authorities.administrator, account(1));
        assert_eq!(founding.authorities.approval_requirement, 0b110);
        assert_eq!(founding.epoch_length, DEFAULT_EPOCH_LENGTH);
        assert_eq!(file.people(), [account(3), account(4)].into(), "the city's machine is no operator who signs in");
        assert_eq!(file.supervisors(), [account(5)].into());
        let key = file.submitter_key().unwrap();
        assert!(key.is_absolute() && key.ends_with("submitter.key"), "{}", key.display());
        assert_eq!(toml::from_str::<FoundingFile>(&toml::to_string(&file).unwrap()).unwrap(), file);
        file.ensure_city_account(account(2)).unwrap();
        assert!(file.ensure_city_account(account(3)).unwrap_err().to_string().contains("none of submitters"));
    }

    // FOUND-1, bad input
    #[test]
    fn what_is_missing_or_unknown_is_named() {
        for member in ["chain_id", "timestamp", "administrator", "operators", "submitters", "contract_operators"] {
            let line = FILE.lines().find(|line| line.starts_with(&format!("{member} ="))).unwrap();
            let refused = refusal(&FILE.replacen(line, "", 1));
            assert!(refused.contains(&format!("missing field `{member}`")), "{refused}");
        }
        assert!(refusal(&format!("treasurer = 1\n{FILE}")).contains("unknown field `treasurer`"));
        assert!(refusal(&FILE.replace("supervisors", "auditors")).contains("unknown field `auditors`"));
        let refused = read(FILE.split("[city]").next().unwrap()).unwrap().submitter_key().unwrap_err().to_string();
        assert!(refused.contains("[city] is missing"), "{refused}");
    }

    // FOUND-3, FOUND-4, bad input
    #[test]
    fn accounts_that_can_hold_nothing_are_refused() {
        let (third, fourth) = (format!("\"{}\"", account(3)), format!("\"{}\"", account(4)));
        for (from, to, why) in [
            (fourth.as_str(), third.as_str(), "is named twice"),
            (fourth.as_str(), "\"0x0000000000000000000000000000000000000000\"", "zero address"),
            (fourth.as_str(), "\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"", "everybody knows the key"),
            (fourth.as_str(), "\"0xc4a000000000000000000000000000000000000e\"", "a contract of the genesis"),
            (fourth.as_str(), "\"0x0000000000000000000000000000000000000004\"", "a contract of the genesis"),
            (", \"0x0404040404040404040404040404040404040404\"", "", "2 to 64"),
            ("\"0x0101010101010101010101010101010101010101\"", third.as_str(), "has another role too"),
            (fourth.as_str(), "\"0x0202020202020202020202020202020202020202\"", "is a submitter"),
            ("submitters = [\"0x0202020202020202020202020202020202020202\"]", "submitters = []", "1 to 64"),
            ("3377699720527999", "7103", "every development city"),
            ("timestamp = 1700000000", "timestamp = 0", "after 1970"),
            (
                "\"0x0505050505050505050505050505050505050505\"",
                "\"0x70997970C51812dc3A010C7d01b50e0d17dc79C8\"",
                "supervisors: everybody knows",
            ),
        ] {
            assert!(FILE.contains(from), "{from}");
            let refused = refusal(&FILE.replace(from, to));
            assert!(refused.contains(why), "{to}: {refused}");
        }
    }

    // FOUND-3, FOUND-5
    #[test]
    fn no_organization_votes_by_a_known_key_and_no_chain_begins_tomorrow() {
        let voter = address!("0x09DB0a93B389bEF724429898f539AEB7ac2Dd55f");
        let validator = ValidatorConfig {
            voting_account: Some(voter),
            ..chancery_chain::ValidatorKeys::from_seed(1).public("tax")
        };
        let file = read(FILE).unwrap();
        let refused = file.founding(vec![validator]).map(drop).unwrap_err().to_string();
        assert!(refused.contains("the voting account of tax"), "{refused}");
        let late = read(&FILE.replace("1700000000", "99999999999")).unwrap();
        assert!(late.founding(Vec::new()).map(drop).unwrap_err().to_string().contains("in the future"));
    }
}
