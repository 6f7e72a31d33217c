//! By which right somebody reads an operation of a registered source (SEARCH-3, M-PRIV): decided at one place, and named wherever it is read or recorded.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use chancery_data::{Reader, submission::Access};
use serde::{Deserialize, Serialize};

/// The right by which an operation is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadRight {
    /// It is public.
    #[default]
    Open,
    /// It is internal, and the reader has an office.
    Office,
    /// It is restricted, and its source has named the reader in what it signed.
    Named,
    /// It is restricted, and its format in force names the reader.
    Grant,
    /// It is restricted, and the reader has a right in force of the organization whose it is.
    SameOrganization,
}

impl ReadRight {
    /// Every right.
    pub const ALL: [Self; 5] = [Self::Open, Self::Office, Self::Named, Self::Grant, Self::SameOrganization];

    /// As answers and records name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Office => "office",
            Self::Named => "named",
            Self::Grant => "grant",
            Self::SameOrganization => "same-organization",
        }
    }
}

/// Who asks, as processing has confirmed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// The address that has proven itself.
    pub address: Option<Address>,
    /// Organizations of which it has a right in force.
    pub organizations: BTreeSet<String>,
    /// Whether it has an office.
    pub is_office: bool,
}

/// Who may read an operation.
#[derive(Clone, Copy, Debug)]
pub struct Readable<'a> {
    /// Its access class.
    pub access: Access,
    /// Whether it is of one of the asker's organizations.
    pub is_own: bool,
    /// Whom its source named.
    pub named: &'a [Reader],
    /// Whom its format names.
    pub granted: &'a [Reader],
}

impl Asker {
    /// By which right an operation is read; `None`: not at all. Of several the one that says most.
    #[must_use]
    pub fn right_to(&self, operation: &Readable<'_>) -> Option<ReadRight> {
        let is_among = |readers: &[Reader]| readers.iter().any(|one| one.is(self.address, &self.organizations));
        match operation.access {
            Access::Public => Some(ReadRight::Open),
            Access::Internal => self.is_office.then_some(ReadRight::Office),
            Access::Restricted if is_among(operation.named) => Some(ReadRight::Named),
            Access::Restricted if is_among(operation.granted) => Some(ReadRight::Grant),
            Access::Restricted => operation.is_own.then_some(ReadRight::SameOrganization),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEARCH-3, M-PRIV
    #[test]
    fn restricted_data_are_for_who_is_named_and_for_no_office_by_its_office() {
        let (named, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let readers = [Reader::Address(named), Reader::Organization("CLINIC".into())];
        let asker = |address, organization: &str, is_office| Asker {
            address: Some(address),
            organizations: BTreeSet::from([organization.to_owned()]),
            is_office,
        };
        let right = |asker: &Asker, by_source: &[Reader], by_format: &[Reader], is_own| {
            asker.right_to(&Readable { access: Access::Restricted, is_own, named: by_source, granted: by_format })
        };
        assert_eq!(right(&asker(named, "SCHOOL", false), &readers, &[], false), Some(ReadRight::Named));
        assert_eq!(right(&asker(other, "CLINIC", false), &readers, &readers, false), Some(ReadRight::Named));
        assert_eq!(right(&asker(other, "CLINIC", false), &[], &readers, true), Some(ReadRight::Grant));
        assert_eq!(right(&asker(other, "SCHOOL", false), &readers, &[], true), Some(ReadRight::SameOrganization));
        assert_eq!(right(&asker(other, "SCHOOL", true), &readers, &readers, false), None);
        assert_eq!(right(&Asker::default(), &readers, &readers, false), None);
        let of = |access| Readable { access, is_own: true, named: &readers, granted: &readers };
        assert_eq!(asker(named, "CLINIC", false).right_to(&of(Access::Internal)), None);
        assert_eq!(asker(other, "SCHOOL", true).right_to(&of(Access::Internal)), Some(ReadRight::Office));
        assert_eq!(Asker::default().right_to(&of(Access::Public)), Some(ReadRight::Open));
    }

    #[test]
    fn a_right_has_one_name() {
        for right in ReadRight::ALL {
            assert_eq!(serde_json::to_value(right).ok(), Some(right.name().into()));
        }
    }
}
