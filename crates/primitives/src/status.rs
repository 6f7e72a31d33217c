//! What the registry says of a certificate, and what an inspection concludes from it.

use crate::UnixSeconds;
use serde::{Deserialize, Serialize};

/// A number that stands for nothing in one of the enumerations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code} is no {what}: see docs/specs/encodings.md for the numbers")]
pub struct UnknownCode {
    /// The enumeration.
    pub what: &'static str,
    /// The number that was read.
    pub code: u8,
}

/// Writes an enumeration whose numbers are those of the contracts, once for both directions.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident ($what:literal) { $($(#[$doc:meta])* $variant:ident = $code:literal => $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant = $code,)+ }

        impl $name {
            /// Every value, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The number that contracts and signatures use.
            #[must_use]
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The name as it stands in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl TryFrom<u8> for $name {
            type Error = $crate::UnknownCode;

            fn try_from(code: u8) -> Result<Self, $crate::UnknownCode> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownCode { what: $what, code }),
                }
            }
        }
    };
}

pub(crate) use coded;

coded! {
    /// The state that the registry holds. Expiry is not among them: it follows from [`Validity`] and the time.
    CertificateStatus("certificate status") {
        /// In force.
        Valid = 1 => "valid",
        /// Out of force until resumed.
        Suspended = 2 => "suspended",
        /// Out of force for ever.
        Revoked = 3 => "revoked",
        /// Replaced by the certificate that renews it; set by the renewal, never signed for.
        Renewed = 4 => "renewed",
    }
}

coded! {
    /// Why a status was changed, with the numbers of RFC 5280 5.3.1.
    RevocationReason("reason") {
        /// No reason given; the only one that goes with resuming.
        Unspecified = 0 => "unspecified",
        /// The holder's or issuer's key is in other hands.
        KeyCompromise = 1 => "key-compromise",
        /// The holder's name or affiliation changed.
        AffiliationChanged = 3 => "affiliation-changed",
        /// Another certificate replaces it.
        Superseded = 4 => "superseded",
        /// What it was issued for has ended.
        CessationOfOperation = 5 => "cessation-of-operation",
        /// On hold: goes with suspending.
        CertificateHold = 6 => "certificate-hold",
        /// The holder lost the right it attests.
        PrivilegeWithdrawn = 9 => "privilege-withdrawn",
    }
}

coded! {
    /// What an inspection found.
    Outcome("outcome") {
        /// Authentic and in force.
        Valid = 1 => "valid",
        /// Authentic, no longer in force: revoked, or replaced by its renewal.
        Revoked = 2 => "revoked",
        /// Authentic, on hold.
        Suspended = 3 => "suspended",
        /// Authentic, past its end.
        Expired = 4 => "expired",
        /// The status could not be read, so nothing is said about the certificate.
        CannotDetermine = 5 => "cannot-determine",
        /// Not what it claims to be: altered, unknown, wrong issuer, wrong holder, or not yet in force.
        Refused = 6 => "refused",
    }
}

/// From when and until when a certificate is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    /// First second in force.
    pub valid_from: UnixSeconds,
    /// First second no longer in force; zero is without end.
    pub valid_until: UnixSeconds,
}

impl Validity {
    /// Whether the certificate has not begun to be in force.
    #[must_use]
    pub fn is_before(&self, time: UnixSeconds) -> bool {
        time < self.valid_from
    }

    /// Whether the certificate has ended.
    #[must_use]
    pub fn is_after(&self, time: UnixSeconds) -> bool {
        self.valid_until != UnixSeconds::ZERO && time >= self.valid_until
    }

    /// What an authentic certificate of this validity and status amounts to at a time. Revocation and renewal are final, so
    /// they come before expiry; expiry cannot be undone by resuming, so it comes before suspension.
    #[must_use]
    pub fn outcome(&self, status: CertificateStatus, time: UnixSeconds) -> Outcome {
        match status {
            CertificateStatus::Revoked | CertificateStatus::Renewed => Outcome::Revoked,
            CertificateStatus::Valid | CertificateStatus::Suspended if self.is_after(time) => Outcome::Expired,
            CertificateStatus::Suspended => Outcome::Suspended,
            CertificateStatus::Valid if self.is_before(time) => Outcome::Refused,
            CertificateStatus::Valid => Outcome::Valid,
        }
    }
}
