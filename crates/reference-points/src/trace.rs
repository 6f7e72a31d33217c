//! What the traces of all kinds of assets say of rights and transfers (M-APP): who may do what and by which rule, and whether and how the asset changes hands. Where it
//! cannot change hands, a trace names the rule that says so.

use std::fmt;

use alloy_primitives::Address;
use chancery_data::submission::Access;
use serde::{Deserialize, Serialize};

use crate::{Role, access_rule::AccessEntries, data_block::TransactionLocator};

/// Most changes of hands that one trace shows: the newest.
pub const MAX_HAND_OVERS: usize = 1000;

/// What somebody may do with an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UseAct {
    /// Read it.
    Read,
    /// Add the next version.
    AddVersion,
    /// See what happened to it.
    SeeHistory,
    /// Ask what it amounts to now.
    AskStatus,
    /// Show it to somebody, who can check it.
    Present,
    /// Suspend, resume or revoke it.
    ChangeStatus,
    /// Put a new one in its place.
    Renew,
}

impl UseAct {
    /// Every act.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::AddVersion,
        Self::SeeHistory,
        Self::AskStatus,
        Self::Present,
        Self::ChangeStatus,
        Self::Renew,
    ];

    /// The name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::AddVersion => "add-version",
            Self::SeeHistory => "see-history",
            Self::AskStatus => "ask-status",
            Self::Present => "present",
            Self::ChangeStatus => "change-status",
            Self::Renew => "renew",
        }
    }
}

/// Who has a right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "kebab-case")]
pub enum Entitled {
    /// Anybody.
    Anybody,
    /// Whoever has one of these roles; nobody if there are none.
    Roles {
        /// The roles.
        roles: Vec<Role>,
    },
    /// Keys and sources that this organization has for it.
    Organization {
        /// Its code.
        organization: String,
    },
    /// This address.
    Address {
        /// Which.
        address: Address,
    },
}

impl fmt::Display for Entitled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => formatter.write_str("anybody"),
            Self::Roles { roles } if roles.is_empty() => formatter.write_str("nobody"),
            Self::Roles { roles } => {
                let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
                formatter.write_str(&names.join(", "))
            }
            Self::Organization { organization } => write!(formatter, "organization {organization}"),
            Self::Address { address } => write!(formatter, "{address}"),
        }
    }
}

/// An access rule in force that narrows a right (M-CON-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Narrowing {
    /// The service that it is about.
    pub service: String,
    /// The rule's version on the main chain.
    pub version: u32,
    /// What it says; empty for whoever is shown that there is a rule, and no more.
    #[serde(default, skip_serializing_if = "AccessEntries::is_empty")]
    pub entries: AccessEntries,
}

impl Narrowing {
    /// That there is a rule, without what it says.
    #[must_use]
    pub fn without_entries(self) -> Self {
        Self { entries: AccessEntries::new(), ..self }
    }
}

/// A right of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UseRight {
    /// To do what.
    pub act: UseAct,
    /// Who has it.
    pub by: Entitled,
    /// Of the versions of this access class; absent: of the whole asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// The rule that gives it, by its name in `docs/specs` and in words.
    pub rule: String,
    /// Access rules that narrow it now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub narrowed_by: Vec<Narrowing>,
}

impl UseRight {
    /// By a rule that no access rule narrows.
    #[must_use]
    pub fn of(act: UseAct, by: Entitled, rule: &str) -> Self {
        Self { act, by, access: None, rule: rule.to_owned(), narrowed_by: Vec::new() }
    }
}

/// How something came into other hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandedBy {
    /// It was registered: the first hands.
    Registration,
    /// Who had it before has signed for who has it now.
    Approval,
    /// An operator stood in for a lost key.
    Operator,
    /// It was withdrawn: no hands any more.
    Withdrawal,
}

impl HandedBy {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Registration, Self::Approval, Self::Operator, Self::Withdrawal];

    /// The name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Approval => "approval",
            Self::Operator => "operator",
            Self::Withdrawal => "withdrawal",
        }
    }
}

/// One change of hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandOver {
    /// Of what: the address of a source or of an identity.
    pub of: Address,
    /// Who had it: a key's thumbprint or an address; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who has it from then on; absent when it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// When, Unix milliseconds.
    pub at: u64,
    /// How.
    pub how: HandedBy,
    /// Where it is recorded, of what a contract records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<TransactionLocator>,
}

/// Whether and how an asset changes hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfers {
    /// Whether it can have another owner.
    pub transferable: bool,
    /// Names of the rules that say so, in `docs/specs`.
    pub rule: String,
    /// The same in words.
    pub reason: String,
    /// In whose hands it was, or what it depends on, oldest first, the newest thousand.
    pub path: Vec<HandOver>,
    /// Whether there are more.
    pub cut: bool,
}

impl Transfers {
    /// Of what stays its owner's, by these rules. `path`: what changes hands all the same.
    #[must_use]
    pub fn never(rule: &str, reason: &str, mut path: Vec<HandOver>) -> Self {
        path.sort_by_key(|one| one.at);
        let before = path.len().saturating_sub(MAX_HAND_OVERS);
        let path = path.split_off(before);
        Self { transferable: false, rule: rule.to_owned(), reason: reason.to_owned(), path, cut: before > 0 }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    // M-APP: names in words and on the wire are the same.
    #[test]
    fn what_is_written_is_what_is_named() {
        for act in UseAct::ALL {
            assert_eq!(serde_json::to_value(act).unwrap(), json!(act.name()));
        }
        for how in HandedBy::ALL {
            assert_eq!(serde_json::to_value(how).unwrap(), json!(how.name()));
        }
        let roles = Entitled::Roles { roles: vec![Role::Issuer, Role::Source] };
        assert_eq!(serde_json::to_value(&roles).unwrap(), json!({"who": "roles", "roles": ["issuer", "source"]}));
        assert_eq!((roles.to_string().as_str(), Entitled::Anybody.to_string().as_str()), ("issuer, source", "anybody"));
    }

    // M-APP: what is cut says so, and the newest stay.
    #[test]
    fn a_path_is_in_order_and_bounded() {
        let hand =
            |at| HandOver { of: Address::ZERO, from: None, to: None, at, how: HandedBy::Approval, recorded: None };
        let short = Transfers::never("DATA-10", "why", vec![hand(2), hand(1)]);
        assert_eq!((short.path[0].at, short.cut, short.transferable), (1, false, false));
        let long = Transfers::never("DATA-10", "why", (0..=MAX_HAND_OVERS as u64).rev().map(hand).collect());
        assert_eq!((long.path.len(), long.path[0].at, long.cut), (MAX_HAND_OVERS, 1, true));
    }
}
