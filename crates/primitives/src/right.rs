//! Rights of organizations and of their keys.

use crate::{
    CertificateKind,
    ascii32::{MAX_NAME_BYTES, ascii_name, constant},
};

/// What an organization, or one of its keys, may do: issue certificates of a kind (the right is named like the kind),
/// or one of the constants.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Right([u8; MAX_NAME_BYTES]);

impl Right {
    /// May record inspections.
    pub const INSPECTION: Self = Self(constant("inspection"));
    /// May confirm real names.
    pub const REGISTRATION: Self = Self(constant("registration"));
    /// May submit other data.
    pub const SUBMISSION: Self = Self(constant("submission"));
    /// May list resources in the directory of the city (S-DIR).
    pub const SHARING: Self = Self(constant("sharing"));

    /// The right to issue, change and renew certificates of a kind.
    #[must_use]
    pub const fn issue(kind: CertificateKind) -> Self {
        Self(kind.0)
    }

    /// The kind that this right allows to issue; `None` for the rights that are no kinds.
    #[must_use]
    pub fn kind(&self) -> Option<CertificateKind> {
        let other = [Self::INSPECTION, Self::REGISTRATION, Self::SUBMISSION, Self::SHARING];
        (!other.contains(self)).then_some(CertificateKind(self.0))
    }
}

impl From<CertificateKind> for Right {
    fn from(kind: CertificateKind) -> Self {
        Self::issue(kind)
    }
}

ascii_name!(Right, crate::kind::WORDS);
