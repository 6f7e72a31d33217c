use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::Decodable;
use chancery_primitives::extra_data::{ConsensusContext, ExtraDataError};
use serde::{Deserialize, Serialize};

use crate::{FinalityCertificate, Handover, VerifyError};

/// Longest header accepted, in bytes of RLP. One of this chain has about 620.
pub const MAX_HEADER_BYTES: usize = 2048;
/// Most headers that may lie between a block and the descendant whose certificate finalised it.
pub const MAX_LINKING_HEADERS: usize = 1024;

/// The evidence that a block is final: its header, a certificate, and, if the certificate is a descendant's, the
/// headers of all blocks after it up to and including that descendant; and, if other validators than the trusted ones made
/// it, how the chain was handed over to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FinalityProof {
    /// RLP of the block's header.
    pub header: Bytes,
    /// Encoded [`FinalityCertificate`] of the block, or of the last linking header.
    pub certificate: Bytes,
    /// RLP of the linking headers, ascending; empty if the certificate is the block's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub descendants: Vec<Bytes>,
    /// The changes of the validator set between the set that is trusted and that of the certificate's epoch, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handovers: Vec<Handover>,
}

/// A header that was proven final. Only [`crate::TrustedChain`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalHeader {
    header: Header,
    hash: B256,
    chain_id: u64,
    millisecond: u16,
}

impl FinalHeader {
    pub(crate) fn new(parsed: ParsedHeader, chain_id: u64, millisecond: u16) -> Self {
        Self { header: parsed.header, hash: parsed.hash, chain_id, millisecond }
    }

    /// Block hash.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// Block number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// The chain on which it is final.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Milliseconds since 1970 at which the leader says it made the block.
    #[must_use]
    pub const fn time_ms(&self) -> u64 {
        self.header.timestamp.saturating_mul(1000).saturating_add(self.millisecond as u64)
    }

    /// The header itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

/// A header decoded and hashed, nothing proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParsedHeader {
    pub(crate) header: Header,
    pub(crate) hash: B256,
}

impl ParsedHeader {
    /// Decodes exactly one canonically encoded header.
    pub(crate) fn decode(rlp: &[u8]) -> Result<Self, VerifyError> {
        if rlp.len() > MAX_HEADER_BYTES {
            return Err(malformed("longer than a header can be"));
        }
        let mut rest = rlp;
        let header = Header::decode(&mut rest).map_err(|_| malformed("not an RLP block header"))?;
        if !rest.is_empty() {
            return Err(malformed("bytes follow the header"));
        }
        if alloy_rlp::encode(&header) != rlp {
            return Err(malformed("not in canonical RLP"));
        }
        Ok(Self { header, hash: keccak256(rlp) })
    }

    pub(crate) fn extra(&self) -> Result<ConsensusContext, VerifyError> {
        ConsensusContext::decode(&self.header.extra_data).map_err(|error| malformed(extra_data_reason(&error)))
    }
}

/// A header with the headers that link it to the one that was certified.
#[derive(Debug)]
pub(crate) struct LinkedHeaders {
    first: ParsedHeader,
    first_extra: ConsensusContext,
    last_hash: B256,
    last_extra: ConsensusContext,
}

impl LinkedHeaders {
    /// Decodes the headers and checks that each follows the one before it (FINALITY-6).
    pub(crate) fn decode(proof: &FinalityProof) -> Result<Self, VerifyError> {
        let found = proof.descendants.len();
        if found > MAX_LINKING_HEADERS {
            return Err(VerifyError::TooManyHeaders { found, limit: MAX_LINKING_HEADERS });
        }
        let first = ParsedHeader::decode(&proof.header)?;
        let first_extra = first.extra()?;
        let (mut last_hash, mut last_extra, mut number) = (first.hash, first_extra, first.header.number);
        for (position, rlp) in proof.descendants.iter().enumerate() {
            let next = ParsedHeader::decode(rlp)?;
            if next.header.parent_hash != last_hash || Some(next.header.number) != number.checked_add(1) {
                return Err(VerifyError::HeaderLinkBroken { position });
            }
            (last_hash, last_extra, number) = (next.hash, next.extra()?, next.header.number);
        }
        Ok(Self { first, first_extra, last_hash, last_extra })
    }

    /// Checks that the certificate is for the last header (FINALITY-3) and in a round that its `extraData` allows
    /// (FINALITY-5).
    pub(crate) fn matches(&self, certificate: &FinalityCertificate) -> Result<(), VerifyError> {
        if certificate.block_hash != self.last_hash {
            return Err(VerifyError::HeaderHashMismatch {
                certificate: certificate.block_hash,
                header: self.last_hash,
            });
        }
        let extra = &self.last_extra;
        if certificate.epoch != u64::from(extra.epoch) {
            return Err(VerifyError::RoundMismatch { reason: "another epoch" });
        }
        if certificate.view < extra.view {
            return Err(VerifyError::RoundMismatch { reason: "finalised before it was proposed" });
        }
        if certificate.view == extra.view && certificate.parent_view != extra.parent_view {
            return Err(VerifyError::RoundMismatch { reason: "another parent view" });
        }
        Ok(())
    }

    pub(crate) fn into_final(self, chain_id: u64) -> FinalHeader {
        FinalHeader::new(self.first, chain_id, self.first_extra.millisecond)
    }
}

const fn extra_data_reason(error: &ExtraDataError) -> &'static str {
    match error {
        ExtraDataError::Length { .. } => "extraData is not 32 bytes",
        ExtraDataError::Version { .. } => "extraData is of an unknown version",
        ExtraDataError::Millisecond { .. } => "extraData has more than 999 milliseconds",
        ExtraDataError::Reserved => "extraData has bytes where zeros belong",
    }
}

const fn malformed(reason: &'static str) -> VerifyError {
    VerifyError::HeaderMalformed { reason }
}
