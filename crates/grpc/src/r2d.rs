//! R2D for registered sources: between its messages and the door's types.

use alloy_primitives::B256;
use bytes::Bytes;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_block::TransactionLocator,
    source_data::{AcceptedSubmission, SourceOperationProof, SourceSubmission, SubmissionState as DoorState},
};
use prost::Message as _;

pub use crate::wire::{
    data::v1::{OperationProof, TransactionLocator as WireLocator},
    r2d::v1::{
        Line, OperationName, SubmissionName, SubmissionOutcome, SubmissionReceipt, SubmissionState, r2d_client,
        r2d_server, submission_outcome::Outcome,
    },
};

impl Line {
    /// What it takes, in bytes, without what frames it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.submission.len() + self.operations.iter().map(Bytes::len).sum::<usize>()
    }

    /// What it takes on the wire, in bytes, with what frames it (`Length-Prefixed-Message`, <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).
    #[must_use]
    pub fn framed_bytes(&self) -> usize {
        const PREFIX_BYTES: usize = 5;
        PREFIX_BYTES + self.encoded_len()
    }
}

impl From<Line> for SourceSubmission {
    fn from(line: Line) -> Self {
        Self { submission: line.submission, operations: line.operations.into_iter().map(Into::into).collect() }
    }
}

impl From<AcceptedSubmission> for SubmissionReceipt {
    fn from(accepted: AcceptedSubmission) -> Self {
        Self {
            place: accepted.place,
            digest: Bytes::copy_from_slice(accepted.digest.as_slice()),
            source: Bytes::copy_from_slice(accepted.source.as_slice()),
            key: Bytes::copy_from_slice(accepted.key.as_slice()),
            count: accepted.count,
            accepted_at_ms: accepted.accepted_at_ms,
            repeated: accepted.repeated,
            receipt: accepted.receipt,
        }
    }
}

impl From<DoorState> for SubmissionState {
    fn from(state: DoorState) -> Self {
        let (root, locator) = state.recorded.unzip();
        Self {
            place: state.place,
            digest: Bytes::copy_from_slice(state.digest.as_slice()),
            source: Bytes::copy_from_slice(state.source.as_slice()),
            count: state.count,
            accepted_at_ms: state.accepted_at_ms,
            data_block_root: root.map(|root| Bytes::copy_from_slice(root.as_slice())).unwrap_or_default(),
            data_block: locator.map(Into::into),
        }
    }
}

impl From<TransactionLocator> for WireLocator {
    fn from(locator: TransactionLocator) -> Self {
        Self {
            chain: locator.chain.0,
            tx_hash: Bytes::copy_from_slice(locator.tx_hash.as_slice()),
            block_number: locator.block_number,
            block_hash: Bytes::copy_from_slice(locator.block_hash.as_slice()),
        }
    }
}

/// The proof as the file that it is everywhere.
///
/// # Errors
/// `Internal` when it cannot be written as JSON.
pub fn proof(proof: &SourceOperationProof) -> DoorResult<OperationProof> {
    Ok(OperationProof { file: serde_json::to_vec(proof).map_err(DoorError::internal)?.into() })
}

/// A hash of 32 bytes.
///
/// # Errors
/// `MalformedRequest` with the member's name, for another length.
pub fn hash(member: &str, bytes: &[u8]) -> DoorResult<B256> {
    B256::try_from(bytes).map_err(|_| malformed(member, &format!("32 bytes, not {}", bytes.len())))
}

/// Refuses a member.
pub(crate) fn malformed(member: &str, why: &str) -> DoorError {
    DoorError::new(Code::MalformedRequest, format!("{member}: {why}")).with("member", member)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, FixedBytes};
    use chancery_data::submission::Access;
    use chancery_reference_points::operation::ChainName;

    use super::*;

    #[test]
    fn a_line_is_what_the_door_takes_byte_for_byte() {
        let line = Line { submission: "a.b.c".into(), operations: vec![Bytes::from_static(b"{ \"time\" :1}")] };
        assert_eq!(line.bytes(), 5 + 12);
        assert_eq!(line.framed_bytes(), 5 + (2 + 5) + (2 + 12));
        let submission = SourceSubmission::from(line);
        assert_eq!(submission.operations[0].as_ref(), b"{ \"time\" :1}");
    }

    #[test]
    fn receipts_and_states_keep_every_member() {
        let receipt = SubmissionReceipt::from(AcceptedSubmission {
            place: u64::MAX,
            digest: B256::repeat_byte(1),
            source: Address::repeat_byte(2),
            key: FixedBytes::repeat_byte(3),
            count: 4,
            accepted_at_ms: 5,
            repeated: true,
            receipt: "x.y.z".into(),
        });
        assert_eq!((receipt.place, receipt.count, receipt.accepted_at_ms, receipt.repeated), (u64::MAX, 4, 5, true));
        assert_eq!((&receipt.digest[..], &receipt.source[..]), ([1; 32].as_slice(), [2; 20].as_slice()));
        assert_eq!((&receipt.key[..], receipt.receipt.as_str()), ([3; 16].as_slice(), "x.y.z"));

        let locator = TransactionLocator {
            chain: ChainName("main".into()),
            tx_hash: B256::repeat_byte(6),
            block_number: 7,
            block_hash: B256::repeat_byte(8),
        };
        let state = |recorded| DoorState {
            place: 1,
            digest: B256::repeat_byte(1),
            source: Address::repeat_byte(2),
            count: 3,
            accepted_at_ms: 4,
            access: Access::Internal,
            expires_ms: 5,
            recorded,
        };
        let recorded = SubmissionState::from(state(Some((B256::repeat_byte(9), locator))));
        assert_eq!(recorded.data_block_root[..], [9; 32]);
        assert_eq!(recorded.data_block.unwrap().block_number, 7);
        let waiting = SubmissionState::from(state(None));
        assert!(waiting.data_block.is_none() && waiting.data_block_root.is_empty());
    }

    #[test]
    fn a_hash_of_another_length_is_refused_by_name() {
        assert_eq!(hash("digest", &[7; 32]).unwrap(), B256::repeat_byte(7));
        for bytes in [0, 31, 33] {
            let error = hash("digest", &vec![7; bytes]).unwrap_err();
            assert_eq!((error.code(), error.members()["member"].as_str()), (Code::MalformedRequest, Some("digest")));
        }
    }
}
