//! Identifiers of certificates.

use alloy_primitives::B256;
use derive_more::Display;
use serde::{Deserialize, Serialize};

/// Names one certificate: 32 random bytes that the issuer draws, never zero. Random, so that nothing about the holder can
/// be guessed from it.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct CertificateId(B256);

/// Why something is no certificate id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateIdError {
    /// Not 32 bytes of hexadecimal.
    #[error("a certificate id is 0x and 64 hexadecimal digits")]
    Malformed,
    /// All zero, which stands for "no certificate".
    #[error("a certificate id is not zero: draw 32 random bytes")]
    Zero,
}

impl CertificateId {
    /// An id from its bytes.
    ///
    /// # Errors
    /// Zero.
    pub fn new(bytes: B256) -> Result<Self, CertificateIdError> {
        if bytes.is_zero() { Err(CertificateIdError::Zero) } else { Ok(Self(bytes)) }
    }

    /// The id as contracts hold it.
    #[must_use]
    pub const fn to_bytes32(self) -> B256 {
        self.0
    }

    /// An optional id as contracts hold it: zero for none.
    #[must_use]
    pub fn optional_to_bytes32(id: Option<Self>) -> B256 {
        id.map_or(B256::ZERO, Self::to_bytes32)
    }

    /// An optional id from what contracts hold: zero is none.
    #[must_use]
    pub fn optional_from_bytes32(bytes: B256) -> Option<Self> {
        Self::new(bytes).ok()
    }
}

impl core::str::FromStr for CertificateId {
    type Err = CertificateIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").ok_or(CertificateIdError::Malformed)?;
        let bytes = digits.parse::<B256>().map_err(|_| CertificateIdError::Malformed)?;
        Self::new(bytes)
    }
}

impl TryFrom<B256> for CertificateId {
    type Error = CertificateIdError;

    fn try_from(bytes: B256) -> Result<Self, Self::Error> {
        Self::new(bytes)
    }
}

impl From<CertificateId> for B256 {
    fn from(id: CertificateId) -> Self {
        id.0
    }
}

impl<'de> Deserialize<'de> for CertificateId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
