//! By which right somebody read (M-MON-2): what a journal says of each access, so that a supervisor sees not only who and when, but why that was allowed.

use serde::{Deserialize, Serialize};

use crate::read_right::ReadRight;

/// Why a read was allowed. Where what was read was allowed for several reasons, the last of them in the order below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Right {
    /// What was read is for anybody.
    Open,
    /// It is about the reader: its holder, or who registered it.
    OwnData,
    /// It is of an organization of which the reader has a right in force.
    SameOrganization,
    /// The reader is named by whoever it belongs to.
    Named,
    /// A grant, a contract or an access rule lets the reader read it.
    Granted,
    /// By office: one of the reader's roles.
    Role,
}

impl Right {
    /// Every right, in order.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::OwnData, Self::SameOrganization, Self::Named, Self::Granted, Self::Role];

    /// Its name in journals and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OwnData => "ownData",
            Self::SameOrganization => "sameOrganization",
            Self::Named => "named",
            Self::Granted => "granted",
            Self::Role => "role",
        }
    }

    /// The right of a name; `None` for one that this version does not know.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }
}

impl From<ReadRight> for Right {
    fn from(right: ReadRight) -> Self {
        match right {
            ReadRight::Open => Self::Open,
            ReadRight::Office => Self::Role,
            ReadRight::Named => Self::Named,
            ReadRight::Grant => Self::Granted,
            ReadRight::SameOrganization => Self::SameOrganization,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // M-MON-2
    #[test]
    fn a_right_has_the_same_name_in_journals_and_in_answers() {
        for right in Right::ALL {
            assert_eq!(serde_json::to_value(right).unwrap(), right.name());
            assert_eq!(Right::of_name(right.name()), Some(right));
        }
        assert_eq!(Right::of_name("anything"), None);
    }
}
