//! The decoders of what peers send and what a node finds in its files, apart from the node: whoever holds them against bytes of all kinds needs
//! no network and no folder.

use chancery_rpc::EvidenceRecord;
use commonware_codec::{DecodeExt as _, Encode as _, Error as CodecError};
use commonware_consensus::types::Round;

use crate::{ConsensusBlock, gossip, last_proposal, self_report::SelfReport, witness};

/// Reads the transactions (EIP-2718, not looked at) that a peer passes on in one message, and the addresses that it says they are from.
///
/// # Errors
/// Too many, too large, or not their one encoding.
pub fn decode_transactions(message: bytes::Bytes) -> Result<Vec<(bytes::Bytes, [u8; 20])>, CodecError> {
    gossip::decode(message)
}

/// Reads the file of the block that this validator proposed last.
///
/// # Errors
/// It is damaged.
pub fn decode_last_proposal(file: bytes::Bytes) -> Result<(Round, ConsensusBlock), CodecError> {
    last_proposal::decode(file)
}

/// Reads a line of the file of evidence, with its end. `None`: it is damaged.
#[must_use]
pub fn decode_evidence_line(line: &[u8]) -> Option<EvidenceRecord> {
    witness::parse_evidence(line)
}

/// Reads what a validator tells of itself, and writes it again.
///
/// # Errors
/// Of another version, about more validators than there may be, or not its one encoding.
pub fn decode_self_report(message: bytes::Bytes) -> Result<bytes::Bytes, CodecError> {
    SelfReport::decode(message).map(|report| report.encode())
}
