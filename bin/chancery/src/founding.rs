//! What chains are founded with: who holds which authority from the first block on, and which ids they have (`docs/specs/founding.md`).

pub(crate) mod chain_ids;
mod chain_members;
mod city;
mod file;
pub(crate) mod known_keys;
mod made;

use std::num::NonZeroU64;

use alloy_primitives::Address;
use anyhow::Result;
use chancery_contracts::{Authorities, DEFAULT_EPOCH_LENGTH};
use chancery_execution::ValidatorConfig;
use chancery_primitives::ChangeKind;
use serde::Serialize;

pub(crate) use self::{city::CitySection, file::FoundingFile, made::make};
use crate::keys::{development, development_key};

/// What the genesis of a new chain is made from.
#[derive(Clone)]
pub(crate) struct Founding {
    /// The validators of the chain.
    pub(crate) validators: Vec<ValidatorConfig>,
    /// Who administers the contracts' roles, configures, and records data blocks.
    pub(crate) authorities: Authorities,
    /// Blocks after which a changed validator set takes over.
    pub(crate) epoch_length: NonZeroU64,
    /// Funded accounts.
    pub(crate) funded: Vec<Address>,
    /// Seconds since 1970.
    pub(crate) timestamp: u64,
    /// EIP-155 id of the main chain; the side chains have the next ones.
    pub(crate) main_chain_id: u64,
}

impl Founding {
    /// What a development chain is made from: the operator of the public phrase administers it, and its first accounts are funded
    /// (docs/decisions/0006).
    pub(crate) fn development(validators: Vec<ValidatorConfig>, timestamp: u64) -> Result<Self> {
        let operator = development_key(development::OPERATOR)?.address();
        let second_operator = development_key(development::SECOND_OPERATOR)?.address();
        let funded =
            (0..development::FUNDED).map(|index| Ok(development_key(index)?.address())).collect::<Result<_>>()?;
        Ok(Self {
            validators,
            authorities: Authorities {
                administrator: operator,
                operators: vec![operator],
                submitters: vec![operator],
                contract_operators: vec![operator, second_operator],
                approval_requirement: 0,
            },
            epoch_length: DEFAULT_EPOCH_LENGTH,
            funded,
            timestamp,
            main_chain_id: chain_ids::DEVELOPMENT,
        })
    }

    /// The same, with a gateway that may configure, and record data blocks.
    pub(crate) fn with_gateway(mut self, gateway: Address) -> Self {
        self.authorities.operators.push(gateway);
        self.authorities.submitters = vec![gateway];
        self
    }

    /// The same, whose changes of these kinds need two operators.
    pub(crate) fn with_two_operators_for(mut self, kinds: &[ChangeKind]) -> Self {
        self.authorities.approval_requirement = requirement(kinds);
        self
    }
}

/// One bit for each kind of changes.
pub(crate) fn requirement(kinds: &[ChangeKind]) -> u8 {
    kinds.iter().fold(0, |bits, kind| bits | (1 << kind.code()))
}

/// Who holds what, for whoever compares a genesis with what was agreed on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holders<'a> {
    administrator: Address,
    operators: &'a [Address],
    submitters: &'a [Address],
    contract_operators: &'a [Address],
}

impl<'a> Holders<'a> {
    pub(crate) fn of(authorities: &'a Authorities) -> Self {
        Self {
            administrator: authorities.administrator,
            operators: &authorities.operators,
            submitters: &authorities.submitters,
            contract_operators: &authorities.contract_operators,
        }
    }

    /// A line for each holder, names first.
    pub(crate) fn lines(&self) -> String {
        let one = std::slice::from_ref(&self.administrator);
        let roles = [
            ("administrator", one),
            ("operator", self.operators),
            ("submitter", self.submitters),
            ("contract operator", self.contract_operators),
        ];
        let lines = roles.iter().flat_map(|(role, accounts)| {
            accounts.iter().map(move |account| {
                let known = if known_keys::is_known(account) { "  (everybody knows its key)" } else { "" };
                format!("{role:<18} {account}{known}")
            })
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
