//! Kinds of certificate.

use crate::ascii32::{Alphabet, MAX_NAME_BYTES, ascii_name, constant};

/// Lower-case words joined by hyphens: names of kinds and rights.
pub(crate) const WORDS: Alphabet = Alphabet {
    what: "kind or right",
    class: "[a-z0-9-]",
    allows: |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-',
};

/// What sort of certificate something is; named like its side chain. The five first ones are constants, further kinds
/// need no new release: a side chain enables them in its genesis.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificateKind(pub(crate) [u8; MAX_NAME_BYTES]);

impl CertificateKind {
    /// Marriage certificates.
    pub const MARRIAGE: Self = Self(constant("marriage"));
    /// Real-estate certificates.
    pub const REAL_ESTATE: Self = Self(constant("real-estate"));
    /// Academic degrees.
    pub const DEGREE: Self = Self(constant("degree"));
    /// Business licences.
    pub const BUSINESS_LICENCE: Self = Self(constant("business-licence"));
    /// Health licences.
    pub const HEALTH_LICENCE: Self = Self(constant("health-licence"));

    /// The kinds of the first city, in the order of their chain ids.
    pub const FIRST_CITY: [Self; 5] =
        [Self::MARRIAGE, Self::REAL_ESTATE, Self::DEGREE, Self::BUSINESS_LICENCE, Self::HEALTH_LICENCE];
}

ascii_name!(CertificateKind, crate::kind::WORDS);
