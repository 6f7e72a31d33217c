//! Who may request and endorse, and what is wrong with a signature (A-CERT, ALLIANCE-11).

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

/// An identity lasts at most two years, in seconds.
pub const MAX_IDENTITY_S: u64 = 2 * 365 * 86_400;
/// A transaction certificate lasts at most seven days, in seconds.
pub const MAX_TRANSACTION_S: u64 = 7 * 86_400;

/// What a transaction certificate allows: bits of the contract's `scope`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope(u8);

impl Scope {
    /// To put requests together.
    pub const REQUEST: Self = Self(1);
    /// To endorse and attest.
    pub const ENDORSE: Self = Self(2);
    /// Both.
    pub const BOTH: Self = Self(3);

    /// The contract's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }

    /// From the contract's number; `None` for nothing, and for bits without meaning.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        if code == 0 || code > 3 { None } else { Some(Self(code)) }
    }

    /// Whether everything that `wanted` allows is allowed.
    #[must_use]
    pub const fn allows(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }
}

/// Who a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityCertificate {
    /// Its name.
    pub node: B256,
    /// Its member.
    pub member: B256,
    /// Signs for it.
    pub key: Address,
    /// First second in which it no longer counts.
    pub valid_until: u64,
    /// It was revoked.
    pub revoked: bool,
}

/// What a node may do, for a short time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionCertificate {
    /// Serial number of the identity.
    pub identity: u64,
    /// What it allows.
    pub scope: Scope,
    /// First second in which it no longer counts.
    pub valid_until: u64,
    /// It was revoked.
    pub revoked: bool,
}

/// What is wrong with a signature. The numbers are those of the contract's enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum SignatureFault {
    /// There is no transaction certificate of that serial number.
    #[error("the certificate is unknown")]
    CertificateUnknown = 1,
    /// The transaction certificate was revoked.
    #[error("the certificate is revoked")]
    CertificateRevoked = 2,
    /// The transaction certificate's time is over.
    #[error("the certificate has expired")]
    CertificateExpired = 3,
    /// The identity was revoked.
    #[error("the node's identity is revoked")]
    IdentityRevoked = 4,
    /// The identity's time is over.
    #[error("the node's identity has expired")]
    IdentityExpired = 5,
    /// The node's member is no longer of the alliance.
    #[error("the node's member has left the alliance")]
    MemberInactive = 6,
    /// The certificate does not allow it.
    #[error("the certificate does not allow this")]
    ScopeMissing = 7,
    /// The member's policy does not name the node.
    #[error("the node does not endorse for this member")]
    NotAnEndorser = 8,
    /// It is not the node's signature of this message.
    #[error("the signature is not the node's")]
    SignatureWrong = 9,
}

impl SignatureFault {
    /// From the contract's number; `None` for no fault, and for a number without meaning.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::CertificateUnknown),
            2 => Some(Self::CertificateRevoked),
            3 => Some(Self::CertificateExpired),
            4 => Some(Self::IdentityRevoked),
            5 => Some(Self::IdentityExpired),
            6 => Some(Self::MemberInactive),
            7 => Some(Self::ScopeMissing),
            8 => Some(Self::NotAnEndorser),
            9 => Some(Self::SignatureWrong),
            _ => None,
        }
    }
}

/// Checks the certificate under which a signature was made, in the order of the specification.
///
/// # Errors
/// The first fault.
pub fn check(
    certificate: Option<(&TransactionCertificate, &IdentityCertificate)>,
    member_is_active: impl FnOnce(B256) -> bool,
    wanted: Scope,
    now: u64,
) -> Result<(), SignatureFault> {
    let (transaction, identity) = certificate.ok_or(SignatureFault::CertificateUnknown)?;
    if transaction.revoked {
        return Err(SignatureFault::CertificateRevoked);
    }
    if now >= transaction.valid_until {
        return Err(SignatureFault::CertificateExpired);
    }
    check_identity(identity, member_is_active, now)?;
    if !transaction.scope.allows(wanted) {
        return Err(SignatureFault::ScopeMissing);
    }
    Ok(())
}

/// Checks who a node is, without what it may do; in the order of the specification.
///
/// # Errors
/// The first fault.
pub fn check_identity(
    identity: &IdentityCertificate,
    member_is_active: impl FnOnce(B256) -> bool,
    now: u64,
) -> Result<(), SignatureFault> {
    if identity.revoked {
        return Err(SignatureFault::IdentityRevoked);
    }
    if now >= identity.valid_until {
        return Err(SignatureFault::IdentityExpired);
    }
    if !member_is_active(identity.member) {
        return Err(SignatureFault::MemberInactive);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: IdentityCertificate = IdentityCertificate {
        node: B256::repeat_byte(1),
        member: B256::repeat_byte(2),
        key: Address::repeat_byte(3),
        valid_until: 200,
        revoked: false,
    };
    const TRANSACTION: TransactionCertificate =
        TransactionCertificate { identity: 1, scope: Scope::ENDORSE, valid_until: 100, revoked: false };

    fn fault(
        transaction: TransactionCertificate,
        identity: IdentityCertificate,
        active: bool,
        now: u64,
    ) -> Option<SignatureFault> {
        check(Some((&transaction, &identity)), |_| active, Scope::ENDORSE, now).err()
    }

    #[test]
    fn each_failure_has_its_own_error() {
        assert_eq!(fault(TRANSACTION, IDENTITY, true, 99), None);
        assert_eq!(check(None, |_| true, Scope::ENDORSE, 0).err(), Some(SignatureFault::CertificateUnknown));
        let revoked = TransactionCertificate { revoked: true, ..TRANSACTION };
        assert_eq!(fault(revoked, IDENTITY, true, 0), Some(SignatureFault::CertificateRevoked));
        assert_eq!(fault(TRANSACTION, IDENTITY, true, 100), Some(SignatureFault::CertificateExpired));
        let revoked = IdentityCertificate { revoked: true, ..IDENTITY };
        assert_eq!(fault(TRANSACTION, revoked, true, 0), Some(SignatureFault::IdentityRevoked));
        let expired = IdentityCertificate { valid_until: 50, ..IDENTITY };
        assert_eq!(fault(TRANSACTION, expired, true, 50), Some(SignatureFault::IdentityExpired));
        assert_eq!(fault(TRANSACTION, IDENTITY, false, 0), Some(SignatureFault::MemberInactive));
        let requester = TransactionCertificate { scope: Scope::REQUEST, ..TRANSACTION };
        assert_eq!(fault(requester, IDENTITY, true, 0), Some(SignatureFault::ScopeMissing));
    }

    #[test]
    fn a_scope_without_meaning_is_none() {
        assert_eq!(Scope::from_code(0), None);
        assert_eq!(Scope::from_code(4), None);
        assert_eq!(Scope::from_code(3), Some(Scope::BOTH));
        assert!(Scope::BOTH.allows(Scope::REQUEST) && !Scope::REQUEST.allows(Scope::BOTH));
    }
}
